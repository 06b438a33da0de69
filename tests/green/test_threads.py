"""Spawning, sleeping and their orders."""

import asyncio
import contextvars
import threading

import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")

variable = contextvars.ContextVar("variable", default="unset")


def test_spawned_threads_start_at_the_next_turn_in_order():
    """First in, first out; the spawner goes on first."""
    order = []
    threads = [green.spawn(order.append, number) for number in range(5)]
    order.append("spawner")
    for thread in threads:
        thread.wait()
    assert order == ["spawner", 0, 1, 2, 3, 4]


def test_threads_that_are_spawned_by_a_thread_come_after_those_that_wait():
    """The queue is one for all."""
    order = []

    def parent(name):
        order.append(name)
        green.spawn(order.append, f"child of {name}")

    for name in "ab":
        green.spawn(parent, name)
    green.sleep(0)
    green.sleep(0)
    assert order == ["a", "b", "child of a", "child of b"]


def test_sleeping_zero_lets_the_others_run_once():
    """Round robin."""
    order = []

    def worker(name):
        for number in range(3):
            order.append((name, number))
            green.sleep(0)

    threads = [green.spawn(worker, name) for name in "ab"]
    for thread in threads:
        thread.wait()
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_sleepers_wake_in_the_order_of_their_times():
    """Never early."""
    order = []
    clock = green.get_hub().loop.time

    def sleeper(seconds):
        began = clock()
        green.sleep(seconds)
        assert clock() - began >= seconds - 1e-6
        order.append(seconds)

    threads = [green.spawn(sleeper, seconds) for seconds in (0.015, 0.001, 0.008)]
    for thread in threads:
        thread.wait()
    assert order == [0.001, 0.008, 0.015]


def test_callbacks_of_the_loop_are_not_starved():
    """Threads that yield to each other for ever let timers and callbacks run."""
    done = []

    def spin():
        while not done:
            green.sleep(0)

    threads = [green.spawn(spin) for _ in range(3)]
    green.get_hub().loop.call_later(0.001, done.append, True)
    for thread in threads:
        thread.wait()
    assert done == [True]


def test_each_thread_has_a_copy_of_its_spawners_context():
    """What it sets, only it sees, and those that it spawns later."""
    token = variable.set("spawner's")

    def child():
        seen = variable.get()
        variable.set("child's")
        return seen, green.spawn(variable.get).wait()

    thread = green.spawn(child)
    variable.set("changed after spawning")
    assert thread.wait() == ("spawner's", "child's")
    assert variable.get() == "changed after spawning"
    variable.reset(token)


def test_spawn_after():
    """Starts later, unless it is cancelled or killed before; then it never runs."""
    ran = []
    late = green.spawn_after(0.002, ran.append, "late")
    cancelled = green.spawn_after(0, ran.append, "cancelled")
    killed = green.spawn_after(0.001, ran.append, "killed")
    cancelled.cancel()
    killed.kill()
    late.cancel  # noqa: B018 - a started thread is left alone by cancel, see below
    assert late.wait() is None
    assert ran == ["late"]
    for thread in (cancelled, killed):
        with pytest.raises(green.GreenletExit):
            thread.wait()
    started = green.spawn_after(0, lambda: green.sleep(0) or "ran")
    green.sleep(0)
    started.cancel()
    assert started.wait() == "ran"


def test_spawn_after_local_ends_with_its_spawner():
    """If the spawner ends first, it never starts; if not, it does, and the spawner keeps nothing of it."""
    ran = []

    def hasty():
        return green.spawn_after_local(0, ran.append, "hasty")

    def patient():
        thread = green.spawn_after_local(0, ran.append, "patient")
        green.sleep(0)
        green.sleep(0)
        return thread.dead, green.getcurrent().links

    assert green.spawn(hasty).wait().dead
    assert green.spawn(patient).wait() == (True, [])
    assert ran == ["patient"]


def test_spawn_n_and_kill_are_as_in_eventlet():
    """kill(thread) and thread.kill() are the same."""
    ran = []
    green.spawn_n(ran.append, "ran")
    green.sleep(0)
    thread = green.spawn(green.sleep, 60)
    green.kill(thread, ValueError("killed"))
    with pytest.raises(ValueError, match="killed"):
        thread.wait()
    assert ran == ["ran"]


def test_getcurrent():
    """The running thread's own handle, the same each time."""
    own = green.getcurrent()
    assert own is green.getcurrent()
    thread = green.spawn(green.getcurrent)
    assert thread.wait() is thread
    assert own is not thread


def test_get_ident_tells_owners_apart():
    """A green thread, a task, an OS thread; without making a hub."""
    own = green.get_ident()
    assert own == green.get_ident()

    async def in_own_coroutine():
        return green.get_ident()

    assert green.await_(in_own_coroutine()) == own

    async def plain():
        return green.get_ident(), asyncio.current_task()

    ident, task = green.await_(green.get_hub().loop.create_task(plain()))
    assert ident is task
    thread = green.spawn(green.get_ident)
    assert thread.wait() is thread
    seen = []
    os_thread = threading.Thread(target=lambda: seen.append((green.get_ident(), threading.get_ident())))
    os_thread.start()
    os_thread.join()
    assert seen[0][0] == seen[0][1]


def test_a_killed_sleeper_leaves_no_timer():
    """The loop has nothing to wait for afterwards."""
    loop = green.get_hub().loop
    thread = green.spawn(green.sleep, 3600)
    green.sleep(0)
    thread.kill()
    timers = getattr(loop, "_timers", None) or getattr(loop, "_scheduled", [])
    handles = [entry[2] if isinstance(entry, tuple) else entry for entry in timers]
    assert [handle for handle in handles if not handle.cancelled()] == []
