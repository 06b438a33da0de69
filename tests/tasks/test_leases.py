"""Who lives, and who is taken for dead."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from spruce.tasks import leases
from spruce.tasks.leases import BEAT_SECONDS, LEASE_SECONDS, Lease, Watch, is_gone, place
from spruce.tasks.store import Store

Row = Callable[..., dict[str, Any]]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def elsewhere(store: Store, row: Row, worker: str = "other") -> str:
    """A worker on another machine, with a job in hand."""
    store.register(worker, "elsewhere", 1, "", 0.0)
    id_ = store.add(row())
    assert len(store.claim(worker, ["default"], 1, 0.0)) == 1
    return id_


def looks(watch: Watch, clock: Clock, count: int) -> int:
    """Look so many times, a beat apart; return how many jobs were released."""
    released = 0
    for _ in range(count):
        clock.now += BEAT_SECONDS
        released += watch.look("own")
    return released


LOOKS = int(LEASE_SECONDS / BEAT_SECONDS)


def test_a_beat_that_stands_still_is_a_death(sqlite: Store, row: Row, clock: Clock) -> None:
    elsewhere(sqlite, row)
    watch = Watch(sqlite, clock)
    assert looks(watch, clock, LOOKS) == 0
    assert looks(watch, clock, 1) == 1
    assert sqlite.workers() == []


def test_who_beats_lives(sqlite: Store, row: Row, clock: Clock) -> None:
    elsewhere(sqlite, row)
    watch = Watch(sqlite, clock)
    for _ in range(3):
        assert looks(watch, clock, LOOKS) == 0
        sqlite.beat("other")
    assert len(sqlite.workers()) == 1


def test_time_in_which_nobody_looked_does_not_count(sqlite: Store, row: Row, clock: Clock) -> None:
    """Else a worker that was stopped for long would take all the others for dead when it goes on."""
    elsewhere(sqlite, row)
    watch = Watch(sqlite, clock)
    looks(watch, clock, 2)
    clock.now += 1000
    assert watch.look("own") == 0
    assert len(sqlite.workers()) == 1


def test_a_process_that_has_ended_here_is_dead_at_once(sqlite: Store, row: Row, clock: Clock) -> None:
    sqlite.register("gone", place(), 2**22 + 1, "5", 0.0)
    sqlite.register("here", place(), os.getpid(), leases.born(os.getpid()), 0.0)
    sqlite.add(row())
    sqlite.claim("gone", ["default"], 1, 0.0)
    assert Watch(sqlite, clock).look("own") == 1
    assert [worker[0] for worker in sqlite.workers()] == ["here"]


def test_a_number_that_another_process_has_now_is_told_from_the_first() -> None:
    assert not is_gone(place(), os.getpid(), leases.born(os.getpid()))
    assert is_gone(place(), os.getpid(), "1")
    assert not is_gone("elsewhere", os.getpid(), "1")
    assert not is_gone(place(), os.getpid(), "")


def test_a_lease_is_taken_anew_under_another_name(sqlite: Store) -> None:
    lease = Lease(sqlite)
    assert lease.beat()
    assert sqlite.workers() == []
    lease.take()
    first = lease.id
    lease.take()
    assert (lease.id, lease.beat()) == (first, True)
    assert [tuple(worker)[:4] for worker in sqlite.workers()] == [(first, 1, place(), os.getpid())]
    sqlite.bury(first, 1)
    assert not lease.beat()
    lease.take()
    assert lease.id not in ("", first)
    lease.leave()
    lease.leave()
    assert (lease.id, sqlite.workers()) == ("", [])


def test_jobs_without_a_worker_are_released(sqlite: Store, row: Row, clock: Clock) -> None:
    """Those whose claim was committed just after their worker had been buried."""
    sqlite.add(row())
    sqlite.claim("nobody", ["default"], 1, 0.0)
    assert Watch(sqlite, clock).look("own") == 1
