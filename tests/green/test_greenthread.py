"""Green threads by their handles: results, links, kills, and what is logged of them."""

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
    assert str(caught.value) == "a green thread can't wait for itself. return from it instead"


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


# Kill


def test_kill_raises_greenletexit_where_the_thread_waits():
    """When kill returns it has been raised; wait raises it too."""
    thread, seen = parked()
    thread.kill()
    assert [type(exc) for exc in seen] == [green.GreenletExit]
    assert thread.dead
    with pytest.raises(green.GreenletExit):
        thread.wait()


def test_killed_twice_is_a_no_op():
    """A dead thread stays as it is, whatever it died of."""
    thread, seen = parked()
    thread.kill()
    thread.kill(ValueError)
    assert len(seen) == 1
    ended = green.spawn(int)
    assert ended.wait() == 0
    ended.kill()
    assert ended.wait() == 0


def test_a_killed_unstarted_thread_never_runs():
    """Its waiters and links learn of it at once."""
    ran = []
    thread = green.spawn(ran.append, 1)
    seen = []
    thread.link(lambda _: seen.append("link"))
    thread.kill()
    assert (thread.dead, seen) == (True, ["link"])
    green.sleep(0)
    assert ran == []
    with pytest.raises(green.GreenletExit):
        thread.wait()


def test_kill_with_an_exception():
    """An instance, a class, or a class with a value and a traceback, as greenlet's throw takes them."""
    for args, text in [
        ((ValueError("given"),), "given"),
        ((ValueError,), ""),
        ((ValueError, "value"), "value"),
        ((ValueError, ValueError("instance"), None), "instance"),
    ]:
        thread, seen = parked()
        thread.kill(*args)
        with pytest.raises(ValueError, match=f"^{text}$"):
            thread.wait()
        assert len(seen) == 1
    with pytest.raises(TypeError) as caught:
        green.spawn(int).kill("no exception")
    assert str(caught.value) == "an exception or its class is needed, not 'no exception'"


def test_a_given_traceback_is_raised_with_it():
    """As with greenlet's throw."""
    try:
        fail(ValueError("first"))
    except ValueError as exc:
        given = exc.__traceback__
    thread, seen = parked()
    thread.kill(ValueError, ValueError("first"), given)
    assert "fail" in [frame.name for frame in traceback.extract_tb(seen[0].__traceback__)]
    with pytest.raises(ValueError, match="first"):
        thread.wait()


def test_a_thread_may_survive_a_kill():
    """It has been raised when kill returns, and the thread goes on with its next wait."""
    log = []

    def stubborn():
        try:
            green.sleep(60)
        except green.GreenletExit:
            log.append("raised")
            green.sleep(0)
            log.append("after")
        return "survived"

    thread = green.spawn(stubborn)
    green.sleep(0)
    thread.kill()
    assert log == ["raised"]
    assert thread.wait() == "survived"


def test_killing_oneself_raises_right_there():
    """The rest isn't run."""
    log = []

    def suicidal():
        log.append("before")
        green.getcurrent().kill()
        log.append("after")

    thread = green.spawn(suicidal)
    with pytest.raises(green.GreenletExit):
        thread.wait()
    assert log == ["before"]


def test_threads_kill_each_other():
    """Two kills that cross: both arrive."""
    threads = []

    def killer(other):
        green.sleep(0)
        threads[other].kill()
        return other

    threads += [green.spawn(killer, 1), green.spawn(killer, 0)]
    outcomes = []
    for thread in threads:
        try:
            outcomes.append(thread.wait())
        except green.GreenletExit:
            outcomes.append("killed")
    assert outcomes in (["killed", 0], [1, "killed"], ["killed", "killed"])
    assert all(thread.dead for thread in threads)


def test_a_killer_that_is_interrupted_does_not_take_the_kill_back():
    """The victim takes its time to end, the killer doesn't wait for it."""
    thread, seen = parked()
    killer = green.spawn(thread.kill)
    killer_of_killer = green.spawn(killer.kill)
    killer_of_killer.wait()
    green.sleep(0)
    assert len(seen) == 1
    assert thread.dead
    assert killer.dead


def test_a_killed_thread_runs_its_finally_blocks_once():
    """Also if they wait."""
    log = []

    def careful():
        try:
            try:
                green.sleep(60)
            finally:
                green.sleep(0)
                log.append("inner")
        finally:
            log.append("outer")

    thread = green.spawn(careful)
    green.sleep(0)
    thread.kill()
    with pytest.raises(green.GreenletExit):
        thread.wait()
    assert log == ["inner", "outer"]


def test_a_second_kill_interrupts_the_cleanup():
    """Each kill is raised once, in turn."""
    log = []

    def careful():
        try:
            green.sleep(60)
        except green.GreenletExit:
            try:
                green.sleep(60)
            except ValueError:
                log.append("second")
                raise

    thread = green.spawn(careful)
    green.sleep(0)
    thread.kill()
    thread.kill(ValueError("second"))
    with pytest.raises(ValueError, match="second"):
        thread.wait()
    assert log == ["second"]


def test_a_kill_and_a_wake_in_the_same_turn():
    """The exception wins, and the late wake doesn't reach the job that the carrier runs next."""
    event = green.Event()
    thread = green.spawn(event.wait)
    green.sleep(0)
    event.send("value")  # its wake is queued now
    thread.kill()
    with pytest.raises(green.GreenletExit):
        thread.wait()
    slept = green.spawn(lambda: green.Queue().get(timeout=0.002))
    green.sleep(0)
    assert not slept.dead
    with pytest.raises(green.Empty):
        slept.wait()


def test_cancel_leaves_a_started_thread_alone():
    """Only a thread that hasn't started is cancelled."""
    ran = []
    thread = green.spawn(ran.append, 1)
    thread.cancel()
    with pytest.raises(green.GreenletExit):
        thread.wait()
    started, seen = parked(0.001)
    started.cancel()
    assert started.wait() is None
    assert (ran, seen) == ([], [])


def test_kill_from_a_callback_of_the_loop():
    """A callback can't wait, so the thread is killed at the next turn."""
    thread, seen = parked()
    green.get_hub().loop.call_soon(thread.kill)
    with pytest.raises(green.GreenletExit):
        thread.wait()
    assert len(seen) == 1


def test_a_thread_without_a_hub_of_this_os_thread_cannot_be_waited_for():
    """The error says how to hand a result over instead."""
    import threading

    thread = green.spawn(green.sleep, 0)
    errors = []

    def other():
        def body():
            try:
                thread.wait()
            except GreenError as exc:
                errors.append(str(exc))

        green.run(body)

    os_thread = threading.Thread(target=other)
    os_thread.start()
    os_thread.join()
    assert errors == [
        "this green thread belongs to another OS thread, which can't be waited for here. "
        "hand its result over with a queue.Queue"
    ]
    thread.wait()


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
