"""The scheduler: order, times, cancelling, errors, and letting others run; and CPython's own tests of its `sched`."""

import importlib
import sys
import time
import unittest
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from types import ModuleType

import pytest

from spruce import green, sched
from spruce.green.runtime import in_use
from spruce.sched import Event, scheduler


class Clock:
    """A clock that moves only when somebody waits, and remembers each wait."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def plan(clock: Clock) -> scheduler:
    return scheduler(clock.time, clock.sleep)


def test_events_run_by_time_then_priority_then_order(plan: scheduler) -> None:
    """The earlier first; at the same time the lower priority; at the same priority the one entered first."""
    seen: list[str] = []
    plan.enter(5, 1, seen.append, ("late",))
    plan.enter(1, 2, seen.append, ("low",))
    plan.enter(1, 1, seen.append, ("high, first",))
    plan.enter(1, 1, seen.append, ("high, second",))
    assert plan.run() is None
    assert seen == ["high, first", "high, second", "low", "late"]


def test_run_waits_for_each_event_and_yields_after_it(plan: scheduler, clock: Clock) -> None:
    """The delay function gets the time to wait, and 0 after each action."""
    plan.enterabs(2, 1, int)
    plan.enterabs(5.5, 1, int)
    plan.run()
    assert clock.waits == [2, 0, 3.5, 0]


def test_enter_counts_from_now(plan: scheduler, clock: Clock) -> None:
    """A delay becomes a time when the event is entered."""
    clock.now = 100
    assert plan.enter(5, 1, int).time == 105
    assert plan.enterabs(5, 1, int).time == 5


def test_arguments_reach_the_action(plan: scheduler) -> None:
    """Positional and keyword arguments are the caller's."""
    seen: list[object] = []
    plan.enter(1, 1, lambda *args, **kwargs: seen.append((args, kwargs)), argument=(1, 2), kwargs={"foo": 3})
    plan.enter(2, 1, lambda *args, **kwargs: seen.append((args, kwargs)))
    plan.run()
    assert seen == [((1, 2), {"foo": 3}), ((), {})]


def test_an_event_tells_what_it_is(plan: scheduler) -> None:
    """Events have the fields of the standard library's."""
    event = plan.enterabs(3, 2, int, ("1",), {"base": 2})
    assert event == Event(3, 2, event.sequence, int, ("1",), {"base": 2})
    assert Event._fields == ("time", "priority", "sequence", "action", "argument", "kwargs")


def test_queue_is_an_ordered_copy(plan: scheduler) -> None:
    """Changing what `queue` gave changes nothing."""
    events = [plan.enterabs(at, 1, int) for at in (3, 1, 2)]
    assert plan.queue == [events[1], events[2], events[0]]
    plan.queue.clear()
    assert len(plan.queue) == 3


def test_a_cancelled_event_does_not_run(plan: scheduler, clock: Clock) -> None:
    """Cancelling takes out exactly the event that was entered, and its time is not waited for."""
    seen: list[str] = []
    plan.enterabs(1, 1, seen.append, ("a",))
    event = plan.enterabs(1, 1, seen.append, ("b",))
    last = plan.enterabs(9, 1, seen.append, ("c",))
    plan.cancel(event)
    plan.cancel(last)
    plan.run()
    assert seen == ["a"]
    assert clock.now == 1


def test_cancelling_twice_is_a_value_error(plan: scheduler) -> None:
    """An event that has run or was cancelled is not there any more."""
    event = plan.enter(1, 1, int)
    plan.cancel(event)
    with pytest.raises(ValueError, match=r"^this event is not in the queue: Event\(time=1\.0, priority=1, "):
        plan.cancel(event)


def test_empty_until_entered_and_after_run(plan: scheduler) -> None:
    """`empty` tells whether there is anything to wait for."""
    assert plan.empty()
    plan.enter(1, 1, int)
    assert not plan.empty()
    plan.run()
    assert plan.empty()


def test_without_blocking_only_what_is_due_runs(plan: scheduler, clock: Clock) -> None:
    """What is due runs; the result is the time until the next event, None when nothing is left."""
    seen: list[int] = []
    for at in (1, 2, 7):
        plan.enterabs(at, 1, seen.append, (at,))
    clock.now = 2
    assert plan.run(blocking=False) == 5
    assert seen == [1, 2]
    clock.now = 7
    assert plan.run(blocking=False) is None
    assert seen == [1, 2, 7]


