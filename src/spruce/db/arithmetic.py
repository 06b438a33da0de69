"""F expressions as SQL, exact for decimals on SQLite too.

SQLite keeps a decimal as a whole number of its column's smallest unit. So two amounts of different units are brought
to one unit before they meet, and what an amount is multiplied with or divided by stays a plain number; where the
result has to be rounded (halves away from zero, as PostgreSQL does), the function `spruce_scale` of our driver
computes it.
"""

import datetime as dt
import operator
from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlalchemy.types import TypeEngine

from spruce.db.amounts import rescale
from spruce.db.formed import Formed
from spruce.db.joins import Parameters
from spruce.db.types import MYSQL, Day, ExactDecimal, Moment, Span
from spruce.errors import FieldError

__all__ = ["Arithmetic", "check_amounts"]

Column = sa.ColumnElement[Any]

_TYPES: dict[Hashable, TypeEngine[Any]] = {
    int: sa.BigInteger(),
    float: sa.Double(),
    str: sa.String(),
    bool: sa.Boolean(),
    dt.datetime: Moment(),
}


_TIMES: dict[Hashable, TypeEngine[Any]] = {dt.datetime: Moment(), dt.date: Day(), dt.timedelta: Span()}


class Around(Protocol):
    """What arithmetic asks of the terms that it is part of."""

    parameters: Parameters
    dialect: sa.Dialect

    def sql(self, key: Any) -> Column:
        """The SQL of a key."""
        ...

    def output(self, key: Any) -> Any:
        """The SQL type of what a key gives."""
        ...


class Arithmetic:
    """Turns terms that two others were combined to into SQL, inside of one query."""

    def __init__(self, terms: Around) -> None:
        self.terms = terms
        self.parameters = terms.parameters
        self.dialect = terms.dialect

    def sql(self, key: Any) -> Column:
        """The SQL of a sign with what stands left and right of it; their values become the next parameters."""
        sign, left, right = key
        if left[0] == "value":
            make = self._value(sign, left[1], right)
            return self._combine(sign, make(), self.terms.sql(right))
        first = self.terms.sql(left)
        if right[0] == "value":
            return self._with_value(sign, first, right[1])
        return self._combine(sign, first, self.terms.sql(right))

    def _value(self, sign: str, token: Hashable, other: Any) -> Callable[[], Column]:
        """What makes the parameter for a value that stands left of `other`."""
        amount = self.terms.output(other)
        if token in _TIMES:
            return lambda: self.parameters.add(_TIMES[token], token)
        if isinstance(amount, ExactDecimal) and sign in "+-":
            return lambda: self.parameters.add(amount, token)
        if isinstance(amount, ExactDecimal) and sign == "/":
            raise FieldError("a value cannot be divided by a decimal column in SQL", hint="Compute it in Python.")
        return lambda: self.parameters.add(_TYPES.get(token, ExactDecimal(18, 6)), token)

    def _with_value(self, sign: str, left: Column, token: Hashable) -> Column:
        amount = left.type
        if isinstance(amount, Moment | Day | Span) and token in _TIMES:
            return self._combine(sign, left, self.parameters.add(_TIMES[token], token))
        if not isinstance(amount, ExactDecimal):
            same = token is Decimal or (sign in "+-" and token is not float)
            kind = amount if same else _TYPES.get(token, amount)
            return self._combine(sign, left, self.parameters.add(kind, token))
        if sign in "+-":
            return self._combine(sign, left, self.parameters.add(amount, token))
        if self.dialect.name != "sqlite":
            return _rounded(left.op(sign)(self.parameters.add(sa.Numeric(), token)), amount)
        if sign == "*" and token is int:
            return self._combine(sign, left, self.parameters.add(sa.BigInteger(), token))
        factor = self.parameters.add(sa.String(), None, _number_text)
        return sa.func.spruce_scale(sa.type_coerce(left, sa.Integer()), sign, factor, type_=amount)

    def _combine(self, sign: str, left: Column, right: Column) -> Column:
        if sign in "+-" and any(isinstance(each.type, Moment | Day) for each in (left, right)):
            return _in_time(sign, left, right)
        if sign in _SPELLED:
            result = sa.Double() if sign == "**" else left.type
            return sa.type_coerce(_SPELLED[sign](_plain(left), _plain(right), self.dialect.name), result)
        left_exact, right_exact = isinstance(left.type, ExactDecimal), isinstance(right.type, ExactDecimal)
        if sign in "+-" and (left_exact or right_exact):
            amount = max((c.type for c in (left, right) if isinstance(c.type, ExactDecimal)), key=lambda t: t.places)
            left, right = rescale(left, amount, self.dialect), rescale(right, amount, self.dialect)
            return sa.type_coerce(_plain(left).op(sign)(_plain(right)), amount)
        if left_exact and right_exact and self.dialect.name == "sqlite":
            raise FieldError(
                f"two decimal columns cannot be combined by {sign!r} on SQLite", hint="Compute it in Python."
            )
        if left_exact and self.dialect.name == "sqlite" and (sign == "/" or not isinstance(right.type, sa.Integer)):
            whole, other = sa.type_coerce(left, sa.Integer()), sa.cast(right, sa.String())
            return sa.func.spruce_scale(whole, sa.literal_column(f"'{sign}'"), other, type_=left.type)
        result = left.type if left_exact or not right_exact else right.type
        if sa.Double in map(type, (left.type, right.type)) and not (left_exact or right_exact):
            result = sa.Double()
        if isinstance(result, ExactDecimal) and sign in "*/" and self.dialect.name != "sqlite":
            factors = [sa.cast(c, sa.Numeric()) if isinstance(c.type, sa.Double) else _plain(c) for c in (left, right)]
            return _rounded(factors[0].op(sign)(factors[1]), result)
        if sign == "/" and self.dialect.name in MYSQL and isinstance(result, sa.Integer):
            sign = "DIV"  # whose "/" gives a fraction
        return sa.type_coerce(_plain(left).op(sign)(_plain(right)), result)


