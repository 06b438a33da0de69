"""The list of a model's objects: which rows of which page, in which order, in which columns.

Nothing counts all rows of a large table: up to COUNTED rows are counted, behind that it is "more than"; whether there
is a next page is told by one row more than the page has.
"""

import datetime as dt
import re
from functools import reduce
from operator import and_, or_
from typing import Any
from urllib.parse import urlencode

from spruce import db
from spruce.admin.columns import Column, column
from spruce.admin.filters import ListFilter, make_filter
from spruce.errors import DatabaseError
from spruce.i18n import format_date, gettext

__all__ = ["COUNTED", "ChangeList", "search"]

COUNTED = 10_000
_MOST_DATES = 60
_WORDS = re.compile(r'"([^"]+)"|(\S+)')


class ChangeList:
    """A page of a list, as the URL's parameters want it: `q` is looked for, `o` the order, `p` the page."""

    def __init__(self, request: Any, admin: Any) -> None:
        self.request, self.admin, self.args = request, admin, request.args
        self.columns: list[Column] = [column(admin, name) for name in admin.get_list_display(request)]
        self.filters: list[ListFilter] = [make_filter(admin, entry, request) for entry in admin.list_filter]
        self.search = (request.args.get("q") or "").strip()[:200]
        self.per_page = admin.list_per_page
        self.page = max(_number(request.args.get("p"), 1), 1)
        self.order = self._order(request.args.get("o") or "")
        self.query = self._query()
        self._found: list[Any] | None = None

    def _query(self) -> Any:
        query = self.admin.get_queryset(self.request)
        related = self.admin.list_select_related or self._foreign_keys()
        if related:
            query = query.select_related(*related)
        for one in self.filters:
            if one.chosen is not None:
                query = one.apply(query)
        query = self._of_date(query)
        if self.search and self.admin.search_fields:
            query = self.admin.get_search_results(self.request, query, self.search)[0]
        return query.order_by(*self._ordering())

    def _foreign_keys(self) -> list[str]:
        """The foreign keys that are columns, which are loaded with the rows."""
        meta = self.admin.model._meta
        names = [one.name.rpartition("__")[0] or one.name for one in self.columns]
        return [
            name for name in names if name.split("__")[0] in meta.paths and meta.paths[name.split("__")[0]].is_relation
        ]

    # ---- order ------------------------------------------------------------------------------------------------------

    def _order(self, given: str) -> list[tuple[int, bool]]:
        """Columns by number, counted from 1, and whether each goes down."""
        found = []
        for part in given.split(".")[:5]:
            index = _number(part.lstrip("-"), 0)
            if 1 <= index <= len(self.columns) and self.columns[index - 1].order:
                found.append((index, part.startswith("-")))
        return found

    def _ordering(self) -> list[str]:
        names = [f"{'-' if down else ''}{self.columns[index - 1].order}" for index, down in self.order]
        names = names or list(self.admin.get_ordering(self.request) or self.admin.model._meta.ordering)
        plain = [name for name in names if isinstance(name, str)]
        if not {name.lstrip("-") for name in plain} & {"pk", self.admin.model._meta.pk.name}:
            names.append("-pk")
        return names

    def direction(self, index: int) -> str:
        """`ascending`, `descending` or "" for the column of a number, as `aria-sort` has it."""
        return next(("descending" if down else "ascending" for one, down in self.order[:1] if one == index), "")

    def order_url(self, index: int) -> str:
        """The way to the list by this column, the other way round if it is so already."""
        return self.url(o=f"-{index}" if self.direction(index) == "ascending" else str(index), p=None)

    # ---- dates ------------------------------------------------------------------------------------------------------

    def _span(self) -> tuple[list[int], Any, Any] | None:
        """Year, month and day of the URL with the first date in that span, and the first behind it."""
        given = self.args.get("date") or ""
        try:
            parts = [int(part) for part in given.split("-")] if given else []
            if not 1 <= len(parts) <= 3:
                return None
            first = dt.date(*[*parts, 1, 1][:3])
            if len(parts) == 1:
                return parts, first, first.replace(year=first.year + 1)
            if len(parts) == 2:
                return parts, first, (first + dt.timedelta(days=32)).replace(day=1)
            return parts, first, first + dt.timedelta(days=1)
        except (ValueError, TypeError, OverflowError):
            return None

    def _of_date(self, query: Any) -> Any:
        name, span = self.admin.date_hierarchy, self._span()
        if not name or span is None:
            return query
        bounds: list[Any] = list(span[1:])
        if isinstance(self.admin.model._meta.field(name), db.DateTimeField):
            bounds = [dt.datetime.combine(day, dt.time(), dt.UTC) for day in bounds]
        return query.filter(**{f"{name}__gte": bounds[0], f"{name}__lt": bounds[1]})

    def dates(self) -> dict[str, Any] | None:
        """The links to years, months or days of `date_hierarchy`; None without one."""
        name = self.admin.date_hierarchy
        if not name:
            return None
        span = self._span()
        parts = span[0] if span else []
        links = []
        if len(parts) < 3:
            forms = ["yyyy", "LLLL y", "d MMMM"]
            for day in _starts(*self._bounds(name), len(parts)):
                value = "-".join(f"{number:02}" for number in (day.year, day.month, day.day)[: len(parts) + 1])
                links.append((self.url(date=value, p=None), format_date(day, forms[len(parts)])))
        back = self.url(date="-".join(f"{number:02}" for number in parts[:-1]) or None, p=None) if parts else ""
        return {"links": links, "back": back, "here": "-".join(f"{number:02}" for number in parts)}

    def _bounds(self, name: str) -> tuple[Any, Any]:
        """The first and the last date: what an index tells at once, which all dates would not be."""
        rows = self.query.select_related().filter(**{f"{name}__isnull": False})
        ends = [db.Subquery(rows.order_by(order).values(name)[:1]) for order in (name, f"-{name}")]
        either = self.admin.model._base.order_by().annotate(first_date=ends[0], last_date=ends[1])
        found = either.values_list("first_date", "last_date")[:1]
        first, last = next(iter(found), (None, None))
        return _day(first), _day(last)

    # ---- rows -------------------------------------------------------------------------------------------------------

    def _fetched(self) -> list[Any]:
        if self._found is None:
            first = (self.page - 1) * self.per_page
            self._found = list(self.query[first : first + self.per_page + 1])
        return self._found

    @property
    def rows(self) -> list[Any]:
        """The objects of the page."""
        return self._fetched()[: self.per_page]

    @property
    def has_next(self) -> bool:
        """Whether there is a page behind this one."""
        more: bool = len(self._fetched()) > self.per_page
        return more

    def count(self) -> str:
        """How many objects there are, or that they are more than are counted."""
        first = (self.page - 1) * self.per_page
        if not self.has_next and (self.rows or not first):
            return str(first + len(self.rows))
        number = self.query.order_by()[: COUNTED + 1].count()
        return str(number) if number <= COUNTED else gettext("more than %(number)s", number=f"{COUNTED:,}")

    def url(self, **changes: Any) -> str:
        """The list with other parameters; None takes one away."""
        known = ["q", "o", "p", "date", *(one.parameter_name for one in self.filters)]
        values = {name: self.args.get(name) for name in known if self.args.get(name) is not None}
        values.update({name: None if value is None else str(value) for name, value in changes.items()})
        query = urlencode({name: value for name, value in values.items() if value is not None})
        return f"?{query}"

    def is_filtered(self) -> bool:
        """Whether some objects are left out."""
        return bool(self.search or self._span() or any(one.chosen is not None for one in self.filters))


def _day(value: Any) -> Any:
    return value.date() if isinstance(value, dt.datetime) else value


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


def search(query: Any, fields: Any, text: str) -> Any:
    """The rows in which each word is in one of the fields; words in quotes belong together.

    A field with `^` has to begin with the word, one with `=` has to be it.
    """
    if "\0" in text:
        return query.none()  # no text in a database has it
    conditions = []
    for quoted, word in _WORDS.findall(text)[:10]:
        alternatives = []
        for name in fields:
            lookup = {"^": "istartswith", "=": "iexact"}.get(name[0], "icontains")
            alternatives.append(db.Q(**{f"{name.lstrip('^=@')}__{lookup}": quoted or word}))
        conditions.append(reduce(or_, alternatives))
    try:
        return query.filter(reduce(and_, conditions)) if conditions else query
    except DatabaseError:
        return query.none()


def _number(text: Any, default: int) -> int:
    try:
        return min(int(text), 10**9)
    except (TypeError, ValueError):
        return default
