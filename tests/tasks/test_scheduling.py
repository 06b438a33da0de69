"""Schedules: each tick once, whoever looks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.tasks import jobs

from spruce.errors import InvalidTask
from spruce.tasks import schedule
from spruce.tasks.embedded import Embedded
from spruce.tasks.scheduling import Scheduler, schedules
from spruce.tasks.store import Store

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _own_schedules() -> Iterator[None]:
    before = dict(schedules)
    schedules.clear()
    yield
    schedules.clear()
    schedules.update(before)


def scheduler(chance: Callable[[], float] = lambda: 0.5) -> Scheduler:
    return Scheduler(Embedded(), chance)


def ticks(store: Store) -> list[float]:
    return sorted(row["tick"] for state in ("READY", "WAITING") for row in store.listed(state, 100_000))


def test_the_first_tick_is_the_next_one(store: Store) -> None:
    schedule(every=HOUR, overlap=True)(jobs.plain)
    assert scheduler().fire(10.0) == HOUR
    assert ticks(store) == []
    assert scheduler().fire(HOUR + 1) == 2 * HOUR
    assert ticks(store) == [HOUR]


def test_each_tick_is_enqueued_once_by_many(store: Store) -> None:
    schedule(every=HOUR, overlap=True, args=("word",))(jobs.mail)
    many = [scheduler() for _ in range(4)]
    for now in (10.0, HOUR, HOUR, 2 * HOUR + 1, 2 * HOUR + 2, 1.5 * HOUR, 3 * HOUR):
        for one in many:
            one.fire(now)
    assert ticks(store) == [HOUR, 2 * HOUR, 3 * HOUR]
    (first, *_) = store.listed("READY", 1)
    assert (first["schedule"], first["queue"], first["arguments"]) == (jobs.mail.path, "mail", '[["word"],{},{}]')


@pytest.mark.parametrize(
    ("missed", "late", "expected"),
    [
        ("once", 30.0, [5 * HOUR]),
        ("once", 1000.0, [5 * HOUR]),
        ("skip", 30.0, [5 * HOUR]),
        ("skip", 1000.0, []),
        ("all", 1000.0, [HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 5 * HOUR]),
    ],
)
def test_what_was_missed(sqlite: Store, missed: Any, late: float, expected: list[float]) -> None:
    schedule(every=HOUR, missed=missed)(jobs.plain)
    scheduler().fire(10.0)
    assert scheduler().fire(5 * HOUR + late) == 6 * HOUR
    assert ticks(sqlite) == expected


def test_a_run_that_has_not_ended_lets_no_other_in(sqlite: Store) -> None:
    schedule(every=HOUR)(jobs.plain)
    one = scheduler()
    for hour in range(4):
        one.fire(hour * HOUR + 1)
    assert ticks(sqlite) == [HOUR]


def test_jitter_puts_a_run_off(sqlite: Store) -> None:
    schedule(every=HOUR, jitter=60)(jobs.plain)
    one = scheduler()
    one.fire(1.0)
    one.fire(HOUR)
    (row,) = sqlite.listed("WAITING", 10)
    assert (row["tick"], row["run_after"]) == (HOUR, HOUR + 30)


def test_a_schedule_that_was_changed_begins_anew(sqlite: Store) -> None:
    schedule(every=HOUR)(jobs.plain)
    scheduler().fire(1.0)
    schedules.clear()
    schedule(every=60)(jobs.plain)
    assert scheduler().fire(2 * HOUR + 1) == 2 * HOUR + 60
    assert ticks(sqlite) == []


def test_a_paused_one_enqueues_nothing_and_its_ticks_pass(sqlite: Store) -> None:
    schedule(every=HOUR)(jobs.plain)
    one = scheduler()
    one.fire(1.0)
    assert sqlite.pause(jobs.plain.path, True)
    assert one.fire(HOUR) == 2 * HOUR
    sqlite.pause(jobs.plain.path, False)
    one.fire(2 * HOUR)
    assert ticks(sqlite) == [2 * HOUR]


def test_a_month_of_cron_in_an_instant(sqlite: Store) -> None:
    """March in Berlin, in which the clocks go forward: 3:30 is half past two by UTC, then half past one."""
    schedule(cron="30 3 * * *", tz="Europe/Berlin", overlap=True)(jobs.plain)
    one = scheduler()
    now = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    end = datetime(2026, 4, 1, tzinfo=UTC).timestamp()
    while now < end:
        now = one.fire(now) or end
    found = [datetime.fromtimestamp(tick, UTC) for tick in ticks(sqlite)]
    assert [moment.day for moment in found] == list(range(1, 32))
    assert [moment.hour for moment in found] == [2] * 28 + [1] * 3


def test_a_function_becomes_a_task_and_may_have_several() -> None:
    schedule(every=60)(jobs.plain)
    schedule(cron="@daily", name="at night")(jobs.plain)
    assert list(schedules) == [jobs.plain.path, "at night"]
    assert schedule(every=5, name="plain", args=(1,))(takes_one).func is takes_one


def takes_one(number: int) -> None: ...


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "a schedule has either every=… or cron=…. As in @schedule(every=60)."),
        ({"every": 1, "cron": "@daily"}, "a schedule has either every=… or cron=…. As in @schedule(every=60)."),
        ({"every": 1, "tz": "UTC"}, "tz=… is for cron=…; intervals are the same everywhere"),
        ({"every": 1, "missed": "one"}, "missed='one'; did you mean 'once'? skip, once or all."),
        ({"every": 1, "args": (1, 2)}, "plain() cannot be called like that: too many positional arguments."),
    ],
)
def test_what_is_no_schedule_is_told(options: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        schedule(**options)(jobs.plain)
    assert str(refused.value).startswith(text)


def test_a_name_is_taken_once() -> None:
    schedule(every=60)(jobs.plain)
    with pytest.raises(InvalidTask) as refused:
        schedule(every=30)(jobs.plain)
    assert str(refused.value) == "there is a schedule 'tests.tasks.jobs.plain' already. Give this one a name=…."
