"""Widgets for dates and times: the browser's pickers, or text in a format of one's own."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from spruce.forms.widgets import Input
from spruce.i18n.timezone import is_aware, localtime

__all__ = ["DateInput", "DateTimeInput", "TimeInput"]


class _Timed(Input):
    """What the inputs of dates and times share: the browser's own picker, unless a `format` of strftime is given."""

    picker: ClassVar[str]
    supports_microseconds = False

    def __init__(self, attrs: Mapping[str, Any] | None = None, format: str | None = None) -> None:  # noqa: A002 - Django's name
        self.input_type = "text" if format else self.picker
        super().__init__(attrs)
        self.format = format or None

    def format_value(self, value: Any) -> Any:
        """As the browser's picker wants it, or in the format."""
        if value is None or value == "" or not isinstance(value, dt.date | dt.time):
            return None if value in (None, "") else str(value)
        if self.format:
            return value.strftime(self.format)
        if isinstance(value, dt.datetime) and is_aware(value):
            value = localtime(value)
        return self.machine(value)

    def machine(self, value: Any) -> str:
        """A value as the browser's picker wants it."""
        return str(value.isoformat())


class DateInput(_Timed):
    """A date."""

    picker = "date"

    def machine(self, value: Any) -> str:
        """As 2026-01-31."""
        return (value.date() if isinstance(value, dt.datetime) else value).isoformat()


class DateTimeInput(_Timed):
    """A date and time, in the time zone of who sees it."""

    picker = "datetime-local"

    def machine(self, value: Any) -> str:
        """As 2026-01-31T12:30, with seconds where there are some."""
        if not isinstance(value, dt.datetime):
            return str(value)
        return value.replace(tzinfo=None).isoformat(timespec=_exactness(value))


class TimeInput(_Timed):
    """A time of day."""

    picker = "time"

    def machine(self, value: Any) -> str:
        """As 12:30, with seconds where there are some."""
        time = value.time() if isinstance(value, dt.datetime) else value
        return str(time.isoformat(timespec=_exactness(time)))


def _exactness(value: Any) -> str:
    return "microseconds" if value.microsecond else "seconds" if value.second else "minutes"
