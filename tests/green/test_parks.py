"""Watching waits: who waited, from when, and since when it need not have."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

from spruce import green
from spruce.green.parks import watch_parks

LOOPS = ["lean", "asyncio", "uvloop"]


def noting(main: Callable[[list[Any]], object], loop: str) -> list[Any]:
    """What is told while main runs."""
    told: list[Any] = []

    def run() -> None:
        parks = watch_parks(green.get_hub(), lambda thread, began, ready: told.append((thread, began, ready)))
        main(told)
        parks.end()

    green.run(run, loop=loop)
    return told


@pytest.mark.parametrize("loop", LOOPS)
def test_each_wait_is_told_in_its_thread(loop: str) -> None:
    """Those with a Task, too; idle carriers don't wait."""
    threads: list[Any] = []

    def work() -> None:
        threads.append(green.getcurrent())
        green.sleep(0)
        green.await_(asyncio.sleep(0.001))

    def main(told: list[Any]) -> None:
        for _ in range(2):
            green.spawn(work).wait()

    told = noting(main, loop)
    counts = [sum(thread is one for thread, _, _ in told) for one in threads]
    assert len(threads) == 2
    assert counts[0] == counts[1] >= 2


@pytest.mark.parametrize("loop", ["lean", "asyncio"])
def test_since_when_a_thread_could_have_gone_on(loop: str) -> None:
    """Behind a poll that has waited, that moment; it lies within the wait."""

    def main(told: list[Any]) -> None:
        green.sleep(0.01)

    ((_, began, ready),) = noting(main, loop)
    assert ready > began


def test_a_loop_in_c_does_not_tell() -> None:
    """Then nobody has waited for it."""
    ((_, _, ready),) = noting(lambda told: green.sleep(0.001), "uvloop")
    assert ready == math.inf


@pytest.mark.parametrize("loop", LOOPS)
def test_the_end_leaves_the_hub_as_it_was(loop: str) -> None:
    """Carriers and polls too."""
    told: list[Any] = []

    def main() -> None:
        hub: Any = green.get_hub()
        before = hub.park
        parks = watch_parks(hub, lambda *wait: told.append(wait))
        assert hub.parks is parks
        green.spawn(green.sleep, 0).wait()
        parks.end()
        count = len(told)
        assert (hub.park, hub.parks) == (before, None)
        assert all(carrier.park == before for carrier in hub.carriers)
        green.spawn(green.sleep, 0).wait()
        assert len(told) == count > 0

    green.run(main, loop=loop)


def test_an_interruption_is_told_as_well() -> None:
    """The wait has ended, however."""

    def main(told: list[Any]) -> None:
        thread = green.spawn(green.sleep, 60)
        green.sleep(0)
        thread.kill()

    assert len(noting(main, "lean")) >= 2
