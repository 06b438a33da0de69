"""Relations seen from an object: `category.products`, `product.tags`, `user.profile`.

What leads to many rows is a manager: the query of those rows, with methods that change which they are. What was
prefetched is kept in the object's `_prefetched`, by the name of the relation, until it is changed.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, Self, TypeVar

from spruce.db.databases import choose
from spruce.db.managers import manager_class
from spruce.db.queryset import Manager, QuerySet
from spruce.db.records import Record
from spruce.db.references import NOT_LOADED, load_many, missing_related
from spruce.db.relations import ForeignKey
from spruce.db.signals import m2m_changed
from spruce.db.steps import Query
from spruce.db.transactions import Atomic
from spruce.errors import DataError, FieldError

__all__ = ["ManyManager", "ManyRelated", "RelatedManager", "Reverse", "ReverseOne"]

M = TypeVar("M", bound=Record)


class Link(Protocol):
    """What a ManyToManyField tells of itself, once it is connected."""

    name: str
    model: type[Record]
    between: type[Record]
    symmetrical: bool
    source_key: ForeignKey[Any]
    target_key: ForeignKey[Any]

    @property
    def target(self) -> type[Record]:
        """The model on the other side."""
        ...

    @property
    def accessor(self) -> str | None:
        """The name of the manager on the other side."""
        ...

    def path(self, backwards: bool) -> str:
        """The name by which a query follows it."""
        ...


class _Members(Manager[M], Generic[M]):
    """The rows that an object is related to; `name` is what the relation is called on the object."""

    __slots__ = ("name", "owner")

    def __init__(self, query: Any, owner: Any, name: str) -> None:
        for slot in Query.__slots__:
            setattr(self, slot, getattr(query, slot))
        self.owner = owner
        self.name = name
        self._rows = getattr(owner, "_prefetched", {}).get(name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} of {self.owner!r}>"

    def all(self) -> Self:
        """All of them; those that were prefetched, if they were."""
        query = super().all()
        query._rows = self._rows
        return query

    def _fetch(self) -> list[M]:
        return super()._fetch() if self._rows is None else self._rows

    def _changed(self) -> None:
        self._rows = None
        getattr(self.owner, "_prefetched", {}).pop(self.name, None)

    def _writing(self) -> str:
        return self._database(write=True).alias


class RelatedManager(_Members[M], Generic[M]):
    """Those that point to an object by a ForeignKey. What its `create()` makes points to the object too."""

    __slots__ = ("field",)

    def __init__(self, field: ForeignKey[Any], owner: Any) -> None:
        super().__init__(field.model._default.related_to(field, owner), owner, field.accessor or "")
        self.field = field

    def _rows_of(self, keys: Iterable[Any]) -> QuerySet[M, M]:
        query: QuerySet[M, M] = self.model._base.using(self._writing())
        return query.filter(pk__in=list(keys))

    def _own(self, objects: Iterable[Any]) -> None:
        for each in objects:
            if not isinstance(each, self.model):
                raise FieldError(f"{self.name} takes {self.model.__name__} objects, not {each!r}")

    def add(self, *objects: M, bulk: bool = True) -> None:
        """Let these saved objects point here, by one statement; without `bulk` each one is saved, new ones too."""
        self._own(objects)
        for each in objects:
            if bulk and each.pk is None:
                raise DataError(f"{self.name}.add(): {each!r} is not saved", hint="Save it first, or use bulk=False.")
        for each in objects:
            setattr(each, self.field.name, self.owner)
            if not bulk:
                each.save(using=self._writing())
        if objects and bulk:
            self._rows_of(each.pk for each in objects).update(**{self.field.name: self.owner})
            self._changed()

    def remove(self, *objects: M) -> None:
        """Let these objects point nowhere. Raises the owner's DoesNotExist for one that does not point here."""
        self._nullable("remove")
        self._own(objects)
        for each in objects:
            if getattr(each, self.field.attname, None) != self.owner.pk:
                raise type(self.owner).DoesNotExist(f"{each!r} is not among the {self.name} of {self.owner!r}")
        for each in objects:
            setattr(each, self.field.name, None)
        self._rows_of(each.pk for each in objects).update(**{self.field.name: None})
        self._changed()

    def clear(self, *, bulk: bool = True) -> None:
        """Let none point here, by one statement; without `bulk` each object is saved."""
        self._nullable("clear")
        if not bulk:
            for each in self.using(self._writing()):
                setattr(each, self.field.name, None)
                each.save(using=self._writing())
        else:
            self.using(self._writing()).order_by().update(**{self.field.name: None})
        self._changed()

    def set(self, objects: Iterable[M], *, bulk: bool = True, clear: bool = False) -> None:
        """Let exactly these objects point here; the others lose their value, if it may be null."""
        wanted = list(objects)
        self._own(wanted)
        with Atomic(self._writing()):
            if clear and self.field.null:
                self.clear(bulk=bulk)
            elif self.field.null:
                keep = {each.pk for each in wanted}
                self.remove(*[each for each in self.using(self._writing()) if each.pk not in keep])
            self.add(*wanted, bulk=bulk)

    def _nullable(self, verb: str) -> None:
        if not self.field.null:
            raise FieldError(
                f"{self.name}.{verb}() would leave {self.field.label} empty, which it must not be",
                hint="Declare the ForeignKey with null=True, or delete the objects.",
            )

    def create(self, **values: Any) -> M:
        """Make an object that points here, save it, and return it."""
        made = super().create(**values)
        self._changed()
        return made


