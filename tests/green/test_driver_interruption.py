"""Kills, timeouts and cancellation of threads that await: what async and plain frames see, and that nothing is lost."""

import asyncio

import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")


async def returning(value):
    await asyncio.sleep(0)
    return value


async def forever(log=None):
    try:
        await asyncio.get_running_loop().create_future()
    except BaseException as exc:
        if log is not None:
            log.append(type(exc).__name__)
        raise


def loop():
    return green.get_hub().loop


def await_logged(awaitable, log):
    """Wait, and note what comes out."""
    try:
        return green.await_(awaitable)
    except BaseException as exc:
        log.append(type(exc).__name__)
        raise


def turns(number=3):
    """Let the loop turn: callbacks and tasks run, not only green threads."""
    for _ in range(number):
        green.await_(resolved_soon())


def resolved_soon():
    future = loop().create_future()
    loop().call_soon(lambda: future.done() or future.set_result(None))
    return future


# Kill, and what async frames see of it


def test_a_kill_while_awaiting():
    """The coroutine sees CancelledError, plain code sees GreenletExit; both once."""
    for make in (lambda log: forever(log), lambda log: loop().create_task(forever(log))):
        log = []
        thread = green.spawn(await_logged, make(log), log)
        green.sleep(0)
        turns(1)
        thread.kill()
        assert log == ["CancelledError", "GreenletExit"]
        with pytest.raises(green.GreenletExit):
            thread.wait()


def test_a_kill_while_awaiting_a_bare_future():
    """The future is cancelled, so that whoever would resolve it knows."""
    future, log = loop().create_future(), []
    thread = green.spawn(await_logged, future, log)
    green.sleep(0)
    thread.kill()
    assert future.cancelled()
    assert log == ["GreenletExit"]


def test_a_kill_in_the_turn_in_which_the_future_is_done():
    """The exception wins, the result stays in the future, and the carrier's next job is left alone."""
    for wait in (green.await_, lambda future: green.await_(wrapped(future))):
        future, log = loop().create_future(), []

        def body(future=future, log=log, wait=wait):
            try:
                wait(future)
            except green.GreenletExit:
                log.append("killed")

        thread = green.spawn(body)
        green.sleep(0)
        turns(1)
        loop().call_soon(lambda: (future.set_result("result"), thread.interrupt(green.GreenletExit())))  # noqa: B023 - it runs now
        thread.wait()
        assert log == ["killed"]
        assert future.result() == "result"
        assert green.spawn(lambda: [green.sleep(0) for _ in range(3)]).wait() == [None] * 3


async def wrapped(future):
    return await future


def test_a_kill_while_yielding_bare():
    """`asyncio.sleep(0)` waits for no future that could be cancelled."""
    log = []

    async def spin():
        try:
            while True:
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            log.append("CancelledError")
            raise

    thread = green.spawn(await_logged, spin(), log)
    green.sleep(0)
    turns(1)
    thread.kill()
    assert log == ["CancelledError", "GreenletExit"]


def test_a_kill_before_the_task_has_begun():
    """The thread parks in its first coroutine, and is killed before the loop has turned."""
    for park in (lambda: green.await_(forever()), lambda: (green.await_(returning_at_once()), green.Event().wait())):
        log = []

        def body(park=park, log=log):
            try:
                park()
            except green.GreenletExit:
                log.append("killed")
                green.await_(asyncio.sleep(0))
                log.append("cleaned")

        thread = green.spawn(body)
        green.sleep(0)
        thread.kill()
        assert thread.wait() is None
        assert log == ["killed", "cleaned"]


async def returning_at_once():
    pass


def test_a_kill_while_natively_parked_with_a_task():
    """GreenletExit, at once."""
    log = []

    def body():
        green.await_(asyncio.sleep(0))
        try:
            green.sleep(60)
        except BaseException as exc:
            log.append(type(exc).__name__)
            raise

    thread = green.spawn(body)
    turns()
    thread.kill()
    assert log == ["GreenletExit"]
    with pytest.raises(green.GreenletExit):
        thread.wait()


