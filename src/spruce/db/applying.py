"""The ops of a shape, applied in their order: what a query asks for, before it is written as a statement."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from spruce.db.assigning import assigned
from spruce.db.conditions import Conditions
from spruce.db.filteredrelations import FilteredStep
from spruce.db.grouping import beside_aggregates, check_groups, varies
from spruce.db.joins import Joins, Parameters
from spruce.db.locking import Lock
from spruce.db.lookups import resolve
from spruce.db.only import Chosen, required_relations
from spruce.db.outputs import named, output
from spruce.db.relations import Step, Upward
from spruce.db.shapes import Shape
from spruce.db.tokens import Row, Tree
from spruce.errors import FieldError

__all__ = ["Applied", "Column"]

Column = sa.ColumnElement[Any]


class Applied(ABC):
    """What the ops of a shape have asked for."""

    def __init__(
        self,
        shape: Shape,
        dialect: sa.Dialect,
        parameters: Parameters | None = None,
        outside: "Applied | None" = None,
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

    @abstractmethod
    def _combine(self, kind: str, shapes: tuple[Shape, ...]) -> None:
        """A union, intersection or difference: the queries become a table, of which the rest is a query."""

    @abstractmethod
    def _subquery(self, shape: Shape, key: str = "pk") -> "sa.Select[Any]":
        """The SELECT of a query inside of this one: the column it asks for, or else `key`."""

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

    def _named(self) -> list[str]:
        """The names of all columns of an object."""
        return [*(field.attname for field in self.model._meta.fields), *self.shown]

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

    def _own_table(self, outside: "Applied | None") -> Any:
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

    def _ordering(self) -> tuple[Any, ...]:
        if self.order is not None:
            return self.order
        return self.model._meta.orders if self.group is None or self.grouped_by_row else ()


_APPLY: dict[str, Callable[..., None]] = {
    "filter": Applied._filter,
    "get": Applied._get,
    "stick": Applied._stick,
    "using": lambda builder, alias: None,  # what runs the query looks at it
    "mode": lambda builder, mode: setattr(builder, "mode", mode),
    "only": lambda builder, names: builder.chosen.only(names),
    "combine": lambda builder, *told: builder._combine(*told),
    "lock": lambda builder, *told: setattr(builder, "lock", Lock(*told)),
    "defer": lambda builder, names: builder.chosen.defer(names),
    "none": lambda builder: builder.where.append(sa.false()),
    "order": Applied._order,
    "reverse": Applied._reverse,
    "distinct": lambda builder: setattr(builder, "distinct", True),
    "related": Applied._related,
    "values": Applied._values,
    "list": Applied._list,
    "slice": Applied._slice,
    "first": Applied._first,
    "count": lambda builder: setattr(builder, "kind", "count"),
    "exists": lambda builder: setattr(builder, "kind", "exists"),
    "annotate": Applied._annotate,
    "aggregate": Applied._aggregate,
    "update": Applied._update,
    "delete": Applied._delete,
}
