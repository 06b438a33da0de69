"""What a query is ordered by: names of fields, of relations and annotations, and expressions."""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from spruce.db.joins import Joins
from spruce.db.jsonlookups import JSONValue
from spruce.db.lookups import resolve
from spruce.db.relations import ForeignKey

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


def order_terms(joins: Joins, name: Any, before: "tuple[Step, ...]", down: bool) -> list[Ranked]:
    """What a name, or a column with its direction, orders by; `before` are the relations that lead to it.

    `down` turns it around. A relation orders as its own model does.
    """
    if not isinstance(name, str):
        nulls = name[2] if not down or not name[2] else {"first": "last", "last": "first"}[name[2]]
        return [(name[0], name[1] != down, nulls)]
    if name == "?":
        return [(sa.func.random(), False, "")]
    down = down != name.startswith("-")
    computed = {} if before else joins.fields
    path = resolve(before[-1].target if before else joins.model, name.lstrip("-"), lookups=False, computed=computed)
    if path.computed or path.part is not None or path.inner is not None:
        return [(joins.column(path), down, "")]
    field, steps = path.field, (*before, *path.steps)
    if isinstance(field, ForeignKey) and not name.endswith((field.attname, "pk")) and len(before) < _DEPTH:
        inner = field.target._meta.ordering
        if inner:  # by the relation itself: as its own model is ordered
            deeper = (*steps, field)
            return [term for each in inner for term in order_terms(joins, each, deeper, down)]
    column = joins.at(steps).c[field.attname]
    return [(JSONValue(column, path.keys) if path.keys else column, down, "")]
