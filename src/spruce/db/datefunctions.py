"""Parts and beginnings of dates and times for queries, in UTC: `db.ExtractYear("created")`, `db.TruncMonth("day")`."""

from typing import Any

from spruce.db.cases import Cast
from spruce.db.expressions import Term
from spruce.db.fields import Field
from spruce.db.functions import Function
from spruce.errors import FieldError

__all__ = [
    "Extract",
    "ExtractDay",
    "ExtractHour",
    "ExtractIsoWeekDay",
    "ExtractIsoYear",
    "ExtractMinute",
    "ExtractMonth",
    "ExtractQuarter",
    "ExtractSecond",
    "ExtractWeek",
    "ExtractWeekDay",
    "ExtractYear",
    "Now",
    "Trunc",
    "TruncDate",
    "TruncDay",
    "TruncHour",
    "TruncMinute",
    "TruncMonth",
    "TruncQuarter",
    "TruncSecond",
    "TruncTime",
    "TruncWeek",
    "TruncYear",
]


class Now(Function):
    """The present moment, by the database's clock."""

    __slots__ = ()
    function = "now"
    least = most = 0


_UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_PARTS = (*_UNITS, "iso_year", "week_day", "iso_week_day")


class Extract(Function):
    """A part of a date or datetime as a number, in UTC: `Extract("created", "year")`."""

    __slots__ = ()
    function = "extract"
    unit = ""
    lookup_name = ""

    def __init_subclass__(cls) -> None:
        """As a transform it is called by its unit."""
        super().__init_subclass__()
        cls.lookup_name = vars(cls).get("lookup_name", "") or cls.unit

    def __init__(self, moment: Any, unit: str = "") -> None:
        self._make((moment,), _unit(self, unit or self.unit, _PARTS))


class Trunc(Function):
    """The beginning of the year, month … that a date or datetime is in, in UTC: `Trunc("created", "month")`.

    With `output_field` as a date, datetime or time.
    """

    __slots__ = ()
    function = "trunc"
    unit = ""
    lookup_name = ""

    def __init__(self, moment: Any, unit: str = "", *, output_field: Field[Any] | None = None) -> None:
        self._make((moment,), _unit(self, unit or self.unit, _UNITS))
        if output_field is not None:
            self.key = Cast(Term.of(self.key, self.values), output_field).key


def _unit(function: Term, unit: str, known: tuple[str, ...]) -> str:
    if unit not in known:
        raise FieldError(f"{type(function).__name__}(…, {unit!r}): units are {', '.join(known)}")
    return unit


class ExtractYear(Extract):
    """The year, as a number."""

    __slots__ = ()
    unit = "year"


class ExtractMonth(Extract):
    """The month, from 1."""

    __slots__ = ()
    unit = "month"


class ExtractDay(Extract):
    """The day of the month, from 1."""

    __slots__ = ()
    unit = "day"


class ExtractHour(Extract):
    """The hour, from 0."""

    __slots__ = ()
    unit = "hour"


class ExtractMinute(Extract):
    """The minute, from 0."""

    __slots__ = ()
    unit = "minute"


class ExtractSecond(Extract):
    """The second, from 0."""

    __slots__ = ()
    unit = "second"


class TruncYear(Trunc):
    """The beginning of the year."""

    __slots__ = ()
    unit = "year"


class TruncMonth(Trunc):
    """The beginning of the month."""

    __slots__ = ()
    unit = "month"


class TruncDay(Trunc):
    """The beginning of the day."""

    __slots__ = ()
    unit = "day"


class TruncHour(Trunc):
    """The beginning of the hour."""

    __slots__ = ()
    unit = "hour"


class TruncMinute(Trunc):
    """The beginning of the minute."""

    __slots__ = ()
    unit = "minute"


class TruncSecond(Trunc):
    """The beginning of the second."""

    __slots__ = ()
    unit = "second"


class TruncDate(Function):
    """The date of a datetime, in UTC."""

    __slots__ = ()
    function = "date"


class ExtractQuarter(Extract):
    """The quarter, from 1."""

    __slots__ = ()
    unit = "quarter"


class ExtractWeek(Extract):
    """The week, as ISO counts them, from 1."""

    __slots__ = ()
    unit = "week"


class ExtractIsoYear(Extract):
    """The year that the ISO week belongs to."""

    __slots__ = ()
    unit = "iso_year"


class ExtractWeekDay(Extract):
    """The day of the week, from Sunday, which is 1."""

    __slots__ = ()
    unit = "week_day"


class ExtractIsoWeekDay(Extract):
    """The day of the week, from Monday, which is 1."""

    __slots__ = ()
    unit = "iso_week_day"


class TruncQuarter(Trunc):
    """The beginning of the quarter."""

    __slots__ = ()
    unit = "quarter"


class TruncWeek(Trunc):
    """The Monday of the week."""

    __slots__ = ()
    unit = "week"


class TruncTime(Function):
    """The time of day of a datetime, in UTC."""

    __slots__ = ()
    function = "time"
