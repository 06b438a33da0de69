"""What stands in a query beside plain values: conditions (Q), columns of the same row (F), and aggregates.

They are values without a database: frozen, hashable by what they say and not by the values in them.
"""

from collections.abc import Hashable, Iterator
from typing import Any, Literal

__all__ = ["Aggregate", "Avg", "Count", "F", "Max", "Min", "Q", "Sum"]

Connector = Literal["AND", "OR", "XOR"]


class Q:
    """A condition: keywords as `filter()` takes them, combined by `&`, `|`, `^` and `~`.

    `Q(price__lt=5) | ~Q(category__name="toys")`. Children given by position may be Qs or SQLAlchemy conditions.
    """

    __slots__ = ("children", "connector", "negated")

    def __init__(self, *children: Any, **keywords: Any) -> None:
        self.children: tuple[Any, ...] = (*children, *keywords.items())
        self.connector: Connector = "AND"
        self.negated = False

    def __repr__(self) -> str:
        inner = f" {self.connector} ".join(
            f"{child[0]}={child[1]!r}" if isinstance(child, tuple) else repr(child) for child in self.children
        )
        return f"<Q: {'NOT ' if self.negated else ''}({inner})>"

    def __bool__(self) -> bool:
        return bool(self.children)

    def _combine(self, other: object, connector: Connector) -> "Q":
        if not isinstance(other, Q):
            raise TypeError(
                f"a Q can be combined with another Q only, not with {type(other).__name__}: wrap it in Q(...)"
            )
        if not other.children or not self.children:
            return other if not self.children else self
        combined = Q(self, other)
        combined.connector = connector
        return combined

    def __and__(self, other: object) -> "Q":
        return self._combine(other, "AND")

    def __or__(self, other: object) -> "Q":
        return self._combine(other, "OR")

    def __xor__(self, other: object) -> "Q":
        return self._combine(other, "XOR")

    def __invert__(self) -> "Q":
        inverse = Q(*self.children)
        inverse.connector = self.connector
        inverse.negated = not self.negated
        return inverse


class F:
    """A column of the row that the database is looking at, and arithmetic on it: `F("stock") - 1`.

    A name may cross relations (`F("category__id")`), except in `update()`.
    """

    __slots__ = ("key", "values")

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"F() takes the name of a field, not {name!r}")
        self.key: tuple[Hashable, ...] = ("F", name)
        self.values: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        return f"<F: {_spell(self.key, iter(self.values))}>"

    def _combine(self, operator: str, other: Any, *, swapped: bool = False) -> "F":
        key: Hashable = other.key if isinstance(other, F) else ("value", type(other))
        values = other.values if isinstance(other, F) else (other,)
        combined = F.__new__(F)
        combined.key = (operator, key, self.key) if swapped else (operator, self.key, key)
        combined.values = values + self.values if swapped else self.values + values
        return combined

    def __add__(self, other: object) -> "F":
        return self._combine("+", other)

    def __sub__(self, other: object) -> "F":
        return self._combine("-", other)

    def __mul__(self, other: object) -> "F":
        return self._combine("*", other)

    def __truediv__(self, other: object) -> "F":
        return self._combine("/", other)

    def __mod__(self, other: object) -> "F":
        return self._combine("%", other)

    def __neg__(self) -> "F":
        return self._combine("*", -1)

    def __radd__(self, other: object) -> "F":
        return self._combine("+", other, swapped=True)

    def __rsub__(self, other: object) -> "F":
        return self._combine("-", other, swapped=True)

    def __rmul__(self, other: object) -> "F":
        return self._combine("*", other, swapped=True)

    def __rtruediv__(self, other: object) -> "F":
        return self._combine("/", other, swapped=True)


def _spell(key: Any, values: Iterator[Any]) -> str:
    if key[0] == "F":
        return str(key[1])
    if key[0] == "value":
        return repr(next(values))
    return f"({_spell(key[1], values)} {key[0]} {_spell(key[2], values)})"


class Aggregate:
    """One value out of all rows of a query, for `aggregate()`; rows where the field is null don't count."""

    __slots__ = ("distinct", "field")
    function = ""

    def __init__(self, field: str, *, distinct: bool = False) -> None:
        if not isinstance(field, str):
            raise TypeError(f"{type(self).__name__}() takes the name of a field, not {field!r}")
        self.field = field
        self.distinct = distinct

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.field!r}{', distinct=True' if self.distinct else ''})"

    @property
    def default_alias(self) -> str:
        """The name of the result when none is given: `price__avg`."""
        return f"{self.field}__{self.function}"

    @property
    def key(self) -> tuple[str, str, bool]:
        """What it asks for."""
        return self.function, self.field, self.distinct


class Count(Aggregate):
    """How many rows; `"*"` counts them all."""

    function = "count"

    @property
    def default_alias(self) -> str:
        """`__count` for all rows, as Django has it."""
        return "__count" if self.field == "*" else super().default_alias


class Sum(Aggregate):
    """The sum; None when there are no rows."""

    function = "sum"


class Avg(Aggregate):
    """The mean: a float, or a Decimal of a DecimalField; None when there are no rows."""

    function = "avg"


class Min(Aggregate):
    """The smallest; None when there are no rows."""

    function = "min"


class Max(Aggregate):
    """The largest; None when there are no rows."""

    function = "max"
