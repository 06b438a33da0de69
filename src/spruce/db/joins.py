"""Where a query's columns come from: its table, the tables it joins along foreign keys, and its parameters."""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

from spruce.db.lookups import PARTS, Path

if TYPE_CHECKING:
    from spruce.db.models import Model
    from spruce.db.relations import ForeignKey

__all__ = ["Joins", "Parameters"]

Column = sa.ColumnElement[Any]
Steps = "tuple[ForeignKey[Any], ...]"


class Parameters:
    """The parameters of a statement, numbered in the order in which their values stand in `QuerySet.args`."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[Hashable, Callable[[Any], Any] | None]] = {}

    def add(
        self, type_: TypeEngine[Any] | None, token: Any = None, convert: Callable[[Any], Any] | None = None
    ) -> sa.BindParameter[Any]:
        """Return the parameter for the next value, whose type is `token` if it is known; `convert` is applied to it."""
        name = f"p{len(self.entries)}"
        self.entries[name] = (token, convert)
        return sa.bindparam(name, type_=type_)


class Joins:
    """A model's table with the joins that its query needs, each path joined once."""

    def __init__(self, model: "type[Model]") -> None:
        self.model = model
        self.table = model.__table__
        self.source: FromClause = self.table
        self._joined: dict[tuple[str, ...], FromClause] = {(): self.table}
        self._outer: set[tuple[str, ...]] = set()

    def __bool__(self) -> bool:
        """Whether anything is joined."""
        return len(self._joined) > 1

    def at(self, steps: "tuple[ForeignKey[Any], ...]") -> FromClause:
        """The table at the end of some foreign keys; joined from outside if one of them may be null."""
        key = tuple(step.name for step in steps)
        if key not in self._joined:
            *before, step = steps
            left = self.at(tuple(before))
            right = self._joined[key] = step.target.__table__.alias(f"{'_'.join(key)}_")
            if step.null or key[:-1] in self._outer:
                self._outer.add(key)
            condition = left.c[step.attname] == right.c[step.target._meta.pk.attname]
            self.source = self.source.join(right, condition, isouter=key in self._outer)
        return self._joined[key]

    def column(self, path: Path) -> Column:
        """The SQL of a path, without its lookup."""
        column: Column = self.at(path.steps).c[path.field.attname]
        return column if path.part is None else PARTS[path.part].sql(column)
