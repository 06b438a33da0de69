"""SQL types that keep values exact: decimals without rounding, datetimes aware and in UTC, on every database.

SQLite has neither decimals nor dates. A decimal is stored there as a whole number of its smallest unit (19.90 with two
decimal places is 1990), so that it compares, sorts and sums exactly; dates and datetimes are ISO text, which sorts in
the order of time. A type may offer `read_code`: an expression that the generated loaders put in line, which saves a
function call for each value.
"""

import datetime as dt
import math
import operator
from collections.abc import Callable
from decimal import Context, Decimal
from functools import cache
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

from spruce.errors import ModelError

__all__ = [
    "EXACT",
    "MOST_KNOWN",
    "MYSQL",
    "Clock",
    "Coded",
    "Day",
    "ExactDecimal",
    "Moment",
    "Span",
    "aware",
    "only_postgres",
]

EXACT = Context(prec=100)
"""Arithmetic that does not round what any column can hold, whatever the program's own decimal context is."""

MYSQL = frozenset({"mariadb", "mysql"})
"""The names of two dialects that are alike in most."""

_LARGEST = 70
"""The power of ten that is beyond all amounts of SQLite and MariaDB."""

_MIDNIGHT = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - only its time of day counts
_SQLITE_DIGITS = 18  # what always fits into a 64-bit integer

Code = tuple[str, dict[str, object]]
"""An expression with `{}` for the database's value, and the names that it uses."""


def aware(moment: dt.datetime) -> dt.datetime:
    """Return the same moment in UTC; one without a time zone is taken to be in UTC already."""
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _utc_text(moment: dt.datetime) -> str:
    if moment.tzinfo is not dt.UTC:
        moment = aware(moment)
    return moment.isoformat(" ", "microseconds")[:26]  # without "+00:00"


class Coded(TypeDecorator[Any]):
    """A type whose values need work on some databases only, in the form of one expression each way."""

    cache_ok = True
    impl: Any = sa.String

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """The expression that makes a database's value Python's; None when it is that already."""
        raise NotImplementedError

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """What makes Python's value (never None) the database's; None when it is that already."""
        raise NotImplementedError

    def write_code(self, dialect: sa.Dialect) -> Code | None:
        """As `write`, as an expression on a value that its field has made fit; None when there is none."""
        return None

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """SQLAlchemy's side of `write`."""
        write = self.write(dialect)
        return write and (lambda value: None if value is None else write(value))

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """SQLAlchemy's side of `read_code`."""
        code = self.read_code(dialect)
        if code is None:
            return None
        text, names = code
        read: Callable[[Any], Any] = eval(f"lambda v: None if v is None else {text.format('v')}", dict(names))  # noqa: S307 - text is a constant of this module
        return read


MOST_KNOWN = 4096
"""How many amounts of the same places are kept to be found again."""


@cache
def _amounts(places: int) -> dict[int, Decimal]:
    """The amounts of so many places that were read lately, by their units: equal ones are one object."""
    return {}


