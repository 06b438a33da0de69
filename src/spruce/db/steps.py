"""The steps of a query: each gives a new one, built as a path in the trie of shapes.

A step that was taken before costs one dictionary look-up: the keywords' names and the types of their values lead to
the next `Shape`, the values themselves are appended to `_args`. Nothing here runs a query; queryset.py does.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Self

from typing_extensions import TypeVar

from spruce.db import tokens
from spruce.db.expressions import Ordered, Term
from spruce.db.lookups import key_of, resolve, takes_whole
from spruce.db.records import Record
from spruce.db.relations import FetchMode, ForeignKey
from spruce.db.shapes import Op, Shape
from spruce.db.tokens import annotations, order_terms
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.prefetching import Prefetch

__all__ = ["Query"]

M = TypeVar("M", bound=Record)
R = TypeVar("R", default=M)

new = object.__new__


class Query(Generic[M, R]):
    """A query that is built step by step; what programs see of it is the QuerySet."""

    __slots__ = ("_alias", "_args", "_high", "_instance", "_low", "_prefetch", "_rows", "_shape", "model")

    _kind: type[Any]  # of what a step gives
    model: type[M]
    _shape: Shape
    _args: tuple[Any, ...]  # the values of all steps, in order
    _alias: str | None  # of the database that it was told to use
    _low: int  # the slice that it is
    _high: int | None
    _rows: list[R] | None
    _prefetch: tuple[Any, ...]  # what is loaded after the rows
    # The ForeignKey that leads back to the object that it was reached from, if one does; the object, a hint for
    # routers; what the relation is called there, and the step that would load it with the object.
    _instance: tuple[Any, Any, str | None, str] | None

    def _same(self, shape: Shape, args: tuple[Any, ...]) -> Any:
        """A query with another shape and the same of everything else."""
        query: Any = new(self._kind)
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
        keys, found, plain = tokens.conditions(expressions, keywords, self)
        return shape.grow((kind, negated, keys, found)), self._args + plain

    def takes_whole(self, path: str) -> bool:
        """Whether a list or dict that a path is compared with is one value."""
        return takes_whole(self.model, path, self._shape.fields)

    def key_of(self, path: str) -> str:
        """The attribute of an object that a path is compared with."""
        return key_of(resolve(self.model, path, computed=self._shape.fields).field)

    # ---- steps ------------------------------------------------------------------------------------------------------

    def all(self) -> Self:
        """The same query, without its rows: it runs again."""
        return self._same(self._shape, self._args)  # type: ignore[no-any-return] # _same keeps the type

    def filter(self, *expressions: Any, **keywords: Any) -> Self:
        """The rows to which all of the conditions apply: keywords as `price__gte=10`, Qs, SQLAlchemy conditions.

        Raises FieldError for a name that is wrong, with those that exist.
        """
        self._whole("filter")
        shape, args = self._conditions("filter", False, expressions, keywords)
        return self._same(shape, args)  # type: ignore[no-any-return] # the same

    def exclude(self, *expressions: Any, **keywords: Any) -> Self:
        """The rows to which not all of the conditions apply at once."""
        self._whole("filter")
        shape, args = self._conditions("filter", True, expressions, keywords)
        return self._same(shape, args)  # type: ignore[no-any-return] # the same

    def complex_filter(self, condition: Any) -> Self:
        """As `filter`, of a Q or of a dict of keywords, as `limit_choices_to` has them."""
        return self.filter(**condition) if isinstance(condition, dict) else self.filter(condition)

    def none(self) -> Self:
        """No rows."""
        return self._step(("none",))  # type: ignore[no-any-return] # the same

    def order_by(self, *names: str | Term | Ordered) -> Self:
        """In the order of these fields, descending with "-" before the name, at random for "?"; no names, no order.

        Expressions take part as they are or with a direction: `order_by(db.F("stock").desc(nulls_last=True))`.
        """
        self._whole("reorder")
        terms, values = order_terms(names)
        return self._step(("order", terms), values)  # type: ignore[no-any-return] # the same

    def annotate(self, *aggregates: Term, **named: Any) -> Self:
        """With values that the database computes for each row, as attributes: `annotate(n=db.Count("products"))`.

        Filters, orders and further annotations may use their names. After `values()`, aggregates are of groups of rows
        that are equal in the fields named there.
        """
        return self._annotated(aggregates, named, shown=True)  # type: ignore[no-any-return] # the same

    def alias(self, *aggregates: Term, **named: Any) -> Self:
        """As `annotate`, for use in further steps only: the results don't have it."""
        return self._annotated(aggregates, named, shown=False)  # type: ignore[no-any-return] # the same

    def _annotated(self, aggregates: tuple[Term, ...], named: dict[str, Any], *, shown: bool) -> Any:
        self._whole("annotate")
        names, keys, values = annotations(aggregates, named)
        return self._step(("annotate", names, keys, shown), values)

    def reverse(self) -> Self:
        """In the opposite order; without any order, as before."""
        self._whole("reverse")
        return self._step(("reverse",))  # type: ignore[no-any-return] # the same

    def distinct(self) -> Self:
        """Each different row once. Columns that it is ordered by count as part of the row."""
        self._whole("make distinct")
        return self._step(("distinct",))  # type: ignore[no-any-return] # the same

    def select_related(self, *names: str | None) -> Self:
        """Load related objects by the same query, as `category__parent`; without names, those that cannot be null.

        None forgets what was asked for.
        """
        return self._step(("related", names))  # type: ignore[no-any-return] # the same

    def prefetch_related(self, *lookups: "str | Prefetch[Any] | None") -> Self:
        """Load related objects too, by one more query for each of these relations: `prefetch_related("tags")`.

        Names go on across relations (`books__tags`); a `Prefetch` says which objects. None forgets what was asked for.
        """
        query = self._same(self._shape, self._args)
        query._prefetch = () if lookups == (None,) else (*self._prefetch, *lookups)
        return query  # type: ignore[no-any-return] # the same

    def only(self, *names: str) -> Self:
        """Objects with these fields, and their key; the others are loaded when they are touched."""
        return self._step(("only", names))  # type: ignore[no-any-return] # the same

    def defer(self, *names: str | None) -> Self:
        """Objects without these fields, which are loaded when they are touched; None loads all again."""
        return self._step(("defer", () if names == (None,) else names))  # type: ignore[no-any-return] # the same

    def fetch_mode(self, mode: FetchMode) -> Self:
        """What touching a relation or field that is not loaded does.

        With FETCH_PEERS, which is the default, it is loaded for all objects of the result by one query; with FETCH_ONE
        for the one that is touched; with RAISE it is an error.
        """
        return self._step(("mode", mode.value))  # type: ignore[no-any-return] # the same

    def sticking(self, **keywords: Any) -> Self:
        """As `filter`, and the next filter is about the same related rows; for managers of relations."""
        shape, args = self._conditions("stick", False, (), keywords)
        return self._same(shape, args)  # type: ignore[no-any-return] # the same

    def keyed(self, name: str, path: str) -> Self:
        """As `annotate(name=F(path))`, of a path that may be hidden; for prefetch_related."""
        return self._step(("annotate", (name,), (("F", path),), True))  # type: ignore[no-any-return] # the same

    def using(self, alias: str | None) -> Self:
        """From the database of this alias; None leaves it to the routers."""
        query = self._same(self._shape, self._args)
        query._alias = alias
        return query  # type: ignore[no-any-return] # the same

    def union(self, *others: "Query[Any, Any]", all: bool = False) -> Self:  # noqa: A002 - Django's name
        """The rows of this query and of others, each once, or with `all` as often as they are found."""
        return self._combined("union_all" if all else "union", others)

    def intersection(self, *others: "Query[Any, Any]") -> Self:
        """The rows that all of the queries have, each once."""
        return self._combined("intersection", others)

    def difference(self, *others: "Query[Any, Any]") -> Self:
        """The rows that the others don't have, each once."""
        return self._combined("difference", others)

    def _combined(self, kind: str, others: "tuple[Query[Any, Any], ...]") -> Self:
        shape, args = self._ends()
        parts = [other._ends() for other in others]
        op: Op = ("combine", kind, tuple(part[0] for part in parts))
        values = tuple(value for part in parts for value in part[1])
        query = self._same(shape.next.get(op) or shape.grow(op), args + values)
        query._low, query._high = 0, None
        return query  # type: ignore[no-any-return] # the same

    def select_for_update(self, *, nowait: bool = False, skip_locked: bool = False, of: Sequence[str] = ()) -> Self:
        """Lock the rows until the transaction ends, which must have begun. SQLite locks everything anyway.

        A row that is locked already is waited for; with `nowait` it raises LockNotAvailable, with `skip_locked` it is
        left out. `of` names which rows: "self" and relations of `select_related`; all that cannot be null otherwise.
        """
        if nowait and skip_locked:
            raise FieldError("select_for_update() takes nowait or skip_locked, not both")
        return self._step(("lock", skip_locked, nowait, tuple(of)))  # type: ignore[no-any-return] # the same

    def _whole(self, verb: str) -> None:
        if self._high is not None or self._low:
            raise TypeError(f"Cannot {verb} a query once a slice has been taken.")

    def _ends(self) -> tuple[Shape, tuple[Any, ...]]:
        """The shape and the values with the slice."""
        shape, args = self._shape, self._args
        if self._high is None and not self._low:
            return shape, args
        op: Op = ("slice", self._high is not None)
        args += (self._low,) if self._high is None else (self._high - self._low, self._low)
        return shape.next.get(op) or shape.grow(op), args

    def _makes_objects(self) -> bool:
        return all(op[0] not in ("values", "list") for op in self._shape.ops())

    @property
    def single(self) -> bool:
        """Whether it is a slice of one row."""
        return self._high is not None and self._high - self._low == 1

    def as_subquery(self) -> tuple[Shape, tuple[Any, ...]]:
        """The shape and the values, for a query around this one."""
        shape, args = self._ends()
        told = self._alias is not None and self._alias.__class__ is str  # and not just where an object came from
        return (shape.grow(("using", self._alias)) if told else shape), args

    def related_to(self, field: "ForeignKey[Any]", instance: Any) -> Self:
        """The rows whose `field` points to `instance`; what `create()` makes points to it too."""
        nowhere = field.to_field is not None and getattr(instance, field.remote) in (None, "")
        query = self.none() if nowhere else self.filter(**{field.name: instance})
        query._instance = (field, instance, field.accessor, "prefetch_related")
        return query
