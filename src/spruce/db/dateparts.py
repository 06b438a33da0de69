"""Parts of dates in SQL, as whole numbers on every database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from spruce.db.types import MYSQL

__all__ = ["CALENDAR", "DatePart"]


_THURSDAY = "date({0}, '-3 days', 'weekday 4')"  # which is in the year that an ISO week belongs to

CALENDAR: dict[str, tuple[str, str, str]] = {
    "week_day": ("CAST(strftime('%w', {0}) AS INTEGER) + 1", "EXTRACT(dow FROM {0}) + 1", "DAYOFWEEK({0})"),
    "iso_week_day": (
        "(CAST(strftime('%w', {0}) AS INTEGER) + 6) % 7 + 1",
        "EXTRACT(isodow FROM {0})",
        "WEEKDAY({0}) + 1",
    ),
    "week": (
        f"(CAST(strftime('%j', {_THURSDAY}) AS INTEGER) - 1) / 7 + 1",
        "EXTRACT(week FROM {0})",
        "WEEK({0}, 3)",
    ),
    "iso_year": (
        f"strftime('%Y', {_THURSDAY})",
        "EXTRACT(isoyear FROM {0})",
        "YEARWEEK({0}, 3) DIV 100",
    ),
    "quarter": (
        "(CAST(strftime('%m', {0}) AS INTEGER) + 2) / 3",
        "EXTRACT(quarter FROM {0})",
        "QUARTER({0})",
    ),
}
"""Parts that databases name differently, on SQLite, PostgreSQL and MariaDB.

`week_day` begins with Sunday, ISO's with Monday.
"""


class DatePart(sa.Extract):
    """EXTRACT, which on PostgreSQL is a NUMERIC, and has the fraction of a second; also of what CALENDAR has."""

    inherit_cache = True


@compiles(DatePart)
def _plain(element: DatePart, compiler: Any, **options: Any) -> str:
    if element.field in CALENDAR:
        return _calendar(element, compiler, CALENDAR[element.field][compiler.dialect.name in MYSQL and 2], options)
    return str(compiler.visit_extract(element, **options))


@compiles(DatePart, "postgresql")
def _whole(element: DatePart, compiler: Any, **options: Any) -> str:
    if element.field in CALENDAR:
        return _calendar(element, compiler, CALENDAR[element.field][1], options)
    return f"CAST(FLOOR({compiler.visit_extract(element, **options)}) AS INTEGER)"


def _calendar(element: DatePart, compiler: Any, form: str, options: dict[str, Any]) -> str:
    made = form.format(compiler.process(element.expr, **options))
    return f"({made})" if compiler.dialect.name in MYSQL else f"CAST({made} AS INTEGER)"
