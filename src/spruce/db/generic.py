"""GenericForeignKey: an object of any model, which two fields of a row name.

One is a ForeignKey to ContentType, which says of what model the object is, the other holds its key. The database holds
neither. What leads back is a GenericRelation, see genericrelations.py.
"""

from collections.abc import Iterable
from typing import Any

from spruce.db.prefetching import Prefetch
from spruce.db.records import unproxied
from spruce.errors import DataError, ModelError, nearest

__all__ = ["GenericForeignKey", "GenericPrefetch", "object_key"]

_AT_ONCE = 1000


class GenericPrefetch(Prefetch[Any]):
    """A GenericForeignKey to load by `prefetch_related`, with queries for the models that need one of their own."""

    def __init__(self, lookup: str, querysets: Iterable[Any], to_attr: str | None = None) -> None:
        self.querysets = list(querysets)
        for each in self.querysets:
            if not each._makes_objects():
                raise ValueError("Prefetch querysets cannot use raw(), values(), and values_list().")
        super().__init__(lookup, None, to_attr)


def object_key(field: Any, key: Any) -> Any:
    """Return an object's key as the field has it that holds keys of all models."""
    return str(key) if field.family == "text" and key is not None else key


class GenericForeignKey:
    """An object of any model, which two fields of the row name: `content_object = GenericForeignKey()`.

    `ct_field` is the ForeignKey to ContentType, `fk_field` the field with the key. An object that is not there is
    None. With `for_concrete_model=False` proxies are models of their own.
    """

    many = False
    assignable = True  # by the constructor of a model
    name = ""

    def __init__(
        self, ct_field: str = "content_type", fk_field: str = "object_id", for_concrete_model: bool = True
    ) -> None:
        self.ct_field = ct_field
        self.fk_field = fk_field
        self.for_concrete_model = for_concrete_model

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.slot = f"_{name}_object"

    def connect(self, model: Any) -> None:
        """Check that a model has the two fields, and let it settle them when it is saved. Raises ModelError."""
        for name in (self.ct_field, self.fk_field):
            if name not in model._meta.paths:
                raise ModelError(
                    f"{model.__name__}.{self.name}: the model has no field {name!r}{nearest(name, model._meta.paths)}",
                    hint="A GenericForeignKey stands beside a ForeignKey to ContentType and a field for keys.",
                )
        if not model._meta.paths[self.ct_field].is_relation:
            raise ModelError(
                f"{model.__name__}.{self.name}: {self.ct_field!r} is no ForeignKey",
                hint="As: content_type = db.ForeignKey(ContentType, on_delete=db.CASCADE).",
            )
        model._meta.settled[model._meta.paths[self.fk_field].attname] = self

    def _names(self, instance: Any) -> tuple[Any, Any]:
        """What an object names: the key of a content type, and that of an object."""
        paths = instance._meta.paths
        return getattr(instance, paths[self.ct_field].attname), getattr(instance, paths[self.fk_field].attname)

    def known(self, instance: Any) -> tuple[Any, ...]:
        """What an object has loaded, in a tuple; nothing if it has to be loaded."""
        kind, key = self._names(instance)
        if kind is None:
            return (None,)
        names, found = vars(instance).get(self.slot, (None, None))
        if names == (kind, key) and (found is None or self._is_same(instance, found, key)):
            return (found,)
        return ()

    def _is_same(self, instance: Any, found: Any, key: Any) -> bool:
        return bool(object_key(instance._meta.paths[self.fk_field], found.pk) == key)

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        known = self.known(instance)
        if not known:
            self.load_all([instance], Prefetch(self.name))
            known = self.known(instance)
        return known[0] if known else None

    def __set__(self, instance: Any, value: Any) -> None:
        value = unproxied(value)
        paths = instance._meta.paths
        if value is None:
            setattr(instance, self.ct_field, None)
            setattr(instance, paths[self.fk_field].attname, None)
            vars(instance).pop(self.slot, None)
            return
        if not hasattr(type(value), "_meta"):
            raise DataError(f"{type(instance).__name__}.{self.name} takes an object of a model or None, not {value!r}")
        types = paths[self.ct_field].target.objects.db_manager(instance._db)
        setattr(instance, self.ct_field, types.get_for_model(value, for_concrete_model=self.for_concrete_model))
        setattr(instance, paths[self.fk_field].attname, object_key(paths[self.fk_field], value.pk))
        self._keep(instance, value)

    def _keep(self, instance: Any, found: Any) -> None:
        vars(instance)[self.slot] = (self._names(instance), found)

    def settle(self, instance: Any) -> None:
        """Before a save, take over the key of an object that was assigned before it had one. Raises DataError."""
        found = vars(instance).get(self.slot, (None, None))[1]
        if found is None:
            return
        if found.pk is None:
            raise DataError(
                f"{type(instance).__name__}.{self.name} is a {type(found).__name__} that is not saved yet",
                hint="Call its save() first.",
            )
        setattr(instance, self.name, found)

    # ---- prefetching ------------------------------------------------------------------------------------------------

    def load_all(self, objects: list[Any], wanted: Any) -> list[Any]:
        """Load it for many objects, by one query for each model that they name; return what they name."""
        queries = getattr(wanted, "querysets", [wanted.queryset] if wanted.queryset is not None else [])
        own = bool(queries or wanted.to_attr)
        groups: dict[Any, list[Any]] = {}
        for each in objects:
            if own or not self.known(each):
                groups.setdefault(self._names(each)[0], []).append(each)
        for kind, group in groups.items():
            self._load(kind, group, queries, wanted.to_attr)
        place = wanted.to_attr or self.name
        found = {id(one): one for each in objects if (one := getattr(each, place)) is not None}
        return list(found.values())

    def _load(self, kind: Any, group: list[Any], queries: list[Any], to_attr: str | None) -> None:
        alias = group[0]._db
        types = group[0]._meta.paths[self.ct_field].target.objects
        model = None if kind is None else types.db_manager(alias).get_for_id(kind).model_class()
        found: dict[Any, Any] = {}
        if model is not None:
            query = next((each for each in queries if each.model._meta.concrete is model._meta.concrete), model._base)
            query = query.all() if query._alias is not None else query.using(alias)
            keys = list({key for each in group if (key := self._key_of(model, each)) is not None})
            for start in range(0, len(keys), _AT_ONCE):
                found |= {each.pk: each for each in query.filter(pk__in=keys[start : start + _AT_ONCE])}
        for each in group:
            one = None if model is None else found.get(self._key_of(model, each))
            if to_attr is None:
                self._keep(each, one)
            else:
                setattr(each, to_attr, one)

    def _key_of(self, model: Any, instance: Any) -> Any:
        """The key that an object names as one of a model's; None if it can be none of it."""
        key = self._names(instance)[1]
        try:
            return model._meta.pk.comparable(key)
        except DataError:
            return None
