"""Unions, intersections and differences: the queries become a table, of which the rest is a query."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from spruce.db.ordering import directed
from spruce.errors import FieldError, nearest

__all__ = ["Combined"]

Column = sa.ColumnElement[Any]

_KINDS: dict[str, Callable[..., Any]] = {
    "union": sa.union,
    "union_all": sa.union_all,
    "intersection": sa.intersect,
    "difference": sa.except_,
}


class Combined:
    """The table that some queries of the same number of columns make; `names` are those of the first, in order."""

    def __init__(self, kind: str, parts: "Sequence[sa.Select[Any]]", names: Sequence[str], key: str) -> None:
        width = len(parts[0].selected_columns)
        if any(len(part.selected_columns) != width for part in parts):
            raise FieldError(
                f"{kind}() takes queries of the same number of columns", hint="Give them the same values()."
            )
        self.table: Any = _KINDS[kind](*parts).subquery()
        self._columns: dict[str, Column] = dict(zip(names, self.table.columns, strict=False))
        if key in self._columns:
            self._columns["pk"] = self._columns[key]

    @staticmethod
    def wanted(steps: Sequence[Any]) -> tuple[str, ...]:
        """The columns that the steps behind a combination ask for, and those that they order by; nothing for all."""
        names = next((step[1] for step in steps if step[0] in ("values", "list") and step[1]), ())
        orders = [each for step in steps if step[0] == "order" for each in step[1]]
        terms = [each.lstrip("-") if isinstance(each, str) else each[0][1] for each in orders]
        return (*names, *dict.fromkeys(each for each in terms if each not in names)) if names else ()

    def chosen(self, names: Sequence[str] | None) -> list[Column]:
        """Columns by their names; all for None. Raises FieldError."""
        return list(self.table.columns) if names is None else [self._column(name, "select") for name in names]

    def ordered(self, terms: Sequence[Any], reversed_: bool) -> list[Column]:
        """What `order_by()` was given, as columns. Raises FieldError for what the queries don't select."""
        made = []
        for term in terms:
            name, down, nulls = (term.lstrip("-"), term.startswith("-"), "") if isinstance(term, str) else term
            if not isinstance(name, str):
                name = name[1] if name[0] == "F" else " ".join(part for part in name if isinstance(part, str))
            made.append(directed(self._column(name, "order by"), down != reversed_, nulls))
        return made

    def _column(self, name: str, verb: str) -> Column:
        if name not in self._columns:
            raise FieldError(
                f"{name!r} is no column of the combined queries{nearest(name, self._columns)}",
                hint=f"{verb.capitalize()} what they all select: {', '.join(self._columns)}.",
            )
        return self._columns[name]
