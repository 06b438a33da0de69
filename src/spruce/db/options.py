"""What a model knows of itself (`Product._meta`), and the registry of all models with their tables."""

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from spruce.db.constraints import CheckConstraint, UniqueConstraint
from spruce.db.fields import REQUIRED, Field
from spruce.db.formulas import Formula
from spruce.db.indexes import Index
from spruce.db.manytomany import ManyToManyField
from spruce.db.numbers import AutoField
from spruce.db.records import Record
from spruce.db.related import ManyRelated, Reverse, ReverseOne
from spruce.db.relations import NOT_LOADED, ForeignKey, ReverseStep, Step
from spruce.db.shapes import Shape
from spruce.errors import FieldError, ModelError, nearest

if TYPE_CHECKING:
    from spruce.db.queryset import Manager

__all__ = ["Options", "Registry"]

_OPTIONS = (
    "abstract",
    "constraints",
    "db_table",
    "db_table_comment",
    "indexes",
    "ordering",
    "unique_together",
    "verbose_name",
    "verbose_name_plural",
)
_OWN = ("abstract", "db_table")  # of one model, and not of those that inherit from it
_RESERVED = frozenset({"pk", "objects", "DoesNotExist", "MultipleObjectsReturned", "save", "delete", "refresh_from_db"})
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Options:
    """The fields of a model and the options of its `Meta`.

    `paths` has each name by which a query may call a field: its name, its attribute, and `pk`.
    """

    def __init__(
        self,
        model: type[Record],
        meta: Any,
        registry: "Registry",
        own: dict[str, Field[Any]],
        many: dict[str, ManyToManyField[Any]],
        managers: "dict[str, Manager[Any]]",
    ) -> None:
        given = _given(model, meta)
        self.given = given
        for key in given.keys() - set(_OPTIONS):
            raise ModelError(
                f"{model.__name__}.Meta has no option {key!r}{nearest(key, _OPTIONS)}",
                hint=f"Options: {', '.join(_OPTIONS)}.",
            )
        self.model = model
        self.registry = registry
        self.abstract = bool(given.get("abstract", False))
        self.db_table: str = given.get("db_table") or _WORDS.sub("_", model.__name__).lower()
        self.db_table_comment: str | None = given.get("db_table_comment")
        self.verbose_name: str = given.get("verbose_name") or _WORDS.sub(" ", model.__name__).lower()
        self.verbose_name_plural: str = given.get("verbose_name_plural") or f"{self.verbose_name}s"
        self.constraints: tuple[CheckConstraint | UniqueConstraint, ...] = tuple(given.get("constraints", ()))
        self.indexes: tuple[Index, ...] = tuple(given.get("indexes", ()))
        self.unique_together = _groups(given.get("unique_together", ()))
        self.fields = self._collect(own)
        self.paths = self._paths()
        self.ordering: tuple[str, ...] = tuple(given.get("ordering", self._inherited_ordering()))
        self.many = self._collect_many(many)
        bases = [vars(base)["_meta"] for base in reversed(model.__mro__[1:]) if "_meta" in vars(base)]
        self.managers = {name: one for options in bases for name, one in options.managers.items()} | managers
        self.own_save = False  # whether the program has written a save() for it
        self.has_single = False  # whether a OneToOneField points here
        self.relations: dict[str, tuple[Step, ...]] = {}  # names by which queries go to those that point here
        self.pointing: list[ForeignKey[Any]] = []  # the foreign keys of other models that point here
        self.left = tuple(field.attname for field in self.fields if field.db_default is not REQUIRED)
        self.shape = Shape(model)
        self.writers: dict[tuple[Any, ...], Any] = {}  # see storing.py

    def __repr__(self) -> str:
        return f"<Options of {self.label}>"

    def knows(self, name: str) -> bool:
        """Whether a query may call a field or relation by this name."""
        return name in self.paths or name in self.relations

    @property
    def label(self) -> str:
        """`shop.models.Product`."""
        return f"{self.model.__module__}.{self.model.__qualname__}"

    @property
    def pk(self) -> Field[Any]:
        """The primary key."""
        return self.paths["pk"]

    def field(self, name: str) -> Field[Any]:
        """The field of a name. Raises FieldError."""
        if name not in self.paths:
            raise FieldError(f"{self.model.__name__} has no field {name!r}{nearest(name, self.paths)}")
        return self.paths[name]

    def _collect(self, own: dict[str, Field[Any]]) -> tuple[Field[Any], ...]:
        fields: dict[str, Field[Any]] = {}
        for base in reversed(self.model.__mro__[1:]):
            options = vars(base).get("_meta")
            if options is None:
                continue
            if not options.abstract:
                raise ModelError(
                    f"{self.model.__name__} cannot inherit from {base.__name__}, which has a table of its own",
                    hint="Move what they share into a model with `class Meta: abstract = True`.",
                )
            fields |= {field.name: field.copy() for field in options.fields}
        fields |= own
        if not self.abstract:
            fields = self._with_key(fields)
        for name, field in fields.items():
            _check_name(self.model, name)
            field.bind_to(self.model, name)
        return tuple(fields.values())

    def _collect_many(self, own: dict[str, ManyToManyField[Any]]) -> dict[str, ManyToManyField[Any]]:
        bases = [vars(base)["_meta"] for base in reversed(self.model.__mro__[1:]) if "_meta" in vars(base)]
        many = {name: link.copy() for options in bases for name, link in options.many.items()} | own
        for name, link in many.items():
            _check_name(self.model, name)
            link.model, link.name = self.model, name
        return many

    def _with_key(self, fields: dict[str, Field[Any]]) -> dict[str, Field[Any]]:
        keys = [name for name, field in fields.items() if field.primary_key]
        if len(keys) > 1:
            raise ModelError(f"{self.model.__name__} has two primary keys: {', '.join(keys)}")
        if not keys and "id" in fields:
            raise ModelError(f"{self.model.__name__}.id must be the primary key", hint="Or rename it.")
        return fields if keys else {"id": AutoField(), **fields}

    def _paths(self) -> dict[str, Field[Any]]:
        paths = {field.name: field for field in self.fields}
        for field in self.fields:
            if paths.setdefault(field.attname, field) is not field:
                raise ModelError(f"{self.model.__name__}.{field.attname} is both a field and the key of {field.label}")
        keys = [field for field in self.fields if field.primary_key]
        return {**paths, "pk": keys[0]} if keys else paths

    def _inherited_ordering(self) -> tuple[str, ...]:
        options = [vars(base)["_meta"] for base in self.model.__mro__[1:] if "_meta" in vars(base)]
        return options[0].ordering if options else ()

    def build_table(self) -> sa.Table:
        """Make the SQLAlchemy table. Raises ModelError if a foreign key points to a model that does not exist."""
        groups = [
            sa.UniqueConstraint(
                *(self.field(name).attname for name in group), name=f"{self.db_table}_{'_'.join(group)}_key"
            )
            for group in self.unique_together
        ]
        formulate = partial(Formula, self.model)
        columns = [field.column(formulate) for field in self.fields]
        auto = isinstance(self.pk, AutoField)
        current = self.registry.models.get(self.db_table) is self.model  # and not replaced by another
        metadata = self.registry.metadata if current else sa.MetaData()
        checks = [each.element(self.model) for each in self.constraints if isinstance(each, CheckConstraint)]
        table = sa.Table(
            self.db_table,
            metadata,
            *columns,
            *groups,
            *checks,
            sqlite_autoincrement=auto,
            comment=self.db_table_comment,
        )
        for index in self.indexes:
            index.element(self.model, table)
        for constraint in self.constraints:
            if isinstance(constraint, UniqueConstraint):
                made = constraint.element(self.model, table)
                if isinstance(made, sa.UniqueConstraint):
                    table.append_constraint(made)
        return table


