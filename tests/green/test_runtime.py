"""Which hub is meant where; what may block where; run."""

import asyncio
import threading

import pytest

from spruce import green
from spruce.errors import GreenError
from spruce.green import runtime


def test_run_returns_what_main_returns(loop_name):
    """With its arguments; the loop is closed afterwards."""
    hubs = []

    def main(a, b=0):
        hubs.append(green.get_hub())
        green.sleep(0)
        return a + b

    assert green.run(main, 1, b=2, loop=loop_name) == 3
    assert hubs[0].loop.is_closed()
    assert hubs[0].carriers == {}


def test_run_raises_what_main_raises(loop_name):
    """And closes the loop too."""
    with pytest.raises(ZeroDivisionError):
        green.run(lambda: 1 / 0, loop=loop_name)


def test_run_can_follow_run():
    """Each has a loop of its own."""
    loops = [green.run(lambda: green.get_hub().loop) for _ in range(3)]
    assert len(set(map(id, loops))) == 3


def test_run_inside_a_green_thread_is_an_error():
    """There is a loop already."""
    with pytest.raises(GreenError) as caught:
        green.run(green.run, int)
    assert str(caught.value) == "green.run() inside a running loop. You are on a loop already: use green.spawn()"


def test_run_inside_a_plain_task_is_an_error():
    """For the same reason."""

    async def plain():
        with pytest.raises(GreenError, match="inside a running loop"):
            green.run(int)

    asyncio.run(plain())


def test_an_unknown_loop_is_refused():
    """With the names that there are."""
    with pytest.raises(GreenError, match=r"^there is no loop named 'uvlop'; did you mean 'uvloop'\?"):
        green.run(int, loop="uvlop")


def test_a_hub_is_made_when_it_is_needed_and_not_before():
    """Asking whether one may block, listening and looking make none."""

    def body():
        assert runtime.peek_hub() is None
        assert green.running()
        assert not runtime.in_use()
        with green.listen(("127.0.0.1", 0)):
            assert runtime.peek_hub() is None
        green.sleep(0)
        hub = runtime.peek_hub()
        assert hub is green.get_hub()
        assert runtime.in_use()

    in_os_thread(body)


def in_os_thread(body):
    """Call `body` in an OS thread of its own, and raise what it raises."""
    errors = []

    def call():
        try:
            body()
        except BaseException as exc:
            errors.append(exc)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    for error in errors:
        raise error


def test_where_one_may_block():
    """In a green thread and in plain code, also where that is called by a coroutine; not in tasks and callbacks."""
    seen = {}

    async def plain():
        seen["task"] = green.running()
        asyncio.get_running_loop().call_soon(lambda: seen.setdefault("callback", green.running()))
        await green.spawn(lambda: seen.setdefault("thread", green.running()))

    async def awaited():
        return green.running()

    asyncio.run(plain())
    seen["main"] = green.running()
    in_os_thread(lambda: seen.setdefault("main, in a coroutine", green.await_(awaited())))
    assert seen == {"task": False, "callback": False, "thread": True, "main": True, "main, in a coroutine": True}


def test_plain_code_sees_no_running_loop_between_its_waits():
    """So that asyncio.run works in a main greenlet whose hub is in use."""

    def body():
        async def value():
            return "value"

        green.sleep(0)
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        assert asyncio.run(value()) == "value"
        green.await_(value())
        assert asyncio.run(value()) == "value"
        green.sleep(0)

    in_os_thread(body)


def test_a_hub_that_was_closed_is_replaced():
    """By the next wait."""

    def body():
        green.sleep(0)
        first = green.get_hub()
        first.close()
        assert runtime.peek_hub() is None
        green.sleep(0)
        assert green.get_hub() is not first

    in_os_thread(body)


def test_the_hub_of_a_loop_of_somebody_else(loop_name):
    """One for each loop; the threads of a loop that was just closed are gone."""
    hubs = []

    async def plain():
        hubs.append(green.get_hub())
        assert green.get_hub() is hubs[-1]
        assert runtime.peek_hub() is hubs[-1]
        assert await green.spawn(green.get_hub) is hubs[-1]
        green.spawn(green.sleep, 60)
        await asyncio.sleep(0)

    for _ in range(2):
        with asyncio.Runner(loop_factory=lambda: green.loop.new_event_loop(loop_name)) as runner:
            runner.run(plain())
    assert hubs[0] is not hubs[1]
    assert [hub.carriers for hub in hubs] == [{}, {}]
    assert [hub.live_threads() for hub in hubs] == [[], []]


def test_threads_whose_loop_was_closed_under_them_are_named(logged):
    """When the next loop comes: they can't end any more, and the log says how to end them in time."""
    log = []

    def parked():
        try:
            green.sleep(60)
        finally:
            log.append("never")

    async def plain():
        green.spawn(parked)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def body():
        for _ in range(2):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(plain())
            loop.close()

    in_os_thread(body)
    (line,) = logged()
    assert line.startswith("a loop was closed while green threads ran on it, which can never end now: [<GreenThread ")
    assert line.endswith(
        "parked alive>]; asyncio.run() ends them, and so does loop.shutdown_asyncgens() before closing"
    )
    assert log == []
