"""Aggregates: one value out of many rows, for `aggregate()` and, per row or group, for `annotate()`."""

from collections.abc import Hashable
from typing import Any

from spruce.db.expressions import Q, Term
from spruce.db.tokens import as_type, operand, token
from spruce.errors import FieldError

__all__ = ["Aggregate", "Avg", "Count", "Max", "Min", "StdDev", "Sum", "Variance"]


class Aggregate(Term):
    """One value out of all rows of a query or of a group; rows where the field is null don't count.

    It takes the name of a field, which may cross relations, or an expression. `filter`, a Q, says which rows count, and
    `default` what is given when there are none; `output_field` reads the result as another type.
    """

    __slots__ = ("field", "plain", "sample")
    function = ""

    def __init__(
        self,
        field: str | Term,
        *,
        distinct: bool = False,
        filter: Q | Term | None = None,  # noqa: A002 - Django's name
        default: Any = None,
        output_field: Any = None,
    ) -> None:
        if not isinstance(field, str | Term):
            raise TypeError(f"{type(self).__name__}() takes the name of a field, not {field!r}")
        self.field = field
        inner: Hashable = None
        values: tuple[Any, ...] = ()
        if field != "*":
            inner, values = operand(field)
        condition, found = self._filter(filter)
        given = None if default is None else type(default)
        self.plain = ("aggregate", self._function(), inner, distinct, condition, given)
        self.key = as_type(self.plain, output_field)  # type: ignore[assignment] # a key is a tuple
        self.values = values + found + (() if default is None else (default,))

    def _function(self) -> str:
        return self.function

    def _filter(self, condition: Q | Term | None) -> tuple[Hashable, tuple[Any, ...]]:
        if condition is None:
            return None, ()
        if isinstance(condition, Term):
            condition = Q(condition)
        if not isinstance(condition, Q):
            raise FieldError(f"{type(self).__name__}(filter={condition!r}) takes a Q, as: filter=db.Q(price__gt=5)")
        return token(condition)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.field!r}{', distinct=True' if self.plain[3] else ''})"

    @property
    def of_nothing(self) -> Any:
        """The value that it has where there are no rows."""
        return self.values[-1] if self.plain[5] is not None else 0 if self.function == "count" else None

    @property
    def default_alias(self) -> str:
        """The name of the result when none is given: `price__avg`."""
        if not isinstance(self.field, str):
            return super().default_alias
        return f"{self.field}__{self.function}"


class Count(Aggregate):
    """How many rows, or different values with `distinct`; `"*"` counts all rows."""

    __slots__ = ()
    function = "count"

    @property
    def default_alias(self) -> str:
        """`__count` for all rows, as Django has it."""
        return "__count" if self.field == "*" else super().default_alias


class Sum(Aggregate):
    """The sum; None when there are no rows."""

    __slots__ = ()
    function = "sum"


class Avg(Aggregate):
    """The mean: a float, or a Decimal of a DecimalField; None when there are no rows."""

    __slots__ = ()
    function = "avg"


class Min(Aggregate):
    """The smallest; None when there are no rows."""

    __slots__ = ()
    function = "min"


class Max(Aggregate):
    """The largest; None when there are no rows."""

    __slots__ = ()
    function = "max"


class StdDev(Aggregate):
    """The standard deviation, as a float: of all there are, or with `sample` of a sample of them."""

    __slots__ = ()
    function = short = "stddev"

    def __init__(self, field: str | Term, *, sample: bool = False, **options: Any) -> None:
        self.sample = sample
        super().__init__(field, **options)

    def _function(self) -> str:
        return f"{self.short}_{'samp' if self.sample else 'pop'}"


class Variance(StdDev):
    """The variance, as a float: of all there are, or with `sample` of a sample of them."""

    __slots__ = ()
    function = "variance"
    short = "var"
