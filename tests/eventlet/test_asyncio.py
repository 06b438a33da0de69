"""Coroutines in green threads."""

import asyncio

import pytest

from spruce import eventlet, green
from spruce.eventlet.asyncio import spawn_for_awaitable


def test_its_result_and_its_failure() -> None:
    """Are those of the green thread."""

    async def double(number: int) -> int:
        await asyncio.sleep(0)
        if number < 0:
            raise ValueError("negative")
        return number * 2

    def main() -> None:
        assert spawn_for_awaitable(double(4)).wait() == 8
        with pytest.raises(ValueError, match=r"^negative$"):
            spawn_for_awaitable(double(-1)).wait()

    green.run(main)


def test_to_kill_the_green_thread_cancels_the_coroutine() -> None:
    """It may clean up."""
    log = []

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    def main() -> None:
        thread = spawn_for_awaitable(long())
        eventlet.sleep(0)
        eventlet.sleep(0)
        thread.kill()
        with pytest.raises(green.GreenletExit):
            thread.wait()

    green.run(main)
    assert log == ["cancelled"]
