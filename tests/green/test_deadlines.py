"""Deadlines: timeouts that tell how much time is left."""

import asyncio

import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")


def test_it_is_a_timeout():
    """Raised in the block when its time is over, and not after it."""
    with pytest.raises(green.Timeout) as caught, green.deadline(0.001) as deadline:
        green.sleep(60)
    assert caught.value is deadline
    assert str(caught.value) == "0.001 seconds"
    with green.deadline(0.001):
        pass
    green.sleep(0.002)


def test_the_time_that_is_left():
    """Known further down, in coroutines, and in the threads that are spawned in the block; unknown outside."""
    assert green.time_left() is None

    async def in_a_coroutine():
        await asyncio.sleep(0)
        return green.time_left()

    with green.deadline(60):
        for left in (green.time_left(), green.await_(in_a_coroutine()), green.spawn(green.time_left).wait()):
            assert 50 < left < 60.001
        assert 50 < green.tpool.execute(green.time_left) < 60.001
    assert green.time_left() is None


def test_the_earlier_one_counts():
    """Inside a longer one it is its own, inside a shorter one the outer."""
    with green.deadline(60):
        with green.deadline(30):
            assert green.time_left() < 30.001
        assert green.time_left() > 31
    with green.deadline(0.001) as outer, pytest.raises(green.Timeout) as caught, green.deadline(60):
        green.sleep(60)
    assert caught.value is outer


def test_when_it_is_over_nothing_is_left():
    """Not less than nothing."""

    def body():
        with green.deadline(0):
            try:
                green.sleep(60)
            except green.Timeout:
                return green.time_left()

    assert green.spawn(body).wait() == 0.0
