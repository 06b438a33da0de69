"""What stands in GROUP BY beside an object's key on databases that don't know that one row decides another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from spruce.db.joins import Joins
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.relations import Step

__all__ = ["beside_aggregates", "check_groups", "decided_by_key", "varies"]

Column = sa.ColumnElement[Any]


def decided_by_key(
    joins: Joins, related: "Sequence[tuple[Step, ...]]", shown: Sequence[str], ordered: Sequence[Column]
) -> list[Column]:
    """What an object has one of besides its own columns: the keys of what is loaded with it, annotations, orders."""
    parents = [joins.at(joins.model._meta.up_to(each)) for each in joins.model._meta.lineage[:-1]]
    above = [table.c[each._meta.pk.attname] for table, each in zip(parents, joins.model._meta.lineage, strict=False)]
    keys = [joins.at(steps).c[steps[-1].target._meta.pk.attname] for steps in related]
    plain = [joins.computed[name] for name in shown if name not in joins.aggregated]
    others = [each for each in ordered if isinstance(each, sa.Column) and each.table is not joins.table]
    return [*above, *keys, *plain, *others]


def varies(column: Column, own: Any = None) -> bool:
    """Whether a column is not the same in all rows; with `own`, in all that one row of that table is in."""
    tables = [table for table in column._from_objects if table is not own]
    return bool(tables) or (own is None and any(map(_is_query, visitors.iterate(column))))


def _is_query(element: Any) -> bool:
    return isinstance(element, sa.ScalarSelect | sa.Exists)


def beside_aggregates(key: Any) -> list[Any]:
    """The keys of the names that an expression has outside of its aggregates, which groups are made by too."""
    if not isinstance(key, tuple) or not key or key[0] in ("aggregate", "subquery", "exists", "window", "outer"):
        return []
    return [key] if key[0] == "F" else [each for part in key for each in beside_aggregates(part)]


def check_groups(aggregates: Sequence[str], name: str) -> None:
    """Refuse to group by aggregates. Raises FieldError."""
    for wrong in aggregates:
        raise FieldError(
            f"annotate({name}=…) behind values({wrong!r}) would make groups of equal {wrong!r}, which is an aggregate "
            "of a group itself",
            hint=f"Let values() name fields only; count the different {wrong!r} in Python.",
        )
