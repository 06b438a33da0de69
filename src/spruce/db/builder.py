"""From a shape to its plan: the query as a SQLAlchemy Core statement, compiled once per shape and dialect.

Everything here runs when a shape is used for the first time only, so it is written to be read.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from spruce.db.applying import Applied, Column
from spruce.db.combining import Combined
from spruce.db.grouping import decided_by_key, varies
from spruce.db.loaders import Node, binder, object_loader, row_loader
from spruce.db.lookups import resolve
from spruce.db.ordering import Ranked, directed, order_terms
from spruce.db.qualifying import qualified
from spruce.db.shapes import Plan, Shape
from spruce.errors import FieldError

__all__ = ["Builder", "plan_for"]


def plan_for(shape: Shape, dialect: sa.Dialect) -> Plan:
    """Return the plan of a shape for a dialect, made and kept if it is not known yet."""
    plan = shape.plans.get(dialect.name)
    if plan is None:
        plan = shape.plans[dialect.name] = Builder(shape, dialect).plan()
    return plan


class Builder(Applied):
    """One query on its way to SQL: what its ops have asked for becomes a statement."""

    def plan(self) -> Plan:
        """Compile the statement and generate what goes with it."""
        compiled = self.statement().compile(dialect=self.dialect)
        return Plan(compiled.string, binder(compiled, self.parameters.entries), self.load)

    def statement(self) -> Any:
        """The whole query; sets `load` to what reads its rows."""
        return _STATEMENTS[self.kind](self)

    def _subquery(self, shape: Shape, key: str = "pk") -> "sa.Select[Any]":
        """The SELECT of a query inside of this one: the column it asks for, or else `key`."""
        refers = shape.refers_out()
        inner = Builder(shape, self.dialect, self.parameters, self if refers else None)
        if inner.selected is None:
            inner.selected = ("flat", (key,))
        select = inner._rows()
        if len(inner.selected[1]) == 1 and len(select.selected_columns) > 1:  # what it is ordered by beside it
            select = sa.select(select.subquery().columns[0])
        if len(inner.selected[1]) != 1:
            raise FieldError("a query inside of a query has one column", hint='Give it values_list("…") with one name.')
        return select.correlate(*self.conditions.terms.around()) if refers else select.correlate(None)

    def _combine(self, kind: str, shapes: tuple[Shape, ...]) -> None:
        """A union, intersection or difference: the queries become a table, of which the rest is a query."""
        queries = [self, *(Builder(shape, self.dialect, self.parameters) for shape in shapes)]
        wanted = Combined.wanted(self.ahead)
        for each in queries if wanted and not any(query.selected for query in queries) else ():
            each.selected = ("list", wanted)  # so that rows are the same when they are in what is wanted
        parts = [query._part() for query in queries]
        names = self._named() if self.selected is None else self.selected[1] or self._named()
        self.combined = Combined(kind, parts, names, self.model._meta.pk.attname)

    def _part(self) -> "sa.Select[Any]":
        """The query as a part of a combination: without an order, unless it is a slice."""
        sliced = self.limit is not None or self.offset is not None
        self.order = self.order if sliced else ()
        rows = self._rows()
        self.limit = self.offset = self.order = None
        return sa.select(rows.subquery()) if sliced else rows

    def _rows(self) -> "sa.Select[Any]":
        columns, make = self._objects() if self.selected is None else self._selection(*self.selected)
        if self.combined is not None:
            return self._combined_rows(columns, make)
        order = self._order_columns()
        surplus = [] if not self.distinct else [c for c, *_ in order if not any(c is other for other in columns)]
        select = self._grouped(sa.select(*columns, *surplus).select_from(self.joins.source).where(*self.where), order)
        if self.qualified:
            select, places = qualified(select, columns, order, self.qualified)
            surplus = places if self.distinct else []
            select = select.add_columns(*surplus)
        else:
            select = select.order_by(*(directed(*term) for term in order))
        self.load = make([column.type for column in columns], self.dialect, len(surplus))
        return self._sliced(select.distinct() if self.distinct else select)

    def _combined_rows(self, columns: list[Column], make: Any) -> "sa.Select[Any]":
        """The rows of a union, in the order of columns that they have."""
        wanted = self.combined.chosen(None if self.selected is None else self.selected[1] or None)
        self.load = make([column.type for column in columns], self.dialect, 0)
        return self._sliced(sa.select(*wanted).order_by(*self.combined.ordered(self.order or (), self.reversed)))

    def _grouped(self, select: "sa.Select[Any]", order: Sequence[Ranked] = ()) -> "sa.Select[Any]":
        """With its groups and the conditions on them; explicit orders are part of a group."""
        if self.group is None:
            return select.where(*self.having)
        aggregated = [self.joins.computed[name] for name in self.joins.aggregated]
        ordered = [c for c, *_ in order if not any(c is a for a in aggregated)]
        more = ordered
        if self.grouped_by_row:
            lenient = self.dialect.name == "sqlite"
            more = [] if lenient else decided_by_key(self.joins, self.related, self.shown, ordered)
            more += self._values_beside()
        return select.group_by(*self.group, *(c for c in more if c._from_objects)).having(*self.having)

    def _values_beside(self) -> list[Column]:
        """What values() names of other tables, which may be several for an object: groups are made by it too."""
        names = self.selected[1] if self.selected is not None else ()
        paths = [resolve(self.model, name, lookups=False, computed=self.joins.fields) for name in names]
        columns = [self.joins.column(path) for path in paths if not path.computed]
        return [column for column in columns if varies(column, self.joins.table)]

    def _sliced(self, select: "sa.Select[Any]") -> "sa.Select[Any]":
        if self.kind == "get" and not self.unique and self.limit is None:
            self.limit = sa.literal_column("2")
        select = self._limited(select, self.limit)
        if self.lock is None or self.dialect.name == "sqlite":
            return select
        return self.lock.add_to(select, self.joins, self.related)  # type: ignore[no-any-return] # the same select

    def _limited(self, select: "sa.Select[Any]", limit: Column | None) -> "sa.Select[Any]":
        if limit is not None and self.offset is None:
            self.offset = sa.literal_column("0")  # SQLAlchemy writes one for SQLite anyway, as a parameter
        return select.limit(limit).offset(self.offset)

    def _objects(self) -> tuple[list[Column], Any]:
        nodes, columns = [], list[Column]()
        for steps in [(), *self.related]:
            model = steps[-1].target if steps else self.model
            fields = self.chosen.loaded(model, steps, self.related)
            nodes.append(Node(model, steps, len(columns), fields))
            tables = [self.joins.at((*steps, *model._meta.up_to(field.model))) for field in fields]
            columns += [table.c[field.attname] for table, field in zip(tables, fields, strict=True)]
        columns += [self.joins.computed[name].label(name) for name in self.shown]
        return columns, partial(object_loader, nodes, self.shown, self.mode)

    def _selection(self, shape: str, names: Sequence[str]) -> tuple[list[Column], Any]:
        keys = names or self._named()
        return self._columns(keys), lambda *rest: row_loader(shape, keys, *rest)

    def _get_rows(self) -> "sa.Select[Any]":
        if self.limit is None and self.offset is None:
            self.order = ()
        return self._rows()

    def _order_columns(self) -> list[Ranked]:
        """Columns to order by."""
        sql = self.conditions.terms.sql
        return [term for name in self._ordering() for term in order_terms(self.joins, name, (), self.reversed, sql)]

    def _count_rows(self) -> "sa.Select[Any]":
        self.load = _first_value
        if not self._is_composed():
            return sa.select(sa.func.count()).select_from(self.joins.source).where(*self.where)
        self.order = () if self.limit is None and self.offset is None else self.order
        rows = self._rows().subquery()
        self.load = _first_value
        return sa.select(sa.func.count()).select_from(rows)

    def _any_row(self) -> "sa.Select[Any]":
        self.load = _first_value
        select: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(self.joins.source).where(*self.where)
        select = self._grouped(select) if self.combined is None else sa.select(self.combined.table)
        select = sa.select(sa.literal_column("1")).select_from(self._rows().subquery()) if self.qualified else select
        self.load = _first_value
        return self._limited(select, sa.literal_column("1") if self.limit is None else self.limit)

    def _one_row(self) -> "sa.Select[Any]":
        columns = list(self.aggregates.values())
        if not self._is_composed():
            select: sa.Select[Any] = sa.select(*columns).select_from(self.joins.source).where(*self.where)
        else:
            self.order = () if self.limit is None and self.offset is None else self.order
            select = sa.select(*columns).select_from(self._rows().add_columns(*self.inside).subquery())
        types = [column.type for column in columns]
        self.load = row_loader("values", list(self.aggregates), types, self.dialect)
        return select

    def _update_rows(self) -> sa.Update:
        return sa.update(self.joins.table).where(*self._own_rows()).values(self.changes)

    def _delete_rows(self) -> sa.Delete:
        return sa.delete(self.joins.table).where(*self._own_rows())

    def _own_rows(self) -> list[Column]:
        """The conditions on the table itself: with joins, that its key is among those that the query finds."""
        sliced = self.limit is not None or self.offset is not None
        if not self.joins and not sliced and not (self.distinct or self.qualified) and self.group is None:
            return self.where
        self.kind, self.selected = "rows", ("flat", ("pk",))
        self.order = self.order if sliced else ()
        key = self.joins.table.c[self.model._meta.pk.attname]
        rows = self._rows().correlate(None)
        self.load = None
        return [key.in_(rows)]


def _first_value(rows: list[Any], alias: str) -> list[Any]:
    return [rows[0][0] if rows else None]


_STATEMENTS: dict[str, Callable[[Builder], Any]] = {
    "rows": Builder._rows,
    "get": Builder._get_rows,
    "count": Builder._count_rows,
    "exists": Builder._any_row,
    "aggregate": Builder._one_row,
    "update": Builder._update_rows,
    "delete": Builder._delete_rows,
}