def test_actions_may_enter_and_cancel(plan: scheduler) -> None:
    """An action changes the queue that it is run from."""
    seen: list[str] = []

    def first() -> None:
        seen.append("first")
        plan.enter(1, 1, seen.append, ("entered",))
        plan.cancel(doomed)

    plan.enter(1, 1, first)
    doomed = plan.enter(5, 1, seen.append, ("doomed",))
    plan.run()
    assert seen == ["first", "entered"]


def test_an_action_that_raises_leaves_the_rest(plan: scheduler) -> None:
    """The exception ends the run; its event is gone, the others run the next time."""
    seen: list[str] = []
    plan.enter(1, 1, int, ("no number",))
    plan.enter(2, 1, seen.append, ("later",))
    with pytest.raises(ValueError, match="no number"):
        plan.run()
    assert len(plan.queue) == 1
    plan.run()
    assert seen == ["later"]


def test_others_may_enter_events_during_a_delay(clock: Clock) -> None:
    """No lock is held while the delay runs."""
    seen: list[str] = []

    def sleep(seconds: float) -> None:
        if not seen:
            thread = Thread(target=plan.enterabs, args=(0, 1, seen.append, ("entered while waiting",)))
            thread.start()
            thread.join()
        clock.sleep(seconds)

    plan = scheduler(clock.time, sleep)
    plan.enterabs(5, 1, seen.append, ("first",))
    plan.run()
    assert seen == ["entered while waiting", "first"]


def test_times_may_be_of_any_kind() -> None:
    """Whatever has an order and a difference is a time."""
    waits: list[object] = []
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plan = scheduler(lambda: start, waits.append)
    plan.enter(timedelta(0), 1, int)
    plan.run()
    plan.enterabs(start + timedelta(days=1), 1, int)
    assert plan.run(blocking=False) == timedelta(days=1)
    assert waits == [0]


def test_waiting_in_a_green_thread_lets_others_run() -> None:
    """While one green thread runs a scheduler, another goes on; `time.sleep` as the delay means the same."""

    def main() -> list[str]:
        seen: list[str] = []

        def other() -> None:
            for _ in range(3):
                seen.append("other")
                green.sleep(0)

        for plan in (scheduler(), scheduler(time.monotonic, time.sleep)):
            plan.enter(0.01, 1, seen.append, ("action",))
            thread = green.spawn(other)
            plan.run()
            thread.wait()
        return seen

    assert green.run(main) == ["other", "other", "other", "action"] * 2


def test_schedulers_in_two_green_threads_take_turns() -> None:
    """After each action the others get their turn."""

    def main() -> list[str]:
        seen: list[str] = []

        def work(name: str) -> None:
            plan = scheduler()
            for _ in range(2):
                plan.enter(0, 1, seen.append, (name,))
            plan.run()

        for thread in [green.spawn(work, name) for name in "ab"]:
            thread.wait()
        return seen

    assert green.run(main) == ["a", "b", "a", "b"]


def test_in_a_plain_thread_it_needs_no_loop() -> None:
    """Where no green threads are in use, none of their machinery is made for a wait."""
    used: list[bool] = []

    def work() -> None:
        plan = scheduler()
        plan.enter(0.001, 1, int)
        plan.run()
        used.append(in_use())

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert used == [False]


def test_a_given_delay_function_is_used_as_it_is() -> None:
    """Only the standard library's own sleep is replaced."""

    def sleep(seconds: float) -> None:
        raise AssertionError

    assert scheduler(delayfunc=sleep).delayfunc is sleep


@pytest.fixture
def cpython_tests(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """CPython's test.test_sched, imported with ours in the place of the standard library's `sched`."""
    pytest.importorskip("test.test_sched", reason="this Python comes without the standard library's tests")
    monkeypatch.setitem(sys.modules, "sched", sched)
    monkeypatch.delitem(sys.modules, "test.test_sched")
    yield importlib.import_module("test.test_sched")
    sys.modules.pop("test.test_sched", None)


def outcome_of(tests: ModuleType) -> tuple[int, list[str]]:
    """Run a module of unittest tests; return how many ran, and the texts of those that failed."""
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromModule(tests).run(result)
    return result.testsRun, [text for _, text in [*result.failures, *result.errors, *result.skipped]]


def test_cpythons_own_tests_pass(cpython_tests: ModuleType) -> None:
    """Put in the place of `sched`, it passes all that CPython tests of it."""
    assert cpython_tests.sched.scheduler is scheduler
    count, failed = outcome_of(cpython_tests)
    assert failed == []
    assert count >= 11


def test_cpythons_own_tests_pass_in_a_green_thread(cpython_tests: ModuleType) -> None:
    """The same, run as a green thread."""
    count, failed = green.run(outcome_of, cpython_tests)
    assert failed == []
    assert count >= 11
