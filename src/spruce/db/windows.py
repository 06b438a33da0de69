"""Window functions: what a row is among the others, `db.Window(db.Rank(), order_by="-price")`."""

from typing import Any

from spruce.db.expressions import Term
from spruce.db.frames import Frame
from spruce.db.functions import Function
from spruce.db.tokens import operand, order_terms
from spruce.errors import FieldError

__all__ = [
    "CumeDist",
    "DenseRank",
    "FirstValue",
    "Lag",
    "LastValue",
    "Lead",
    "NthValue",
    "Ntile",
    "PercentRank",
    "Rank",
    "RowNumber",
    "Window",
]


class RowNumber(Function):
    """In a Window: the number of the row, from 1."""

    __slots__ = ()
    function = "row_number"
    least = most = 0


class Rank(Function):
    """In a Window: one more than there are rows before it; equal rows have the same."""

    __slots__ = ()
    function = "rank"
    least = most = 0


class DenseRank(Function):
    """In a Window: as Rank, without gaps."""

    __slots__ = ()
    function = "dense_rank"
    least = most = 0


class Ntile(Function):
    """In a Window: which of `num_buckets` parts of the same size the row is in, from 1."""

    __slots__ = ()
    function = "ntile"
    least = most = 0

    def __init__(self, num_buckets: int = 1) -> None:
        if not isinstance(num_buckets, int) or num_buckets < 1:
            raise FieldError(f"Ntile({num_buckets!r}) takes a number of parts, 1 or more")
        self._make((), num_buckets)


class Lag(Function):
    """In a Window: the value of the row `offset` rows before; `default` or null where there is none."""

    __slots__ = ()
    function = "lag"
    least, most = 1, 2

    def __init__(self, expression: Any, offset: int = 1, default: Any = None) -> None:
        if not isinstance(offset, int) or offset < 1:
            raise FieldError(f"{type(self).__name__}(…, {offset!r}) takes a number of rows, 1 or more")
        self._make((expression,) if default is None else (expression, default), offset)


class Lead(Lag):
    """In a Window: the value of the row `offset` rows behind; `default` or null where there is none."""

    __slots__ = ()
    function = "lead"


class FirstValue(Function):
    """In a Window: the value of its first row."""

    __slots__ = ()
    function = "first_value"


class LastValue(Function):
    """In a Window: the value of its last row, which with an order is the row itself."""

    __slots__ = ()
    function = "last_value"


class NthValue(Function):
    """In a Window: the value of its row of this number, from 1; null where there is none."""

    __slots__ = ()
    function = "nth_value"

    def __init__(self, expression: Any, nth: int = 1) -> None:
        if not isinstance(nth, int) or nth < 1:
            raise FieldError(f"NthValue(…, {nth!r}) takes the number of a row, 1 or more")
        self._make((expression,), nth)


class CumeDist(Function):
    """In a Window: the part of the rows that are not behind the row, from 0 to 1."""

    __slots__ = ()
    function = "cume_dist"
    least = most = 0


class PercentRank(Function):
    """In a Window: the part of the other rows that are before the row, from 0 to 1."""

    __slots__ = ()
    function = "percent_rank"
    least = most = 0


class Window(Term):
    """A function or aggregate over the rows around each row: those that are equal in `partition_by`, in `order_by`.

    `frame` is a RowRange or a ValueRange of those rows. Filters that name it choose among the rows that it has seen.
    """

    __slots__ = ()

    def __init__(
        self, expression: Term, *, partition_by: Any = None, order_by: Any = None, frame: Frame | None = None
    ) -> None:
        if not isinstance(expression, Term):
            raise FieldError(f"Window({expression!r}) takes a function or an aggregate, as db.RowNumber()")
        parts = [operand(each) for each in _listed(partition_by)]
        orders, ordered = order_terms(_terms(each) for each in _listed(order_by))
        self.key = ("window", expression.key, tuple(part[0] for part in parts), orders, frame and frame.key)
        self.values = expression.values + tuple(value for part in parts for value in part[1]) + ordered


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _terms(value: Any) -> Any:
    """A name with a minus as an order."""
    if not isinstance(value, str):
        return value
    made = Term.of(("F", value.lstrip("-")), ())
    return made.desc() if value.startswith("-") else made.asc()
