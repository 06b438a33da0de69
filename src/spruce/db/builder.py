"""From a shape to its plan: the query as a SQLAlchemy Core statement, compiled once per shape and dialect.

Everything here runs when a shape is used for the first time only, so it is written to be read.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from spruce.db.assigning import assigned
from spruce.db.combining import Combined
from spruce.db.conditions import Conditions
from spruce.db.filteredrelations import FilteredStep
from spruce.db.grouping import beside_aggregates, check_groups, decided_by_key, varies
from spruce.db.joins import Joins, Parameters
from spruce.db.loaders import Node, binder, object_loader, row_loader
from spruce.db.locking import Lock
from spruce.db.lookups import resolve
from spruce.db.only import Chosen, required_relations
from spruce.db.ordering import Ranked, directed, order_terms
from spruce.db.outputs import named, output
from spruce.db.qualifying import qualified
from spruce.db.relations import Step, Upward
from spruce.db.shapes import Plan, Shape
from spruce.db.tokens import Row, Tree
from spruce.errors import FieldError

__all__ = ["Builder", "plan_for"]

Column = sa.ColumnElement[Any]


def plan_for(shape: Shape, dialect: sa.Dialect) -> Plan:
    """Return the plan of a shape for a dialect, made and kept if it is not known yet."""
    plan = shape.plans.get(dialect.name)
    if plan is None:
        plan = shape.plans[dialect.name] = Builder(shape, dialect).plan()
    return plan


class Builder:
    """One query on its way to SQL: its ops are applied in order, then `statement()` puts it together."""

    def __init__(
        self,
        shape: Shape,
        dialect: sa.Dialect,
        parameters: Parameters | None = None,
        outside: "Builder | None" = None,
    ) -> None:
        self.model = shape.model
        self.dialect = dialect
        self.outside = outside
        self.parameters = parameters or Parameters()
        self.joins = Joins(shape.model, self._own_table(outside))
        self.conditions = Conditions(self.joins, self.parameters, dialect, self._subquery)
        if outside is not None:
            self.conditions.terms.outside = outside.conditions.terms
        self.where: list[Column] = []
        self.order: tuple[Any, ...] | None = None  # None: as the model's Meta says
        self.reversed = False
        self.distinct = False
        self.related: list[tuple[Step, ...]] = []
        self.mode = "peers"
        self.lock: Lock | None = None
        self.chosen = Chosen(shape.model)
        self.combined: Any = None  # the table of a union
        self.sticky: set[Any] = set()
        self.selected: tuple[str, tuple[str, ...]] | None = None  # None: objects
        self.limit: Column | None = None
        self.offset: Column | None = None
        self.kind = "rows"
        self.unique = False  # at most one row can match
        self.changes: dict[str, Any] = {}
        self.having: list[Column] = []
        self.qualified: list[Column] = []  # conditions on windows
        self.group: list[Column] | None = None  # None: each row is one of its own
        self.grouped_by_row = False
        self.regrouped: list[str] = []  # the aggregates that values() named
        self.shown: list[str] = []  # the annotations that objects and dicts have
        self.inside: list[Column] = []  # what aggregates read of a query inside of theirs
        self.aggregates: dict[str, Column] = {}
        self.load: Callable[[list[Any], str], list[Any]] | None = None
        ops = shape.ops()
        for number, op in enumerate(ops):
            self.ahead = ops[number + 1 :]
            _APPLY[str(op[0])](self, *op[1:])

    # ---- the ops ----------------------------------------------------------------------------------------------------

    def _filter(self, negated: bool, keys: tuple[str | None, ...], tokens: tuple[Any, ...]) -> None:
        self.joins.reuse, self.sticky = self.sticky, set()
        if negated:
            self._require("AND", True, keys, tokens)
        else:
            for key, token in zip(keys, tokens, strict=True):
                self._require("AND", False, (key,), (token,))
        self.joins.reuse = None
        if not negated and not self.joins:
            self.unique = self.unique or any(map(self._is_unique, keys, tokens))

    def _stick(self, negated: bool, keys: tuple[str | None, ...], tokens: tuple[Any, ...]) -> None:
        """A filter of which the next one uses the joins."""
        reuse = self.sticky
        self._filter(negated, keys, tokens)
        self.sticky = reuse

    def _combine(self, kind: str, shapes: tuple[Shape, ...]) -> None:
        """A union, intersection or difference: the queries become a table, of which the rest is a query."""
        queries = [self, *(Builder(shape, self.dialect, self.parameters) for shape in shapes)]
        wanted = Combined.wanted(self.ahead)
        for each in queries if wanted and not any(query.selected for query in queries) else ():
            each.selected = ("list", wanted)  # so that rows are the same when they are in what is wanted
        parts = [query._part() for query in queries]
        names = self._named() if self.selected is None else self.selected[1] or self._named()
        self.combined = Combined(kind, parts, names, self.model._meta.pk.attname)

    def _named(self) -> list[str]:
        """The names of all columns of an object."""
        return [*(field.attname for field in self.model._meta.fields), *self.shown]

    def _part(self) -> "sa.Select[Any]":
        """The query as a part of a combination: without an order, unless it is a slice."""
        sliced = self.limit is not None or self.offset is not None
        self.order = self.order if sliced else ()
        rows = self._rows()
        self.limit = self.offset = self.order = None
        return sa.select(rows.subquery()) if sliced else rows

    def _require(self, connector: str, negated: bool, keys: tuple[str | None, ...], tokens: tuple[Any, ...]) -> None:
        self.joins.touched = self.joins.windowed = False
        if not negated and keys == (None,) and isinstance(tokens[0], Tree) and tokens[0][:2] == ("AND", False):
            for key, token in zip(tokens[0].keys, tokens[0].tokens, strict=True):
                self._require(connector, False, (key,), (token,))
            return
        condition = self.conditions.all_of(connector, negated, keys, tokens, inside=False)
        if condition is not None:
            after = self.qualified if self.joins.windowed else self.having
            (after if self.joins.windowed or self.joins.touched else self.where).append(condition)

    def _is_unique(self, key: str | None, token: Any) -> bool:
        if key is None or not (isinstance(token, type | Row)) or token is type(None):
            return False
        path = resolve(self.model, key, computed=self.joins.fields)
        return (
            path.field.unique
            and not path.computed
            and path.field.model is self.model._meta.concrete
            and path.lookup == "exact"
            and path.part is None
            and path.inner is None
        )

    def _get(self, negated: bool, keys: tuple[str | None, ...], tokens: tuple[Any, ...]) -> None:
        self._filter(negated, keys, tokens)
        self.kind = "get"

    def _order(self, names: tuple[Any, ...]) -> None:
        self.order = (
            names
            if self.combined is not None
            else tuple(
                name if isinstance(name, str) else (self.conditions.terms.sql(name[0]), *name[1:]) for name in names
            )
        )
        self.reversed = False

    def _annotate(self, names: tuple[str, ...], keys: tuple[Any, ...], shown: bool) -> None:
        for name, key in zip(names, keys, strict=True):
            self.joins.touched = self.joins.windowed = False
            if key[0] == "filtered":
                self.joins.fields[name] = self.conditions.related(name, key)
                continue
            column = self.conditions.terms.typed(key)
            if self.joins.windowed:
                self.joins.windows.add(name)
            aggregated = self.joins.touched
            if aggregated:
                check_groups(self.regrouped, name)
            if aggregated and self.group is None:
                self._group_rows()
            elif not aggregated and self.group is not None:
                self.group += [column] if varies(column, self.joins.table if self.grouped_by_row else None) else []
            if aggregated and self.group is not None and not self.grouped_by_row:
                self.group += self._beside(key)
            self.joins.name(name, output(self.model, self.joins.fields, key), column, aggregated=aggregated)
            named(self.model, name, self.joins.fields[name])
            if shown:
                self._show(name)

    def _group_rows(self) -> None:
        """From here on a row is a group: of what `values()` chose before, else of each object's own."""
        if self.selected is None:
            shown = [self.joins.computed[name] for name in self.shown]
            self.group = [self.joins.table.c[self.model._meta.pk.attname]]
            self.group += [column for column in shown if varies(column, self.joins.table)]
            self.grouped_by_row = True
        else:
            chosen = self.selected[1] or self._named()
            self.group = [column for column in self._columns(chosen) if varies(column)]

    def _beside(self, key: Any) -> list[Column]:
        """The columns that an expression with an aggregate reads for itself."""
        names = [each for each in beside_aggregates(key) if each[1] not in self.joins.aggregated]
        return [column for each in names if varies(column := self.conditions.terms.sql(each))]

    def _show(self, name: str) -> None:
        self.shown.append(name)
        if self.selected is not None and self.selected[1]:
            self.selected = (self.selected[0], (*self.selected[1], name))

    def _reverse(self) -> None:
        self.reversed = not self.reversed

    def _related(self, names: tuple[Any, ...]) -> None:
        if names == (None,):
            self.related = []
            return
        for name in names or required_relations(self.model):
            path = resolve(self.model, name, lookups=False, computed=self.joins.fields)
            ends = path.steps and isinstance(path.steps[-1], FilteredStep)
            if sum(isinstance(step, FilteredStep) for step in path.steps) > 1:
                raise FieldError(
                    f"select_related({name!r}): a FilteredRelation over several relations is for filters only"
                )
            steps: Any = (*path.steps, path.field) if path.field.is_relation and not ends else path.steps
            for end in range(1, len(steps) + 1):
                if steps[:end] not in self.related and not isinstance(steps[end - 1], Upward):
                    self.related.append(steps[:end])

    def _values(self, names: tuple[str, ...]) -> None:
        self._choose("values", names)

    def _list(self, names: tuple[str, ...], form: bool | str) -> None:
        self._choose("named" if form == "named" else "flat" if form else "list", names)

    def _choose(self, kind: str, names: tuple[str, ...]) -> None:
        self.selected = (kind, names)
        self.regrouped = [name for name in names if name in self.joins.aggregated]

    def _slice(self, limited: bool) -> None:
        if limited:
            self.limit = self.parameters.add(sa.Integer(), int)
        self.offset = self.parameters.add(sa.Integer(), int)

    def _first(self, last: bool) -> None:
        if not self._ordering():
            if self.group is not None and not self.grouped_by_row:
                raise FieldError("there is no first or last of groups without an order", hint="Call order_by().")
            self.order = ("pk",)
        self.reversed = self.reversed != last
        self.limit = sa.literal_column("1")

    def _aggregate(self, names: tuple[str, ...], keys: tuple[Any, ...]) -> None:
        self.kind = "aggregate"
        if self.qualified:
            raise FieldError("aggregate() cannot stand behind a filter on a window", hint="Aggregate in Python.")
        terms = self.conditions.terms
        if self._is_composed():
            terms.lift = self._lift
        for name, key in zip(names, keys, strict=True):
            self.joins.touched = False
            self.aggregates[name] = terms.typed(key)
            if not self.joins.touched:
                raise FieldError(f"aggregate({name}=…) takes Count, Sum, Avg, Min, Max, or what is computed of them")

    def _lift(self, column: Column) -> Column:
        """What stands outside for a column of the query inside."""
        name = f"a{len(self.inside)}"
        self.inside.append(column.label(name))
        return sa.column(name, column.type)

    def _is_composed(self) -> bool:
        """Whether the rows have to be found by a query of their own before they are counted."""
        if self.combined is not None:
            return True
        plain = not (self.distinct or self.qualified) and self.group is None
        return not plain or self.limit is not None or self.offset is not None

    def _delete(self) -> None:
        self.kind = "delete"

    def _update(self, names: tuple[str, ...], tokens: tuple[Any, ...]) -> None:
        self.kind, self.changes = "update", assigned(self.conditions, names, tokens)

    # ---- the statement ----------------------------------------------------------------------------------------------

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

    def _own_table(self, outside: "Builder | None") -> Any:
        """Inside of a query that it refers to, the table has a name of its own."""
        if outside is None:
            return None
        depth, around = 1, outside.outside
        while around is not None:
            depth, around = depth + 1, around.outside
        return self.model.__table__.alias(f"u{depth}_{self.model._meta.db_table}")

    def _columns(self, names: Sequence[str]) -> list[Column]:
        computed = self.joins.fields
        return [self.joins.column(resolve(self.model, name, lookups=False, computed=computed)) for name in names]

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

    def _ordering(self) -> tuple[Any, ...]:
        if self.order is not None:
            return self.order
        return self.model._meta.orders if self.group is None or self.grouped_by_row else ()

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


_APPLY: dict[str, Callable[..., None]] = {
    "filter": Builder._filter,
    "get": Builder._get,
    "stick": Builder._stick,
    "using": lambda builder, alias: None,  # what runs the query looks at it
    "mode": lambda builder, mode: setattr(builder, "mode", mode),
    "only": lambda builder, names: builder.chosen.only(names),
    "combine": Builder._combine,
    "lock": lambda builder, *told: setattr(builder, "lock", Lock(*told)),
    "defer": lambda builder, names: builder.chosen.defer(names),
    "none": lambda builder: builder.where.append(sa.false()),
    "order": Builder._order,
    "reverse": Builder._reverse,
    "distinct": lambda builder: setattr(builder, "distinct", True),
    "related": Builder._related,
    "values": Builder._values,
    "list": Builder._list,
    "slice": Builder._slice,
    "first": Builder._first,
    "count": lambda builder: setattr(builder, "kind", "count"),
    "exists": lambda builder: setattr(builder, "kind", "exists"),
    "annotate": Builder._annotate,
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
