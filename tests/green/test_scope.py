"""Scopes end their threads; shields let a block finish."""

import asyncio
import contextvars
import sys

import pytest

from spruce import green

scope_module = sys.modules["spruce.green.scope"]  # the package has the class under that name
pytestmark = pytest.mark.usefixtures("everywhere")


def sleeper(log, name):
    """Sleep for long, and say when that is interrupted."""
    try:
        green.sleep(60)
    finally:
        log.append(name)


# Scopes


def test_threads_end_with_their_scope():
    """Killed at the end of the block, which waits for their cleanup."""
    log = []

    def careful():
        try:
            sleeper(log, "interrupted")
        finally:
            green.sleep(0)
            log.append("cleaned")

    with green.scope() as scope:
        thread = green.spawn(careful)
        new = green.spawn(log.append, "ran")
        green.sleep(0)
        assert scope.threads == [thread]
        unstarted = green.spawn(log.append, "never")
    assert log == ["ran", "interrupted", "cleaned"]
    assert (thread.dead, new.dead, unstarted.dead) == (True, True, True)
    assert scope.threads == []


def test_what_they_spawn_ends_too():
    """At any depth, through pools and coroutines; also what they spawn while they end."""
    log = []

    async def in_a_coroutine():
        green.spawn(sleeper, log, "from a coroutine")
        await asyncio.sleep(0)

    def parent():
        green.spawn(sleeper, log, "child")
        green.GreenPool().spawn(sleeper, log, "pooled")
        green.await_(in_a_coroutine())
        try:
            green.sleep(60)
        finally:
            green.spawn(sleeper, log, "late")
            green.sleep(0)

    with green.scope():
        green.spawn(parent)
        for _ in range(5):
            green.await_(asyncio.sleep(0))
    assert sorted(log) == ["child", "from a coroutine", "late", "pooled"]


def test_a_failure_in_the_block_ends_them_too():
    """And is raised when they have ended."""
    log = []

    def failing():
        with green.scope():
            green.spawn(sleeper, log, "thread")
            green.sleep(0)
            raise ValueError("in the block")

    with pytest.raises(ValueError, match="in the block"):
        failing()
    assert log == ["thread"]


def test_a_detached_thread_goes_on():
    """And so do those that it spawns."""
    log = []

    def detached():
        green.spawn(sleeper, log, "child").wait()

    with green.scope():
        thread = green.spawn_detached(detached)
        green.sleep(0)
        green.sleep(0)
    assert not thread.dead
    assert log == []
    thread.kill()
    hub = green.get_hub()
    for live in hub.live_threads():
        if live is not green.getcurrent():
            live.kill()


def test_scopes_nest():
    """Each ends its own."""
    log = []
    with green.scope():
        green.spawn(sleeper, log, "outer")
        with green.scope():
            green.spawn(sleeper, log, "inner")
            green.sleep(0)
        assert log == ["inner"]
        green.spawn(sleeper, log, "outer again")
        green.sleep(0)
    assert log[:1] == ["inner"]
    assert sorted(log[1:]) == ["outer", "outer again"]


def test_a_scope_that_has_ended_adopts_nobody():
    """A task that was made inside may live longer; what it spawns is on its own."""
    log = []

    async def late(go):
        await go
        green.spawn(log.append, "ran")

    with green.scope():
        go = green.get_hub().loop.create_future()
        task = green.get_hub().loop.create_task(late(go))
    go.set_result(None)
    green.await_(task)
    green.sleep(0)
    assert log == ["ran"]


def test_threads_that_start_later_belong_to_it():
    """They never start if it ends before."""
    log = []
    with green.scope():
        green.spawn_after(0.1, log.append, "too late")
        green.spawn_after(0, log.append, "in time")
        while not log:
            green.sleep(0)
    green.sleep(0.11)
    assert log == ["in time"]


