"""The trie of query shapes: what queries have in common when only their values differ.

Each step of a QuerySet (`filter(price__gt=…)`, `order_by("name")`) is an *op*: a small hashable tuple of names and
types that never holds a value. A query's shape is the path of its ops from the model's root, so a repeated query finds
its shape by one dictionary look-up per step, and on it the finished `Plan`, made once per dialect. Values travel
beside it.

Shapes are bounded: past `MAX_SHAPES` those that were not used since the last clearing go, never many at once. A
QuerySet that holds a cleared shape still works; the next one like it grows a new shape.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from spruce.db.checking import check_op
from spruce.db.records import Record
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.fields import Field

__all__ = ["MAX_SHAPES", "Op", "Plan", "Shape"]

MAX_SHAPES = 2000
"""How many shapes a model keeps."""

_NOT_COMBINED = frozenset(
    {"filter", "get", "stick", "annotate", "distinct", "related", "only", "defer"} | {"update", "delete", "aggregate"}
)

Op = tuple[Hashable, ...]
_GET: tuple[Hashable, ...] = ("get", False, (), ())  # without conditions
Values = tuple[Any, ...]


class Plan:
    """A query shape made ready for one dialect.

    `bind` turns the query's values into the driver's parameters; None when they are the same. `load` turns the driver's
    rows into results. `seconds` is the time that the query takes, on average.
    """

    __slots__ = ("bind", "load", "returns_rows", "seconds", "sql")

    def __init__(
        self,
        sql: str,
        bind: Callable[[Values], Values] | None,
        load: Callable[[list[Any], str], list[Any]] | None,
    ) -> None:
        self.sql = sql
        self.bind = bind
        self.load = load
        self.returns_rows = load is not None
        self.seconds = 0.0


class Shape:
    """A node of the trie: the query of `parent` with `op` added."""

    __slots__ = ("aliases", "empty", "fields", "model", "next", "op", "parent", "plans", "root", "size", "used")

    def __init__(
        self,
        model: type[Record],
        parent: "Shape | None" = None,
        op: Op = (),
        fields: "Mapping[str, Field[Any]] | None" = None,
    ) -> None:
        self.model = model
        self.fields = fields or {}  # of the annotations, by name
        self.parent = parent
        self.op = op
        self.next: dict[Op, Shape] = {}
        self.plans: dict[str, Plan] = {}
        self.root: Shape = parent.root if parent else self
        self.size = 0  # of the trie, counted in the root
        self.used = True
        # the databases that subqueries were told to use
        self.aliases: frozenset[str] = parent.aliases if parent else frozenset()
        self.aliases |= frozenset({str(op[1])}) if op[:1] == ("using",) else _aliases_in(op)
        self.empty = parent is not None and _is_empty(parent, op)  # whether no row can fit

    def grow(self, op: Op) -> "Shape":
        """Return the shape that `op` leads to, made if need be. Raises FieldError for names that are wrong."""
        known = self.next.get(op)
        if known is not None:
            return known
        if op[0] in _NOT_COMBINED and op != _GET and any(each[0] == "combine" for each in self.ops()):
            raise FieldError(
                f"{op[0]} after union(), intersection() or difference() is not supported",
                hint="Take this step before, on each of the queries.",
            )
        fields = check_op(self.model, self.fields, op)
        root = self.root
        root.size += 1
        if root.size > MAX_SHAPES:
            root.size -= root.clear_unused(1 + MAX_SHAPES // 4)
        return self.next.setdefault(
            op, Shape(self.model, self, op, fields)
        )  # setdefault: two OS threads get the same one

    def clear_unused(self, most: int) -> int:
        """Drop leaves below that were not used since the last call, `most` of them at most; return how many."""
        dropped = 0
        for op, shape in list(self.next.items()):
            if dropped >= most:
                break
            dropped += shape.clear_unused(most - dropped)
            if not shape.next and not shape.used and self.next.pop(op, None) is not None:
                dropped += 1
            shape.used = False
        return dropped

    def refers_out(self) -> bool:
        """Whether something in the query names a column of the query around it."""
        return any(_refers_out(op) for op in self.ops())

    def ops(self) -> list[Op]:
        """The ops from the root to here."""
        return [shape.op for shape in self._upwards()][::-1]

    def _upwards(self) -> "Iterator[Shape]":
        shape: Shape | None = self
        while shape is not None and shape.parent is not None:
            yield shape
            shape = shape.parent


def _aliases_in(part: Any) -> frozenset[str]:
    """The aliases of the subqueries in an op, or in a part of one."""
    if isinstance(part, Shape):
        return part.aliases
    return frozenset().union(*map(_aliases_in, part)) if isinstance(part, tuple) else frozenset()


def _is_empty(before: Shape, op: Op) -> bool:
    """Whether a step leaves no rows whatever the database holds: `none()`, or a value that is in an empty list.

    An aggregate of no rows is a row.
    """
    if op[0] == "combine":
        others = [shape.empty for shape in op[2]]  # type: ignore[attr-defined] # the shapes of the other queries
        return _EMPTY_IF[str(op[1])](before.empty, others)
    if op[0] in ("filter", "get", "stick") and not op[1]:
        return before.empty or any(map(_fits_nothing, op[2], op[3]))  # type: ignore[call-overload] # keys and tokens
    return op[0] == "none" or (before.empty and op[0] != "aggregate")


_EMPTY_IF: dict[str, Callable[[bool, list[bool]], bool]] = {
    "union": lambda first, others: first and all(others),
    "union_all": lambda first, others: first and all(others),
    "intersection": lambda first, others: first or any(others),
    "difference": lambda first, others: first,
}


def _fits_nothing(key: str | None, token: Any) -> bool:
    return key is not None and key.endswith("__in") and getattr(token, "length", None) == 0


def _refers_out(part: Any) -> bool:
    if isinstance(part, Shape):
        return part.refers_out()
    return isinstance(part, tuple) and (part[:1] == ("outer",) or any(map(_refers_out, part)))
