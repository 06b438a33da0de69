"""The background hub: one for all OS threads that have none."""

import asyncio
import contextvars
import threading

import pytest

from spruce import green
from spruce.errors import GreenError
from spruce.green import background, runtime
from spruce.green.background import in_background

variable = contextvars.ContextVar("variable", default="unset")


@pytest.fixture(autouse=True)
def _ended():
    yield
    if background._background is not None:
        background._background.stop()
        background._background = None


def in_os_threads(function, number=1):
    """Call `function` in so many OS threads, and return what they return."""
    results = [None] * number

    def call(index):
        results[index] = function()

    threads = [threading.Thread(target=call, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def test_plain_threads_share_it():
    """The same hub and loop for all; their jobs run at the same time; the OS threads get no hubs."""
    meeting = []

    async def meet():
        meeting.append(asyncio.get_running_loop())
        while len(meeting) < 5:
            await asyncio.sleep(0)
        return asyncio.get_running_loop()

    def caller():
        return in_background(lambda: green.await_(meet())), runtime.peek_hub()

    results = in_os_threads(caller, 5)
    assert len({id(loop) for loop, _ in results}) == 1
    assert [hub for _, hub in results] == [None] * 5


def test_what_comes_back():
    """Results, exceptions; it sees the caller's context."""

    def caller():
        variable.set("the caller's")
        with pytest.raises(ZeroDivisionError):
            in_background(lambda: 1 / 0)
        return in_background(lambda a, b: (a, b, variable.get()), 1, b=2)

    assert in_os_threads(caller) == [(1, 2, "the caller's")]


def test_from_inside_it_is_a_call():
    """No detour for who is there already."""

    def nested():
        return green.getcurrent(), in_background(green.getcurrent)

    own, inner = in_background(nested)
    assert own is inner


@pytest.mark.usefixtures("everywhere")
def test_from_a_green_thread_others_run_meanwhile():
    """It waits as for anything else."""
    ran = []
    green.spawn(ran.append, "meanwhile")
    assert in_background(lambda: green.sleep(0.001) or "result") == "result"
    assert ran == ["meanwhile"]


def test_in_a_plain_task_it_is_an_error():
    """It would stop the loop."""

    async def plain():
        with pytest.raises(GreenError, match="in a plain asyncio task or callback"):
            in_background(int)

    asyncio.run(plain())
