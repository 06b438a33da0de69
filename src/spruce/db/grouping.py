"""What stands in GROUP BY beside an object's key on databases that don't know that one row decides another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from spruce.db.joins import Joins
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.relations import Step

__all__ = ["check_groups", "decided_by_key"]

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


def check_groups(aggregates: Sequence[str], name: str) -> None:
    """Refuse to group by aggregates. Raises FieldError."""
    for wrong in aggregates:
        raise FieldError(
            f"annotate({name}=…) behind values({wrong!r}) would make groups of equal {wrong!r}, which is an aggregate "
            "of a group itself",
            hint=f"Let values() name fields only; count the different {wrong!r} in Python.",
        )
