"""Green threads by their handles: results, links, what is logged of them, what is left of them."""

import asyncio
import gc
import sys
import traceback
import weakref

import pytest

from spruce import green
from spruce.errors import GreenError

pytestmark = pytest.mark.usefixtures("everywhere")


def fail(error):
    raise error


def parked(seconds=60):
    """Return a thread that sleeps, and what it was interrupted with."""
    seen = []

    def sleeper():
        try:
            green.sleep(seconds)
        except BaseException as exc:
            seen.append(exc)
            raise

    thread = green.spawn(sleeper)
    green.sleep(0)
    return thread, seen


# Results


def test_wait_returns_the_result():
    """Arguments go in, the result comes out, as often as it is asked for."""
    thread = green.spawn(lambda a, b=0: (a, b), 1, b=2)
    assert thread.wait() == (1, 2)
    assert thread.wait() == (1, 2)


def test_wait_raises_the_exception_with_its_traceback():
    """Each wait raises the same exception, and its traceback begins anew each time."""
    error = ValueError("broken")
    thread = green.spawn(fail, error)
    for _ in range(3):
        with pytest.raises(ValueError, match=r"^broken$") as caught:
            thread.wait()
        assert caught.value is error
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert names[-1] == "fail"
        assert names.count("fail") == 1


def test_several_wait_for_the_same_thread():
    """All who wait are resumed, in the order in which they came."""
    thread = green.spawn(green.sleep, 0.001)
    order = []

    def waiter(number):
        thread.wait()
        order.append(number)

    waiters = [green.spawn(waiter, number) for number in range(4)]
    for each in waiters:
        each.wait()
    assert order == [0, 1, 2, 3]


def test_a_waiter_that_is_interrupted_forgets_the_thread():
    """A Timeout while waiting leaves nothing behind: the thread's end wakes nobody later."""
    go, later = green.Event(), green.Event()
    thread = green.spawn(go.wait)
    with green.Timeout(0, False):
        thread.wait()
    assert not thread.dead
    go.send()
    green.spawn(lambda: [green.sleep(0), green.sleep(0), later.send("later")])
    assert later.wait() == "later"
    assert thread.dead


def test_a_thread_cannot_wait_for_itself():
    """It would never end."""
    handle = []
    thread = green.spawn(lambda: handle[0].wait())
    handle.append(thread)
    with pytest.raises(GreenError) as caught:
        thread.wait()
    assert str(caught.value) == "a green thread can't wait for itself. Return from it instead"


def test_states():
    """New, alive, dead; true only while it is alive, as a greenlet is."""
    thread = green.spawn(green.sleep, 0)
    assert (thread.dead, bool(thread)) == (False, False)
    assert repr(thread).endswith("sleep new>")
    green.sleep(0)
    assert (thread.dead, bool(thread)) == (False, True)
    assert repr(thread).endswith("sleep alive>")
    thread.wait()
    assert (thread.dead, bool(thread)) == (True, False)
    assert repr(thread).endswith("sleep dead>")


def test_names_tell_threads_apart():
    """A number and the function's name, or its class's."""
    one, other = green.spawn(fail, KeyError), green.spawn(int)
    assert one.name.partition(":")[0] != other.name.partition(":")[0]
    assert one.name.partition(":")[2] == "fail"
    assert other.name.partition(":")[2] == "int"
    with pytest.raises(KeyError):
        one.wait()

    class Callable:
        def __call__(self):
            return green.getcurrent().name

    assert green.spawn(Callable()).wait().partition(":")[2] == "Callable"


def test_await_from_a_coroutine():
    """`await thread` gives the result or raises the exception; also when the thread has ended before."""

    async def body():
        thread = green.spawn(lambda: green.sleep(0) or 5)
        assert await thread == 5
        assert await thread == 5
        with pytest.raises(ValueError, match="broken"):
            await green.spawn(fail, ValueError("broken"))

    green.await_(body())


def test_a_cancelled_await_leaves_the_thread_alone():
    """Who gives up waiting doesn't kill what was waited for."""
    go = green.Event()
    thread = green.spawn(go.wait)

    async def body():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(awaiting(thread), 0.0001)
        assert not thread.dead

    green.await_(body())
    go.send("result")
    assert thread.wait() == "result"


async def awaiting(thread):
    return await thread


# Links


def test_links_are_called_with_the_thread_and_their_arguments():
    """In the order of linking, after the result is there."""
    seen = []
    thread = green.spawn(lambda: "result")
    thread.link(lambda ended, *args, **kwargs: seen.append((ended.wait(), args, kwargs)), 1, b=2)
    thread.link(lambda ended: seen.append(ended is thread))
    thread.wait()
    green.sleep(0)
    assert seen == [("result", (1,), {"b": 2}), True]


def test_a_link_to_a_dead_thread_is_called_at_once():
    """There is nothing to wait for."""
    thread = green.spawn(int)
    thread.wait()
    seen = []
    thread.link(seen.append)
    assert seen == [thread]


