"""Filters of lists: by fields, or by classes of the program's own.

A filter reads parameters of the URL that it knows, and nothing else reaches the query: nobody asks through the admin
for what no filter offers.
"""

import datetime as dt
from typing import Any, NamedTuple

from spruce import db
from spruce.admin.columns import label_of_field
from spruce.errors import AdminError, DatabaseError
from spruce.i18n import gettext
from spruce.i18n.timezone import localdate

__all__ = ["Choice", "ListFilter", "SimpleListFilter", "make_filter"]

MOST = 100
"""How many choices a filter by another model's rows, or by all values, shows."""


class Choice(NamedTuple):
    """A choice of a filter: the value in the URL, None for all, and its label."""

    value: str | None
    label: str


class ListFilter:
    """The base of filters. `chosen` is what the URL says, None for all."""

    title: Any = ""
    parameter_name = ""

    def __init__(self, parameters: Any) -> None:
        self.chosen: str | None = parameters.get(self.parameter_name)

    def choices(self) -> list[Choice]:
        """What can be chosen besides all."""
        raise NotImplementedError

    def apply(self, query: Any) -> Any:
        """The rows of the choice."""
        raise NotImplementedError

    def value(self) -> str | None:
        """What the URL says."""
        return self.chosen


class SimpleListFilter(ListFilter):
    """A filter of the program's own: `title`, `parameter_name`, `lookups()` and `queryset()`."""

    def __init__(self, request: Any, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(params)
        self.request, self.model_admin = request, model_admin

    def lookups(self, request: Any, model_admin: Any) -> Any:
        """Pairs of value and label."""
        raise NotImplementedError(f"{type(self).__name__} needs lookups(request, model_admin), which gives the choices")

    def queryset(self, request: Any, queryset: Any) -> Any:
        """The rows for `self.value()`; None for all."""
        raise NotImplementedError(f"{type(self).__name__} needs queryset(request, queryset), which gives the rows")

    def choices(self) -> list[Choice]:
        """What can be chosen besides all."""
        return [Choice(str(value), str(label)) for value, label in self.lookups(self.request, self.model_admin) or ()]

    def apply(self, query: Any) -> Any:
        """The rows of the choice."""
        found = self.queryset(self.request, query)
        return query if found is None else found


class _FieldFilter(ListFilter):
    """By the values of a field."""

    def __init__(self, parameters: Any, model: Any, path: str, field: Any) -> None:
        self.parameter_name = path
        self.field, self.model, self.path = field, model, path
        super().__init__(parameters)
        self.title = label_of_field(field.model, field.name)

    def choices(self) -> list[Choice]:
        """The values."""
        if isinstance(self.field, db.BooleanField):
            return [Choice("1", gettext("Yes")), Choice("0", gettext("No"))]
        if self.field.choices:
            return [Choice("" if value is None else str(value), str(label)) for value, label in self.field.choices]
        if self.field.is_relation:
            return [Choice(str(row.pk), str(row)) for row in self.field.target._default.all()[:MOST]]
        values = self.model._default.order_by(self.path).values_list(self.path, flat=True).distinct()[:MOST]
        return [Choice(str(value), str(value)) for value in values if value not in (None, "")]

    def apply(self, query: Any) -> Any:
        """The rows that have the value; none for one that the field cannot have."""
        try:
            return query.filter(
                **{self.path: self.field.key.clean(self.chosen) if self.field.is_relation else self._clean()}
            )
        except (DatabaseError, ValueError, TypeError):
            return query.none()

    def _clean(self) -> Any:
        return self.field.comparable(self.chosen)


class _DateFilter(_FieldFilter):
    """By how long ago something was."""

    def choices(self) -> list[Choice]:
        """Spans of time."""
        return [
            Choice("today", gettext("Today")),
            Choice("week", gettext("Past 7 days")),
            Choice("month", gettext("This month")),
            Choice("year", gettext("This year")),
        ]

    def apply(self, query: Any) -> Any:
        """The rows of the span."""
        today = localdate()
        first = {
            "today": today,
            "week": today - dt.timedelta(days=7),
            "month": today.replace(day=1),
            "year": today.replace(month=1, day=1),
        }.get(self.chosen or "")
        if first is None:
            return query.none()
        after = today + dt.timedelta(days=1)
        bounds = (first, after)
        if isinstance(self.field, db.DateTimeField):
            bounds = tuple(dt.datetime.combine(day, dt.time(), dt.UTC) for day in bounds)  # type: ignore[assignment] # moments
        return query.filter(**{f"{self.path}__gte": bounds[0], f"{self.path}__lt": bounds[1]})


def make_filter(admin: Any, entry: Any, request: Any) -> ListFilter:
    """Return the filter of an entry of `list_filter`. Raises AdminError for one that leads nowhere."""
    if isinstance(entry, type) and issubclass(entry, SimpleListFilter):
        return entry(request, request.args, admin.model, admin)
    field, current = None, admin.model
    for part in str(entry).split("__"):
        field = current._meta.paths.get(part)
        if field is None:
            raise AdminError(
                f"{type(admin).__name__}.list_filter has {entry!r}, and {current.__name__} has no {part!r}"
            )
        current = field.target if field.is_relation else current
    kind = _DateFilter if isinstance(field, db.DateField | db.DateTimeField) else _FieldFilter
    return kind(request.args, admin.model, str(entry), field)
