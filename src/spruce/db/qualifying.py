"""Filters over windows, which SQL computes after WHERE: the rows are chosen by a query around the one with them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from spruce.db.ordering import Ranked, directed

__all__ = ["qualified"]

Column = sa.ColumnElement[Any]


def qualified(
    select: "sa.Select[Any]", columns: Sequence[Column], order: Sequence[Ranked], conditions: Sequence[Column]
) -> "tuple[sa.Select[Any], list[Column]]":
    """The query around `select` of the rows that fit, in order; and the columns of that order."""
    wanted = [column.label(f"c{i}") for i, column in enumerate(columns)]
    ordered = [column.label(f"o{i}") for i, (column, *_) in enumerate(order)]
    checks = [condition.label(f"q{i}") for i, condition in enumerate(conditions)]
    inner = select.with_only_columns(*wanted, *ordered, *checks).subquery()
    chosen: list[Column] = [inner.c[each.name] for each in wanted]
    places: list[Column] = [inner.c[each.name] for each in ordered]
    found = sa.select(*chosen).where(*(inner.c[each.name] for each in checks))
    ranks = [directed(place, down, nulls) for place, (_, down, nulls) in zip(places, order, strict=True)]
    return found.order_by(*ranks), places
