"""From a shape to its plan: the query as a SQLAlchemy Core statement, compiled once per shape and dialect.

Everything here runs when a shape is used for the first time only, so it is written to be read.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from spruce.db.arithmetic import rescale
from spruce.db.conditions import Conditions
from spruce.db.joins import Joins, Parameters
from spruce.db.loaders import Node, binder, object_loader, row_loader
from spruce.db.lookups import resolve
from spruce.db.relations import ForeignKey
from spruce.db.shapes import Plan, Shape
from spruce.db.tokens import Clause, Expression, Row
from spruce.db.types import ExactDecimal
from spruce.errors import FieldError

__all__ = ["Builder", "plan_for"]

Column = sa.ColumnElement[Any]

_RELATED_DEPTH = 5


def plan_for(shape: Shape, dialect: sa.Dialect) -> Plan:
    """Return the plan of a shape for a dialect, made and kept if it is not known yet."""
    plan = shape.plans.get(dialect.name)
    if plan is None:
        plan = shape.plans[dialect.name] = Builder(shape, dialect).plan()
    return plan


class Builder:
    """One query on its way to SQL: its ops are applied in order, then `statement()` puts it together."""

    def __init__(self, shape: Shape, dialect: sa.Dialect, parameters: Parameters | None = None) -> None:
        self.model = shape.model
        self.dialect = dialect
        self.parameters = parameters or Parameters()
        self.joins = Joins(shape.model)
        self.conditions = Conditions(self.joins, self.parameters, dialect, self._subquery)
        self.where: list[Column] = []
        self.order: tuple[str, ...] | None = None  # None: as the model's Meta says
        self.reversed = False
        self.distinct = False
        self.related: list[tuple[ForeignKey[Any], ...]] = []
        self.selected: tuple[str, tuple[str, ...]] | None = None  # None: objects
        self.limit: Column | None = None
        self.offset: Column | None = None
        self.kind = "rows"
        self.unique = False  # at most one row can match
        self.changes: dict[str, Any] = {}
        self.aggregates: tuple[tuple[str, tuple[str, str, bool]], ...] = ()
        self.load: Callable[[list[Any], str], list[Any]] | None = None
        for op in shape.ops():
            _APPLY[str(op[0])](self, *op[1:])

    # ---- the ops ----------------------------------------------------------------------------------------------------

    def _filter(self, negated: bool, keys: tuple[str | None, ...], tokens: tuple[Any, ...]) -> None:
        condition = self.conditions.all_of("AND", negated, keys, tokens, inside=False)
        if condition is not None:
            self.where.append(condition)
        if not negated and not self.joins:
            self.unique = self.unique or any(map(self._is_unique, keys, tokens))

    def _is_unique(self, key: str | None, token: Any) -> bool:
        if key is None or not (isinstance(token, type | Row)) or token is type(None):
            return False
        path = resolve(self.model, key)
        return path.field.unique and path.field.model is self.model and path.lookup == "exact" and path.part is None

    def _get(self, negated: bool, keys: tuple[str | None, ...], tokens: tuple[Any, ...]) -> None:
        self._filter(negated, keys, tokens)
        self.kind = "get"

    def _none(self) -> None:
        self.where.append(sa.false())

    def _order(self, names: tuple[str, ...]) -> None:
        self.order = names

    def _reverse(self) -> None:
        self.reversed = not self.reversed

    def _distinct(self) -> None:
        self.distinct = True

    def _related(self, names: tuple[str, ...]) -> None:
        for name in names or self._required_relations(self.model, _RELATED_DEPTH):
            path = resolve(self.model, name, lookups=False)
            steps = (*path.steps, path.field)
            for end in range(1, len(steps) + 1):
                if steps[:end] not in self.related:
                    self.related.append(steps[:end])  # type: ignore[arg-type] # select_related() takes foreign keys only

    def _required_relations(self, model: Any, depth: int) -> list[str]:
        """The paths of all foreign keys that cannot be null."""
        found = []
        for field in model._meta.fields if depth else ():
            if field.is_relation and not field.null:
                deeper = self._required_relations(field.target, depth - 1)
                found += [field.name, *(f"{field.name}__{name}" for name in deeper)]
        return found

    def _values(self, names: tuple[str, ...]) -> None:
        self.selected = ("values", names)

    def _list(self, names: tuple[str, ...], flat: bool) -> None:
        self.selected = ("flat" if flat else "list", names)

    def _slice(self, limited: bool) -> None:
        if limited:
            self.limit = self.parameters.add(sa.Integer(), int)
        self.offset = self.parameters.add(sa.Integer(), int)

    def _first(self, last: bool) -> None:
        if not self._ordering():
            self.order = ("pk",)
        self.reversed = self.reversed != last
        self.limit = sa.literal_column("1")

    def _count(self) -> None:
        self.kind = "count"

    def _exists(self) -> None:
        self.kind = "exists"

    def _aggregate(self, aggregates: tuple[tuple[str, tuple[str, str, bool]], ...]) -> None:
        self.kind = "aggregate"
        self.aggregates = aggregates

    def _delete(self) -> None:
        self.kind = "delete"

    def _update(self, names: tuple[str, ...], tokens: tuple[Any, ...]) -> None:
        self.kind = "update"
        for name, token in zip(names, tokens, strict=True):
            field: Any = resolve(self.model, name, lookups=False).field
            type_ = field.column_type()
            if isinstance(token, Expression):
                made = self.conditions.arithmetic.sql(token.key, across=False)
                self.changes[field.attname] = rescale(made, type_, self.dialect)
            elif isinstance(token, Clause):
                self.changes[field.attname] = rescale(self.conditions.clause(token), type_, self.dialect)
            elif isinstance(token, type | Row):
                if isinstance(token, Row) and not (field.is_relation and issubclass(token.model, field.target)):
                    wanted = field.target.__name__ if field.is_relation else field.what
                    raise FieldError(f"{name} takes a {wanted}, not a {token.model.__name__}")
                self.changes[field.attname] = self.parameters.add(type_, None, field.clean)
            else:
                raise FieldError(f"update({name}=…) takes a value, an object or an F, not a list or a query")

    # ---- the statement ----------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Compile the statement and generate what goes with it."""
        compiled = self.statement().compile(dialect=self.dialect)
        return Plan(compiled.string, binder(compiled, self.parameters.entries), self.load)

    def statement(self) -> Any:
        """The whole query; sets `load` to what reads its rows."""
        return _STATEMENTS[self.kind](self)

    def _subquery(self, shape: Shape) -> "sa.Select[Any]":
        """The SELECT of a query inside of this one: the column it asks for, or else the primary key."""
        inner = Builder(shape, self.dialect, self.parameters)
        if inner.selected is None:
            inner.selected = ("flat", ("pk",))
        select = inner._rows()
        if len(inner.selected[1]) != 1:
            raise FieldError("a query inside of a query has one column", hint='Give it values_list("…") with one name.')
        return select.correlate(None)

    def _columns(self, names: Sequence[str]) -> list[Column]:
        return [self.joins.column(resolve(self.model, name, lookups=False)) for name in names]

    def _rows(self) -> "sa.Select[Any]":
        columns, make = self._objects() if self.selected is None else self._selection(*self.selected)
        order = self._order_columns()
        surplus = [] if not self.distinct else [c for c, _ in order if not any(c is other for other in columns)]
        select = sa.select(*columns, *surplus).select_from(self.joins.source).where(*self.where)
        select = select.distinct() if self.distinct else select
        self.load = make([column.type for column in columns], self.dialect, len(surplus))
        return self._sliced(select.order_by(*(column.desc() if down else column for column, down in order)))

    def _sliced(self, select: "sa.Select[Any]") -> "sa.Select[Any]":
        if self.kind == "get" and not self.unique and self.limit is None:
            self.limit = sa.literal_column("2")
        return self._limited(select, self.limit)

    def _limited(self, select: "sa.Select[Any]", limit: Column | None) -> "sa.Select[Any]":
        if limit is not None and self.offset is None:
            self.offset = sa.literal_column("0")  # SQLAlchemy writes one for SQLite anyway, as a parameter
        return select.limit(limit).offset(self.offset)

    def _objects(self) -> tuple[list[Column], Any]:
        nodes, columns = [], list[Column]()
        for steps in [(), *self.related]:
            model = steps[-1].target if steps else self.model
            nodes.append(Node(model, steps, len(columns)))
            table = self.joins.at(steps)
            columns += [table.c[field.attname] for field in model._meta.fields]
        return columns, lambda *rest: object_loader(nodes, *rest)

    def _selection(self, shape: str, names: Sequence[str]) -> tuple[list[Column], Any]:
        keys = names or [field.attname for field in self.model._meta.fields]
        return self._columns(keys), lambda *rest: row_loader(shape, keys, *rest)

    def _get_rows(self) -> "sa.Select[Any]":
        if self.limit is None and self.offset is None:
            self.order = ()
        return self._rows()

    def _ordering(self) -> tuple[str, ...]:
        return self.model._meta.ordering if self.order is None else self.order

    def _order_columns(self) -> list[tuple[Column, bool]]:
        """Columns to order by, each with whether it descends."""
        return [term for name in self._ordering() for term in self._order_terms(name, (), self.reversed, 0)]

    def _order_terms(
        self, name: str, before: "tuple[ForeignKey[Any], ...]", down: bool, depth: int
    ) -> list[tuple[Column, bool]]:
        if name == "?":
            return [(sa.func.random(), False)]
        down = down != name.startswith("-")
        path = resolve(before[-1].target if before else self.model, name.lstrip("-"), lookups=False)
        field, steps = path.field, (*before, *path.steps)
        if isinstance(field, ForeignKey) and not name.endswith((field.attname, "pk")) and depth < _RELATED_DEPTH:
            inner = field.target._meta.ordering
            if inner:  # by the relation itself: as its own model is ordered
                deeper = (*steps, field)
                return [term for each in inner for term in self._order_terms(each, deeper, down, depth + 1)]
        return [(self.joins.at(steps).c[field.attname], down)]

    def _count_rows(self) -> "sa.Select[Any]":
        self.load = _first_value
        if not self.distinct and self.limit is None and self.offset is None:
            return sa.select(sa.func.count()).select_from(self.joins.source).where(*self.where)
        self.order = () if self.limit is None and self.offset is None else self.order
        rows = self._rows().subquery()
        self.load = _first_value
        return sa.select(sa.func.count()).select_from(rows)

    def _any_row(self) -> "sa.Select[Any]":
        self.load = _first_value
        select: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(self.joins.source).where(*self.where)
        return self._limited(select, sa.literal_column("1") if self.limit is None else self.limit)

    def _one_row(self) -> "sa.Select[Any]":
        if self.distinct or self.limit is not None or self.offset is not None:
            raise FieldError("aggregate() does not work on a slice or after distinct()", hint="Compute it in Python.")
        columns = [self._aggregated(*key) for _, key in self.aggregates]
        types = [column.type for column in columns]
        self.load = row_loader("values", [alias for alias, _ in self.aggregates], types, self.dialect)
        return sa.select(*columns).select_from(self.joins.source).where(*self.where)

    def _aggregated(self, function: str, name: str, distinct: bool) -> Column:
        if name == "*":
            return sa.func.count()
        (column,) = self._columns([name])
        if function in ("sum", "avg") and isinstance(column.type, sa.String | sa.Boolean):
            raise FieldError(f"{function.title()}({name!r}): {self.model.__name__}.{name} holds no numbers")
        made = getattr(sa.func, function)(column.distinct() if distinct else column)
        if function == "count":
            return made  # type: ignore[no-any-return] # SQLAlchemy's functions are untyped by name
        if function == "avg" and not isinstance(column.type, ExactDecimal):
            return sa.type_coerce(made, sa.Double())
        return sa.type_coerce(made, column.type)

    def _update_rows(self) -> sa.Update:
        return sa.update(self.joins.table).where(*self._own_rows()).values(self.changes)

    def _delete_rows(self) -> sa.Delete:
        return sa.delete(self.joins.table).where(*self._own_rows())

    def _own_rows(self) -> list[Column]:
        """The conditions on the table itself: with joins, that its key is among those that the query finds."""
        sliced = self.limit is not None or self.offset is not None
        if not self.joins and not sliced and not self.distinct:
            return self.where
        self.kind, self.selected = "rows", ("flat", ("pk",))
        self.order = self.order if sliced else ()
        key = self.joins.table.c[self.model._meta.pk.attname]
        rows = self._rows().correlate(None)
        self.load = None
        return [key.in_(rows)]


def _first_value(rows: list[Any], alias: str) -> list[Any]:
    return [rows[0][0] if rows else None]


_APPLY: dict[str, Callable[..., None]] = {
    "filter": Builder._filter,
    "get": Builder._get,
    "none": Builder._none,
    "order": Builder._order,
    "reverse": Builder._reverse,
    "distinct": Builder._distinct,
    "related": Builder._related,
    "values": Builder._values,
    "list": Builder._list,
    "slice": Builder._slice,
    "first": Builder._first,
    "count": Builder._count,
    "exists": Builder._exists,
    "aggregate": Builder._aggregate,
    "update": Builder._update,
    "delete": Builder._delete,
}

_STATEMENTS: dict[str, Callable[[Builder], Any]] = {
    "rows": Builder._rows,
    "get": Builder._get_rows,
    "count": Builder._count_rows,
    "exists": Builder._any_row,
    "aggregate": Builder._one_row,
    "update": Builder._update_rows,
    "delete": Builder._delete_rows,
}