def _in_time(sign: str, left: Column, right: Column) -> Column:
    """A moment and a length of time, or the time between two moments; a date counts from its midnight in UTC."""
    if sign == "+" and isinstance(left.type, Span):
        left, right = right, left
    if isinstance(left.type, Span) or (sign == "+" and not isinstance(right.type, Span)):
        raise FieldError(f"{left} {sign} {right} has no meaning", hint="To a moment, a timedelta can be added.")
    left, right = _midnight(left), _midnight(right)
    if isinstance(right.type, Span):
        return sa.type_coerce(Formed("later" if sign == "+" else "earlier", left, right), Moment())
    return sa.type_coerce(Formed("between", left, right), Span())


def _midnight(column: Column) -> Column:
    return sa.type_coerce(Formed("midnight", column), Moment()) if isinstance(column.type, Day) else column


def _power(left: Column, right: Column, dialect: str) -> Column:
    return sa.func.power(*(sa.cast(each, sa.Double()) for each in (left, right)))


def _either(left: Column, right: Column, dialect: str) -> Column:
    """XOR, which SQLite has no sign for."""
    if dialect == "sqlite":
        return left.op("|")(right).self_group() - left.op("&")(right).self_group()
    return left.op("#" if dialect == "postgresql" else "^")(right)


def _signed(sign: str) -> Callable[[Column, Column, str], Column]:
    return lambda left, right, dialect: left.op(sign)(right).self_group()


def _shifted(sign: str) -> Callable[[Column, Column, str], Column]:
    """PostgreSQL shifts by its plain integers only."""

    def spelled(left: Column, right: Column, dialect: str) -> Column:
        if dialect == "postgresql":
            left, right = sa.cast(left, sa.BigInteger()), sa.cast(right, sa.Integer())
        return left.op(sign)(right).self_group()

    return spelled


_SPELLED: dict[str, Callable[[Column, Column, str], Column]] = {
    "**": _power,
    "^": _either,
    **{sign: _signed(sign) for sign in ("&", "|")},
    **{sign: _shifted(sign) for sign in ("<<", ">>")},
}
"""Signs that are not spelled alike everywhere, or have no amounts."""


def _rounded(column: Column, amount: ExactDecimal) -> Column:
    """The column in the unit of an amount, as SQLite's driver rounds it."""
    return sa.type_coerce(sa.func.round(column, sa.literal_column(str(amount.places))), amount)


def _plain(column: Column) -> Column:
    """The column without a type that would change how SQLAlchemy spells an operator."""
    return column.self_group() if isinstance(column, sa.sql.elements.BinaryExpression) else column


def _number_text(value: Decimal | float) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def check_amounts(clause: sa.ClauseElement, dialect: sa.Dialect) -> None:
    """Refuse SQLAlchemy expressions that would mix amounts of different units on SQLite. Raises FieldError."""
    if dialect.name != "sqlite":
        return
    for element in visitors.iterate(clause):
        if not isinstance(element, sa.sql.elements.BinaryExpression):
            continue
        if _units_differ(element.operator, element.left.type, element.right.type):
            raise FieldError(
                f"{element} has decimal columns of different units, which SQLite cannot compare",
                hint='Use keywords and F: filter(price__gt=db.F("cost")).',
            )


_FACTORS = (operator.mul, operator.truediv, operator.floordiv, operator.mod)


def _units_differ(how: Any, left: TypeEngine[Any], right: TypeEngine[Any]) -> bool:
    if isinstance(left, ExactDecimal) and isinstance(right, ExactDecimal):
        return left.places != right.places or how in _FACTORS
    if how in _FACTORS or not (isinstance(left, ExactDecimal) or isinstance(right, ExactDecimal)):
        return False
    other = right if isinstance(left, ExactDecimal) else left
    return isinstance(other, sa.Numeric | sa.Integer | sa.Float)