class ManyManager(_Members[M], Generic[M]):
    """Those that an object is connected to by a ManyToManyField, from either side."""

    __slots__ = ("backwards", "link")

    def __init__(self, link: Link, owner: Any, backwards: bool) -> None:
        model = link.model if backwards else link.target
        if owner.pk is None:
            raise DataError(
                f"{owner!r} is not saved, so it is connected to no {model.__name__} yet", hint="Call its save() first."
            )
        query: Any = model._default.sticking(**{link.path(not backwards): owner.pk})
        name = (link.accessor or "") if backwards else link.name
        query._instance = (None, owner, name, "prefetch_related")
        super().__init__(query, owner, name)
        self.link = link
        self.backwards = backwards

    @property
    def through(self) -> type[Record]:
        """The model in between."""
        return self.link.between

    def _sides(self) -> tuple[str, str]:
        """The names of the foreign keys: to the owner, and to the members."""
        here, there = self.link.source_key.name, self.link.target_key.name
        return (there, here) if self.backwards else (here, there)

    def _links(self) -> QuerySet[Any, Any]:
        """The rows in between that are the owner's."""
        query: QuerySet[Any, Any] = self.link.between._base.using(self._writing())
        return query.filter(**{self._sides()[0]: self.owner.pk})

    def _keys(self, objects: Iterable[Any]) -> list[Any]:
        keys = []
        for each in objects:
            if isinstance(each, self.model) and each.pk is None:
                raise DataError(f"{each!r} is not saved, so nothing can be connected to it", hint="Call its save().")
            if hasattr(type(each), "_meta") and not isinstance(each, self.model):
                raise FieldError(f"{self.name} takes {self.model.__name__} objects or their keys, not {each!r}")
            keys.append(each.pk if isinstance(each, self.model) else self.model._meta.pk.clean(each))
        return list(dict.fromkeys(keys))

    def add(self, *objects: Any, through_defaults: dict[str, Any] | None = None) -> None:
        """Connect these objects, given as such or by their keys; those that are connected stay so.

        `through_defaults` are values of the rows in between.
        """
        here, there = self._sides()
        keys = self._keys(objects)
        with Atomic(self._writing()):
            known = set(self._links().filter(**{f"{there}__in": keys}).values_list(f"{there}_id", flat=True))
            pairs = [(self.owner.pk, key) for key in keys if key not in known]
            self._tell("pre_add", {key for _, key in pairs})
            self._insert(here, there, pairs, through_defaults or {})
            if self.link.symmetrical:
                mirrored = self.link.between._base.using(self._writing())
                other = set(mirrored.filter(**{here + "__in": keys, there: self.owner.pk}).values_list(here, flat=True))
                self._insert(
                    here, there, [(b, a) for a, b in pairs if b not in other and a != b], through_defaults or {}
                )
            self._tell("post_add", {key for _, key in pairs})
        self._changed()

    def _tell(self, action: str, keys: set[Any] | None) -> None:
        if m2m_changed.listeners:
            m2m_changed.send(
                self.link.between,
                instance=self.owner,
                action=action,
                reverse=self.backwards,
                model=self.model,
                pk_set=keys,
                using=self._writing(),
            )

    def _insert(self, here: str, there: str, pairs: list[tuple[Any, Any]], defaults: dict[str, Any]) -> None:
        between = self.link.between
        more = {name: value() if callable(value) else value for name, value in defaults.items()}
        rows = [between(**{f"{here}_id": one, f"{there}_id": other}, **more) for one, other in pairs]
        between._base.using(self._writing()).bulk_create(rows)

    def remove(self, *objects: Any) -> None:
        """Disconnect these objects; those that are not connected stay so."""
        here, there = self._sides()
        keys = self._keys(objects)
        with Atomic(self._writing()):
            self._tell("pre_remove", set(keys))
            self._links().filter(**{f"{there}__in": keys}).delete()
            if self.link.symmetrical:
                mirrored = self.link.between._base.using(self._writing())
                mirrored.filter(**{f"{here}__in": keys, there: self.owner.pk}).delete()
            self._tell("post_remove", set(keys))
        self._changed()

    def clear(self) -> None:
        """Disconnect all."""
        with Atomic(self._writing()):
            self._tell("pre_clear", None)
            self._links().delete()
            if self.link.symmetrical:
                between = self.link.between._base.using(self._writing())
                between.filter(**{self._sides()[1]: self.owner.pk}).delete()
            self._tell("post_clear", None)
        self._changed()

    def set(
        self, objects: Iterable[Any], *, clear: bool = False, through_defaults: dict[str, Any] | None = None
    ) -> None:
        """Be connected to exactly these; with `clear`, all are disconnected first."""
        keys = self._keys(objects)
        with Atomic(self._writing()):
            if clear:
                self.clear()
            there = self._sides()[1]
            known = set(self._links().values_list(f"{there}_id", flat=True))
            self.remove(*(known - set(keys)))
            self.add(*keys, through_defaults=through_defaults)

    def create(self, *, through_defaults: dict[str, Any] | None = None, **values: Any) -> M:
        """Make an object, save it, connect it, and return it."""
        with Atomic(self._writing()):
            made: M = self.model._base.using(self._writing()).create(**values)
            self.add(made, through_defaults=through_defaults)
        return made

    def get_or_create(
        self,
        defaults: dict[str, Any] | None = None,
        *,
        through_defaults: dict[str, Any] | None = None,
        **keywords: Any,
    ) -> tuple[M, bool]:
        """The connected object that fits, or a new one that is connected; and whether it is new."""
        try:
            return self.get(**keywords), False
        except self.model.DoesNotExist:
            with Atomic(self._writing()):
                made, new = self.model._base.using(self._writing()).get_or_create(defaults, **keywords)
                self.add(made, through_defaults=through_defaults)
            return made, new

    def update_or_create(
        self,
        defaults: dict[str, Any] | None = None,
        create_defaults: dict[str, Any] | None = None,
        *,
        through_defaults: dict[str, Any] | None = None,
        **keywords: Any,
    ) -> tuple[M, bool]:
        """The connected object that fits with `defaults` written to it, or a new one; and whether it is new."""
        with Atomic(self._writing()):
            made, new = super().update_or_create(defaults, create_defaults, **keywords)
            if new:
                self.add(made, through_defaults=through_defaults)
        return made, new


