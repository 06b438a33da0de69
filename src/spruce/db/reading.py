"""Queries that run: rows are loaded when they are wanted, and kept; one object, numbers and aggregates ask anew.

Running a known shape is the look-up of its plan, the driver's call, and the plan's generated loader. A query of which
the shape says that nothing can fit does not ask the database.
"""

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any, Generic, NamedTuple, Self, overload

from typing_extensions import TypeVar

from spruce.db import transactions
from spruce.db.aggregates import Aggregate
from spruce.db.builder import plan_for
from spruce.db.bulk import by_key
from spruce.db.databases import Database, choose
from spruce.db.expressions import Term
from spruce.db.prefetching import prefetch
from spruce.db.records import Record
from spruce.db.shapes import Op, Plan, Shape
from spruce.db.steps import Query
from spruce.db.streaming import stream_rows
from spruce.db.tokens import annotations
from spruce.errors import DataError, FieldError

__all__ = ["SLOW", "Rows", "Statement"]

M = TypeVar("M", bound=Record)
R = TypeVar("R", default=M)

SLOW = 0.002
"""A query that takes longer than this many seconds, on average, no longer runs in the loop's thread."""
_MOST_SECONDS = 4 * SLOW  # that one run counts for: one alone, held up by whatever else went on, makes no query slow
_FORGOTTEN = 0.99  # what is left of the average after a run in a thread, where waiting for one would count as well

_SHOWN = 20
_FARTHEST = 2**63 - 1  # what databases take for a limit and an offset


class Statement(NamedTuple):
    """The SQL of a query, and the parameters that the driver gets with it."""

    sql: str
    parameters: Any

    def __str__(self) -> str:
        return self.sql


