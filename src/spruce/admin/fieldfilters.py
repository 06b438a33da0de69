"""Filters by fields: truth values, choices, rows of other models, all values, spans of time and of numbers.

`list_filter` has names of fields, also across relations, or pairs of such a name and one of these classes. The value
"" in the URL stands for rows in which the field is empty.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

from spruce import db
from spruce.admin.columns import label_of_field
from spruce.admin.filters import MOST, Choice, ListFilter, SimpleListFilter, target_of
from spruce.errors import AdminError, DatabaseError
from spruce.i18n import gettext
from spruce.i18n.timezone import localdate, make_aware

__all__ = [
    "AllValuesFieldListFilter",
    "BooleanFieldListFilter",
    "ChoicesFieldListFilter",
    "DateFieldListFilter",
    "EmptyFieldListFilter",
    "FieldListFilter",
    "NumberRangeFilter",
    "RelatedFieldListFilter",
    "RelatedOnlyFieldListFilter",
    "make_filter",
    "moment",
]

_UNFIT = (DatabaseError, ValueError, TypeError, ArithmeticError)
_DIGITS = 100


class FieldListFilter(ListFilter):
    """By a field, at the end of `path`."""

    def __init__(self, request: Any, admin: Any, path: str, field: Any) -> None:
        self.parameter_name = path
        self.request, self.admin, self.model, self.path, self.field = request, admin, admin.model, path, field
        super().__init__(request.args)
        self.title = label_of_field(field.model, field.name) if hasattr(field, "model") else _of_rows(field)

    @property
    def may_be_empty(self) -> bool:
        """Whether there can be rows without a value."""
        many = isinstance(self.field, db.ManyToManyField) or getattr(self.field, "many", False)
        return bool(many or getattr(self.field, "null", False) or "__" in self.path)

    def choices(self) -> list[Choice]:
        """The values, and empty if that can be."""
        return [*self.values(), *([Choice("", gettext("Empty"))] if self.may_be_empty else [])]

    def values(self) -> list[Choice]:
        """The values that can be chosen."""
        raise NotImplementedError

    def apply(self, query: Any) -> Any:
        """The rows that have the value; none for one that the field cannot have."""
        if not self.chosen:
            return query.filter(self.empty()) if self.chosen == "" else query
        try:
            return query.filter(**{self.path: self.clean(self.chosen)})
        except _UNFIT:
            return query.none()

    def clean(self, text: str) -> Any:
        """The value of a text in the URL. Raises DatabaseError, ValueError or TypeError."""
        return self.field.comparable(text)

    def empty(self) -> Any:
        """The condition of rows without a value."""
        nothing = db.Q(**{f"{self.path}__isnull": True})
        is_text = isinstance(self.field, db.CharField | db.TextField)
        return nothing | db.Q(**{self.path: ""}) if is_text else nothing

    def counts(self, query: Any) -> dict[str | None, int]:
        """How many rows each value has, told by one query that groups them."""
        found: dict[str | None, int] = {}
        for value, number in query.select_related(None).order_by().values_list(self.path).annotate(n=db.Count("pk")):
            key = "" if value in (None, "") else self.parameter_of(value)
            found[key] = found.get(key, 0) + number
        return found

    def parameter_of(self, value: Any) -> str:
        """A value as it stands in the URL."""
        return str(value)


class BooleanFieldListFilter(FieldListFilter):
    """By yes and no."""

    def values(self) -> list[Choice]:
        """Yes and no."""
        return [Choice("1", gettext("Yes")), Choice("0", gettext("No"))]

    def parameter_of(self, value: Any) -> str:
        """1 or 0."""
        return "1" if value else "0"


class ChoicesFieldListFilter(FieldListFilter):
    """By the choices of a field."""

    def choices(self) -> list[Choice]:
        """The choices; empty too if that can be and is none of them."""
        listed = [value for value, _ in self.field.choices]
        made = [Choice("" if value is None else str(value), str(label)) for value, label in self.field.choices]
        return [*made, *([Choice("", gettext("Empty"))] if self.may_be_empty and not {None, ""} & {*listed} else [])]


class RelatedFieldListFilter(FieldListFilter):
    """By rows of another model, the first hundred."""

    def values(self) -> list[Choice]:
        """The rows, in the order that their ModelAdmin or model has."""
        key = getattr(self.field, "remote", "pk")
        return [Choice(str(getattr(row, key)), str(row)) for row in self.rows()[:MOST]]

    def rows(self) -> Any:
        """The query of the rows."""
        target = self.field.target
        other = next((each for each in self.admin.admin_site.admins() if each.model is target), None)
        ordering = other.get_ordering(self.request) if other is not None else ()
        query = target._default.all()
        return query.order_by(*ordering) if ordering else query

    def has_output(self) -> bool:
        """Whether there are several rows to choose from."""
        return self.is_active() or len(self.listed()) > 1

    def clean(self, text: str) -> Any:
        """The key."""
        return getattr(self.field, "key", self.field.target._meta.pk).clean(text)


class RelatedOnlyFieldListFilter(RelatedFieldListFilter):
    """By those rows of another model that the list's objects are tied to."""

    def rows(self) -> Any:
        """The query of the rows."""
        tied = self.admin.get_queryset(self.request).select_related(None).order_by()
        return super().rows().filter(**{f"{getattr(self.field, 'remote', 'pk')}__in": tied.values(self.path)})


