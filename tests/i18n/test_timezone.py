"""Time zones."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from spruce import config
from spruce.errors import ConfigError
from spruce.i18n import timezone as zones

Make = Callable[..., config.Settings]
NEW_YEAR = datetime(2025, 12, 31, 20, 0, tzinfo=UTC)


def test_the_setting_holds_until_another_is_activated(settings: Make) -> None:
    """And again after that was undone."""
    settings(TIME_ZONE="Asia/Shanghai")
    assert zones.get_current_timezone_name() == "Asia/Shanghai"
    zones.activate("Europe/Paris")
    with zones.override(None):
        assert zones.get_current_timezone() == zones.get_default_timezone() == ZoneInfo("Asia/Shanghai")
    assert zones.get_current_timezone_name() == "Europe/Paris"
    zones.deactivate()
    assert zones.get_current_timezone_name() == "Asia/Shanghai"
    with zones.override(timezone(timedelta(hours=1))):
        assert zones.get_current_timezone_name() == "UTC+01:00"


def test_a_moment_is_shown_in_the_zone(settings: Make) -> None:
    """Where it may be another day."""
    settings(TIME_ZONE="Asia/Shanghai")
    assert zones.localtime(NEW_YEAR).isoformat() == "2026-01-01T04:00:00+08:00"
    assert zones.localdate(NEW_YEAR) == date(2026, 1, 1)
    assert zones.localtime(NEW_YEAR, "Europe/Paris").isoformat() == "2025-12-31T21:00:00+01:00"
    assert zones.now().tzinfo is UTC
    assert abs(zones.localtime() - zones.now()) < timedelta(minutes=1)


def test_naive_and_aware(settings: Make) -> None:
    """Each way there and back."""
    settings(TIME_ZONE="Asia/Shanghai")
    naive = datetime(2026, 1, 1, 4)  # noqa: DTZ001 - the point of the test
    assert zones.is_naive(naive)
    assert zones.is_aware(NEW_YEAR)
    assert zones.make_aware(naive) == NEW_YEAR
    assert zones.make_naive(NEW_YEAR) == naive
    assert zones.make_aware(naive, "UTC") == NEW_YEAR + timedelta(hours=8)


def test_the_wrong_kind_is_refused() -> None:
    """With what to do."""
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match=r"^localtime\(\) takes an aware datetime, and datetime.*make_aware\(\)"):
        zones.localtime(naive)
    with pytest.raises(ValueError, match=r"^make_aware\(\) takes a naive datetime, and datetime.* has a zone"):
        zones.make_aware(NEW_YEAR)
    with pytest.raises(ValueError, match=r"^make_naive\(\) takes an aware datetime, and datetime.* has no zone$"):
        zones.make_naive(naive)


def test_a_wrong_name_is_told(settings: Make) -> None:
    """With the nearest one."""
    settings(TIME_ZONE="Asia/Shanghay")
    with pytest.raises(ConfigError) as caught:
        zones.get_current_timezone()
    assert str(caught.value) == (
        "there is no time zone 'Asia/Shanghay'; did you mean 'Asia/Shanghai'? "
        "Zones have names like 'Asia/Shanghai' and 'UTC'; the package tzdata has them all."
    )
