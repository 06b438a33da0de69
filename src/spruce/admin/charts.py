"""Bar charts for pages of the admin: drawn here as SVG, with the same figures as a table for those who don't see it.

`per_day` and `per_week` get the figures of a chart from the database by one grouped query; `Chart` shows them. Nothing
in it needs a script or a style of its own, so it stands in pages under any policy.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from spruce import db
from spruce.admin.columns import shown
from spruce.i18n import format_date
from spruce.i18n.timezone import get_current_timezone, localdate
from spruce.web import render_template

__all__ = ["Chart", "Point", "per_day", "per_week"]

_WIDTH, _HEIGHT = 1000, 200
_STEPS = (1, 2, 2.5, 5, 10)
_HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Point:
    """One bar: what stands below it, how long it is (not below 0), and how that is written."""

    label: str
    value: float
    text: str


class Chart:
    """A bar chart: `{{ chart }}` in a template shows it. `values` are pairs of a date, or a text, and a number.

    `form` writes a value; without it numbers are written as the reader's language has them. `links` are pairs of an
    address and a text, above the chart; that whose address is `here` is the present one.
    """

    def __init__(
        self,
        title: Any,
        values: Sequence[tuple[Any, Any]],
        *,
        form: Callable[[Any], Any] = shown,
        columns: tuple[Any, Any] = ("", ""),
        links: Sequence[tuple[str, Any]] = (),
        here: str = "",
    ) -> None:
        self.title, self.columns, self.links, self.here = title, columns, links, here
        self.points = [Point(_label(label), max(float(value), 0.0), str(form(value))) for label, value in values]
        self.total = str(form(sum((value for _, value in values), start=type(values[0][1])(0)))) if values else ""
        self.top = _round_up(max((point.value for point in self.points), default=0.0))
        kind = type(values[0][1]) if values else float
        self.marks = [str(form(_as(kind, self.top * part))) for part in (1, 0.5, 0)]

    def bars(self) -> list[dict[str, Any]]:
        """Where each bar stands, in units of the drawing, and what it says."""
        step = _WIDTH / max(len(self.points), 1)
        bars = []
        for number, point in enumerate(self.points):
            height = point.value / self.top * _HEIGHT
            at = {"x": number * step + step * 0.1, "y": _HEIGHT - height, "width": step * 0.8, "height": height}
            bars.append({name: f"{value:.1f}" for name, value in at.items()} | {"point": point})
        return bars

    def ends(self) -> list[str]:
        """What stands below the first, the middle and the last bar."""
        if len(self.points) < 3:
            return [point.label for point in self.points]
        return [self.points[place].label for place in (0, len(self.points) // 2, -1)]

    def __html__(self) -> Markup:
        return Markup(render_template("admin/chart.html", chart=self, width=_WIDTH, height=_HEIGHT))  # noqa: S704 - the template escapes


def _label(value: Any) -> str:
    return format_date(value, "medium") if isinstance(value, dt.date) else str(value)


def _as(kind: type, value: float) -> Any:
    return int(value) if kind is int and value == int(value) else value if kind is int else kind(str(value))


def _round_up(most: float) -> float:
    """The next number that is easy to read, which the axis goes up to."""
    if most <= 0:
        return 1.0
    size = 10.0 ** (len(str(int(most))) - 1)
    return next(step * size for step in _STEPS if step * size >= most)


def per_day(query: Any, moment: str, value: Any, days: int = 30) -> list[tuple[dt.date, Any]]:
    """An aggregate of each of the last `days` days in the reader's time zone, today's last; 0 where there is nothing.

    `moment` is a DateTimeField of the query's model and `value` an aggregate that adds up, such as Sum or Count. One
    query groups by hours in UTC, which are put together here: so days are right where clocks are changed, too.
    """
    zone, today = get_current_timezone(), localdate()
    first = today - dt.timedelta(days=days - 1)
    since = dt.datetime.combine(first, dt.time(), zone).astimezone(dt.UTC)
    trunc = db.TruncHour if _has_whole_hours(since, zone) else db.TruncMinute
    rows = query.filter(**{f"{moment}__gte": since}).order_by().annotate(chart_part=trunc(moment))
    sums: dict[dt.date, Any] = {}
    for part, found in rows.values("chart_part").annotate(chart_value=value).values_list("chart_part", "chart_value"):
        if found is not None:
            day = _aware(part).astimezone(zone).date()
            sums[day] = sums[day] + found if day in sums else found
    zero = type(next(iter(sums.values()), 0))(0)
    return [(day, sums.get(day, zero)) for day in (first + dt.timedelta(days=number) for number in range(days))]


def per_week(query: Any, moment: str, value: Any, weeks: int = 12) -> list[tuple[dt.date, Any]]:
    """The same of the last `weeks` weeks, each by its Monday; the present week, which is not over, comes last."""
    days = per_day(query, moment, value, (weeks - 1) * 7 + localdate().isoweekday())
    return [
        (days[at][0], sum((found for _, found in days[at + 1 : at + 7]), start=days[at][1]))
        for at in range(0, len(days), 7)
    ]


def _has_whole_hours(since: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether the clocks of a zone differ from UTC by whole hours, then and now."""
    now = dt.datetime.now(dt.UTC)
    offsets = [moment.astimezone(zone).utcoffset() for moment in (since, now)]
    return all(offset is not None and offset % _HOUR == dt.timedelta() for offset in offsets)


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
