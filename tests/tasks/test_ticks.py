"""When something is to happen, again and again."""

from datetime import UTC, datetime, timedelta

import pytest

from spruce import config
from spruce.errors import InvalidTask
from spruce.tasks.ticks import Cron, Every, Ticks


def ticks(of: Ticks, start: datetime, count: int) -> list[str]:
    """The next ticks, as hours in the zone and distance from UTC."""
    found, moment = [], start.timestamp()
    for _ in range(count):
        moment = of.after(moment)
        found.append(f"{datetime.fromtimestamp(moment, UTC):%d %H:%M}")
    return found


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type] # year, month, day …


def test_intervals_are_multiples_since_the_epoch() -> None:
    quarter = Every(timedelta(minutes=15))
    assert ticks(quarter, utc(2026, 3, 1, 10, 7), 3) == ["01 10:15", "01 10:30", "01 10:45"]
    assert quarter.after(900.0) == 1800.0
    assert (quarter.last(900.0), quarter.last(899.9)) == (900.0, 0.0)
    assert str(quarter) == "every 0:15:00"


def test_cron_is_read_in_its_time_zone() -> None:
    assert ticks(Cron("30 3 * * MON-FRI", "Europe/Berlin"), utc(2026, 1, 2, 12), 2) == ["05 02:30", "06 02:30"]
    assert ticks(Cron("0 0 * * *", "Asia/Shanghai"), utc(2026, 1, 2, 12), 1) == ["02 16:00"]


def test_without_a_zone_it_is_that_of_the_settings() -> None:
    token = config.use(config.Settings(TIME_ZONE="Asia/Tokyo"))
    try:
        assert ticks(Cron("@daily"), utc(2026, 1, 2), 1) == ["02 15:00"]
        assert str(Cron("@daily")) == "0 0 * * * Asia/Tokyo"
    finally:
        config.leave(token)


def test_an_hour_that_is_left_out_happens_right_after() -> None:
    """On 29 March 2026 Berlin goes from 2:00 to 3:00, which is 1:00 UTC."""
    assert ticks(Cron("30 2 * * *", "Europe/Berlin"), utc(2026, 3, 28), 3) == ["28 01:30", "29 01:00", "30 00:30"]


def test_an_hour_that_comes_twice_happens_once() -> None:
    """On 25 October 2026 Berlin goes from 3:00 back to 2:00, which is 1:00 UTC."""
    assert ticks(Cron("30 2 * * *", "Europe/Berlin"), utc(2026, 10, 24), 3) == ["24 00:30", "25 00:30", "26 01:30"]


def test_what_runs_every_hour_goes_on_evenly() -> None:
    assert ticks(Cron("0 * * * *", "Europe/Berlin"), utc(2026, 10, 24, 23, 30), 4) == [
        *("25 00:00", "25 01:00", "25 02:00", "25 03:00")
    ]
    assert ticks(Cron("0 * * * *", "Europe/Berlin"), utc(2026, 3, 29, 0, 30), 2) == ["29 01:00", "29 02:00"]


def test_the_last_tick_is_the_one_before() -> None:
    daily = Cron("0 3 * * *", "UTC")
    at = utc(2026, 5, 2, 3).timestamp()
    assert (daily.last(at), daily.last(at + 0.5), daily.last(at - 1)) == (at, at, at - 86400)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Every(0), "every=0 is no time between two runs. Give seconds or a timedelta."),
        (
            lambda: Cron("61 * * * *"),
            "cron='61 * * * *' cannot be read: Bad minute. As in cron='30 3 * * MON-FRI', tz='Europe/Berlin'.",
        ),
        (lambda: Cron("0 0 30 2 *"), "cron='0 0 30 2 *' cannot be read: Bad day-of-month."),
        (lambda: Cron("@daily", "Mars/Base"), "tz='Mars/Base' cannot be read: "),
    ],
)
def test_what_is_no_time_is_refused(make: object, text: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        make()  # type: ignore[operator] # a function
    assert str(refused.value).startswith(text)
