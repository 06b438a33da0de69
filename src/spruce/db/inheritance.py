"""What a model takes from those that it inherits from.

From an abstract model it takes copies of the fields, and what Meta says. One with a table of its own, the parent, keeps
its fields: the model has a table beside the parent's, whose key points to the row there. A proxy shares the table.
"""

from collections.abc import Collection
from typing import Any

from spruce.db.records import Record
from spruce.errors import ModelError

__all__ = ["concrete_of", "given_to", "parent_of"]


def parent_of(model: type[Record]) -> type[Record] | None:
    """The model with a table that a model inherits from; None if there is none. Raises ModelError for two."""
    found = _nearest(model)
    if len(found) > 1:
        names = " and ".join(sorted(each.__name__ for each in found))
        raise ModelError(
            f"{model.__name__} inherits from {names}, which have a table each",
            hint="A model has one parent with a table: point to the other by a OneToOneField, or make it abstract.",
        )
    return found[0] if found else None


def _nearest(model: type[Record]) -> list[type[Record]]:
    """The models with tables that a model inherits from, without those that these inherit from."""
    bases: list[Any] = [base for base in model.__mro__[1:] if "_meta" in vars(base)]
    found: list[Any] = list(dict.fromkeys(base._meta.concrete for base in bases if not base._meta.abstract))
    return [each for each in found if not any(other is not each and issubclass(other, each) for other in found)]


def concrete_of(model: type[Record], proxy: bool, fields: bool) -> type[Record]:
    """The model whose table a model has: itself, or that which it is a proxy of. Raises ModelError."""
    if not proxy:
        return model
    tables = _nearest(model)
    if len(tables) != 1:
        raise ModelError(f"{model.__name__} is a proxy, and inherits from {len(tables)} models with tables, not one")
    bases: list[Any] = [base for base in model.__mro__[1:] if "_meta" in vars(base)]
    abstract = [base for base in bases if base._meta.abstract and not issubclass(tables[0], base)]
    if fields or any(base._meta.fields for base in abstract):
        raise ModelError(f"{model.__name__} is a proxy, which has no fields of its own")
    return tables[0]


def given_to(model: type[Record], meta: Any, own_only: Collection[str]) -> dict[str, Any]:
    """What a Meta says, and those it inherits from; without one, that of the first abstract model.

    Of a parent with a table, only the order is taken. `own_only` are options that nobody inherits.
    """
    bases = [vars(base)["_meta"] for base in model.__mro__[1:] if "_meta" in vars(base)]
    if meta is None:
        given = bases[0].given.items() if bases else ()
        abstract = bool(bases) and bases[0].abstract
        return {key: value for key, value in given if key not in own_only and (abstract or key == "ordering")}
    found: dict[str, Any] = {}
    for kind in reversed(meta.__mro__[:-1]):
        own = {key: value for key, value in vars(kind).items() if not key.startswith("__")}
        found |= own if kind is meta else {key: value for key, value in own.items() if key not in own_only}
    return found
