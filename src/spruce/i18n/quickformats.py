"""What Babel writes, without asking it each time: numbers and moments in the usual formats, for pages that show many.

Everything comes from Babel's data of a language, read once. What is not as simple as these ways are is left to Babel:
both functions return None then. That both write the same is what the tests hold.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

__all__ = ["quick_datetime", "quick_number"]

_FIXED = re.compile(r"#,##0(?:\.(0+))?")
_USUAL = "#,##0.###"
_TIME_FIELDS = {"h", "hh", "H", "HH", "mm", "ss", "a"}


def quick_number(value: Any, form: str | None, locale: str) -> str | None:
    """A whole number, or one with a fixed number of places, none of them negative; None for others."""
    if type(value) is Decimal:
        if not value.is_finite():
            return None
    elif type(value) is not int:
        return None
    if value < 0:
        return None
    if form is None:
        if type(value) is not int or not _is_usual(locale):
            return None
        places = 0
    else:
        found = _FIXED.fullmatch(form)
        if found is None:
            return None
        places = len(found[1] or "")
    group, point = _symbols(locale)
    if type(value) is int:
        whole, part = f"{value:,}", "0" * places
    else:
        whole, _, part = f"{value:,.{places}f}".partition(".")
    whole = whole if group == "," else whole.replace(",", group)
    return f"{whole}{point}{part}" if part else whole


def quick_datetime(value: datetime, form: str, locale: str) -> str | None:
    """A moment as it stands, in a format that has a name; None where times are not written in a simple way."""
    write = _time_writer(locale, form)
    if write is None:
        return None
    before, between, behind, date_first = _frame(locale, form)
    day, clock = _day(date(value.year, value.month, value.day), form, locale), write(value)
    first, second = (day, clock) if date_first else (clock, day)
    return f"{before}{first}{between}{second}{behind}"


@lru_cache(maxsize=64)
def _is_usual(locale: str) -> bool:
    from babel import Locale  # only who shows numbers pays for the knowledge of them

    return bool(Locale.parse(locale).decimal_formats[None].pattern == _USUAL)


@lru_cache(maxsize=64)
def _symbols(locale: str) -> tuple[str, str]:
    from babel.numbers import get_decimal_symbol, get_group_symbol  # the same

    return get_group_symbol(locale), get_decimal_symbol(locale)


@lru_cache(maxsize=2048)
def _day(day: date, form: str, locale: str) -> str:
    from babel.dates import format_date  # the same

    return format_date(day, form, locale)


@lru_cache(maxsize=64)
def _frame(locale: str, form: str) -> tuple[str, str, str, bool]:
    """What stands before, between and behind date and time, and whether the date is first."""
    from babel.dates import get_datetime_format  # the same

    named: Any = form  # one of the four
    text = str(get_datetime_format(named, locale=locale)).replace("'", "")
    date_first = text.index("{1}") < text.index("{0}")
    first, second = ("{1}", "{0}") if date_first else ("{0}", "{1}")
    before, rest = text.split(first)
    between, behind = rest.split(second)
    return before, between, behind, date_first


@lru_cache(maxsize=64)
def _time_writer(locale: str, form: str) -> Callable[[datetime], str] | None:
    """What writes times in a format of a language, if it has nothing but hours, minutes, seconds and halves of days."""
    from babel.dates import format_time, get_time_format  # the same

    named: Any = form  # one of the four
    text = str(get_time_format(named, locale).format)
    if not set(re.findall(r"%\((\w+)\)s", text)) <= _TIME_FIELDS:
        return None
    halves = [format_time(time(hour), "a", locale=locale) if "(a)" in text else "" for hour in (0, 12)]

    def write(moment: datetime) -> str:
        hour, twelfth = moment.hour, moment.hour % 12 or 12
        return text % {
            "h": twelfth,
            "hh": f"{twelfth:02}",
            "H": hour,
            "HH": f"{hour:02}",
            "mm": f"{moment.minute:02}",
            "ss": f"{moment.second:02}",
            "a": halves[hour >= 12],
        }

    return write
