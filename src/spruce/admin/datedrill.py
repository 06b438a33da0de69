"""`date_hierarchy`: the years, months and days by which a list is drilled down."""

import datetime as dt
from typing import Any

from spruce import db
from spruce.admin.fieldfilters import moment
from spruce.admin.filters import target_of
from spruce.i18n import format_date
from spruce.i18n.timezone import localtime

__all__ = ["DateDrill"]

_MOST_DATES = 60
_FORMS = ("yyyy", "LLLL y", "d MMMM")


class DateDrill:
    """The span of time that the URL's `date` names: a year, a month or a day, or no span at all."""

    def __init__(self, admin: Any, given: str) -> None:
        self.name: str = admin.date_hierarchy
        self.field = target_of(admin, self.name)
        self.parts, self.span = _read(given)
        try:
            self._ends = [moment(self.field, day) for day in self.span or ()]
        except OverflowError:
            self.parts, self.span = [], None

    def apply(self, query: Any) -> Any:
        """The rows in the span."""
        if self.span is None:
            return query
        first, after = self._ends
        return query.filter(**{f"{self.name}__gte": first, f"{self.name}__lt": after})

    def links(self, query: Any, model: Any, url: Any) -> dict[str, Any]:
        """The links to smaller spans and the larger one; `url(date=…)` makes their addresses."""
        links = []
        if len(self.parts) < 3:
            for day in _starts(*self._bounds(query, model), len(self.parts)):
                value = "-".join(f"{number:02}" for number in (day.year, day.month, day.day)[: len(self.parts) + 1])
                links.append((url(date=value, p=None), format_date(day, _FORMS[len(self.parts)])))
        back = url(date="-".join(f"{number:02}" for number in self.parts[:-1]) or None, p=None) if self.parts else ""
        return {"links": links, "back": back, "here": "-".join(f"{number:02}" for number in self.parts)}

    def _bounds(self, query: Any, model: Any) -> tuple[Any, Any]:
        """The first and the last date: what an index tells at once, which all dates would not be."""
        rows = query.select_related(None).filter(**{f"{self.name}__isnull": False})
        ends = [db.Subquery(rows.order_by(order).values(self.name)[:1]) for order in (self.name, f"-{self.name}")]
        either = model._base.order_by().annotate(first_date=ends[0], last_date=ends[1])
        first, last = next(iter(either.values_list("first_date", "last_date")[:1]), (None, None))
        return _day(first), _day(last)


def _read(given: str) -> tuple[list[int], tuple[dt.date, dt.date] | None]:
    """Year, month and day of a text, with the first date in that span, and the first behind it."""
    try:
        parts = [int(part) for part in given.split("-")] if given else []
        if not 1 <= len(parts) <= 3:
            return [], None
        first = dt.date(*[*parts, 1, 1][:3])
        if len(parts) == 1:
            return parts, (first, first.replace(year=first.year + 1))
        if len(parts) == 2:
            return parts, (first, (first + dt.timedelta(days=32)).replace(day=1))
        return parts, (first, first + dt.timedelta(days=1))
    except (ValueError, TypeError, OverflowError):
        return [], None


def _day(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return (localtime(value) if value.tzinfo is not None else value).date()
    return value


def _starts(first: Any, last: Any, level: int) -> list[dt.date]:
    """The years, months or days from one date to another, the last ones first."""
    found: list[dt.date] = []
    if first is None or last is None:
        return found
    day = last.replace(**({"month": 1, "day": 1} if level == 0 else {"day": 1} if level == 1 else {}))
    while (day.year, day.month, day.day)[: level + 1] >= (first.year, first.month, first.day)[: level + 1]:
        found.append(day)
        if len(found) == _MOST_DATES or day == dt.date.min:
            break
        day -= dt.timedelta(days=1)
        day = day.replace(**({"month": 1, "day": 1} if level == 0 else {"day": 1} if level == 1 else {}))
    return found
