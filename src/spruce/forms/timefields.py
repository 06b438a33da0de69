"""Fields of time: dates, times of day, moments in the reader's time zone, and lengths of time.

What browsers' own pickers send is ISO 8601, which is read at once; whatever else people write is tried in the formats
of `strptime` that the field has.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from spruce.forms.fields import Field
from spruce.forms.timewidgets import DateInput, DateTimeInput, TimeInput
from spruce.i18n import gettext_lazy
from spruce.i18n.timezone import get_current_timezone, is_aware, localtime

__all__ = ["DateField", "DateTimeField", "DurationField", "TimeField"]

DATE_FORMATS = (
    "%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%Y/%m/%d", "%Y年%m月%d日", "%b %d %Y", "%b %d, %Y", "%d %b %Y", "%d %b, %Y",
    "%B %d %Y", "%B %d, %Y", "%d %B %Y", "%d %B, %Y",
)  # fmt: skip
TIME_FORMATS = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M")
DATETIME_FORMATS = tuple(f"{day} {time}" for day in DATE_FORMATS[:4] for time in TIME_FORMATS)


class _TimeField(Field):
    """What fields of time share: formats that text is read in."""

    formats: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, input_formats: Iterable[str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.input_formats = input_formats

    def parsed(self, text: str) -> Iterator[dt.datetime]:
        """Yield what a text is in the first format that fits."""
        for form in self.formats if self.input_formats is None else self.input_formats:
            try:
                yield dt.datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added by whoever needs one
                return
            except (ValueError, TypeError):
                continue


class DateField(_TimeField):
    """A date."""

    widget = DateInput
    formats = DATE_FORMATS
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": gettext_lazy("Enter a valid date.")}

    def to_python(self, value: Any) -> Any:
        """A datetime.date, None for nothing."""
        if value in self.empty_values:
            return None
        if isinstance(value, dt.date):
            return value.date() if isinstance(value, dt.datetime) else value
        text = str(value).strip()
        if self.input_formats is None and len(text) == 10:
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                pass
        for found in self.parsed(text):
            return found.date()
        raise self.fault("invalid")


class TimeField(_TimeField):
    """A time of day."""

    widget = TimeInput
    formats = TIME_FORMATS
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": gettext_lazy("Enter a valid time.")}

    def to_python(self, value: Any) -> Any:
        """A datetime.time, None for nothing."""
        if value in self.empty_values:
            return None
        if isinstance(value, dt.time):
            return value
        for found in self.parsed(str(value).strip()):
            return found.time()
        raise self.fault("invalid")


class DateTimeField(_TimeField):
    """A moment, written in the time zone of who fills in the form; its value is aware."""

    widget = DateTimeInput
    formats = (*DATETIME_FORMATS, *DATE_FORMATS)
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": gettext_lazy("Enter a valid date/time."),
        "imaginary": gettext_lazy(
            "%(datetime)s couldn’t be interpreted in time zone %(current_timezone)s; it does not exist there."
        ),
    }

    def prepare_value(self, value: Any) -> Any:
        """In the time zone of who sees it."""
        return localtime(value) if isinstance(value, dt.datetime) and is_aware(value) else value

    def to_python(self, value: Any) -> Any:
        """An aware datetime.datetime, None for nothing."""
        if value in self.empty_values:
            return None
        if isinstance(value, dt.datetime):
            return self.aware(value)
        if isinstance(value, dt.date):
            return self.aware(dt.datetime.combine(value, dt.time()))
        text = str(value).strip()
        found = self._iso(text) if self.input_formats is None and len(text) > 10 else None
        found = next(self.parsed(text), None) if found is None else found
        if found is None:
            raise self.fault("invalid")
        return self.aware(found)

    def _iso(self, text: str) -> dt.datetime | None:
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            return None

    def aware(self, value: dt.datetime) -> dt.datetime:
        """A moment of the reader's time zone. Raises ValidationError for one that clocks jumped over there."""
        if is_aware(value):
            return value
        zone = get_current_timezone()
        made = value.replace(tzinfo=zone)
        try:
            there = made.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None)
        except OverflowError:
            raise self.fault("invalid") from None
        if there != value:
            raise self.fault("imaginary", datetime=value, current_timezone=zone)
        return made


class DurationField(Field):
    """A length of time, as `3 04:05:06`, `04:05:06` or ISO 8601's `P3DT4H5M6S`."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": gettext_lazy("Enter a valid duration."),
        "overflow": gettext_lazy("The number of days must be between %(min_days)s and %(max_days)s."),
    }
    _clock = re.compile(
        r"(?:(?P<days>-?\d+) (?:days?, )?)?(?P<sign>-?)"
        r"(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):)?(?P<seconds>\d+)(?:[.,](?P<microseconds>\d{1,6})\d{0,6})?"
    )
    _iso = re.compile(
        r"(?P<sign>[-+]?)P(?:(?P<days>\d+(?:[.,]\d+)?)D)?"
        r"(?:T(?:(?P<hours>\d+(?:[.,]\d+)?)H)?(?:(?P<minutes>\d+(?:[.,]\d+)?)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?"
    )

    def prepare_value(self, value: Any) -> Any:
        """As text."""
        if not isinstance(value, dt.timedelta):
            return value
        hours, rest = divmod(value.seconds, 3600)
        shown = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
        days = f"{value.days} " if value.days else ""
        return days + shown + (f".{value.microseconds:06}" if value.microseconds else "")

    def to_python(self, value: Any) -> Any:
        """A datetime.timedelta, None for nothing."""
        if value in self.empty_values:
            return None
        if isinstance(value, dt.timedelta):
            return value
        try:
            found = self._read(str(value).strip())
        except OverflowError:
            raise self.fault("overflow", min_days=dt.timedelta.min.days, max_days=dt.timedelta.max.days) from None
        if found is None:
            raise self.fault("invalid")
        return found

    def _read(self, text: str) -> dt.timedelta | None:
        found = self._clock.fullmatch(text) or (self._iso.fullmatch(text) if len(text) > 2 else None)
        if found is None:
            return None
        parts = {name: part for name, part in found.groupdict().items() if part and name != "sign"}
        sign = -1 if found["sign"] == "-" else 1
        if "microseconds" in parts:
            parts["microseconds"] = parts["microseconds"].ljust(6, "0")
        numbers = {name: float(part.replace(",", ".")) for name, part in parts.items()}
        iso = text.lstrip("+-").startswith("P")
        days = 0 if iso else numbers.pop("days", 0)
        return dt.timedelta(days=days) + sign * dt.timedelta(**numbers)
