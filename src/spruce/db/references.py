"""What a ForeignKey leads to: the related object, loaded when it is touched, for the whole result at once.

`product.category_id` is a plain attribute with the key. `product.category` is the object behind it; it is kept in the
product's `slot` once it is known. The objects of one result share a `Batch`: the first of them whose category is
touched loads the categories of all of them by one query, and the others find theirs in the batch. A key that was
changed since, by assignment, is noticed because the object that is kept no longer fits it.
"""

from collections.abc import Callable
from typing import Any

from spruce.db.databases import choose
from spruce.db.records import unproxied
from spruce.db.relations import ForeignKey
from spruce.db.routing import check_relation
from spruce.errors import DataError, FieldFetchBlocked

__all__ = ["NOT_LOADED", "Pending", "Related", "load_many", "missing_related", "settle"]

NOT_LOADED: Any = type("NotLoaded", (), {"__repr__": lambda self: "NOT_LOADED"})()
"""What stands for the other side of a OneToOneField until it is known."""

_BATCH = 1000
"""How many related objects one query loads."""


class Related:
    """What stands in a model's class for a ForeignKey: gives the object of an instance, and takes one."""

    __slots__ = ("field",)

    def __init__(self, field: ForeignKey[Any]) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any) -> Any:
        field = self.field
        if instance is None:
            return field.model.__table__.c[field.attname]
        key = getattr(instance, field.attname)
        known = getattr(instance, field.slot, None)
        if type(known) is Pending:
            return known.object
        if known is not None and getattr(known, field.remote) == key:
            return known
        if key is None:
            if field.null:
                return None
            raise self.missing(instance)
        found = _load(field, instance, key)
        setattr(instance, field.slot, found)
        if field.single:
            setattr(found, field.reverse_slot, instance)
        return found

    def missing(self, instance: Any) -> Exception:
        """The error for an object that is not there, which `hasattr` takes for no attribute."""
        name = self.field.name
        error: Exception = missing_related(self.field.target)(
            f"this {type(instance).__name__} has no {name} yet", hint=f"Set its {name} first."
        )
        return error

    def __set__(self, instance: Any, value: Any) -> None:
        field = self.field
        if not (value is None or hasattr(type(value), "_meta")):
            value = unproxied(value)
        if value is not None and not isinstance(value, field.target._meta.concrete):
            raise DataError(
                f"{field.label} takes a {field.target.__name__} or None, not {value!r}",
                hint=f"To set the key, assign to {field.attname}.",
            )
        if value is not None:
            check_relation(instance, value, field.label)
        if field.single:
            self._tell(instance, value)
        key = None if value is None else getattr(value, field.remote)
        setattr(instance, field.attname, key)
        new = value is not None and (_empty(key) or (field.to_field is not None and value.pk is None))
        setattr(instance, field.slot, Pending(value) if new else value)

    def _tell(self, instance: Any, value: Any) -> None:
        """Let the objects on the other side of a OneToOneField know who points to them now."""
        before = getattr(instance, self.field.slot, None)
        if before is not None and type(before) is not Pending:
            setattr(before, self.field.reverse_slot, None)
        if value is not None and getattr(value, self.field.remote) is not None:
            setattr(value, self.field.reverse_slot, instance)


_MISSING: dict[Any, type[Exception]] = {}


def missing_related(model: Any) -> Any:
    """The model's DoesNotExist, as an AttributeError too."""
    made = _MISSING.get(model)
    if made is None:
        made = _MISSING[model] = type("RelatedObjectDoesNotExist", (model.DoesNotExist, AttributeError), {})
    return made


def _empty(key: Any) -> bool:
    return key is None or (isinstance(key, str) and not key)


class Pending:
    """An object in a slot that had no key yet when it was assigned; the key is taken over when the owner is saved."""

    __slots__ = ("object",)

    def __init__(self, value: Any) -> None:
        self.object = value


def settle(field: ForeignKey[Any], instance: Any) -> None:
    """Before a save, take over the key of an object that was assigned before it had one. Raises DataError."""
    pending = getattr(instance, field.slot, None)
    if type(pending) is not Pending:
        return
    held, key = getattr(instance, field.attname), getattr(pending.object, field.remote)
    if not _empty(held) and held != key:  # it was told to point elsewhere since
        return
    if _empty(pending.object.pk) or _empty(key):
        raise DataError(
            f"{field.label} is a {field.target.__name__} that is not saved yet", hint="Call its save() first."
        )
    setattr(instance, field.attname, key)
    setattr(instance, field.slot, pending.object)


def _load(field: ForeignKey[Any], instance: Any, key: Any) -> Any:
    """The object with `key`, from what the batch has loaded or after loading for the whole batch."""
    if field.parent_link and all(each.attname in vars(instance) for each in field.target._meta.fields):
        return _part(instance, field.target)
    alias = choose(None, field.target, write=False, instance=instance).alias
    query: Any = field.target._base.using(alias)
    query._instance = (None, instance, field.name, "select_related")

    def find(keys: list[Any]) -> dict[Any, Any]:
        return {getattr(each, field.remote): each for each in query.filter(**{f"{field.remote}__in": keys})}

    found = load_many(field.name, field.name, instance, key, find)
    return query.get(**{field.remote: key}) if found is None else found


def _part(instance: Any, parent: Any) -> Any:
    """An object of the parent's, with what an object that inherits from it knows already."""
    made = object.__new__(parent)
    for field in parent._meta.fields:
        setattr(made, field.attname, getattr(instance, field.attname))
    made._db = instance._db
    return made


def load_many(name: str, place: str, instance: Any, key: Any, find: Callable[[list[Any]], dict[Any, Any]]) -> Any:
    """What `find` gives for `key`, found once for all objects of the result that `instance` is from; None if nothing.

    `name` is that of what is loaded, `place` where the batch has the keys. Raises FieldFetchBlocked when the result was
    asked for with `fetch_mode(RAISE)`.
    """
    batch = instance._batch
    if batch is None:
        return find([key]).get(key)
    if batch.blocked:
        raise FieldFetchBlocked(
            f"{type(instance).__name__}.{name} was touched and is not loaded, and fetch_mode(RAISE) forbids to load it",
            hint=f"Load it with the rows: select_related({name!r}), prefetch_related({name!r}) or only(…).",
        )
    keys = [each for each in batch.ids.get(place, ()) if each is not None]
    if key not in keys:
        return find([key]).get(key)
    loaded = batch.loaded.get(name)
    if loaded is None:
        loaded = batch.loaded[name] = {}
        for start in range(0, len(keys), _BATCH):
            loaded |= find(keys[start : start + _BATCH])
    return loaded.get(key)