class ExactDecimal(Coded):
    """NUMERIC(digits, places); on SQLite a whole number of 10 ** -places."""

    cache_ok = True
    impl = sa.Numeric

    def __init__(self, digits: int, places: int) -> None:
        super().__init__(digits, places)
        self.digits = digits
        self.places = places

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """BIGINT on SQLite. Raises ModelError when that has too few digits."""
        if dialect.name != "sqlite":
            return dialect.type_descriptor(sa.Numeric(self.digits, self.places))
        if self.digits > _SQLITE_DIGITS:
            raise ModelError(
                f"a DecimalField with max_digits={self.digits} does not fit into SQLite's 64-bit integers",
                hint=f"SQLite keeps {_SQLITE_DIGITS} digits exactly; use that many at most, or another database.",
            )
        return dialect.type_descriptor(sa.BigInteger())

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """Whole number to Decimal; also a fraction of a unit, which a mean may be."""
        if dialect.name != "sqlite":
            return None
        unit = Decimal((0, (1,), -self.places))
        known = _amounts(self.places)

        def fraction(value: float) -> Decimal:
            return EXACT.multiply(Decimal(repr(value)), unit)

        def make(value: int) -> Decimal:
            if len(known) >= MOST_KNOWN:
                known.clear()
            made = known[value] = EXACT.multiply(Decimal(value), unit)
            return made

        names: dict[str, object] = {"find": known.get, "make": make, "fraction": fraction}
        return "((find({0}) or make({0})) if {0}.__class__ is int else fraction({0}))", names

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """Decimal to whole number; to a half between two when it lies between, so that it compares as it should."""
        if dialect.name in MYSQL:
            return _bounded
        if dialect.name != "sqlite":
            return None
        scale, places = EXACT.scaleb, self.places

        def write(value: Decimal | int | float) -> int | float:
            scaled = scale(_bounded(Decimal(repr(value)) if isinstance(value, float) else value), places)
            whole = math.floor(scaled)
            return whole if whole == scaled else whole + 0.5

        return write

    def write_code(self, dialect: sa.Dialect) -> Code | None:
        """Decimal to whole number, where nothing has to be rounded."""
        if dialect.name != "sqlite":
            return None
        return "int(scale({}, places))", {"scale": EXACT.scaleb, "places": self.places}

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Amounts stand beside amounts; what an amount is multiplied with or divided by is a plain number."""
        if op in (operator.mul, operator.truediv, operator.floordiv, operator.mod) and not isinstance(value, Decimal):
            return sa.Float() if isinstance(value, float) else sa.Integer()
        return self


def _bounded(value: Any) -> Any:
    """An amount that the database can take, which is beyond all that it keeps if this is."""
    if isinstance(value, Decimal) and value.adjusted() > _LARGEST:
        return Decimal((int(value.is_signed()), (1,), _LARGEST))
    return value


def _utc_naive(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is not dt.UTC:
        moment = aware(moment)
    return moment.replace(tzinfo=None)


class Moment(Coded):
    """TIMESTAMP WITH TIME ZONE; on SQLite ISO text in UTC with microseconds, on MariaDB DATETIME(6) in UTC."""

    cache_ok = True
    impl = sa.DateTime

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """Text to datetime; MariaDB's says nothing of a time zone."""
        if dialect.name in MYSQL:
            return "{}.replace(tzinfo=UTC)", {"UTC": dt.UTC}
        if dialect.name != "sqlite":
            return None
        return "moment({} + '+00:00')", {"moment": dt.datetime.fromisoformat}

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """Datetime to text, or to one in UTC."""
        if dialect.name in MYSQL:
            return _utc_naive
        return _utc_text if dialect.name == "sqlite" else aware

    def write_code(self, dialect: sa.Dialect) -> Code | None:
        """Datetime in UTC to text."""
        return ("{}.isoformat(' ', 'microseconds')[:26]", {}) if dialect.name == "sqlite" else None


class Day(Coded):
    """DATE; on SQLite ISO text."""

    cache_ok = True
    impl = sa.Date
    _read: ClassVar[Code] = ("day({})", {"day": dt.date.fromisoformat})

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """Text to date."""
        return self._read if dialect.name == "sqlite" else None

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """Date to text."""
        return dt.date.isoformat if dialect.name == "sqlite" else None


class Clock(Coded):
    """TIME; on SQLite ISO text with microseconds."""

    cache_ok = True
    impl = sa.Time

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """Text to time; MariaDB's times are lengths of time."""
        if dialect.name in MYSQL:
            return "(midnight + {}).time()", {"midnight": _MIDNIGHT}
        return ("clock({})", {"clock": dt.time.fromisoformat}) if dialect.name == "sqlite" else None

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """Time to text."""
        return (lambda value: value.isoformat("microseconds")) if dialect.name == "sqlite" else None


class Span(Coded):
    """A length of time: INTERVAL on PostgreSQL, microseconds elsewhere."""

    impl = sa.BigInteger

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """What the database has for it."""
        return dialect.type_descriptor(sa.Interval() if dialect.name == "postgresql" else sa.BigInteger())

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """From microseconds."""
        if dialect.name == "postgresql":
            return None
        return "timedelta(microseconds=int({}))", {"timedelta": dt.timedelta}

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """To microseconds."""
        return None if dialect.name == "postgresql" else lambda value: value // dt.timedelta(microseconds=1)


def only_postgres(dialect: sa.Dialect, what: str, hint: str) -> None:
    """Raise ModelError for a database that lacks something of PostgreSQL's."""
    if dialect.name != "postgresql":
        raise ModelError(f"{what} needs PostgreSQL, and this database is {dialect.name}", hint=hint)
