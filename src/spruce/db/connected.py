"""Many-to-many relations seen from an object, on either side: `product.tags`, `tag.products`.

To connect takes one statement: rows in between that Spruce made itself are unique, so that those that are there already
may be left to the database. Where a program has its own model in between, or listens to `m2m_changed`, it is looked
first.
"""

from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeVar

from spruce.db.databases import choose, current
from spruce.db.managers import manager_class
from spruce.db.queryset import QuerySet
from spruce.db.records import Record, unproxied
from spruce.db.related import Members, assigned
from spruce.db.relations import ForeignKey
from spruce.db.routing import check_relation
from spruce.db.signals import m2m_changed
from spruce.db.transactions import Atomic
from spruce.db.types import MYSQL
from spruce.errors import DataError, FieldError

__all__ = ["ManyManager", "ManyRelated"]

M = TypeVar("M", bound=Record)

_SKIP = frozenset({"sqlite", "postgresql", *MYSQL})
"""The dialects that can leave rows out for being there already, and for nothing else."""


class Link(Protocol):
    """What a ManyToManyField tells of itself, once it is connected."""

    name: str
    model: type[Record]
    between: type[Record]
    symmetrical: bool
    made: bool  # whether the model in between is no program's own
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


class ManyManager(Members[M], Generic[M]):
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

    @property
    def _own(self) -> Any:
        """What the rows in between know the owner by."""
        return getattr(self.owner, (self.link.target_key if self.backwards else self.link.source_key).remote)

    @property
    def _their_key(self) -> ForeignKey[Any]:
        """The foreign key to the members."""
        return self.link.source_key if self.backwards else self.link.target_key

    def _sides(self) -> tuple[str, str]:
        """The names of the foreign keys: to the owner, and to the members."""
        here, there = self.link.source_key.name, self.link.target_key.name
        return (there, here) if self.backwards else (here, there)

    def _links(self) -> QuerySet[Any, Any]:
        """The rows in between that are the owner's."""
        query: QuerySet[Any, Any] = self.link.between._base.using(self._writing())
        return query.filter(**{self._sides()[0]: self._own})

    def _keys(self, objects: Iterable[Any]) -> list[Any]:
        keys, field = [], self._their_key
        for each in map(unproxied, objects):
            if isinstance(each, self.model) and each.pk is None:
                raise DataError(f"{each!r} is not saved, so nothing can be connected to it", hint="Call its save().")
            if hasattr(type(each), "_meta") and not isinstance(each, self.model):
                raise FieldError(f"{self.name} takes {self.model.__name__} objects or their keys, not {each!r}")
            keys.append(getattr(each, field.remote) if isinstance(each, self.model) else field.key.clean(each))
        return list(dict.fromkeys(keys))

    def add(self, *objects: Any, through_defaults: dict[str, Any] | None = None) -> None:
        """Connect these objects, given as such or by their keys; those that are connected stay so.

        `through_defaults` are values of the rows in between.
        """
        keys = self._keys(objects)
        self._check_origins(objects)
        if keys and self.link.made and not m2m_changed.listeners and current()[self._writing()].dialect.name in _SKIP:
            self._insert(self._pairs(keys), through_defaults or {}, ignore_conflicts=True)
        elif keys:
            with Atomic(self._writing()):
                new = self._unconnected(keys)
                self._tell("pre_add", set(new))
                pairs = self._pairs(new)
                if self.link.symmetrical:
                    pairs = [pair for pair in pairs if pair not in self._mirrored(new)]
                self._insert(pairs, through_defaults or {})
                self._tell("post_add", set(new))
        self._changed()

    def _check_origins(self, objects: Iterable[Any]) -> None:
        for each in objects:
            if isinstance(each, self.model):
                check_relation(self.owner, each, f"{type(self.owner).__name__}.{self.name}")

    def _writing(self) -> str:
        return choose(self._alias, self.link.between, write=True, instance=self.owner).alias

    def _making(self) -> str:
        """The alias of the database that new members are made in."""
        return choose(self._alias, type(self.owner), write=True, instance=self.owner).alias

    def _pairs(self, keys: list[Any]) -> list[tuple[Any, Any]]:
        """What connects these: the owner's key and theirs; the other way round too where that is the same."""
        own = self._own
        pairs = [(own, key) for key in keys]
        return [*pairs, *((key, own) for key in keys if key != own)] if self.link.symmetrical else pairs

    def _unconnected(self, keys: list[Any]) -> list[Any]:
        """Those of the keys that are not connected yet."""
        there = self._sides()[1]
        known = set(self._links().filter(**{f"{there}__in": keys}).values_list(f"{there}_id", flat=True))
        return [key for key in keys if key not in known]

    def _mirrored(self, keys: list[Any]) -> set[tuple[Any, Any]]:
        """The connections of these with the owner that there are on their side only."""
        here, there = self._sides()
        found = self.link.between._base.using(self._writing()).filter(**{f"{here}__in": keys, there: self._own})
        return set(found.values_list(f"{here}_id", f"{there}_id"))

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

    def _insert(
        self, pairs: list[tuple[Any, Any]], defaults: dict[str, Any], *, ignore_conflicts: bool = False
    ) -> None:
        here, there = self._sides()
        between = self.link.between
        more = {name: value() if callable(value) else value for name, value in defaults.items()}
        rows = [between(**{f"{here}_id": one, f"{there}_id": other}, **more) for one, other in pairs]
        between._base.using(self._writing()).bulk_create(rows, ignore_conflicts=ignore_conflicts)

    def remove(self, *objects: Any) -> None:
        """Disconnect these objects; those that are not connected stay so."""
        here, there = self._sides()
        keys = self._keys(objects)
        with Atomic(self._writing()):
            self._tell("pre_remove", set(keys))
            self._links().filter(**{f"{there}__in": keys}).delete()
            if self.link.symmetrical:
                mirrored = self.link.between._base.using(self._writing())
                mirrored.filter(**{f"{here}__in": keys, there: self._own}).delete()
            self._tell("post_remove", set(keys))
        self._changed()

    def clear(self) -> None:
        """Disconnect all."""
        with Atomic(self._writing()):
            self._tell("pre_clear", None)
            self._links().delete()
            if self.link.symmetrical:
                between = self.link.between._base.using(self._writing())
                between.filter(**{self._sides()[1]: self._own}).delete()
            self._tell("post_clear", None)
        self._changed()

    def set(
        self, objects: Iterable[Any], *, clear: bool = False, through_defaults: dict[str, Any] | None = None
    ) -> None:
        """Be connected to exactly these; with `clear`, all are disconnected first."""
        wanted = list(objects)
        keys = self._keys(wanted)
        self._check_origins(wanted)
        with Atomic(self._writing()):
            if clear:
                self.clear()
            there = self._sides()[1]
            known = set(self._links().values_list(f"{there}_id", flat=True))
            self.remove(*(known - set(keys)))
            self.add(*keys, through_defaults=through_defaults)

    def create(self, *, through_defaults: dict[str, Any] | None = None, **values: Any) -> M:
        """Make an object, save it, connect it, and return it."""
        with Atomic(self._making()):
            made: M = self.model._base.using(self._making()).create(**values)
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
            with Atomic(self._making()):
                made, new = self.model._base.using(self._making()).get_or_create(defaults, **keywords)
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
        raise assigned(self.link.accessor if self.reverse else self.link.name)
