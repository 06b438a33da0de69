"""GenericRelation: the rows that name an object by their GenericForeignKey, as a manager and for queries.

Queries follow it in both directions, as the tables that they join are known; on the way they ask for the content type
by its label and name, so that a query is the same on each database. The rows go with the object.
"""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql.selectable import FromClause

from spruce.db.generic import GenericForeignKey, object_key
from spruce.db.records import Record, app_label_of, name_parts
from spruce.db.related import Members, assigned
from spruce.db.relations import ReverseStep
from spruce.db.siblings import give_places
from spruce.db.transactions import Atomic
from spruce.errors import DataError, ModelError, nearest

__all__ = ["GenericManager", "GenericRelation", "connect_generics"]

M = TypeVar("M", bound=Record)

_AT_ONCE = 1000


class _Towards:
    """The step from an object to the rows that name it."""

    null = many = True

    def __init__(self, relation: "GenericRelation", model: Any) -> None:
        self.relation = relation
        self.model = model
        self.name = relation.name
        self.slot = f"_{relation.name}_rows"

    @property
    def target(self) -> Any:
        """The model whose table has the fields that name the object."""
        return self.relation.fields[1].model

    def on(self, left: FromClause, right: FromClause) -> sa.ColumnElement[bool]:
        """That a row names the object."""
        return self.relation.on(self.model, left, right)


class _Back:
    """The step from a row to the object of one model that it names, which `related_query_name` is for."""

    null, many = True, False

    def __init__(self, relation: "GenericRelation", model: Any, name: str) -> None:
        self.relation = relation
        self.target = model
        self.name = name
        self.slot = f"_{name}_named"

    def on(self, left: FromClause, right: FromClause) -> sa.ColumnElement[bool]:
        """That the row names the object."""
        return self.relation.on(self.target, right, left)


class GenericRelation:
    """The rows of another model that name an object by a GenericForeignKey: `comments = GenericRelation(Comment)`.

    It is a manager as that of a ForeignKey's other side, and queries follow it; `related_query_name` lets queries of
    the other model go back here. The rows go with the object when that is deleted.
    """

    many = True
    name = ""

    def __init__(
        self,
        to: Any,
        *,
        content_type_field: str = "content_type",
        object_id_field: str = "object_id",
        related_query_name: str | None = None,
        for_concrete_model: bool = True,
    ) -> None:
        self.target = to
        self.content_type_field = content_type_field
        self.object_id_field = object_id_field
        self.related_query_name = related_query_name
        self.for_concrete_model = for_concrete_model

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def connect(self, model: Any, known: dict[str, Any]) -> bool:
        """Let queries of a model follow it; False while the other model is not declared yet. Raises ModelError."""
        if isinstance(self.target, str):
            self.target = model if self.target == "self" else known.get(self.target.rpartition(".")[2], self.target)
        if isinstance(self.target, str):
            return False
        meta = self.target._meta
        for name in (self.content_type_field, self.object_id_field):
            if name not in meta.paths:
                raise ModelError(
                    f"{model.__name__}.{self.name}: {self.target.__name__} has no field {name!r}"
                    f"{nearest(name, meta.paths)}",
                    hint="Name its fields by content_type_field and object_id_field.",
                )
        model._meta.generic.append(self)
        if meta.order_with_respect_to in {each.name for each in self.keys()}:
            give_places(model, self.target, lambda owner: self.values(owner, owner._db))
        owner = self.fields[1].model  # the target, or a parent of it that has the fields
        lineage = meta.concrete._meta.lineage
        down = [ReverseStep(each._meta.link, self.name) for each in lineage[lineage.index(owner) + 1 :]]
        model._meta.relations[self.name] = (_Towards(self, model), *down)
        inherited = model._meta.parent is not None and self in model._meta.parent._meta.generic
        if self.related_query_name is not None and not inherited:
            name = self.related_query_name
            name = name % name_parts(model) if "%(" in name else name
            meta.relations[name] = (*meta.up_to(owner), _Back(self, model, name))
        return True

    @property
    def fields(self) -> tuple[Any, Any]:
        """The field of the rows that says of what model, and that with the key."""
        paths = self.target._meta.paths
        return paths[self.content_type_field], paths[self.object_id_field]

    def on(self, model: Any, owners: FromClause, rows: FromClause) -> sa.ColumnElement[bool]:
        """The condition that joins objects of a model with the rows that name them."""
        kind, key = self.fields
        pk, named = owners.c[model._meta.pk.attname], rows.c[key.attname]
        same_kind = key.column_type()._type_affinity is pk.type._type_affinity
        types = kind.target.__table__.alias()
        concrete = model._meta.concrete if self.for_concrete_model else model
        wanted = sa.select(types.c.id).where(
            types.c.app_label == app_label_of(concrete), types.c.model == concrete._meta.model_name
        )
        own = pk if same_kind else sa.cast(pk, key.column_type())
        return sa.and_(named == own, rows.c[kind.attname] == wanted.correlate(None).scalar_subquery())

    def values(self, owner: Any, alias: str | None) -> dict[str, Any]:
        """What rows have that name an object."""
        kind, key = self.fields
        types = kind.target.objects.db_manager(alias)
        found = types.get_for_model(owner, for_concrete_model=self.for_concrete_model)
        return {self.content_type_field: found, key.attname: object_key(key, owner.pk)}

    def pointing(self, model: Any, alias: str, keys: Iterable[Any]) -> Any:
        """The rows that name objects of a model by their keys."""
        kind, key = self.fields
        types = kind.target.objects.db_manager(alias)
        found = types.get_for_model(model, for_concrete_model=self.for_concrete_model)
        listed = [object_key(key, each) for each in keys]
        rows = self.target._base.using(alias)
        return rows.filter(**{self.content_type_field: found, f"{key.attname}__in": listed})

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else GenericManager(self, instance)

    def __set__(self, instance: Any, value: Any) -> None:
        raise assigned(self.name)

    def load_all(self, objects: list[Any], wanted: Any) -> list[Any]:
        """Load the rows of many objects, for `prefetch_related`; return the rows."""
        missing = [
            each
            for each in objects
            if wanted.to_attr or wanted.queryset is not None or self.name not in getattr(each, "_prefetched", {})
        ]
        by_owner = self._by_owner(missing, wanted.queryset) if missing else {}
        key = self.fields[1]
        for each in missing:
            found = by_owner.get(object_key(key, each.pk), [])
            if wanted.to_attr:
                setattr(each, wanted.to_attr, found)
            else:
                vars(each).setdefault("_prefetched", {})[self.name] = found
                self._tell(each, found)
        place = wanted.to_attr
        return [
            one for each in objects for one in (getattr(each, place) if place else vars(each)["_prefetched"][self.name])
        ]

    def _by_owner(self, owners: list[Any], wanted: Any) -> dict[Any, list[Any]]:
        kind, key = self.fields
        alias = owners[0]._db
        model = type(owners[0])
        types = kind.target.objects.db_manager(alias)
        found = types.get_for_model(model, for_concrete_model=self.for_concrete_model)
        query = self.target._default.all() if wanted is None else wanted.all()
        query = query.using(alias) if query._alias is None else query
        keys = list({object_key(key, each.pk) for each in owners})
        by_owner: dict[Any, list[Any]] = {}
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            for each in query.filter(**{self.content_type_field: found, f"{key.attname}__in": part}):
                by_owner.setdefault(getattr(each, key.attname), []).append(each)
        return by_owner

    def _tell(self, owner: Any, rows: list[Any]) -> None:
        """Let rows know the object that they name."""
        for field in self.keys():
            for each in rows:
                field._keep(each, owner)

    def keys(self) -> list[GenericForeignKey]:
        """Those of the rows' GenericForeignKeys that lead back."""
        names = (self.content_type_field, self.object_id_field)
        known: Iterable[GenericForeignKey] = self.target._meta.settled.values()
        return [each for each in known if (each.ct_field, each.fk_field) == names]


