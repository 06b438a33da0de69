"""Fields of time."""

import datetime as dt
from typing import Any

import pytest

from spruce import forms
from spruce.errors import ValidationError
from spruce.i18n import timezone

DAY = dt.date(2026, 1, 31)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (forms.DateField(), "2026-01-31", DAY),
        (forms.DateField(), "1/31/2026", DAY),
        (forms.DateField(), "2026年1月31日", DAY),
        (forms.DateField(), dt.datetime(2026, 1, 31, 5, tzinfo=dt.UTC), DAY),
        (forms.DateField(), DAY, DAY),
        (forms.DateField(input_formats=["%d.%m.%Y"]), "31.1.2026", DAY),
        (forms.DateField(required=False), "", None),
        (forms.TimeField(), "12:30", dt.time(12, 30)),
        (forms.TimeField(), "12:30:05.5", dt.time(12, 30, 5, 500000)),
        (forms.TimeField(), dt.time(1), dt.time(1)),
        (forms.TimeField(required=False), None, None),
        (forms.DateTimeField(), "2026-01-31T12:30", dt.datetime(2026, 1, 31, 12, 30, tzinfo=dt.UTC)),
        (forms.DateTimeField(), "2026-01-31 12:30:05+01:00", dt.datetime(2026, 1, 31, 11, 30, 5, tzinfo=dt.UTC)),
        (forms.DateTimeField(), "1/31/2026 12:30", dt.datetime(2026, 1, 31, 12, 30, tzinfo=dt.UTC)),
        (forms.DateTimeField(), "2026-01-31", dt.datetime(2026, 1, 31, tzinfo=dt.UTC)),
        (forms.DateTimeField(), DAY, dt.datetime(2026, 1, 31, tzinfo=dt.UTC)),
        (forms.DateTimeField(required=False), "", None),
        (forms.DurationField(), "3 04:05:06.7", dt.timedelta(3, 4 * 3600 + 5 * 60 + 6, 700000)),
        (forms.DurationField(), "30", dt.timedelta(seconds=30)),
        (forms.DurationField(), "-1:30", dt.timedelta(seconds=-90)),
        (forms.DurationField(), "P1DT2H", dt.timedelta(1, 7200)),
        (forms.DurationField(), "-PT1,5S", dt.timedelta(seconds=-1.5)),
        (forms.DurationField(), dt.timedelta(1), dt.timedelta(1)),
        (forms.DurationField(required=False), "", None),
    ],
)
def test_good_times(field: forms.Field, value: Any, expected: Any) -> None:
    """In ISO's form, or as people write them."""
    assert field.clean(value) == expected


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (forms.DateField(), "2026-02-30", "Enter a valid date."),
        (forms.DateField(), ["x"], "Enter a valid date."),
        (forms.TimeField(), "25:00", "Enter a valid time."),
        (forms.DateTimeField(), "2026-01-31T25:00", "Enter a valid date/time."),
        (forms.DateTimeField(), "x", "Enter a valid date/time."),
        (forms.DurationField(), "P", "Enter a valid duration."),
        (forms.DurationField(), "a", "Enter a valid duration."),
        (forms.DurationField(), "9999999999 00:00:00",
         "The number of days must be between -999999999 and 999999999."),
    ],
)  # fmt: skip
def test_bad_times(field: forms.Field, value: Any, message: str) -> None:
    """Are refused."""
    with pytest.raises(ValidationError) as refused:
        field.clean(value)
    assert refused.value.messages == [message]


def test_moments_are_of_the_readers_time_zone() -> None:
    """Both ways; a time that clocks jumped over is refused."""
    field = forms.DateTimeField()
    with timezone.override("Europe/Berlin"):
        moment = field.clean("2026-07-01T12:00")
        assert moment == dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)
        assert field.widget.format_value(field.prepare_value(moment)) == "2026-07-01T12:00"
        with pytest.raises(ValidationError) as refused:
            field.clean("2026-03-29T02:30")
        assert refused.value.messages == [
            "2026-03-29 02:30:00 couldn’t be interpreted in time zone Europe/Berlin; it does not exist there."
        ]
    with timezone.override("Asia/Shanghai"), pytest.raises(ValidationError, match="Enter a valid date/time"):
        field.clean("0001-01-01T00:00")


def test_durations_are_shown_as_they_are_read() -> None:
    """With days and microseconds where there are some."""
    field = forms.DurationField()
    for text in ("00:00:30", "3 04:05:06.700000", "-1 23:00:00"):
        assert field.prepare_value(field.clean(text)) == text
    assert field.prepare_value("x") == "x"
