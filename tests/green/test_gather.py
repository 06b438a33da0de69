"""gather: results in order; a failure or an interruption stops the others."""

import asyncio

import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")


def sleeper(log, name, cleanup=0):
    """Return a function that sleeps, and takes some turns to end when it is killed."""

    def sleep():
        try:
            green.sleep(60)
        finally:
            for _ in range(cleanup):
                green.sleep(0)
            log.append(name)

    return sleep


def fail():
    green.sleep(0)
    raise ValueError("broken")


def test_results_come_in_the_order_of_the_functions():
    """Whoever ends first."""

    def slow():
        for _ in range(5):
            green.sleep(0)
        return "slow"

    assert green.gather(slow, lambda: "fast", lambda: None) == ["slow", "fast", None]
    assert green.gather() == []


def test_they_run_at_the_same_time():
    """Each waits for the other."""
    there, back = green.Queue(), green.Queue()
    assert green.gather(lambda: (there.put(1), back.get())[1], lambda: (back.put(2), there.get())[1]) == [2, 1]


def test_a_failure_stops_the_others_and_is_raised_when_they_have_ended():
    """With their cleanup."""
    log = []
    with pytest.raises(ValueError, match=r"^broken$"):
        green.gather(sleeper(log, "a", cleanup=3), fail, sleeper(log, "b"))
    assert sorted(log) == ["a", "b"]


def test_an_interrupted_caller_stops_them_all():
    """By a timeout or a kill; also by a second one meanwhile."""
    for interruptions in ([green.Timeout(None)], [KeyError(), green.GreenletExit()]):
        log = []
        thread = green.spawn(green.gather, sleeper(log, "a", cleanup=20), sleeper(log, "b"))
        green.sleep(0)
        green.sleep(0)
        killers = [green.spawn(thread.kill, interruption) for interruption in interruptions]
        for killer in killers:
            killer.wait()
        with pytest.raises(type(interruptions[-1])):
            thread.wait()
        assert sorted(log) == ["a", "b"]


def test_what_is_no_function_is_refused():
    """Awaitables have a gather of their own."""
    coroutine = asyncio.sleep(0)
    with pytest.raises(TypeError) as caught:
        green.gather(int, coroutine)
    assert str(caught.value) == (
        f"gather() takes functions, not {coroutine!r}; for awaitables, await_(asyncio.gather(...))"
    )
    coroutine.close()
