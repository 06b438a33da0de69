"""Ranges of PostgreSQL: from a lower to an upper bound, compared by what they have in common."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.types import TypeEngine

from spruce.db.arrays import operator
from spruce.db.dates import DateField, DateTimeField
from spruce.db.fields import Field, Unfit
from spruce.db.integers import BigIntegerField, IntegerField
from spruce.db.numbers import BooleanField, DecimalField
from spruce.db.patterns import Lookup
from spruce.db.tokens import Json
from spruce.db.types import Code, Coded, only_postgres

__all__ = [
    "BigIntegerRangeField",
    "DateRangeField",
    "DateTimeRangeField",
    "DecimalRangeField",
    "IntegerRangeField",
    "Range",
    "RangeField",
    "RangeOperators",
    "RangeType",
]

V = TypeVar("V")
Column = sa.ColumnElement[Any]

_TYPES: dict[str, type[TypeEngine[Any]]] = {
    "int4range": postgresql.INT4RANGE,
    "int8range": postgresql.INT8RANGE,
    "numrange": postgresql.NUMRANGE,
    "daterange": postgresql.DATERANGE,
    "tstzrange": postgresql.TSTZRANGE,
}


class RangeOperators:
    """PostgreSQL's operators by names, for an ExclusionConstraint."""

    EQUAL = "="
    NOT_EQUAL = "<>"
    CONTAINS = "@>"
    CONTAINED_BY = "<@"
    OVERLAPS = "&&"
    FULLY_LT = "<<"
    FULLY_GT = ">>"
    NOT_LT = "&>"
    NOT_GT = "&<"
    ADJACENT_TO = "-|-"


class RangeType(Coded):
    """A range, by the name of PostgreSQL's type."""

    cache_ok = True
    impl = sa.types.NullType

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """PostgreSQL's. Raises ModelError elsewhere."""
        only_postgres(dialect, "a field of ranges", "Elsewhere, use two fields.")
        return dialect.type_descriptor(_TYPES[self.name]())

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """The driver's range to SQLAlchemy's."""
        return "made({})", {"made": _made}

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """SQLAlchemy's range to the driver's."""
        return _given


def _made(found: Any) -> "Range[Any]":
    if found.isempty:
        return Range(empty=True)
    bounds: Any = ("[" if found.lower_inc else "(") + ("]" if found.upper_inc else ")")
    return Range(found.lower, found.upper, bounds=bounds)


def _given(value: "Range[Any]") -> Any:
    try:
        from asyncpg import Range as Sent  # the package is an extra
    except ModuleNotFoundError:
        from psycopg.types.range import Range as Other  # the same

        return Other(value.lower, value.upper, value.bounds, empty=value.isempty)
    if value.isempty:
        return Sent(empty=True)
    return Sent(value.lower, value.upper, lower_inc=value.bounds[0] == "[", upper_inc=value.bounds[1] == "]")


def _element_or_range(field: "RangeField[Any]", token: Any) -> Field[Any]:
    """What `contains` is given: a range, or one value."""
    if token in (Range, Json):
        return field
    made: Field[Any] = type(field).base()
    made.bind_to(field.model, field.name)
    return made


def _containing(column: Column, parameter: Column, dialect: str) -> Column:
    if isinstance(parameter.type, sa.Integer) and getattr(column.type, "name", "") == "int4range":
        parameter = sa.cast(parameter, sa.Integer())  # parameters are of 64 bits
    return column.op("@>", is_comparison=True, return_type=sa.Boolean())(parameter)


_LOOKUPS = {
    "contains": Lookup(_containing, None, _element_or_range),
    "contained_by": operator("<@"),
    "overlap": operator("&&"),
    "fully_lt": operator("<<"),
    "fully_gt": operator(">>"),
    "not_lt": operator("&>"),
    "not_gt": operator("&<"),
    "adjacent_to": operator("-|-"),
}


class RangeField(Field[V]):
    """What fields of ranges share. Values are `Range(lower, upper, bounds="[)")`, or pairs of bounds, None for none.

    Queries: `contains` (a range or one value), `contained_by`, `overlap`, `fully_lt`, `fully_gt`, `not_lt`, `not_gt`,
    `adjacent_to`, and of its parts `startswith`, `endswith`, `isempty`, `lower_inf`, `upper_inf`. PostgreSQL only.
    """

    what = "range"
    python = Range
    family = "range"
    listed = True
    sql_type: ClassVar[str] = ""
    base: ClassVar[Callable[[], Field[Any]]]
    lookups: ClassVar[Mapping[str, Lookup]] = MappingProxyType(_LOOKUPS)

    def column_type(self) -> TypeEngine[Any]:
        """The range of PostgreSQL's."""
        return RangeType(self.sql_type)

    def convert(self, value: Any) -> "Range[Any]":
        """Ranges and pairs; bounds as the field of one value converts them."""
        if isinstance(value, list | tuple) and len(value) == 2:
            value = Range(*value)
        if not isinstance(value, Range):
            raise Unfit("it is no range: use Range(lower, upper) or a pair")
        if value.isempty:
            return value
        field = type(self).base()
        field.bind_to(self.model, self.name)
        lower, upper = (field.clean(bound) if bound is not None else None for bound in (value.lower, value.upper))
        if lower is not None and upper is not None and lower > upper:
            raise Unfit("its lower bound is above the upper one")
        return Range(lower, upper, bounds=value.bounds)

    def part(self, name: str) -> "tuple[Field[Any], Callable[[Any], Any]] | None":
        """The bounds, and what is said of them."""
        if name in ("startswith", "endswith"):
            field = type(self).base()
            field.null = True
            function = sa.func.lower if name == "startswith" else sa.func.upper
            type_ = field.column_type()
            return field, lambda column: function(column, type_=type_)
        if name in ("isempty", "lower_inc", "lower_inf", "upper_inc", "upper_inf"):
            return BooleanField(null=True), lambda column: getattr(sa.func, name)(column, type_=sa.Boolean())
        return None


class IntegerRangeField(RangeField[Range[int]]):
    """A range of whole numbers of 32 bits."""

    sql_type = "int4range"
    base = IntegerField


class BigIntegerRangeField(RangeField[Range[int]]):
    """A range of whole numbers of 64 bits."""

    sql_type = "int8range"
    base = BigIntegerField


class DecimalRangeField(RangeField[Range[Decimal]]):
    """A range of decimal numbers of any size."""

    sql_type = "numrange"

    @staticmethod
    def base() -> Field[Any]:
        """A number of many digits."""
        return _AnyDecimal(max_digits=60, decimal_places=20)


class _AnyDecimal(DecimalField[Decimal]):
    """A decimal that keeps its places."""

    def clean(self, value: Any) -> Any:
        """As it is."""
        return self.comparable(value)

    def column_type(self) -> TypeEngine[Any]:
        """NUMERIC without limits."""
        return sa.Numeric()


class DateRangeField(RangeField[Range[dt.date]]):
    """A range of days."""

    sql_type = "daterange"
    base = DateField


class DateTimeRangeField(RangeField[Range[dt.datetime]]):
    """A range of moments."""

    sql_type = "tstzrange"
    base = DateTimeField