class GenericManager(Members[M], Generic[M]):
    """The rows that name an object by a GenericForeignKey. What its `create()` makes names it too."""

    __slots__ = ("relation",)

    def __init__(self, relation: GenericRelation, owner: Any) -> None:
        query = relation.target._default.all()
        query = query.none() if owner.pk is None else query.filter(**relation.values(owner, owner._db))
        query._instance = (None, owner, relation.name, "prefetch_related")
        super().__init__(query, owner, relation.name)
        self.relation = relation

    def _values(self) -> dict[str, Any]:
        if self.owner.pk is None:
            raise DataError(f"{self.owner!r} is not saved, so nothing can name it yet", hint="Call its save() first.")
        return self.relation.values(self.owner, self._writing())

    def add(self, *objects: M, bulk: bool = True) -> None:
        """Let these saved rows name the object, by one statement; without `bulk` each is saved, new ones too."""
        values, own = self._values(), self._own(objects)
        if bulk:
            self._saved(own)
        for each in own:
            for name, value in values.items():
                setattr(each, name, value)
            if bulk:
                self._here(each)
            else:
                each.save(using=self._writing())
        if own and bulk:
            self._rows_of(each.pk for each in own).update(**values)
        self._changed()

    def remove(self, *objects: M) -> None:
        """Delete these rows."""
        keys = [each.pk for each in self._own(objects)]
        self.using(self._writing()).filter(pk__in=keys).delete()
        self._changed()

    def clear(self) -> None:
        """Delete all rows that name the object."""
        self.using(self._writing()).delete()
        self._changed()

    def set(self, objects: Iterable[M], *, bulk: bool = True, clear: bool = False) -> None:
        """Let exactly these rows name the object; the others are deleted."""
        wanted = self._own(objects)
        with Atomic(self._writing()):
            if clear:
                self.clear()
            keep = {each.pk for each in wanted}
            there = list(self.using(self._writing()))
            self.remove(*[each for each in there if each.pk not in keep])
            known = {each.pk for each in there}
            self.add(*[each for each in wanted if each.pk not in known or each.pk is None], bulk=bulk)

    def create(self, **values: Any) -> M:
        """Make a row that names the object, save it, and return it."""
        made = super().create(**{**self._values(), **values})
        self._changed()
        return made

    def get_or_create(self, defaults: dict[str, Any] | None = None, **keywords: Any) -> Any:
        """The row of the object that fits, or a new one; and whether it is new."""
        found = super().get_or_create(defaults, **{**self._values(), **keywords})
        self._changed()
        return found

    def update_or_create(
        self, defaults: dict[str, Any] | None = None, create_defaults: dict[str, Any] | None = None, **keywords: Any
    ) -> Any:
        """The row of the object that fits with `defaults` written to it, or a new one; and whether it is new."""
        found = super().update_or_create(defaults, create_defaults, **{**self._values(), **keywords})
        self._changed()
        return found


Waiting = list[tuple[Any, GenericRelation]]


def connect_generics(model: Any, waiting: Waiting, known: dict[str, Any]) -> Waiting:
    """Connect the generic relations of a new model, and those that waited for it; return those that still wait."""
    bases = [model] if model._meta.proxy else model.__mro__
    found = {name: value for base in reversed(bases) for name, value in vars(base).items()}
    for each in found.values():
        if isinstance(each, GenericForeignKey):
            each.connect(model)
    own = [(model, each) for each in found.values() if isinstance(each, GenericRelation)]
    return [(owner, each) for owner, each in [*waiting, *own] if not each.connect(owner, known)]