def test_unlink_takes_back_one_link():
    """It needs the same arguments, and tells whether there was such a link."""
    seen = []
    thread = green.spawn(int)
    thread.link(lambda _, number: seen.append(number), 1)
    record = lambda _, number: seen.append(number)  # noqa: E731 - the same object is unlinked
    thread.link(record, 2)
    thread.link(record, 2)
    assert thread.unlink(record, 2) is True
    assert thread.unlink(record, 3) is False
    thread.wait()
    green.sleep(0)
    assert seen == [1, 2]
    assert thread.unlink(record, 2) is False


def test_a_link_that_fails_is_logged_and_the_others_are_called(logged):
    """A broken link harms neither the waiter nor the next link."""
    seen = []
    thread = green.spawn(lambda: "result")
    thread.link(lambda _: fail(ValueError("in a link")))
    thread.link(lambda _: seen.append("next"))
    assert thread.wait() == "result"
    green.sleep(0)
    assert seen == ["next"]
    assert logged() == [f"a link of green thread {thread.name} failed"]


def test_links_run_in_the_threads_context():
    """`getcurrent` in a link is the thread that ended."""
    seen = []
    thread = green.spawn(int)
    thread.link(lambda _: seen.append(green.getcurrent()))
    thread.wait()
    green.sleep(0)
    assert seen == [thread]


def test_a_link_can_spawn_and_kill():
    """What a link does to others happens."""
    victim, seen = parked()
    thread = green.spawn(int)
    thread.link(lambda _: green.spawn(victim.kill))
    thread.wait()
    with pytest.raises(green.GreenletExit):
        victim.wait()
    assert len(seen) == 1


def test_a_link_that_sleeps_does_not_keep_the_waiter():
    """It shouldn't block; if it does, only the carrier is kept busy; also after the thread has used asyncio."""
    for job in (int, lambda: green.await_(asyncio.sleep(0))):
        done = green.Event()
        thread = green.spawn(job)
        thread.link(lambda _, done=done: (green.sleep(0), done.send("slept")))
        thread.wait()
        assert done.wait() == "slept"


def test_a_link_cannot_await_a_coroutine(logged):
    """The thread's Task has ended with it; the error says what to do."""
    thread = green.spawn(int)
    coroutine = asyncio.sleep(0)
    thread.link(lambda _: green.await_(coroutine))
    thread.wait()
    green.sleep(0)
    coroutine.close()
    assert logged() == [f"a link of green thread {thread.name} failed"]


# Logs and memory


def test_an_exception_that_nobody_asked_for_is_logged(logged, caplog):
    """When the handle is dropped, with its traceback."""
    thread = green.spawn(fail, ValueError("lost"))
    name = thread.name
    green.sleep(0)
    assert logged() == []
    del thread
    green.sleep(0)
    gc.collect()
    (record,) = caplog.records
    assert record.getMessage() == f"green thread {name} failed and nobody waited for it"
    assert record.exc_info[1].args == ("lost",)


def test_an_exception_that_was_asked_for_is_not_logged(logged):
    """Those who wait or await take it over."""
    with pytest.raises(ValueError, match="taken"):
        green.spawn(fail, ValueError("taken")).wait()
    gc.collect()
    assert logged() == []


def test_killed_and_cancelled_threads_are_not_logged(logged):
    """Their end was wanted."""
    thread, _ = parked()
    thread.kill()
    green.spawn(fail, asyncio.CancelledError())
    green.sleep(0)
    del thread
    gc.collect()
    assert logged() == []


def test_a_finished_job_is_let_go():
    """Neither the carrier nor the hub keeps its function, arguments, context or result."""

    class Thing:
        pass

    def job(thing):
        green.sleep(0)
        return thing

    thing = Thing()
    gone = weakref.ref(thing)
    thread = green.spawn(job, thing)
    thread.wait()
    dead = weakref.ref(thread)
    del thing, thread
    assert gone() is None
    assert dead() is None


def test_a_hundred_thousand_spawns_leave_nothing():
    """Objects, carriers: as many after as before."""
    hub = green.get_hub()
    for _ in range(100):
        green.spawn(int).wait()
    gc.collect()
    objects, carriers = len(gc.get_objects()), len(hub.carriers)
    for _ in range(1000):
        for thread in [green.spawn(int) for _ in range(100)]:
            thread.wait()
    gc.collect()
    assert len(hub.carriers) == carriers
    assert abs(len(gc.get_objects()) - objects) < 100


def test_references_stay_flat():
    """None's count would show a slot that is filled and never emptied."""
    for _ in range(3):
        green.spawn(int).wait()
    before = sys.getrefcount(test_references_stay_flat)
    for _ in range(1000):
        green.spawn(lambda f: None, test_references_stay_flat).wait()
    assert sys.getrefcount(test_references_stay_flat) <= before + 1
