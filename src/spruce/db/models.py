"""Models: classes that describe tables, whose objects are rows.

The metaclass takes the fields out of the class body and answers `Product.price` itself, with a SQLAlchemy column; so
the class holds nothing that would stand in the way of an object's plain attributes. What it knows of the model is in
`Product._meta`. The table is made when it is first needed, because it may point to models that are declared later.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import sqlalchemy as sa

from spruce.db.cleaning import clean_fields, full_clean, validate_constraints, validate_unique
from spruce.db.fields import Field
from spruce.db.loaders import Batch, compile_function
from spruce.db.lookups import listed
from spruce.db.managers import Chosen, bound
from spruce.db.manytomany import ManyToManyField
from spruce.db.neighbours import give_neighbours
from spruce.db.options import Options
from spruce.db.queryset import Manager, QuerySet
from spruce.db.records import Record
from spruce.db.references import Related, load_many
from spruce.db.registry import Registry
from spruce.db.relations import ForeignKey
from spruce.db.siblings import give_siblings
from spruce.db.signals import class_prepared
from spruce.db.storing import delete_object, save_object
from spruce.errors import FieldError, ModelError, MultipleObjectsReturned, ObjectDoesNotExist, nearest

__all__ = ["Model", "ModelType", "registry"]

M = TypeVar("M", bound="Model")

registry = Registry()
"""All models, and the SQLAlchemy metadata with their tables."""


class ModelType(type):
    """The class of model classes."""

    _meta: Options

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
        """Make a model of a class body."""
        fields = {key: value for key, value in namespace.items() if isinstance(value, Field)}
        many = {key: value for key, value in namespace.items() if isinstance(value, ManyToManyField)}
        managers = {key: value for key, value in namespace.items() if isinstance(value, Manager)}
        meta = namespace.pop("Meta", None)
        body = {key: value for key, value in namespace.items() if key not in fields and key not in many}
        cls = super().__new__(mcls, name, bases, body, **keywords)
        if not any(isinstance(base, ModelType) for base in bases):
            return cls
        cls._meta = Options(cls, meta, registry, fields, many, managers)  # type: ignore[arg-type] # it is a Model by now
        if cls._meta.abstract:
            cls.Meta = meta  # type: ignore[attr-defined] # for `class Meta(Base.Meta)`
            return cls
        _complete(cls)
        registry.add(cls)  # type: ignore[arg-type] # the same
        if class_prepared.listeners:
            class_prepared.send(cls)
        return cls

    @property
    def _base_manager(cls) -> Any:
        """The manager of all rows."""
        return cls._base

    @property
    def _default_manager(cls) -> Any:
        """The first manager that the model declares."""
        return cls._default

    if TYPE_CHECKING:

        @property
        def __table__(cls) -> sa.Table: ...

    def __getattr__(cls, name: str) -> Any:
        """`Product.price`, a column; `Product.__table__`, made at first use."""
        meta = cls.__dict__.get("_meta")
        if meta is not None and not meta.abstract:
            if name == "__table__":
                table = cls.__table__ = meta.build_table()  # type: ignore[misc] # a property for type checkers only
                return table
            if name in meta.paths:
                field = meta.paths[name]
                table = field.model.__table__ if meta.parent is not None else cls.__table__
                return table.c[field.attname]
        known = meta.paths if meta is not None else ()
        raise AttributeError(f"{cls.__name__} has no attribute {name!r}{nearest(name, known)}")

    def __repr__(cls) -> str:
        return f"<model {cls.__module__}.{cls.__qualname__}>"


def _complete(cls: Any) -> None:
    """Give a concrete model what its objects and queries need."""
    meta: Options = cls._meta
    for kind in (ObjectDoesNotExist, MultipleObjectsReturned):
        short = kind.__name__.removeprefix("Object")
        inside = {"__module__": cls.__module__, "__qualname__": f"{cls.__qualname__}.{short}", "__doc__": kind.__doc__}
        parent = meta.concrete if meta.proxy else meta.parent
        above = () if parent is None else (getattr(parent, short),)
        setattr(cls, short, type(short, above or (kind,), inside))
    if meta.parent is not None:
        cls.__table__ = _OwnTable(cls)  # else that of the parent would be found
    for field in meta.local:
        if field.choices and not hasattr(cls, f"get_{field.name}_display"):
            setattr(cls, f"get_{field.name}_display", _display(field))
        give_neighbours(cls, field)
        attribute = field.attribute()
        if attribute is not None:
            setattr(cls, field.name, attribute)
        if isinstance(field, ForeignKey):
            setattr(cls, field.name, Related(field))
            setattr(cls, field.slot, None)
    if meta.placed and not meta.proxy:
        give_siblings(cls)
    meta.own_save = cls.save is not Model.save
    cls._fill = _constructor(cls, meta)
    if cls.__init__ is Model.__init__ or "_generated" in vars(cls.__init__):
        cls.__init__ = cls._fill
    cls._base = Manager(cls)
    managers = meta.managers or {"objects": Manager()}
    for name, manager in managers.items():
        setattr(cls, name, bound(manager, cls))
    cls._default = Chosen(next(iter(managers)))


class _OwnTable:
    """What stands in a class for its table until that is made."""

    __slots__ = ("model",)

    def __init__(self, model: Any) -> None:
        self.model = model

    def __get__(self, instance: object, owner: type) -> sa.Table:
        table: sa.Table = self.model._meta.build_table()
        self.model.__table__ = table
        return table


def _display(field: Field[Any]) -> Any:
    """`get_size_display()`: the label of the value; a value that is no choice is shown as it is."""
    labels = dict(field.choices)

    def display(self: Any) -> str:
        value = getattr(self, field.attname)
        return str(labels.get(value, value))

    return display


def _constructor(cls: Any, meta: Options) -> Any:
    """Generate `__init__(self, *, name=…, price=…)`, which sets each field to what is given or to its default."""
    names: dict[str, object] = {"_MISSING": _MISSING, "_set_properties": _set_properties, "_spread": _spread}
    arguments, body = [], []
    for field in meta.fields:
        if field.generated:
            continue
        names[f"_default_{field.attname}"] = field.initial if callable(field.default) else field.initial()
        default = f"_default_{field.attname}" + ("()" if callable(field.default) else "")
        arguments.append(f"{field.attname}=_MISSING")
        body.append(f" self.{field.attname} = {default} if {field.attname} is _MISSING else {field.attname}")
        if field.is_relation:
            arguments.append(f"{field.name}=_MISSING")
            body += [f" if {field.name} is not _MISSING:", f"  self.{field.name} = {field.name}"]
    if "pk" not in {field.name for field in meta.fields}:
        arguments.append("pk=_MISSING")
        body += [" if pk is not _MISSING:", f"  self.{meta.pk.attname} = pk"]
    body += [" if _unknown:", "  _set_properties(self, _unknown)"]
    signature = f"def __init__(self, *_positional, {', '.join(arguments)}, **_unknown):"
    first = [" if _positional:", "  return _spread(self, _positional, locals())"]
    made = compile_function("__init__", [signature, *first, *body], names)
    made._generated = True
    return made


_MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()


def _spread(instance: "Model", positional: tuple[Any, ...], given: dict[str, Any]) -> None:
    """Make an object of values in the order of the fields. Raises TypeError for too many, or one given twice."""
    names = [field.attname for field in instance._meta.fields if not field.generated]
    model = type(instance).__name__
    if len(positional) > len(names):
        raise TypeError(f"{model}() takes {len(names)} values at most, and was given {len(positional)}")
    unknown = given.pop("_unknown")
    values = {name: value for name, value in given.items() if value is not _MISSING and name not in _OWN_NAMES}
    for name, value in zip(names, positional, strict=False):
        if name in values or instance._meta.paths[name].name in values:
            raise TypeError(f"{model}() was given two values for {name!r}")
        values[name] = value
    type(instance)._fill(instance, **values, **unknown)


_OWN_NAMES = ("self", "_positional")


def _set_properties(instance: Any, given: dict[str, Any]) -> None:
    """Set what is no field but a property of the class. Raises FieldError for what is neither."""
    cls = type(instance)
    for name, value in given.items():
        found = getattr(cls, name, None) if name not in _OWN_NAMES else None
        fits = found.fset is not None if isinstance(found, property) else getattr(found, "assignable", False)
        if not fits:
            _refuse_keyword(cls, name)
        setattr(instance, name, value)


def _refuse_keyword(cls: Any, name: str) -> None:
    known = cls._meta.paths.keys() - {"pk"}
    raise FieldError(
        f"{cls.__name__}() got {name!r}, which is no field of it{nearest(name, known)}",
        hint=f"Fields: {listed(known, name)}.",
    )


if TYPE_CHECKING:

    class _Objects:
        """How type checkers see `Product.objects`."""

        def __get__(self, instance: object, owner: type[M]) -> "QuerySet[M, M]": ...


class Model(Record, metaclass=ModelType):
    """The base of all models.

    A subclass declares fields and, in an inner class `Meta`, options: `db_table`, `ordering`, `constraints`, `indexes`,
    `unique_together`, `verbose_name`, `abstract` and others. Without a primary key of its own it gets one named `id`.
    """

    _meta: ClassVar[Options]
    _batch: Batch | None = None
    _fill: ClassVar[Any]
    objects: "ClassVar[_Objects]"

    if TYPE_CHECKING:
        id: Any

    def __init__(self, *positional: Any, **values: Any) -> None:
        if not hasattr(type(self), "_fill"):
            raise ModelError(f"{type(self).__name__} is abstract and has no objects", hint="Make one of a subclass.")
        self._fill(*positional, **values)

    def __getattr__(self, name: str) -> Any:
        """A field that was left out by `only()` or `defer()`: loaded now, for all objects of the result."""
        attribute: Any = next((vars(kind)[name] for kind in type(self).__mro__ if name in vars(kind)), None)
        if hasattr(attribute, "missing"):
            raise attribute.missing(self)
        field = self._meta.paths.get(name) if self._partial else None
        if field is None or name != field.attname:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        query: Any = type(self)._base.using(self._db)

        def find(keys: list[Any]) -> dict[Any, Any]:
            return {key: (value,) for key, value in query.filter(pk__in=keys).values_list("pk", name)}

        found = load_many(name, "pk", self, self.pk, find)
        if found is None:
            raise self.DoesNotExist(f"the row of {type(self).__name__} {self.pk!r} is gone, so it has no {name}")
        setattr(self, name, found[0])
        return getattr(self, name)

    def __str__(self) -> str:
        return f"{type(self).__name__} object ({self.pk})"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        if self._meta.concrete is not other._meta.concrete:
            return False
        return self is other if self.pk is None else bool(self.pk == other.pk)

    def __hash__(self) -> int:
        if self.pk is None:
            raise TypeError(f"a {type(self).__name__} that is not saved has no key and cannot be hashed")
        return hash(self.pk)

    def get_deferred_fields(self) -> set[str]:
        """The fields that were left out when it was loaded, and have not been touched since."""
        fields = self._meta.fields if self._partial else ()
        return {field.attname for field in fields if field.attname not in vars(self)}

    @property
    def pk(self) -> Any:
        """The value of the primary key; None before the object is saved."""
        return getattr(self, self._meta.pk.attname)

    @pk.setter
    def pk(self, value: Any) -> None:
        for name in self._meta.keys:
            setattr(self, name, value)

    def save(
        self,
        *,
        using: str | None = None,
        update_fields: Collection[str] | None = None,
        force_insert: bool = False,
        force_update: bool = False,
    ) -> None:
        """Write the object: as a new row if it has no key or no row has its key, else over the row that is there.

        `update_fields` writes these fields only, to a row that must exist, as `force_update` wants one; an empty one
        writes nothing. Values are made to fit first, as if they had been loaded. Raises DataError, IntegrityError or
        OperationalError.
        """
        if force_insert and (force_update or update_fields):
            raise ValueError("save() cannot force an insert and an update: choose one")
        if update_fields is None or update_fields:
            save_object(self, using, update_fields, force_insert, force_update)

    def delete(self, *, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete the row, and those that point to it as their `on_delete` says; return how many, by model.

        The object loses its key. With `keep_parents` its rows in the tables of parents stay. Raises ProtectedError, and
        ValueError when the object has no key.
        """
        return delete_object(self, using, keep_parents=keep_parents)

    def full_clean(
        self, *, exclude: Iterable[str] = (), validate_unique: bool = True, validate_constraints: bool = True
    ) -> None:
        """Check everything: fields, `clean()`, what must be unique, constraints.

        Raises ValidationError with all that is wrong.

        `save()` does not call it: it makes values fit, and leaves validators and choices to forms and to this.
        """
        full_clean(self, exclude, validate_unique, validate_constraints)

    def clean_fields(self, *, exclude: Iterable[str] = ()) -> None:
        """Make each field's value fit and run its validators. Raises ValidationError."""
        clean_fields(self, exclude)

    def clean(self) -> None:
        """For subclasses: raise ValidationError if fields don't go together."""

    def validate_unique(self, *, exclude: Iterable[str] = ()) -> None:
        """Look for other rows with the same values where they must be unique. Raises ValidationError."""
        validate_unique(self, exclude)

    def validate_constraints(self, *, exclude: Iterable[str] = ()) -> None:
        """Look whether the constraints of Meta allow the row. Raises ValidationError."""
        validate_constraints(self, exclude)

    def refresh_from_db(
        self, *, using: str | None = None, fields: Collection[str] | None = None, from_queryset: Any = None
    ) -> None:
        """Read the row again, all of it or the named fields; `from_queryset` may lock it or load related objects too.

        Raises DoesNotExist when it is gone.
        """
        if fields is not None and not fields:
            return
        query = type(self)._base.using(using or self._db) if from_queryset is None else from_queryset
        fresh = query.get(pk=self.pk)
        others = [name for name in fields or () if name in self._meta.reached]
        generic = {each.name: each for each in self._meta.settled.values()}
        own = () if fields is None else [name for name in fields if name not in others and name not in generic]
        wanted = self._meta.fields if fields is None else [self._meta.field(name) for name in own]
        for name in generic if fields is None else generic.keys() & {*fields}:
            vars(self).pop(generic[name].slot, None)
        for field in wanted:
            setattr(self, field.attname, getattr(fresh, field.attname))
            if isinstance(field, ForeignKey):
                setattr(self, field.slot, getattr(fresh, field.slot))
        for pointing in self._meta.pointed:
            if pointing.single and (fields is None or pointing.accessor in others):
                setattr(self, pointing.reverse_slot, getattr(fresh, pointing.reverse_slot))
        self._db, self._batch = fresh._db, None
        prefetched = self.__dict__.get("_prefetched", {})
        for name in list(prefetched) if fields is None else others:
            prefetched.pop(name, None)