def _given(model: type[Record], meta: Any) -> dict[str, Any]:
    """What a Meta says, and those it inherits from; without one, that of the first abstract model."""
    bases = [vars(base)["_meta"] for base in model.__mro__[1:] if "_meta" in vars(base)]
    if meta is None:
        return {key: value for key, value in (bases[0].given if bases else {}).items() if key not in _OWN}
    found: dict[str, Any] = {}
    for kind in reversed(meta.__mro__[:-1]):
        own = {key: value for key, value in vars(kind).items() if not key.startswith("__")}
        found |= own if kind is meta else {key: value for key, value in own.items() if key not in _OWN}
    return found


def _place(field: Field[Any]) -> tuple[str, str]:
    return field.model._meta.db_table, field.name


def _groups(value: Any) -> tuple[tuple[str, ...], ...]:
    """`unique_together`, which is one group of names or several."""
    if value and all(isinstance(name, str) for name in value):
        return (tuple(value),)
    return tuple(tuple(group) for group in value)


def _check_name(model: type[Record], name: str) -> None:
    if name in _RESERVED:
        raise ModelError(f"{model.__name__}.{name}: a field cannot have this name, which every model uses itself")
    if "__" in name or name.startswith("_") or name.endswith("_"):
        raise ModelError(f"{model.__name__}.{name}: a field's name has no underscore at its ends and no two in a row")


