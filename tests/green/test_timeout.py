"""Timeouts: eventlet's semantics, in plain code and inside async code."""

import asyncio

import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")


class Slow(Exception):
    """What a test wants to see instead of Timeout."""


def forever():
    green.Event().wait()


async def forever_async():
    await asyncio.get_running_loop().create_future()


WAITS = {
    "plain": forever,
    "coroutine": lambda: green.await_(forever_async()),
    "future": lambda: green.await_(green.get_hub().loop.create_future()),
    "bare yield": lambda: green.await_(spin()),
    "sleep": lambda: green.sleep(60),
    "thread": lambda: green.spawn(forever).wait(),
}


async def spin():
    while True:
        await asyncio.sleep(0)


@pytest.fixture(params=WAITS)
def wait(request):
    """What a thread may be waiting for."""
    return WAITS[request.param]


@pytest.fixture(params=[False, True], ids=["fresh", "with a task"])
def mode(request):
    """Whether the thread has an asyncio Task from the start."""
    return (lambda: green.await_(asyncio.sleep(0))) if request.param else lambda: None


def test_it_raises_itself_in_the_thread_that_waits(wait, mode):
    """Whatever it waits for; and it is not pending afterwards."""

    def body():
        mode()
        timeout = green.Timeout(0.001)
        with pytest.raises(green.Timeout) as caught:
            wait()
        assert caught.value is timeout
        assert not timeout.pending
        green.sleep(0)
        return "went on"

    assert green.spawn(body).wait() == "went on"


def test_false_ends_the_block_silently(wait, mode):
    """`Timeout(s, False)` is raised and swallowed by its own block."""

    def body():
        mode()
        with green.Timeout(0, False) as timeout:
            wait()
            pytest.fail("not reached")
        return timeout.pending

    assert green.spawn(body).wait() is False


def test_an_exception_of_ones_own(wait, mode):
    """A class or an instance is raised instead."""

    def body():
        mode()
        for exception in (Slow, Slow("given")):
            with pytest.raises(Slow), green.Timeout(0, exception):
                wait()

    green.spawn(body).wait()


def test_nesting_each_block_stops_only_its_own(wait, mode):
    """The outer one passes through the inner block, silent or not; the inner one doesn't reach the outer."""

    def body():
        mode()
        with pytest.raises(green.Timeout) as caught, green.Timeout(0.001) as outer:  # noqa: SIM117 - what nests is what is tested
            with green.Timeout(60, False):
                wait()
        assert caught.value is outer
        with green.Timeout(60):
            with green.Timeout(0, False):
                wait()
            green.sleep(0)

    green.spawn(body).wait()


def test_two_that_fire_at_once_are_not_confused(wait, mode):
    """The one that is raised leaves both blocks; the other, cancelled by that, is never raised later."""

    def body():
        mode()
        with green.Timeout(0, False), green.Timeout(0) as inner:
            try:
                wait()
            except green.Timeout:
                inner.cancel()
                raise
        for _ in range(5):
            green.sleep(0)
        green.await_(asyncio.sleep(0))
        return "in peace"

    assert green.spawn(body).wait() == "in peace"


def test_zero_fires_before_work_that_is_queued_later():
    """It takes its turn with the wakes."""
    order = []
    with green.Timeout(0, False):
        green.spawn(order.append, "queued later")
        try:
            forever()
        finally:
            order.append("timed out")
    green.sleep(0)
    assert order == ["timed out", "queued later"]


def test_none_never_fires():
    """As if it weren't there."""
    with green.Timeout(None) as timeout:
        green.sleep(0)
        assert not timeout.pending
    assert repr(timeout) == "<Timeout without limit, not pending>"
    assert str(timeout) == ""


def test_a_cancelled_one_never_fires():
    """And can be started again; started twice is an error."""
    timeout = green.Timeout(0)
    timeout.cancel()
    timeout.cancel()
    green.sleep(0)
    timeout.start()
    assert timeout.pending
    with pytest.raises(ValueError, match="is started already; to restart it, cancel it first"):
        timeout.start()
    with pytest.raises(green.Timeout):
        forever()


def test_a_restarted_one_has_a_fresh_traceback():
    """The frames of its first time are not those of its second."""
    import traceback

    timeout = green.Timeout(0)
    depths = []
    for _ in range(3):
        try:
            forever()
        except green.Timeout as exc:
            depths.append(len(traceback.extract_tb(exc.__traceback__)))
            timeout.start()
    timeout.cancel()
    assert len(set(depths)) == 1


def test_as_a_block_it_starts_anew():
    """One that has fired or was cancelled starts again when the block is entered."""
    timeout = green.Timeout(0)
    timeout.cancel()
    with pytest.raises(green.Timeout), timeout:
        forever()
    with pytest.raises(green.Timeout), timeout:
        forever()