def test_the_end_of_a_scope_is_not_cut_short():
    """What interrupts it is raised when the threads have ended."""
    log = []

    def careful():
        try:
            green.sleep(60)
        finally:
            for _ in range(10):
                green.sleep(0)
            log.append("cleaned")

    def owner():
        with green.scope():
            green.spawn(careful)
            green.sleep(0)

    thread = green.spawn(owner)
    for _ in range(3):
        green.sleep(0)
    thread.kill(KeyError)
    with pytest.raises(KeyError):
        thread.wait()
    assert log == ["cleaned"]


# Shields


def started(body):
    """Return a thread that has run until it waits."""
    thread = green.spawn(body)
    green.sleep(0)
    return thread


@pytest.mark.parametrize("with_task", [False, True], ids=["", "with a task"])
def test_a_shield_holds_back_a_kill(with_task):
    """Until its block has ended, whatever the block waits for; then it is raised, once."""
    log, inside = [], green.Event()

    def body():
        if with_task:
            green.await_(asyncio.sleep(0))
        try:
            with green.shield():
                inside.send()
                for _ in range(20):
                    green.sleep(0)
                green.await_(asyncio.sleep(0))
                log.append("finished")
        except green.GreenletExit:
            log.append("killed")
            green.sleep(0)
            raise

    thread = started(body)
    inside.wait()
    thread.kill()
    assert log == ["finished", "killed"]
    with pytest.raises(green.GreenletExit):
        thread.wait()


def test_a_shield_holds_back_a_timeout_from_outside():
    """Which is raised at its end; one from inside works as usual."""
    log = []

    def shielded():
        with green.Timeout(0), green.shield():
            green.sleep(0)
            with green.Timeout(0, False):
                green.sleep(60)
            log.append("inside")
            green.sleep(0)

    with pytest.raises(green.Timeout):
        shielded()
    assert log == ["inside"]
    green.sleep(0)


def test_a_timeout_that_ends_with_its_block_inside_a_shield_is_forgotten():
    """It was cancelled before the shield let it through."""
    with green.shield():
        timeout = green.Timeout(0)
        with green.shield():
            green.sleep(0)
            green.sleep(0)
            timeout.cancel()
    green.sleep(0)


def test_shields_nest():
    """The outermost decides about what comes from outside of all; each about its own timeouts."""
    log = []

    def body():
        with green.shield():
            with green.shield():
                green.sleep(0)
                log.append("inner")
            green.sleep(0)
            log.append("outer")
        log.append("not reached")

    thread = started(body)
    killers = [green.spawn(thread.kill, error) for error in (KeyError, ValueError)]
    with pytest.raises(KeyError):
        thread.wait()
    for killer in killers:
        killer.wait()
    assert log == ["inner", "outer"]


def test_a_shield_that_held_back_nothing():
    """Costs nothing and leaves nothing."""

    def body():
        with green.shield():
            green.sleep(0)
        return green.getcurrent().shields, green.getcurrent().deferred

    assert green.spawn(body).wait() == (0, None)


def test_several_that_were_held_back_come_one_after_the_other():
    """None is lost."""
    log = []

    def body():
        try:
            with green.shield():
                green.sleep(0)
                green.sleep(0)
        except KeyError:
            log.append("first")
            try:
                green.sleep(60)
            except ValueError:
                log.append("second")

    thread = started(body)
    killers = [green.spawn(thread.kill, error) for error in (KeyError, ValueError)]
    for killer in killers:
        killer.wait()
    thread.wait()
    assert log == ["first", "second"]


def test_a_shield_holds_back_what_asyncio_cancels():
    """Whether the block sleeps, waits for a future, a coroutine or a turn; the cancellation is raised at its end."""
    log, inside = [], green.Event()

    def body():
        green.await_(asyncio.sleep(0))  # now it has a task
        try:
            with green.shield():
                inside.send()
                green.sleep(0.001)
                green.await_(asyncio.sleep(0))
                green.await_(asyncio.sleep(0.001))
                green.sleep(0)
                log.append("finished")
        except asyncio.CancelledError as error:
            log.append(str(error))
            raise

    thread = green.spawn(body)
    inside.wait()
    for number in range(3):
        thread.task.cancel(f"cancelled {number}")
        green.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        thread.wait()
    assert log == ["finished", "cancelled 0"]


