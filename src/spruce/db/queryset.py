"""QuerySet: a query that is built step by step, runs when its rows are wanted, and keeps them.

Each step gives a new QuerySet. A step that was taken before costs one dictionary look-up: the keywords' names and the
types of their values lead to the next `Shape`, the values themselves are appended to `args`. Running a known shape is
the look-up of its plan, the driver's call, and the plan's generated loader.
"""

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, overload

from typing_extensions import TypeVar

from spruce.db import tokens, transactions
from spruce.db.aggregates import Aggregate
from spruce.db.builder import plan_for
from spruce.db.databases import Database, choose
from spruce.db.deletion import delete_rows
from spruce.db.expressions import Ordered, Term
from spruce.db.prefetching import Prefetch, prefetch
from spruce.db.relations import FetchMode, ForeignKey
from spruce.db.shapes import Op, Plan, Shape
from spruce.db.storing import insert_object
from spruce.db.tokens import annotations, order_terms
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.models import Model

__all__ = ["SLOW", "Manager", "QuerySet"]

M = TypeVar("M", bound="Model")
R = TypeVar("R", default=M)

SLOW = 0.002
"""A query that takes longer than this many seconds, on average, no longer runs in the loop's thread."""

_SHOWN = 20
new = object.__new__


class QuerySet(Generic[M, R]):
    """The rows of a model that fit, as objects or as what `values()` and `values_list()` make of them.

    It runs when it is iterated over, counted with `len`, tested, indexed or shown, once; the rows are then kept. Only
    `get`, `first`, `last`, `count`, `exists`, `aggregate`, `create`, `update` and `delete` run a query of their own.
    """

    __slots__ = ("_alias", "_args", "_high", "_instance", "_low", "_prefetch", "_rows", "_shape", "model")

    model: type[M]
    _shape: Shape
    _args: tuple[Any, ...]  # the values of all steps, in order
    _alias: str | None  # of the database that it was told to use
    _low: int  # the slice that it is
    _high: int | None
    _rows: list[R] | None
    _prefetch: tuple[Any, ...]  # what is loaded after the rows
    _instance: Any  # the object that it was reached from, a hint for routers; with the ForeignKey that leads back to it

    def _same(self, shape: Shape, args: tuple[Any, ...]) -> Any:
        """A query with another shape and the same of everything else."""
        query: Any = new(QuerySet)
        query.model = self.model
        query._shape = shape
        query._args = args
        query._alias = self._alias
        query._low = self._low
        query._high = self._high
        query._rows = None
        query._instance = self._instance
        query._prefetch = self._prefetch
        return query

    def _step(self, op: Op, values: tuple[Any, ...] = ()) -> Any:
        shape = self._shape
        return self._same(shape.next.get(op) or shape.grow(op), self._args + values)

    def _conditions(
        self, kind: str, negated: bool, expressions: tuple[Any, ...], keywords: dict[str, Any]
    ) -> tuple[Shape, tuple[Any, ...]]:
        """The shape and the values after a condition; the first lines are the way of a shape that is known."""
        shape = self._shape
        if not expressions:
            values = keywords.values()
            op: Op = (kind, negated, tuple(keywords), tuple(map(type, values)))
            known = shape.next.get(op)
            if known is not None:
                return known, (*self._args, *values)
        keys, found, plain = tokens.conditions(expressions, keywords)
        return shape.grow((kind, negated, keys, found)), self._args + plain

    # ---- steps ------------------------------------------------------------------------------------------------------

    def all(self) -> "QuerySet[M, R]":
        """The same query, without its rows: it runs again."""
        return self._same(self._shape, self._args)  # type: ignore[no-any-return] # _same keeps the type

    def filter(self, *expressions: Any, **keywords: Any) -> "QuerySet[M, R]":
        """The rows to which all of the conditions apply: keywords as `price__gte=10`, Qs, SQLAlchemy conditions.

        Raises FieldError for a name that is wrong, with those that exist.
        """
        self._whole("filter")
        shape, args = self._conditions("filter", False, expressions, keywords)
        return self._same(shape, args)  # type: ignore[no-any-return] # the same

    def exclude(self, *expressions: Any, **keywords: Any) -> "QuerySet[M, R]":
        """The rows to which not all of the conditions apply at once."""
        self._whole("filter")
        shape, args = self._conditions("filter", True, expressions, keywords)
        return self._same(shape, args)  # type: ignore[no-any-return] # the same

    def none(self) -> "QuerySet[M, R]":
        """No rows."""
        return self._step(("none",))  # type: ignore[no-any-return] # the same

    def order_by(self, *names: str | Term | Ordered) -> "QuerySet[M, R]":
        """In the order of these fields, descending with "-" before the name, at random for "?"; no names, no order.

        Expressions take part as they are or with a direction: `order_by(db.F("stock").desc(nulls_last=True))`.
        """
        self._whole("reorder")
        terms, values = order_terms(names)
        return self._step(("order", terms), values)  # type: ignore[no-any-return] # the same

    def annotate(self, *aggregates: Term, **named: Any) -> "QuerySet[M, R]":
        """With values that the database computes for each row, as attributes: `annotate(n=db.Count("products"))`.

        Filters, orders and further annotations may use their names. After `values()`, aggregates are of groups of rows
        that are equal in the fields named there.
        """
        return self._annotated(aggregates, named, shown=True)  # type: ignore[no-any-return] # the same

    def alias(self, *aggregates: Term, **named: Any) -> "QuerySet[M, R]":
        """As `annotate`, for use in further steps only: the results don't have it."""
        return self._annotated(aggregates, named, shown=False)  # type: ignore[no-any-return] # the same

    def _annotated(self, aggregates: tuple[Term, ...], named: dict[str, Any], *, shown: bool) -> Any:
        self._whole("annotate")
        names, keys, values = annotations(aggregates, named)
        return self._step(("annotate", names, keys, shown), values)

    def reverse(self) -> "QuerySet[M, R]":
        """In the opposite order; without any order, as before."""
        self._whole("reverse")
        return self._step(("reverse",))  # type: ignore[no-any-return] # the same

    def distinct(self) -> "QuerySet[M, R]":
        """Each different row once. Columns that it is ordered by count as part of the row."""
        self._whole("make distinct")
        return self._step(("distinct",))  # type: ignore[no-any-return] # the same

    def select_related(self, *names: str) -> "QuerySet[M, R]":
        """Load related objects by the same query, as `category__parent`; without names, those that cannot be null."""
        return self._step(("related", names))  # type: ignore[no-any-return] # the same

    def prefetch_related(self, *lookups: "str | Prefetch[Any] | None") -> "QuerySet[M, R]":
        """Load related objects too, by one more query for each of these relations: `prefetch_related("tags")`.

        Names go on across relations (`books__tags`); a `Prefetch` says which objects. None forgets what was asked for.
        """
        query = self._same(self._shape, self._args)
        query._prefetch = () if lookups == (None,) else (*self._prefetch, *lookups)
        return query  # type: ignore[no-any-return] # the same

    def only(self, *names: str) -> "QuerySet[M, R]":
        """Objects with these fields, and their key; the others are loaded when they are touched."""
        return self._step(("only", names))  # type: ignore[no-any-return] # the same

    def defer(self, *names: str | None) -> "QuerySet[M, R]":
        """Objects without these fields, which are loaded when they are touched; None loads all again."""
        return self._step(("defer", () if names == (None,) else names))  # type: ignore[no-any-return] # the same

    def fetch_mode(self, mode: FetchMode) -> "QuerySet[M, R]":
        """What touching a relation or field that is not loaded does.

        With FETCH_PEERS, which is the default, it is loaded for all objects of the result by one query; with FETCH_ONE
        for the one that is touched; with RAISE it is an error.
        """
        return self._step(("mode", mode.value))  # type: ignore[no-any-return] # the same

    def sticking(self, **keywords: Any) -> "QuerySet[M, R]":
        """As `filter`, and the next filter is about the same related rows; for managers of relations."""
        shape, args = self._conditions("stick", False, (), keywords)
        return self._same(shape, args)  # type: ignore[no-any-return] # the same

    def keyed(self, name: str, path: str) -> "QuerySet[M, R]":
        """As `annotate(name=F(path))`, of a path that may be hidden; for prefetch_related."""
        return self._step(("annotate", (name,), (("F", path),), True))  # type: ignore[no-any-return] # the same

    def using(self, alias: str | None) -> "QuerySet[M, R]":
        """From the database of this alias; None leaves it to the routers."""
        query = self._same(self._shape, self._args)
        query._alias = alias
        return query  # type: ignore[no-any-return] # the same

    def values(self, *names: str) -> "QuerySet[M, dict[str, Any]]":
        """Dicts instead of objects, of these fields or of all; names may cross relations."""
        return self._step(("values", names))  # type: ignore[no-any-return] # the same

    def values_list(self, *names: str, flat: bool = False) -> "QuerySet[M, Any]":
        """Tuples instead of objects; with `flat`, which takes one name, just the values."""
        if flat and len(names) != 1:
            raise TypeError(f"values_list(flat=True) takes the name of one field, not {len(names)}")
        return self._step(("list", names, flat))  # type: ignore[no-any-return] # the same

    def _whole(self, verb: str) -> None:
        if self._high is not None or self._low:
            raise TypeError(f"Cannot {verb} a query once a slice has been taken.")

    # ---- running ----------------------------------------------------------------------------------------------------

    @property
    def db(self) -> str:
        """The alias of the database that it reads from."""
        return self._database(write=False).alias

    def _database(self, *, write: bool) -> Database:
        if self._instance is None:
            return choose(self._alias, self.model, write=write)
        return choose(self._alias, self.model, write=write, instance=self._instance[1])

    def _ends(self) -> tuple[Shape, tuple[Any, ...]]:
        """The shape and the values with the slice."""
        shape, args = self._shape, self._args
        if self._high is None and not self._low:
            return shape, args
        op: Op = ("slice", self._high is not None)
        args += (self._low,) if self._high is None else (self._high - self._low, self._low)
        return shape.next.get(op) or shape.grow(op), args

    def _run(
        self, shape: Shape, args: tuple[Any, ...], *, write: bool = False, database: Database | None = None
    ) -> tuple[Plan, Any, str]:
        """Run a query; return its plan, the driver's rows or the number of rows that changed, and the alias."""
        if database is None:
            database = self._database(write=write)
        shape.used = True
        plan = shape.plans.get(database.dialect.name) or plan_for(shape, database.dialect)
        connection = transactions.connection(database)
        parameters = args if plan.bind is None else plan.bind(args)
        start = perf_counter()
        if plan.load is None:
            found: Any = connection.change(plan.sql, parameters)
        else:
            found = connection.rows(plan.sql, parameters, plan.seconds > SLOW)
        plan.seconds += (perf_counter() - start - plan.seconds) * 0.2
        return plan, found, database.alias

    def _one(self, op: Op, values: tuple[Any, ...] = ()) -> list[Any]:
        """The results of this query with a last step."""
        shape, args = self._ends()
        plan, rows, alias = self._run(shape.next.get(op) or shape.grow(op), args + values)
        return plan.load(rows, alias) if plan.load is not None else []

    def _makes_objects(self) -> bool:
        return all(op[0] not in ("values", "list") for op in self._shape.ops())

    def _fetch(self) -> list[R]:
        rows = self._rows
        if rows is None:
            plan, found, alias = self._run(*self._ends())
            rows = self._rows = plan.load(found, alias) if plan.load is not None else []
            if self._prefetch and self._makes_objects():
                prefetch(rows, self._prefetch)
        return rows

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
    def __getitem__(self, index: slice) -> "QuerySet[M, R]": ...
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
        query._low = self._low + start
        end = None if stop is None else self._low + stop
        query._high = end if self._high is None else self._high if end is None else min(end, self._high)
        if query._high is not None:
            query._low = min(query._low, query._high)
        return list(query)[:: index.step] if index.step is not None else query

    # ---- one object -------------------------------------------------------------------------------------------------

    def get(self, *expressions: Any, **keywords: Any) -> R:
        """The one row that fits. Raises the model's DoesNotExist or MultipleObjectsReturned."""
        if self._high is not None or self._low:
            return self._get_of_slice(expressions, keywords)
        plan, rows, alias = self._run(*self._conditions("get", False, expressions, keywords))
        if len(rows) == 1:
            found = plan.load(rows, alias)  # type: ignore[misc] # a get has a loader
            if self._prefetch and self._makes_objects():
                prefetch(found, self._prefetch)
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
        if rows and self._prefetch and self._makes_objects():
            prefetch(rows, self._prefetch)
        return rows[0] if rows else None

    def create(self, **values: Any) -> M:
        """Make an object, save it, and return it."""
        if self._instance is not None and self._instance[0] is not None:
            values = {self._instance[0].name: self._instance[1], **values}
        made = self.model(**values)
        insert_object(made, choose(self._alias, self.model, write=True, instance=made))
        return made

    def get_or_create(self, defaults: dict[str, Any] | None = None, **keywords: Any) -> tuple[R | M, bool]:
        """The row that fits, or a new one of `keywords` and `defaults`; and whether it is new.

        Two that ask at once both get one row if the fields are unique together.
        """
        try:
            return self.get(**keywords), False
        except self.model.DoesNotExist:
            pass
        query = self.using(self._database(write=True).alias)
        plain = {key: value for key, value in keywords.items() if "__" not in key}
        plain |= {key: value() if callable(value) else value for key, value in (defaults or {}).items()}
        with transactions.Atomic(query.db):
            try:
                return query.get(**keywords), False
            except self.model.DoesNotExist:
                return query.create(**plain), True

    def bulk_create(self, objects: Iterable[M]) -> list[M]:
        """Save new objects, all of them or none, and return them."""
        made = list(objects)
        database = self._database(write=True)
        with transactions.Atomic(database.alias):
            for each in made:
                insert_object(each, database)
        return made

    # ---- numbers and changes ----------------------------------------------------------------------------------------

    def count(self) -> int:
        """How many rows there are."""
        if self._rows is not None:
            return len(self._rows)
        return self._one(("count",))[0]  # type: ignore[no-any-return] # SQL's count

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
        return self._one(("aggregate", names, keys), values)[0] if names else {}

    def update(self, **values: Any) -> int:
        """Write these values, which may be computed with F, to all rows; return how many there are.

        Objects that are loaded already keep their old values, and their `save()` does not run.
        """
        self._whole("update")
        if not values:
            raise FieldError(f"update() needs the fields to change, as {self.model.__name__}.objects.update(name=…)")
        found, plain = tokens.tokens(values.values())
        op: Op = ("update", tuple(values), found)
        shape = self._shape
        changed: int = self._run(shape.next.get(op) or shape.grow(op), self._args + plain, write=True)[1]
        self._rows = None
        return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows, and those that point to them as their `on_delete` says; return how many, by model.

        Raises ProtectedError when rows point to them that forbid it.
        """
        self._whole("delete")
        if self._shape.op and self._shape.op[0] in ("values", "list"):
            raise TypeError("Cannot call delete() after .values() or .values_list()")
        answer = delete_rows(self, self._database(write=True))
        self._rows = None
        return answer

    def delete_only(self, database: Database) -> int:
        """Delete the rows and nothing that points to them; return how many. `delete` is what programs call."""
        shape = self._shape
        op: Op = ("delete",)
        return self._run(shape.next.get(op) or shape.grow(op), self._args, database=database)[1]  # type: ignore[no-any-return] # a number without a loader

    def as_subquery(self) -> tuple[Shape, tuple[Any, ...]]:
        """The shape and the values, for a query around this one."""
        return self._ends()

    def related_to(self, field: "ForeignKey[Any]", instance: Any) -> "QuerySet[M, R]":
        """The rows whose `field` points to `instance`; what `create()` makes points to it too."""
        query = self.filter(**{field.name: instance})
        query._instance = (field, instance)
        return query


class Manager(QuerySet[M, M], Generic[M]):
    """`Product.objects`: the query of all rows, which every other one begins with. It keeps no rows."""

    __slots__ = ()

    def __init__(self, model: type[M]) -> None:
        self.model = model
        self._shape = model._meta.shape
        self._args = ()
        self._alias = self._high = self._rows = self._instance = None
        self._low = 0
        self._prefetch = ()

    def __repr__(self) -> str:
        return f"<Manager of {self.model.__name__}>"

    def _fetch(self) -> list[M]:
        return self.all()._fetch()