class Reverse:
    """What stands in a class for the other side of a ForeignKey: gives the manager of those that point to an object."""

    __slots__ = ("field",)
    many = True

    def __init__(self, field: ForeignKey[Any]) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        return manager_class(RelatedManager, self.field.model._default._kind)(self.field, instance)

    def __set__(self, instance: Any, value: Any) -> None:
        raise _assigned(self.field.accessor)


class ManyRelated:
    """What stands in a class for a ManyToManyField, on either side."""

    __slots__ = ("link", "reverse")
    many = True

    def __init__(self, link: Link, reverse: bool) -> None:
        self.link = link
        self.reverse = reverse

    @property
    def field(self) -> Link:
        """What was declared."""
        return self.link

    @property
    def through(self) -> type[Record]:
        """The model in between."""
        return self.link.between

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        model = self.link.model if self.reverse else self.link.target
        return manager_class(ManyManager, model._default._kind)(self.link, instance, self.reverse)

    def __set__(self, instance: Any, value: Any) -> None:
        raise _assigned(self.link.accessor if self.reverse else self.link.name)


def _assigned(name: str | None) -> FieldError:
    return FieldError(f"{name} cannot be assigned to", hint=f"Use {name}.set(…).")


class ReverseOne:
    """What stands in a class for the other side of a OneToOneField: the object that points to an object."""

    __slots__ = ("field",)
    many = False

    def __init__(self, field: ForeignKey[Any]) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        field = self.field
        found = getattr(instance, field.reverse_slot)
        if found is NOT_LOADED:
            found = self._load(instance)
        if found is None:
            raise self.missing(instance)
        return found

    def missing(self, instance: Any) -> Exception:
        """The error for an object that is not there, which `hasattr` takes for no attribute."""
        error: Exception = missing_related(self.field.model)(f"{instance!r} has no {self.field.accessor}")
        return error

    def _load(self, instance: Any) -> Any:
        field = self.field
        alias = choose(None, field.model, write=False, instance=instance).alias
        query: QuerySet[Any, Any] = field.model._base.using(alias)
        query._instance = (None, instance, field.accessor, "select_related")
        found = None
        if instance.pk is not None:
            find: Callable[[list[Any]], dict[Any, Any]] = lambda keys: {  # noqa: E731 - named for its type
                getattr(each, field.attname): each for each in query.filter(**{f"{field.name}__in": keys})
            }
            found = load_many(f"{field.model._meta.label}.{field.name}", "pk", instance, instance.pk, find)
        self.put(instance, found)
        return found

    def put(self, instance: Any, found: Any) -> None:
        """Let `found` be the object, and `instance` the one that it points to."""
        setattr(instance, self.field.reverse_slot, found)
        if found is not None:
            setattr(found, self.field.slot, instance)

    def __set__(self, instance: Any, value: Any) -> None:
        if value is None:
            before = getattr(instance, self.field.reverse_slot)
            if before is not NOT_LOADED and before is not None:
                setattr(before, self.field.name, None)
            setattr(instance, self.field.reverse_slot, None)
            return
        if not isinstance(value, self.field.model):
            raise FieldError(f"{self.field.accessor} takes a {self.field.model.__name__}, not {value!r}")
        setattr(value, self.field.name, instance)
        setattr(instance, self.field.reverse_slot, value)