def test_a_shielded_block_that_cancels_its_own_task():
    """Learns of it at its end."""
    log = []

    def body():
        green.await_(asyncio.sleep(0))
        with green.shield():
            green.getcurrent().task.cancel()
            green.sleep(0)
            green.await_(asyncio.sleep(0))
            log.append("finished")
        log.append("not reached")

    with pytest.raises(asyncio.CancelledError):
        green.spawn(body).wait()
    assert log == ["finished"]


def test_limits_of_asyncio_inside_a_shield():
    """Work as usual, and so do ours: the coroutine is cancelled, and its cleanup waited for."""
    log = []

    async def limited():
        async with asyncio.timeout(0):
            await asyncio.sleep(60)

    async def careful():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            log.append("cleaned")

    def body():
        with green.shield():
            with pytest.raises(TimeoutError):
                green.await_(limited())
            with pytest.raises(green.Timeout), green.Timeout(0.001):
                green.await_(careful())
            log.append(green.await_(asyncio.sleep(0, "result")))

    green.spawn(body).wait()
    assert log == ["cleaned", "result"]


# Requests


def request(view):
    """Run `view` as the server runs a request, and wait until its thread has ended."""
    threads = []
    hub = green.get_hub()
    hub.call(lambda: threads.append(hub.dispatch(view)))
    while not threads or not threads[0].dead:
        green.sleep(0)
    green.sleep(0)
    green.sleep(0)


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    """Each test logs for itself."""
    monkeypatch.setattr(scope_module._RequestScope, "told", set())


def test_children_of_a_request_end_with_it(logged):
    """At any depth; the log names each function once and says how to detach it."""
    log = []

    def parent():
        green.spawn_n(sleeper, log, "grandchild")
        sleeper(log, "child")

    def view():
        green.spawn(parent)
        green.spawn(parent)
        green.sleep(0)
        green.sleep(0)

    request(view)
    assert sorted(log) == ["child", "child", "grandchild", "grandchild"]
    lines = logged()
    names = [line.partition(" was stopped")[0].partition(":")[2] for line in lines]
    assert names == [f"{test_children_of_a_request_end_with_it.__name__}.<locals>.parent", "sleeper"]
    assert lines[1].partition(" was ")[2] == (
        "stopped, since the request that spawned it is over; wait for it in the view, or start it with "
        "green.spawn_detached if it may outlive the request (said once for each function)"
    )


def test_a_detached_child_outlives_the_request(logged):
    """And so does what it spawns."""
    log, go = [], green.Event()

    def child():
        go.wait()
        log.append("child")

    def detached():
        green.spawn(child).wait()
        log.append("detached")

    request(lambda: green.spawn_detached(detached))
    go.send()
    for _ in range(5):
        green.sleep(0)
    assert log == ["child", "detached"]
    assert logged() == []


def test_a_child_that_has_not_started_never_does(logged):
    """The view was over at once; nor one that was to start later."""
    log = []

    def view():
        green.spawn(log.append, "never")
        green.spawn_after(0.001, log.append, "never")

    request(view)
    green.sleep(0.002)
    assert log == []
    assert len(logged()) == 1  # append, twice


def test_a_child_that_the_view_waited_for(logged):
    """Is nobody's business."""
    results = []
    request(lambda: results.append(green.spawn(str, 7).wait()))
    assert results == ["7"]
    assert logged() == []


def test_a_request_that_spawns_nothing_has_no_scope():
    """So it costs nothing."""
    contexts = []
    request(lambda: contexts.append(contextvars.copy_context()))
    assert scope_module._current not in contexts[0]


def test_what_a_request_may_say(logged):
    """That its children outlive it; and tests can run code as a request."""
    log = []

    def view():
        green.spawn(log.append, "ended")
        green.detach_children()
        green.spawn(log.append, "detached")

    green.spawn_owner(view).wait()
    green.sleep(0)
    assert log == ["detached"]
    assert len(logged()) == 1
