"""Dates and numbers as each language writes them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from spruce import config
from spruce.i18n import (
    format_currency,
    format_date,
    format_datetime,
    format_number,
    format_percent,
    format_time,
    format_timedelta,
    override,
    timezone,
)

MOMENT = datetime(2025, 12, 31, 20, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_china(settings: Callable[..., config.Settings]) -> None:
    """Moments are shown in the zone of Shanghai."""
    settings(TIME_ZONE="Asia/Shanghai")


def test_moments_are_shown_in_the_zone_and_language() -> None:
    """In four lengths, or by a pattern."""
    assert format_datetime(MOMENT, "d MMM yyyy, HH:mm") == "1 Jan 2026, 04:05"
    assert format_date(MOMENT, "long") == "January 1, 2026"
    assert format_time(MOMENT, "HH:mm") == "04:05"
    with override("zh-Hans"):
        assert format_date(MOMENT, "long") == "2026年1月1日"
        assert format_datetime(MOMENT) == "2026年1月1日 04:05:00"
        assert format_date(date(2026, 5, 1)) == "2026年5月1日"
        assert format_time(time(9, 30), "short") == "09:30"


def test_without_a_value_it_is_now() -> None:
    """In the current zone."""
    with timezone.override("UTC"):
        assert format_date(format="yyyy-MM-dd") == timezone.localdate().isoformat()
        assert format_datetime(format="yyyy") == str(timezone.now().year)
        assert len(format_time(format="HH:mm")) == 5


def test_spans_of_time() -> None:
    """A moment is told by how far it is."""
    assert format_timedelta(timedelta(hours=3)) == "3 hours"
    assert format_timedelta(timedelta(hours=3), add_direction=True) == "in 3 hours"
    assert format_timedelta(timezone.now() - timedelta(days=2)) == "2 days ago"
    with override("zh-Hans"):
        assert format_timedelta(timedelta(hours=3)) == "3小时"


def test_numbers() -> None:
    assert format_number(Decimal("1234567.891")) == "1,234,567.891"
    assert format_number(1234.5, "#,##0.00") == "1,234.50"
    assert format_percent(0.5) == "50%"
    assert format_currency(Decimal("1234.5"), "EUR") == "€1,234.50"
    with override("de"):
        assert format_number(1234567.891) == "1.234.567,891"
        assert format_currency(Decimal("1234.5"), "EUR") == "1.234,50\xa0€"
