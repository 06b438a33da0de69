"""What a query is ordered by: names of fields, of relations and annotations, and expressions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from spruce.db.joins import Joins
from spruce.db.jsonlookups import JSONValue
from spruce.db.lookups import resolve
from spruce.db.relations import ForeignKey, Upward

if TYPE_CHECKING:
    from spruce.db.relations import Step

__all__ = ["Ranked", "directed", "order_terms"]

Column = sa.ColumnElement[Any]
Ranked = tuple[Column, bool, str]
"""What is ordered by: a column, whether it descends, where its nulls are."""

_DEPTH = 5  # of relations that order as models do which order by relations


def directed(column: Column, down: bool, nulls: str) -> Column:
    """A column to order by."""
    if isinstance(column, JSONValue):
        column = JSONValue(column, (), sorting=True)
    made = column.desc() if down else column.asc() if nulls else column
    return made.nulls_first() if nulls == "first" else made.nulls_last() if nulls else made


def order_terms(
    joins: Joins, name: Any, before: "tuple[Step, ...]", down: bool, sql: Callable[[Any], Column]
) -> list[Ranked]:
    """What a name, or a column or expression with its direction, orders by; `before` are the relations that lead to it.

    `down` turns it around. A relation orders as its own model does. `sql` makes the SQL of an expression's key.
    """
    if not isinstance(name, str):
        nulls = name[2] if not down or not name[2] else {"first": "last", "last": "first"}[name[2]]
        column = name[0] if isinstance(name[0], sa.ColumnElement) else sql(_behind(name[0], before))
        return [(column, name[1] != down, nulls)]
    if name == "?":
        return [(sa.func.random(), False, "")]
    down = down != name.startswith("-")
    computed = {} if before else joins.fields
    path = resolve(before[-1].target if before else joins.model, name.lstrip("-"), lookups=False, computed=computed)
    if path.computed or path.part is not None or path.inner is not None:
        return [(joins.column(path), down, "")]
    field, steps = path.field, (*before, *path.steps)
    if isinstance(field, ForeignKey) and not name.endswith((field.attname, "pk")) and len(before) < _DEPTH:
        inner = field.target._meta.orders
        if inner:  # by the relation itself: as its own model is ordered
            deeper = (*steps, field)
            return [term for each in inner for term in order_terms(joins, each, deeper, down, sql)]
    column = joins.at(steps).c[field.attname]
    return [(JSONValue(column, path.keys) if path.keys else column, down, "")]


def _behind(key: Any, before: "tuple[Step, ...]") -> Any:
    """The key of an expression on a model, as one on that from which some relations lead to it."""
    if not isinstance(key, tuple) or not before:
        return key
    if key[:1] == ("F",):
        path = "__".join(step.name for step in before if not isinstance(step, Upward))
        return ("F", f"{path}__{key[1]}")
    return tuple(_behind(part, before) for part in key)