class AllValuesFieldListFilter(FieldListFilter):
    """By the values that there are, the first hundred."""

    def values(self) -> list[Choice]:
        """The values in their order."""
        query = self.model._default.order_by(self.path).values_list(self.path, flat=True).distinct()[:MOST]
        return [Choice(str(value), str(value)) for value in query if value not in (None, "")]


class EmptyFieldListFilter(FieldListFilter):
    """By whether there is a value."""

    def choices(self) -> list[Choice]:
        """Empty and not."""
        return [Choice("1", gettext("Empty")), Choice("0", gettext("Not empty"))]

    def apply(self, query: Any) -> Any:
        """The rows without, or with, a value."""
        condition = {"1": self.empty(), "0": ~self.empty()}.get(self.chosen or "")
        return query.none() if condition is None else query.filter(condition)

    def counts(self, query: Any) -> dict[str | None, int]:
        """How many rows have no value, and how many have one."""
        return ListFilter.counts(self, query)


class _RangeFilter(FieldListFilter):
    """By a span whose ends people type in, both of which belong to it."""

    template = "admin/filter_range.html"
    input_type = "text"

    def expected_parameters(self) -> list[str]:
        """The choice, and the ends of the span."""
        return [self.parameter_name, f"{self.parameter_name}__from", f"{self.parameter_name}__to"]

    @property
    def ends(self) -> list[tuple[str, str, str]]:
        """Parameter, label and value of each end."""
        _, first, last = self.expected_parameters()
        labels = ((first, gettext("From")), (last, gettext("To")))
        return [(name, label, self.given[name] or "") for name, label in labels]

    def has_output(self) -> bool:
        """Always: everything can be typed in."""
        return True

    def values(self) -> list[Choice]:
        """None."""
        return []

    def apply(self, query: Any) -> Any:
        """The rows of the choice and of the span."""
        if self.chosen is not None:
            query = self.of_choice(query)
        for (_, _, text), lookup in zip(self.ends, ("gte", "lte"), strict=True):
            if not text:
                continue
            try:
                query = query.filter(**self.bound(lookup, text))
            except _UNFIT:
                return query.none()
        return query

    def of_choice(self, query: Any) -> Any:
        """The rows of the choice."""
        return super().apply(query) if self.chosen == "" else query.none()

    def bound(self, lookup: str, text: str) -> dict[str, Any]:
        """The condition of one end, `gte` or `lte`. Raises DatabaseError, ValueError or TypeError."""
        return {f"{self.path}__{lookup}": self.field.comparable(text)}

    def counts(self, query: Any) -> dict[str | None, int]:
        """How many rows each choice has, whatever the span is."""
        before, self.given = self.given, dict.fromkeys(self.given)
        try:
            return ListFilter.counts(self, query)
        finally:
            self.given = before