class Registry:
    """All models by table, and SQLAlchemy's metadata."""

    def __init__(self) -> None:
        self.metadata = sa.MetaData()
        self.models: dict[str, type[Record]] = {}
        self.waiting: list[ManyToManyField[Any]] = []  # whose models are not all declared yet

    def add(self, model: type[Record]) -> None:
        """Take a model in; it replaces one of its name in its module, as after a reload. Raises ModelError."""
        name = model._meta.db_table
        old = self.models.get(name)
        if old is not None and (old.__module__, old.__name__) != (model.__module__, model.__name__):
            raise ModelError(
                f"{model._meta.label} and {old._meta.label} have the same table {name!r}",
                hint="Give one of them another name with `class Meta: db_table = …`.",
            )
        found = [field for field in _relations(model) if self._resolve(field, model)]
        found += [field for other in self.models.values() for field in _relations(other) if field.names(model)]
        taken: set[tuple[Any, str]] = set()
        for field in found:
            _check_accessor(field, model if field.names(model) else field.target, taken)
        if old is not None:
            self._remove(old)
        self.models[name] = model
        for field in found:
            if field.names(model):
                field.to = model
            _connect(field)
        self._connect_many(model)

    def _connect_many(self, model: type[Record]) -> None:
        """Connect what waits for this model: its own ManyToManyFields, and others that name it."""
        waiting, self.waiting = [*self.waiting, *model._meta.many.values()], []  # connecting declares models
        known = {other.__name__: other for other in self.models.values()}
        ready = [link for link in waiting if link.connect(known)]
        self.waiting += [link for link in waiting if link not in ready]
        for link in ready:
            link.model._meta.relations[link.name] = link.steps(backwards=False)
            link.target._meta.relations[link.path(True)] = link.steps(backwards=True)
            setattr(link.model, link.name, ManyRelated(link, reverse=False))
            if link.accessor is not None:
                setattr(link.target, link.accessor, ManyRelated(link, reverse=True))

    def _resolve(self, field: ForeignKey[Any], model: type[Record]) -> bool:
        """Find the model that a new foreign key names, if it is declared; the same module's before others."""
        known = sorted(self.models.values(), key=lambda other: other.__module__ != model.__module__)
        if not field.names(model):
            field.to = next((other for other in known if field.names(other)), field.to)
        return not isinstance(field.to, str) or field.names(model)

    def _remove(self, model: type[Record]) -> None:
        del self.models[model._meta.db_table]
        for field in model._meta.fields:
            if isinstance(field, ForeignKey) and not isinstance(field.to, str) and field in field.to._meta.pointing:
                field.to._meta.pointing.remove(field)
                field.to._meta.relations.pop(field.query_name or "", None)
        table = self.metadata.tables.get(model._meta.db_table)
        if table is not None:
            self.metadata.remove(table)

    def find(self, name: str, field: ForeignKey[Any]) -> type[Record]:
        """The model that a ForeignKey names. Raises ModelError."""
        known = [model.__name__ for model in self.models.values()]
        raise ModelError(
            f"{field.label} points to {name!r}, and there is no such model{nearest(name, known)}",
            hint="Import the module that declares it before the first query.",
        )


def _connect(field: ForeignKey[Any]) -> None:
    """Let the other side of a ForeignKey know of it."""
    target: Any = field.target
    target._meta.pointing.append(field)
    if field.query_name is not None:
        target._meta.relations[field.query_name] = (ReverseStep(field, field.query_name),)
    if field.accessor is not None:
        setattr(target, field.accessor, ReverseOne(field) if field.single else Reverse(field))
        if field.single:
            target._meta.has_single = True
            setattr(target, field.reverse_slot, NOT_LOADED)


def _relations(model: type[Record]) -> list[ForeignKey[Any]]:
    return [field for field in model._meta.fields if isinstance(field, ForeignKey)]


def _check_accessor(field: ForeignKey[Any], target: type[Record], taken: set[tuple[Any, str]]) -> None:
    """Raise ModelError if the other side has something else of the same name."""
    name = field.accessor
    if name is None:
        return
    if name in target._meta.paths:
        raise ModelError(
            f"{field.label} would be {name!r} on {target.__name__}, which has a field of that name",
            hint="Give the ForeignKey another related_name.",
        )
    other = vars(target).get(name)
    known = other.field.label if isinstance(other, Reverse) and _place(other.field) != _place(field) else ""
    if known or (target, name) in taken:
        raise ModelError(
            f"{field.label} and {known or 'another field of the model'} would both be {name!r} on {target.__name__}",
            hint="Give one of them another related_name.",
        )
    taken.add((target, name))
