"""Dates, times and numbers as they are written in the language that holds here; Babel knows how.

Moments are shown in the current time zone. `format` is `short`, `medium`, `long`, `full`, or a pattern of CLDR such as
`d MMM yyyy`. All of these are filters of templates too.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from spruce.i18n import timezone
from spruce.i18n.languages import get_language, locale_of
from spruce.i18n.quickformats import quick_datetime, quick_number

__all__ = [
    "format_currency",
    "format_date",
    "format_datetime",
    "format_number",
    "format_percent",
    "format_time",
    "format_timedelta",
]

Number = int | float | Decimal
_NAMED = ("short", "medium", "long", "full")


def _locale() -> str:
    return locale_of(get_language())


def _local(value: datetime) -> datetime:
    return value if timezone.is_naive(value) else timezone.localtime(value)


def format_date(value: date | None = None, format: str = "medium") -> str:  # noqa: A002 - Babel's name for it
    """Return a day, or that of a moment; today unless given."""
    from babel.dates import format_date  # only who shows dates pays for the knowledge of them

    day = timezone.localtime() if value is None else value
    return format_date(_local(day) if isinstance(day, datetime) else day, format, _locale())


def format_datetime(value: datetime | None = None, format: str = "medium") -> str:  # noqa: A002 - Babel's name for it
    """Return a moment, now unless given; a naive one is shown as it is."""
    moment, locale = _local(timezone.now() if value is None else value), _locale()
    text = quick_datetime(moment, format, locale) if format in _NAMED else None
    if text is not None:
        return text
    from babel.dates import format_datetime  # the same

    return format_datetime(moment, format, locale=locale)


def format_time(value: datetime | time | None = None, format: str = "medium") -> str:  # noqa: A002 - Babel's name for it
    """Return the time of a day, or of a moment; now unless given."""
    from babel.dates import format_time  # the same

    moment = timezone.now() if value is None else value
    return format_time(_local(moment) if isinstance(moment, datetime) else moment, format, locale=_locale())


def format_timedelta(value: timedelta | datetime, *, add_direction: bool | None = None) -> str:
    """Return a span of time in its largest unit, as `3 hours`; for a moment how far from now: `in 3 hours`."""
    from babel.dates import format_timedelta  # the same

    span = value if isinstance(value, timedelta) else _local(value) - timezone.now()
    directed = isinstance(value, datetime) if add_direction is None else add_direction
    return format_timedelta(span, add_direction=directed, locale=_locale())


def format_number(value: Number, format: str | None = None) -> str:  # noqa: A002 - Babel's name for it
    """Return a number with the separators that are usual; `format` is a pattern such as `#,##0.00`."""
    locale = _locale()
    text = quick_number(value, format, locale)
    if text is not None:
        return text
    from babel.numbers import format_decimal  # the same

    return format_decimal(value, format, locale)


def format_percent(value: Number, format: str | None = None) -> str:  # noqa: A002 - Babel's name for it
    """Return a share as a percentage: 0.5 is `50%`."""
    from babel.numbers import format_percent  # the same

    return format_percent(value, format, _locale())


def format_currency(value: Number, currency: str, format: str | None = None) -> str:  # noqa: A002 - Babel's name for it
    """Return an amount of a currency, which is a code of ISO 4217 such as `EUR`."""
    from babel.numbers import format_currency  # the same

    return format_currency(value, currency, format, _locale())