def test_it_is_a_base_exception():
    """`except Exception` doesn't swallow it."""
    assert not issubclass(green.Timeout, Exception)


def test_it_does_not_reach_a_thread_that_ended():
    """Nor the next job of the same carrier."""

    def body():
        green.Timeout(0)

    green.spawn(body).wait()
    assert green.spawn(lambda: [green.sleep(0), green.sleep(0)]).wait() == [None, None]


def test_a_wake_in_the_same_turn_is_not_lost():
    """An item handed over in the turn in which the getter timed out stays in the queue."""
    queue = green.Queue()

    def getter():
        with green.Timeout(0, False):
            queue.get()
            pytest.fail("not reached")

    def body():
        thread = green.spawn(getter)
        green.sleep(0)
        # now the timeout is queued ahead of the wake
        return thread

    thread = green.spawn(body).wait()
    queue.put("item")
    thread.wait()
    assert queue.get_nowait() == "item"


def test_in_async_code_it_is_raised_in_its_block():
    """The await is cancelled, and the block sees the Timeout; a silent one swallows it."""

    async def body():
        with pytest.raises(green.Timeout) as caught, green.Timeout(0) as timeout:
            await forever_async()
        assert caught.value is timeout
        with green.Timeout(0, False):
            await forever_async()
        with pytest.raises(Slow), green.Timeout(0, Slow):
            await asyncio.sleep(60)
        await asyncio.sleep(0)
        return asyncio.current_task().cancelling()

    assert green.await_(body()) == 0


def test_async_frames_see_a_cancellation_and_plain_frames_the_timeout():
    """Libraries clean up on cancellation; the caller learns why."""
    seen = []

    async def library():
        try:
            await forever_async()
        except asyncio.CancelledError as exc:
            seen.append(exc)
            await asyncio.sleep(0)
            raise

    with pytest.raises(green.Timeout), green.Timeout(0):
        green.await_(library())
    assert len(seen) == 1


def test_it_comes_through_a_library_that_turns_cancellation_into_its_own_error():
    """The caller's Timeout isn't lost; the library's error is its cause."""

    async def library():
        try:
            await forever_async()
        except asyncio.CancelledError:
            raise Slow("connection broken") from None

    with pytest.raises(green.Timeout) as caught, green.Timeout(0):
        green.await_(library())
    assert isinstance(caught.value.__cause__, Slow)


def test_it_comes_through_a_library_that_swallows_cancellation():
    """It is raised when the coroutine has ended."""

    async def library():
        try:
            await forever_async()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            return "swallowed"

    with pytest.raises(green.Timeout), green.Timeout(0):
        green.await_(library())


def test_a_cleanup_that_awaits_in_plain_code_is_not_interrupted():
    """The Timeout belongs to the await_ that it interrupted, not to the one in the cleanup."""
    log = []

    async def cleaning():
        await asyncio.sleep(0)
        return "cleaned"

    async def library():
        try:
            await forever_async()
        finally:
            log.append(green.await_(cleaning()))

    with pytest.raises(green.Timeout), green.Timeout(0):
        green.await_(library())
    assert log == ["cleaned"]


def test_with_timeout():
    """The result, the value for too late, or Timeout."""
    assert green.with_timeout(60, lambda a, b: a + b, 1, b=2) == 3
    assert green.with_timeout(0, forever, timeout_value="late") == "late"
    assert green.with_timeout(0, forever, timeout_value=None) is None
    with pytest.raises(green.Timeout):
        green.with_timeout(0, forever)
    with pytest.raises(green.Timeout), green.Timeout(0):  # somebody else's timeout is not ours
        green.with_timeout(60, forever, timeout_value="late")


def test_is_timeout():
    """Ours, the built-in one, and what says so itself."""
    timeout = green.Timeout(None)

    class Marked(Exception):
        is_timeout = True

    assert green.is_timeout(timeout)
    assert green.is_timeout(TimeoutError())
    assert green.is_timeout(Marked())
    assert not green.is_timeout(ValueError())


def test_its_texts():
    """They name the seconds, and what is special."""
    texts = []
    for arguments in [(1,), (1.5,), (2, True), (3, False), (4, Slow("given"))]:
        timeout = green.Timeout(*arguments)
        texts.append(f"{timeout} / {timeout!r}")
        timeout.cancel()
    assert texts == [
        "1 second / <Timeout 1 second pending>",
        "1.5 seconds / <Timeout 1.5 seconds pending>",
        "2 seconds / <Timeout 2 seconds pending>",
        "3 seconds (silent) / <Timeout 3 seconds (silent) pending>",
        "4 seconds (given) / <Timeout 4 seconds (given) pending>",
    ]
