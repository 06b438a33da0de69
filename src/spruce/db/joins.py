"""Where a query's columns come from: its table, the tables it joins along relations, and its parameters.

A relation that leads to one row is joined once per query. One that leads to many is joined once per `filter()`, as
Django has it: `filter(books__price=5, books__year=2024)` wants one book that is both, two filters may find two books.
Everything that is no condition (annotations, order, columns) uses the join that is there.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

from spruce.db.filteredrelations import FilteredStep
from spruce.db.jsonlookups import JSONValue
from spruce.db.lookups import PARTS, Path
from spruce.db.records import Record

if TYPE_CHECKING:
    from spruce.db.fields import Field
    from spruce.db.relations import Step

__all__ = ["Joins", "Parameters"]

Column = sa.ColumnElement[Any]


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


class _Place:
    """A table of the query, with what is joined to it."""

    __slots__ = ("next", "outer", "path", "table")

    def __init__(self, table: FromClause, path: str = "", outer: bool = False) -> None:
        self.table = table
        self.path = path
        self.outer = outer
        self.next: dict[Hashable, list[_Place]] = {}  # by the way to them


def _way(step: "Step") -> Hashable:
    """What is the same for steps that lead to the same rows, whatever they are called."""
    back = getattr(step, "field", None)
    return ("from", back) if back is not None else ("to", getattr(step, "link", step))


class Joins:
    """A model's table with the joins that its query needs.

    `reuse` is the set of joins to many rows that may be used again, and None where all may. `computed` has the
    annotations with their fields; `aggregated` the names of those that need rows in groups, and `touched` becomes True
    when one of them is used. `windows` and `windowed` are the same of those that look at other rows.
    """

    def __init__(self, model: type[Record], table: FromClause | None = None) -> None:
        self.model = model
        self.table: Any = model.__table__ if table is None else table
        self.source: FromClause = self.table
        self.tables: list[FromClause] = [self.table]
        self.reuse: set[_Place] | None = None
        self.fields: dict[str, Field[Any]] = {}
        self.computed: dict[str, Column] = {}
        self.aggregated: set[str] = set()
        self.touched = False
        self.windowed = False
        self.windows: set[str] = set()
        self._root = _Place(self.table)
        self._taken: Counter[str] = Counter()  # names of tables

    def __bool__(self) -> bool:
        """Whether anything is joined."""
        return len(self.tables) > 1

    def at(self, steps: "tuple[Step, ...]") -> FromClause:
        """The table at the end of some relations; joined from outside if one of them may lead to nothing."""
        place = self._root
        for step in steps:
            place = self._after(place, step)
        return place.table

    def _after(self, place: _Place, step: "Step") -> _Place:
        known = place.next.setdefault(_way(step), [])
        free = known if self.reuse is None or not step.many else [each for each in known if each in self.reuse]
        if free:
            return free[-1]
        path = f"{place.path}{step.name}_"
        suffix = "" if self.table is self.model.__table__ else self.table.name
        own = step.table if isinstance(step, FilteredStep) else None
        right = step.target.__table__.alias(self._name(f"{path}{suffix}")) if own is None else own
        made = _Place(right, path, place.outer or step.null)
        self.source = self.source.join(right, step.on(place.table, right), isouter=made.outer)
        self.tables.append(right)
        known.append(made)
        if self.reuse is not None and step.many:
            self.reuse.add(made)
        return made

    def _name(self, wanted: str) -> str:
        """A name that no other table of the query has."""
        self._taken[wanted] += 1
        return wanted if self._taken[wanted] == 1 else f"{wanted}{self._taken[wanted]}"

    def first_loose(self, steps: "tuple[Step, ...]") -> int | None:
        """The first of the steps that leads to many rows and has no join that may be used again; None if all have."""
        places = [self._root]
        for number, step in enumerate(steps):
            places = [next_ for place in places for next_ in place.next.get(_way(step), ())]
            if step.many and not any(self.reuse is None or place in self.reuse for place in places):
                return number
        return None

    def column(self, path: Path) -> Column:
        """The SQL of a path, without its lookup."""
        if path.computed:
            name = path.field.name
            self.touched = self.touched or name in self.aggregated
            self.windowed = self.windowed or name in self.windows
            column = self.computed[name]
        else:
            column = self.at(path.steps).c[path.field.attname]
        if path.keys:
            return JSONValue(column, path.keys)
        if path.inner is not None:
            made: Column = path.inner[1](column)
            return made
        return column if path.part is None else PARTS[path.part].sql(column)

    def own_table(self, step: "FilteredStep") -> Any:
        """A table for a relation with a condition, which is joined when something uses it."""
        step.table = step.target.__table__.alias(self._name(f"{step.name}_"))
        return step.table

    def name(self, name: str, field: "Field[Any]", column: Column, *, aggregated: bool) -> None:
        """Let an annotation be used by its name."""
        self.fields[name] = field
        self.computed[name] = column
        if aggregated:
            self.aggregated.add(name)
