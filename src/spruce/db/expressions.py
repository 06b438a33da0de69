"""What stands in a query beside plain values: conditions (Q), columns of the same row (F), what is computed of them.

They are values without a database: frozen. A `Term` has a `key`, which says what it computes and is the same for all of
its form, and beside it the plain `values` in it, in the order in which they are written.
"""

from collections.abc import Hashable, Iterator
from typing import Any, Literal

__all__ = ["F", "Ordered", "Q", "Term"]

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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Q):
            return NotImplemented
        return (self.connector, self.negated, self.children) == (other.connector, other.negated, other.children)

    def __hash__(self) -> int:
        return hash((self.connector, self.negated, *map(repr, self.children)))

    def _combine(self, other: object, connector: Connector) -> "Q":
        if isinstance(other, Term):
            other = Q(other)
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


class Term:
    """Something that the database computes for each row; `+ - * / % **` combine it with values and other terms.

    What is true or false can be combined as a Q is, by `& | ^ ~`.
    """

    __slots__ = ("key", "values")
    key: tuple[Any, ...]  # hashable; what it computes, with the types of its values
    values: tuple[Any, ...]

    @staticmethod
    def of(key: tuple[Hashable, ...], values: tuple[Any, ...]) -> "Term":
        """The term that a key and its values make."""
        made = Term.__new__(Term)
        made.key = key
        made.values = values
        return made

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {_spell(self.key, iter(self.values))}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Term):
            return NotImplemented
        return (self.key, self.values) == (other.key, other.values)

    def __hash__(self) -> int:
        return hash((self.key, self.values))

    __iter__ = __contains__ = None  # which the next would make endless

    def __getitem__(self, place: "int | slice") -> "Term":
        """A part of a text, counted as Python does: `F("name")[:3]`; from its beginning on only."""
        first, last = (place.start or 0, place.stop) if isinstance(place, slice) else (place, place + 1)
        if (isinstance(place, slice) and place.step is not None) or first < 0 or (last is not None and last < 0):
            raise ValueError(f"{self!r} can be sliced from its beginning on only, without steps")
        if last is not None and last < first:
            raise ValueError(f"{self!r}[{first}:{last}] ends before it begins")
        counts = (first + 1,) if last is None else (first + 1, last - first)
        parts = (self.key, *(("value", int) for _ in counts))
        return Term.of(("call", "substr", parts, ()), (*self.values, *counts))

    @property
    def default_alias(self) -> str:
        """The name of the result when none is given. Raises TypeError for terms that have none."""
        raise TypeError(f"{self!r} needs a name: give it by a keyword")

    def asc(self, *, nulls_first: bool = False, nulls_last: bool = False) -> "Ordered":
        """For `order_by`: the smallest first; nulls where it is told, else where the database has them."""
        return Ordered(self, False, nulls_first, nulls_last)

    def desc(self, *, nulls_first: bool = False, nulls_last: bool = False) -> "Ordered":
        """For `order_by`: the largest first."""
        return Ordered(self, True, nulls_first, nulls_last)

    def _combine(self, operator: str, other: Any, *, swapped: bool = False) -> "Term":
        key: Hashable = other.key if isinstance(other, Term) else ("value", type(other))
        values = other.values if isinstance(other, Term) else (other,)
        combined = Term.__new__(F)
        combined.key = (operator, key, self.key) if swapped else (operator, self.key, key)
        combined.values = values + self.values if swapped else self.values + values
        return combined

    def __add__(self, other: object) -> "Term":
        return self._combine("+", other)

    def __sub__(self, other: object) -> "Term":
        return self._combine("-", other)

    def __mul__(self, other: object) -> "Term":
        return self._combine("*", other)

    def __truediv__(self, other: object) -> "Term":
        return self._combine("/", other)

    def __mod__(self, other: object) -> "Term":
        return self._combine("%", other)

    def __neg__(self) -> "Term":
        return self._combine("*", -1)

    def __pow__(self, other: object) -> "Term":
        return self._combine("**", other)

    def bitand(self, other: object) -> "Term":
        """The bits that both have."""
        return self._combine("&", other)

    def bitor(self, other: object) -> "Term":
        """The bits that either has."""
        return self._combine("|", other)

    def bitxor(self, other: object) -> "Term":
        """The bits that one of them has."""
        return self._combine("^", other)

    def bitleftshift(self, other: object) -> "Term":
        """The bits moved to the left."""
        return self._combine("<<", other)

    def bitrightshift(self, other: object) -> "Term":
        """The bits moved to the right."""
        return self._combine(">>", other)

    def __and__(self, other: object) -> Q:
        return Q(self)._combine(other, "AND")

    def __or__(self, other: object) -> Q:
        return Q(self)._combine(other, "OR")

    def __xor__(self, other: object) -> Q:
        return Q(self)._combine(other, "XOR")

    def __invert__(self) -> "Term":
        return Term.of(("not", self.key), self.values)

    def __radd__(self, other: object) -> "Term":
        return self._combine("+", other, swapped=True)

    def __rsub__(self, other: object) -> "Term":
        return self._combine("-", other, swapped=True)

    def __rmul__(self, other: object) -> "Term":
        return self._combine("*", other, swapped=True)

    def __rtruediv__(self, other: object) -> "Term":
        return self._combine("/", other, swapped=True)


class F(Term):
    """A column of the row that the database is looking at, and arithmetic on it: `F("stock") - 1`.

    A name may cross relations (`F("category__id")`), except in `update()`; or be one that `annotate()` gave.
    """

    __slots__ = ()

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"F() takes the name of a field, not {name!r}")
        self.key = ("F", name)
        self.values = ()


class Ordered:
    """A term to order by, with its direction; what `F("price").desc()` gives."""

    __slots__ = ("down", "nulls", "term")

    def __init__(self, term: Term, down: bool, nulls_first: bool, nulls_last: bool) -> None:
        if nulls_first and nulls_last:
            raise ValueError("nulls_first and nulls_last exclude each other: choose one")
        self.term = term
        self.down = down
        self.nulls = "first" if nulls_first else "last" if nulls_last else ""


_SIGNS = frozenset({"+", "-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>"})


def _spell(key: Any, values: Iterator[Any]) -> str:
    if key[0] == "F":
        return str(key[1])
    if key[0] == "value":
        return repr(next(values))
    if key[0] in _SIGNS:
        return f"({_spell(key[1], values)} {key[0]} {_spell(key[2], values)})"
    return " ".join(str(part) for part in key if isinstance(part, str))
