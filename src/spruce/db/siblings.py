"""`Meta.order_with_respect_to`: objects that have an order among those of the same owner, as answers of a question.

Their place is a field that the model gets, `_order`; a new object comes last. The owner is what a ForeignKey points to,
or a GenericForeignKey.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from spruce.db.aggregates import Max
from spruce.db.databases import Database
from spruce.db.fields import UNSET, Computed
from spruce.db.integers import IntegerField
from spruce.db.records import Record
from spruce.errors import DataError, ModelError, nearest

__all__ = ["OrderField", "give_places", "give_siblings", "owner_attributes", "place"]


class OrderField(IntegerField[Any]):
    """The place of an object among those of its owner; a new one gets it when it is saved."""

    def initial(self) -> Any:
        """What stands for the next place."""
        return UNSET

    def clean(self, value: Any) -> Any:
        """A place. Raises Computed for what is not placed yet."""
        if value is UNSET:
            raise Computed(f"{self.label} is not known before the object is saved")
        return super().clean(value)


def owner_attributes(model: type[Record], paths: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The attributes of an object that say who its owner is. Raises ModelError for what is no relation."""
    if name in paths and paths[name].is_relation:
        return (paths[name].attname,)
    generic = next((vars(base)[name] for base in model.__mro__ if name in vars(base)), None)
    parts = [getattr(generic, each, "") for each in ("ct_field", "fk_field")]
    if not all(parts):
        known = [each.name for each in paths.values() if each.is_relation]
        raise ModelError(
            f"{model.__name__}.Meta.order_with_respect_to names {name!r}, which is no relation of it"
            f"{nearest(name, known)}",
            hint="It takes the name of a ForeignKey or a GenericForeignKey.",
        )
    return tuple(paths[each].attname for each in parts if each in paths)


def place(objects: Sequence[Any], model: Any, database: Database) -> None:
    """Give those of new objects a place that have none yet: behind all of their owner's, in the order given."""
    owners = model._meta.placed
    last: dict[Any, int] = {}
    for each in objects:
        if each._order is UNSET:
            owner = {name: getattr(each, name) for name in owners}
            key = tuple(owner.values())
            if key not in last:
                rows = model._base.using(database.alias).filter(**owner)
                found = rows.order_by().aggregate(last=Max("_order"))["last"]
                last[key] = -1 if found is None else found
            last[key] += 1
            each._order = last[key]


def give_siblings(model: Any) -> None:
    """Give a model `get_next_in_order()` and `get_previous_in_order()`."""
    model.get_next_in_order = _sibling("next", "gt", "_order")
    model.get_previous_in_order = _sibling("previous", "lt", "-_order")


def _sibling(which: str, way: str, order: str) -> Any:
    def get(self: Any) -> Any:
        if self.pk is None:
            raise DataError(f"{self!r} is not saved, so none is the {which} of it", hint="Call its save() first.")
        meta = self._meta
        owner = {name: getattr(self, name) for name in meta.placed}
        rows = type(self)._default.using(self._db).filter(**owner, **{f"_order__{way}": self._order})
        found = rows.order_by(order).first()
        if found is None:
            raise self.DoesNotExist(f"{self!r} has no {which} in the order")
        return found

    get.__name__ = f"get_{which}_in_order"
    get.__doc__ = f"""The object of the same owner with the {which} place. Raises DoesNotExist when there is none."""
    return get


def give_places(owner: Any, model: Any, owned: Callable[[Any], dict[str, Any]]) -> None:
    """Give the model of the owners `get_answer_order()` and `set_answer_order(keys)`.

    `owned` says what the objects have that are an owner's.
    """
    name = model._meta.model_name

    def get_order(self: Any) -> Any:
        rows = model._default.using(self._db).filter(**owned(self))
        return rows.order_by("_order").values_list("pk", flat=True)

    def set_order(self: Any, id_list: Iterable[Any], using: str | None = None) -> None:
        rows = model._base.using(using or self._db)
        known = rows.filter(**owned(self)).in_bulk(list(id_list))
        for number, key in enumerate(id_list):
            if key in known:
                known[key]._order = number
        rows.bulk_update(list(known.values()), ["_order"])

    get_order.__doc__ = f"""The keys of the {model.__name__} objects in their order."""
    set_order.__doc__ = f"""Let the {model.__name__} objects with these keys be in this order; others keep theirs."""
    for made, verb in ((get_order, "get"), (set_order, "set")):
        made.__name__ = f"{verb}_{name}_order"
        setattr(owner, made.__name__, made)
