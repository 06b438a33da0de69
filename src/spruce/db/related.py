"""Foreign keys seen from the other side: `category.products`, `user.profile`.

What leads to many rows is a manager: the query of those rows, with methods that change which they are. What was
prefetched is kept in the object's `_prefetched`, by the name of the relation, until it is changed.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Self, TypeVar

from spruce.db.databases import choose
from spruce.db.managers import manager_class
from spruce.db.queryset import Manager, QuerySet
from spruce.db.records import Record, unproxied
from spruce.db.references import NOT_LOADED, load_many, missing_related
from spruce.db.relations import ForeignKey
from spruce.db.steps import Query
from spruce.db.transactions import Atomic
from spruce.errors import DataError, FieldError

__all__ = ["Members", "RelatedManager", "Reverse", "ReverseOne", "assigned"]

M = TypeVar("M", bound=Record)


class Members(Manager[M], Generic[M]):
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

    def _rows_of(self, keys: Iterable[Any]) -> QuerySet[M, M]:
        query: QuerySet[M, M] = self.model._base.using(self._writing())
        return query.filter(pk__in=list(keys))

    def _own(self, objects: Iterable[Any]) -> list[Any]:
        """The objects themselves. Raises FieldError for one of another model."""
        own = list(map(unproxied, objects))
        for each in own:
            if not isinstance(each, self.model):
                raise FieldError(f"{self.name} takes {self.model.__name__} objects, not {each!r}")
        return own

    def _saved(self, objects: list[Any]) -> None:
        """Raise DataError for one that isn't saved."""
        for each in objects:
            if each.pk is None:
                raise DataError(f"{self.name}.add(): {each!r} is not saved", hint="Save it first, or use bulk=False.")

    def _here(self, each: Any) -> None:
        """Raise DataError for one that isn't saved on the database of the others."""
        if each._db != self._writing():
            raise DataError(
                f"{self.name}.add(): {each!r} is not saved on the database {self._writing()!r}",
                hint="Save it there first, or use bulk=False.",
            )


class RelatedManager(Members[M], Generic[M]):
    """Those that point to an object by a ForeignKey. What its `create()` makes points to the object too."""

    __slots__ = ("field",)

    def __init__(self, field: ForeignKey[Any], owner: Any) -> None:
        super().__init__(field.model._default.related_to(field, owner), owner, field.accessor or "")
        self.field = field

    def add(self, *objects: M, bulk: bool = True) -> None:
        """Let these saved objects point here, by one statement; without `bulk` each one is saved, new ones too."""
        own = self._own(objects)
        if bulk:
            self._saved(own)
        for each in own:
            setattr(each, self.field.name, self.owner)
            if bulk:
                self._here(each)
            else:
                each.save(using=self._writing())
        if own and bulk:
            self._rows_of(each.pk for each in own).update(**{self.field.name: self.owner})
            self._changed()

    def remove(self, *objects: M) -> None:
        """Let these objects point nowhere. Raises the owner's DoesNotExist for one that does not point here."""
        self._nullable("remove")
        own = self._own(objects)
        for each in own:
            if getattr(each, self.field.attname, None) != getattr(self.owner, self.field.remote):
                raise type(self.owner).DoesNotExist(f"{each!r} is not among the {self.name} of {self.owner!r}")
        for each in own:
            setattr(each, self.field.name, None)
        self._rows_of(each.pk for each in own).update(**{self.field.name: None})
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
        wanted = self._own(objects)
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


def assigned(name: str | None) -> FieldError:
    """The error for an assignment to what leads to many."""
    return FieldError(f"{name} cannot be assigned to", hint=f"Use {name}.set(…).")


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
        raise assigned(self.field.accessor)


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
        key = getattr(instance, field.remote)
        if key is not None:
            find: Callable[[list[Any]], dict[Any, Any]] = lambda keys: {  # noqa: E731 - named for its type
                getattr(each, field.attname): each for each in query.filter(**{f"{field.name}__in": keys})
            }
            place = "pk" if field.plain_key else field.remote
            found = load_many(f"{field.model._meta.label}.{field.name}", place, instance, key, find)
        self.put(instance, found)
        return found

    def put(self, instance: Any, found: Any) -> None:
        """Let `found` be the object, and `instance` the one that it points to."""
        setattr(instance, self.field.reverse_slot, found)
        if found is not None:
            setattr(found, self.field.slot, instance)

    def __set__(self, instance: Any, value: Any) -> None:
        value = unproxied(value)
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