def test_a_wake_and_a_kill_of_a_thread_with_a_task():
    """What was handed over in that turn isn't lost."""
    queue = green.Queue()

    def body():
        green.await_(asyncio.sleep(0))
        return queue.get()

    thread = green.spawn(body)
    turns()
    queue.put("item")
    thread.kill()
    with pytest.raises(green.GreenletExit):
        thread.wait()
    assert queue.get_nowait() == "item"


def test_two_kills_while_awaiting():
    """Each is raised, in turn."""
    log = []

    def body():
        for _ in range(2):
            await_logged(forever(), log) if not log else green.sleep(60)

    def survivor():
        for _ in range(2):
            try:
                green.await_(forever())
            except (ValueError, KeyError) as exc:
                log.append(type(exc).__name__)

    thread = green.spawn(survivor)
    green.sleep(0)
    killers = [green.spawn(thread.kill, kind) for kind in (ValueError, KeyError)]
    for killer in killers:
        killer.wait()
    thread.wait()
    assert log == ["ValueError", "KeyError"]


def test_kill_waits_until_a_chain_of_tasks_is_cancelled():
    """Each link takes a turn of the loop."""
    log = []

    async def chain(depth):
        await (loop().create_task(chain(depth - 1)) if depth else forever(log))

    thread = green.spawn(await_logged, chain(5), log)
    turns(8)
    thread.kill()
    assert log == ["CancelledError", "GreenletExit"]


# Cancelling the task


def task_of(thread):
    assert thread.task is not None
    return thread.task


@pytest.mark.parametrize("begun", [True, False], ids=["begun", "not begun"])
@pytest.mark.parametrize("park", ["coroutine", "native", "bare"])
def test_cancelling_the_task_reaches_the_thread(park, begun):
    """Wherever it is parked, also before the task's first step; nothing is left hanging."""
    log = []

    async def spin():
        while True:
            await asyncio.sleep(0)

    parks = {
        "coroutine": lambda: green.await_(forever()),
        "bare": lambda: green.await_(spin()),
        "native": lambda: (green.await_(returning_at_once()), green.sleep(60)),
    }

    def body():
        try:
            parks[park]()
        except asyncio.CancelledError:
            log.append("cancelled")
            green.sleep(0)
            green.await_(asyncio.sleep(0))
            log.append("cleaned")
            raise

    thread = green.spawn(body)
    if begun:
        green.sleep(0)
        turns()
    else:
        green.sleep(0)
    task = task_of(thread)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        thread.wait()
    assert log == ["cancelled", "cleaned"]
    turns()
    assert task.done()


def test_cancelling_the_task_in_the_turn_of_a_wake():
    """The wake's value is passed on, and the next park isn't cut short."""
    queue = green.Queue()
    log = []

    def body():
        green.await_(asyncio.sleep(0))
        try:
            queue.get()
        except asyncio.CancelledError:
            log.append("cancelled")
        green.sleep(0)
        return queue.get()

    thread = green.spawn(body)
    turns()
    queue.put("item")
    task_of(thread).cancel()
    assert thread.wait() == "item"
    assert log in ([], ["cancelled"])


def test_a_thread_that_cancels_its_own_task():
    """It is raised at the next wait, as asyncio does."""

    async def body():
        asyncio.current_task().cancel("own")
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        green.spawn(lambda: green.await_(body())).wait()

    def plain():
        task = green.await_(current())
        task.cancel()
        green.sleep(60)

    with pytest.raises(asyncio.CancelledError):
        green.spawn(plain).wait()


async def current():
    return asyncio.current_task()


def test_a_timeout_of_ours_and_a_cancellation_at_once():
    """Both arrive: the cancellation in the coroutine, the Timeout in plain code."""

    async def body():
        async with asyncio.timeout(0.001):
            await forever()

    for _ in range(5):
        with pytest.raises((green.Timeout, TimeoutError)), green.Timeout(0.001):
            green.await_(body())
        green.await_(asyncio.sleep(0))


def test_an_item_of_asyncios_queue_is_not_lost_to_a_timeout():
    """The getter is cancelled properly, so the queue hands the item to the next one."""
    queue = asyncio.Queue()

    def getter():
        with green.Timeout(0, False):
            green.await_(queue.get())
        return "timed out"

    thread = green.spawn(getter)
    green.sleep(0)
    loop().call_soon(queue.put_nowait, "item")
    thread.wait()
    turns()
    assert queue.get_nowait() == "item"