class Rows(Query[M, R], Generic[M, R]):
    """A query with what reads it; what programs see of it is the QuerySet."""

    __slots__ = ()

    @property
    def query(self) -> Statement:
        """What it asks the database, as `str(query)` shows it: SQL with the places of its parameters."""
        shape, args = self._ends()
        plan = plan_for(shape, self._database(write=False).dialect)
        return Statement(plan.sql, args if plan.bind is None else plan.bind(args))

    @property
    def ordered(self) -> bool:
        """Whether its rows have an order."""
        ops = self._shape.ops()
        told = [bool(op[1]) for op in ops if op[0] == "order"]
        grouped = any(op[0] in ("values", "list") for op in ops) and any(op[0] == "annotate" for op in ops)
        return told[-1] if told else self._shape.empty or bool(self.model._meta.orders and not grouped)

    @property
    def db(self) -> str:
        """The alias of the database that it reads from."""
        return self._database(write=False).alias

    def _database(self, *, write: bool) -> Database:
        if self._instance is None:
            return choose(self._alias, self.model, write=write)
        return choose(self._alias, self.model, write=write, instance=self._instance[1])

    def _run(
        self, shape: Shape, args: tuple[Any, ...], *, write: bool = False, database: Database | None = None
    ) -> tuple[Plan, Any, str]:
        """Run a query; return its plan, the driver's rows or the number of rows that changed, and the alias."""
        if database is None:
            database = self._database(write=write)
        if shape.aliases:
            _check_aliases(shape, database)
        shape.used = True
        plan = shape.plans.get(database.dialect.name) or plan_for(shape, database.dialect)
        if shape.empty:
            return plan, 0 if plan.load is None else [], database.alias
        connection = transactions.connection(database, self._instance)
        parameters = args if plan.bind is None else plan.bind(args)
        slow = plan.seconds > SLOW
        start = perf_counter()
        if plan.load is None:
            found: Any = connection.change(plan.sql, parameters)
        else:
            found = connection.rows(plan.sql, parameters, slow)
        if slow:
            plan.seconds *= _FORGOTTEN
        else:
            plan.seconds += (min(perf_counter() - start, _MOST_SECONDS) - plan.seconds) * 0.2
        return plan, found, database.alias

    def _one(self, op: Op, values: tuple[Any, ...] = ()) -> list[Any]:
        """The results of this query with a last step."""
        shape, args = self._ends()
        plan, rows, alias = self._run(shape.next.get(op) or shape.grow(op), args + values)
        return plan.load(rows, alias) if plan.load is not None else []

    def _fetch(self) -> list[R]:
        rows = self._rows
        if rows is None:
            plan, found, alias = self._run(*self._ends())
            rows = self._rows = plan.load(found, alias) if plan.load is not None else []
            if self._prefetch or self._instance is not None:
                self._complete(rows)
        return rows

    def _complete(self, rows: list[Any]) -> None:
        """Let objects know the one that they were reached from, and load what is prefetched."""
        if not self._makes_objects():
            return
        if self._instance is not None and self._instance[0] is not None:
            field, owner = self._instance[:2]
            for each in rows:
                if each.__dict__.get(field.attname) == getattr(owner, field.remote):
                    setattr(each, field.slot, owner)
        if self._prefetch:
            prefetch(rows, self._prefetch)

    def __iter__(self) -> Iterator[R]:
        return iter(self._fetch())

    def __len__(self) -> int:
        return len(self._fetch())

    def __bool__(self) -> bool:
        return bool(self._fetch())

    def __repr__(self) -> str:
        shown: list[Any] = list(self[: _SHOWN + 1])
        if len(shown) > _SHOWN:
            shown[-1] = "...(remaining elements truncated)..."
        return f"<QuerySet {shown!r}>"

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._slice(index)
        if not isinstance(index, int):
            raise TypeError(f"QuerySet indices are whole numbers or slices, not {type(index).__name__}")
        if index < 0:
            raise ValueError("Negative indexing is not supported.")
        if self._rows is not None:
            return self._rows[index]
        rows = self._slice(slice(index, index + 1))._fetch()
        if not rows:
            raise IndexError(f"the query has no row {index}")
        return rows[0]

    def _slice(self, index: slice) -> Any:
        start, stop = index.start or 0, index.stop
        if start < 0 or (stop is not None and stop < 0):
            raise ValueError("Negative indexing is not supported.")
        if self._rows is not None:
            return self._rows[index]
        query = self._same(self._shape, self._args)
        query._low = min(self._low + start, _FARTHEST)
        end = None if stop is None else min(self._low + stop, _FARTHEST)
        query._high = end if self._high is None else self._high if end is None else min(end, self._high)
        if query._high is not None:
            query._low = min(query._low, query._high)
            if query._low == query._high:
                query._shape = query._shape.grow(("none",))
        return list(query)[:: index.step] if index.step is not None else query

    def get(self, *expressions: Any, **keywords: Any) -> R:
        """The one row that fits. Raises the model's DoesNotExist or MultipleObjectsReturned."""
        if self._high is not None or self._low:
            return self._get_of_slice(expressions, keywords)
        plan, rows, alias = self._run(*self._conditions("get", False, expressions, keywords))
        if len(rows) == 1:
            found = plan.load(rows, alias)  # type: ignore[misc] # a get has a loader
            if self._prefetch or self._instance is not None:
                self._complete(found)
            return found[0]  # type: ignore[no-any-return] # the loader's
        raise self._not_one(len(rows), expressions, keywords)

    def _get_of_slice(self, expressions: tuple[Any, ...], keywords: dict[str, Any]) -> R:
        if expressions or keywords:
            self._whole("filter")
        rows = self._fetch()
        if len(rows) == 1:
            return rows[0]
        raise self._not_one(len(rows), expressions, keywords)

    def _not_one(self, count: int, expressions: tuple[Any, ...], keywords: dict[str, Any]) -> Exception:
        name = self.model.__name__
        asked = ", ".join([*map(str, expressions), *(f"{key}={value!r}" for key, value in keywords.items())])
        if not count:
            return self.model.DoesNotExist(f"no {name} matches get({asked})")
        return self.model.MultipleObjectsReturned(
            f"more than one {name} matches get({asked})", hint="Use filter() for several, or ask for a unique field."
        )

    def first(self) -> R | None:
        """The first row, by the primary key if there is no order; None when there are no rows."""
        return self._end(last=False)

    def last(self) -> R | None:
        """The last row, by the primary key if there is no order; None when there are no rows."""
        self._whole("reverse")
        return self._end(last=True)

    def _end(self, *, last: bool) -> R | None:
        if self._high is not None and self._high <= self._low:
            return None
        rows = self._one(("first", last))
        if rows and (self._prefetch or self._instance is not None):
            self._complete(rows)
        return rows[0] if rows else None

    def in_bulk(self, keys: Iterable[Any] | None = None, *, field_name: str = "pk") -> dict[Any, M]:
        """The objects by their keys, or by another unique field: those of `keys`, or all."""
        self._whole("filter")
        return by_key(self, keys, field_name)

    def earliest(self, *fields: str) -> R:
        """The first row in the order of these fields. Raises DoesNotExist when there are no rows."""
        return self._by(fields, "earliest", last=False)

    def latest(self, *fields: str) -> R:
        """The last row in the order of these fields. Raises DoesNotExist when there are no rows."""
        return self._by(fields, "latest", last=True)

    def _by(self, fields: tuple[str, ...], verb: str, *, last: bool) -> R:
        self._whole("reorder")
        fields = fields or self.model._meta.get_latest_by
        if not fields:
            raise FieldError(
                f"{verb}() needs the fields to compare by",
                hint=f'As: {verb}("created"). Or give Meta an option get_latest_by.',
            )
        found = self.order_by(*fields)._end(last=last)
        if found is None:
            raise self.model.DoesNotExist(f"there is no {self.model.__name__}, so none is the {verb}")
        return found

    def contains(self, instance: Record) -> bool:
        """Whether an object is among the rows."""
        if not isinstance(instance, self.model) or instance.pk is None:
            if hasattr(type(instance), "_meta") and instance.pk is not None:
                return False
            raise FieldError(f"contains() takes a saved {self.model.__name__}, not {instance!r}")
        if self._rows is not None:
            return instance in self._rows
        return self.filter(pk=instance.pk).exists()

    def explain(self) -> str:
        """How the database finds the rows, in its own words."""
        shape, args = self._ends()
        database = self._database(write=False)
        plan = plan_for(shape, database.dialect)
        head = "EXPLAIN QUERY PLAN" if database.dialect.name == "sqlite" else "EXPLAIN"
        parameters = args if plan.bind is None else plan.bind(args)
        rows = transactions.connection(database).rows(f"{head} {plan.sql}", parameters)
        return "\n".join(str(row[-1]) for row in rows)

    def iterator(self, chunk_size: int = 2000) -> Iterator[R]:
        """The rows one by one, of which `chunk_size` are in memory at a time; prefetches are made for each chunk.

        On PostgreSQL it keeps a connection with a transaction until it ends, unless it runs in one.
        """
        return stream_rows(self, chunk_size)

    def count(self) -> int:
        """How many rows there are."""
        if self._rows is not None:
            return len(self._rows)
        return self._one(("count",))[0] or 0  # which is None where no row can fit

    def exists(self) -> bool:
        """Whether there is any row."""
        if self._rows is not None:
            return bool(self._rows)
        if self._high is not None and self._high <= self._low:
            return False
        return self._one(("exists",))[0] is not None

    def aggregate(self, *aggregates: Aggregate, **named: Term) -> dict[str, Any]:
        """Values out of all rows: `aggregate(db.Avg("price"), most=db.Max("price"))` gives `price__avg` and `most`."""
        names, keys, values = annotations(aggregates, named)
        op: Op = ("aggregate", names, keys)
        nothing = [each.of_nothing for each in (*aggregates, *named.values()) if isinstance(each, Aggregate)]
        if self._shape.empty and len(nothing) == len(names):
            self._shape.grow(op)  # which refuses wrong names
            return dict(zip(names, nothing, strict=True))
        return self._one(op, values)[0] if names else {}


def _check_aliases(shape: Shape, database: Database) -> None:
    """Raise DataError if a subquery was told to use another database than the query around it."""
    for alias in sorted(shape.aliases - {database.alias}):
        raise DataError(
            f"the subquery is on the database {alias!r}, and the query around it on {database.alias!r}",
            hint="Let both use one, or take its rows first: list(subquery).",
        )