class NumberRangeFilter(_RangeFilter):
    """By a span of numbers."""

    input_type = "number"

    def bound(self, lookup: str, text: str) -> dict[str, Any]:
        """The condition; none for numbers that no column is made for."""
        if Decimal(text).adjusted() > _DIGITS:
            raise ValueError(f"a number with more than {_DIGITS} digits")
        return super().bound(lookup, text)


class DateFieldListFilter(_RangeFilter):
    """By how long ago something was, or by a span of days."""

    input_type = "date"

    def values(self) -> list[Choice]:
        """Spans of time up to now."""
        return [
            Choice("today", gettext("Today")),
            Choice("week", gettext("Past 7 days")),
            Choice("month", gettext("This month")),
            Choice("year", gettext("This year")),
        ]

    def of_choice(self, query: Any) -> Any:
        """The rows of the span that is chosen."""
        today = localdate()
        first = {
            "today": today,
            "week": today - dt.timedelta(days=7),
            "month": today.replace(day=1),
            "year": today.replace(month=1, day=1),
        }.get(self.chosen or "")
        if first is None:
            return super().of_choice(query)
        return query.filter(**self._since(first), **self._before(today))

    def bound(self, lookup: str, text: str) -> dict[str, Any]:
        """From the beginning of a day, or to the end of one."""
        day = dt.date.fromisoformat(text)
        return self._since(day) if lookup == "gte" else self._before(day)

    def _since(self, day: dt.date) -> dict[str, Any]:
        return {f"{self.path}__gte": moment(self.field, day)}

    def _before(self, day: dt.date) -> dict[str, Any]:
        """Up to the end of a day."""
        return {f"{self.path}__lt": moment(self.field, day + dt.timedelta(days=1))}


def moment(field: Any, day: dt.date) -> Any:
    """The beginning of a day as a field of dates or times can be compared with it, in the time zone that holds here.

    Raises OverflowError for one that is before the first moment there is, in UTC.
    """
    if not isinstance(field, db.DateTimeField):
        return day
    return make_aware(dt.datetime.combine(day, dt.time())).astimezone(dt.UTC)


def _of_rows(relation: Any) -> str:
    """What the rows at the other end of a relation are called."""
    text = str(relation.target._meta.verbose_name_plural)
    return text[:1].upper() + text[1:]


def _kind(field: Any) -> Any:
    if getattr(field, "is_relation", True):
        return RelatedFieldListFilter
    if field.choices:
        return ChoicesFieldListFilter
    if isinstance(field, db.BooleanField):
        return BooleanFieldListFilter
    return DateFieldListFilter if isinstance(field, db.DateField | db.DateTimeField) else AllValuesFieldListFilter


def make_filter(admin: Any, entry: Any, request: Any) -> ListFilter:
    """Return the filter of an entry of `list_filter`. Raises AdminError for one that leads nowhere."""
    if isinstance(entry, type):
        if issubclass(entry, SimpleListFilter):
            return entry(request, request.args, admin.model, admin)
        raise AdminError(
            f"{type(admin).__name__}.list_filter has {entry.__name__}, which is no SimpleListFilter",
            hint=f'A filter by a field stands in a pair with its name: ("name", {entry.__name__}).',
        )
    path, kind = entry if isinstance(entry, list | tuple) else (entry, None)
    field = target_of(admin, str(path))
    if kind is not None and not (isinstance(kind, type) and issubclass(kind, FieldListFilter)):
        raise AdminError(f"{type(admin).__name__}.list_filter has {path!r} with {kind!r}, which is no FieldListFilter")
    made: ListFilter = (kind or _kind(field))(request, admin, str(path), field)
    return made
