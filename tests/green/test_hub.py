"""The hub: its queue, its carriers, its end."""

import asyncio
import gc
import weakref

import pytest

from spruce import green
from spruce.green.hub import Hub

pytestmark = pytest.mark.usefixtures("everywhere")


def in_root(function):
    """Call `function` in a callback of the loop, and return what it returns."""
    future = green.get_hub().loop.create_future()
    green.get_hub().loop.call_soon(lambda: future.set_result(function()))
    return green.await_(future)


def test_dispatch_runs_a_thread_at_once():
    """In the callback that dispatches it, until it parks or ends."""
    log = []
    hub = green.get_hub()

    def job(name):
        log.append(name)
        green.sleep(0)
        log.append(f"{name} goes on")

    def callback():
        thread = hub.dispatch(job, "job")
        log.append("dispatched")
        ended = hub.dispatch(log.append, "short")
        return thread, ended.dead

    thread, dead = in_root(callback)
    thread.wait()
    assert dead
    assert log == ["job", "dispatched", "short", "job goes on"]


def test_calls_take_their_turn_with_the_wakes():
    """`call` at the end of the queue, `call_next` at its front."""
    hub, order = green.get_hub(), []
    green.spawn(order.append, "thread")
    hub.call(lambda: order.append("call"))
    hub.call_next(lambda: order.append("call next"))
    green.sleep(0)
    assert order == ["call next", "thread", "call"]


def test_a_call_that_fails_is_reported_and_the_others_are_made():
    """By the loop's exception handler; the queue goes on."""
    hub, order, reports = green.get_hub(), [], []
    hub.loop.set_exception_handler(lambda _, context: reports.append(str(context["exception"])))

    def fail():
        raise ValueError("in a call")

    hub.call(fail)
    hub.call(lambda: order.append("next"))
    green.sleep(0.001)
    assert order == ["next"]
    assert reports == ["in a call"]
    hub.loop.set_exception_handler(None)


def test_a_stale_wake_is_dropped():
    """The carrier's sequence number has moved on, in this job or by its end."""
    hub = green.get_hub()
    log = []

    def job(name):
        carrier = green.getcurrent().carrier
        for _ in range(3):
            hub.wake(carrier, carrier.seq)
        carrier.park()
        log.append(name)
        return carrier

    first = green.spawn(job, "first").wait()
    second = green.spawn(job, "second").wait()
    assert first is second
    green.sleep(0)
    assert log == ["first", "second"]


def test_carriers_are_reused():
    """As many as ran at the same time, not more."""
    hub = green.get_hub()
    for _ in range(3):
        for thread in [green.spawn(green.sleep, 0) for _ in range(10)]:
            thread.wait()
    assert len(hub.carriers) <= 11
    assert len(hub.idle) >= 9


def test_live_threads_are_those_that_have_started_and_not_ended():
    """Neither the pooled nor the new."""
    hub = green.get_hub()
    parked = green.spawn(green.sleep, 60)
    green.spawn(int).wait()
    new = green.spawn(int)
    live = hub.live_threads()
    assert parked in live
    assert new not in live
    parked.kill()
    assert parked not in hub.live_threads()
    new.wait()


def test_timers_are_never_early_and_can_be_cancelled():
    """Zero and less take their turn with the wakes."""
    hub, order = green.get_hub(), []
    green.spawn(order.append, "thread")
    hub.call_later(0, order.append, "timer")
    hub.call_later(-1, order.append, "cancelled").cancel()
    hub.call_later(0.001, order.append, "cancelled").cancel()
    began = hub.loop.time()
    later = green.Event()
    hub.call_later(0.0015, later.send)
    later.wait()
    assert hub.loop.time() - began >= 0.0015 - 1e-6
    assert order == ["thread", "timer"]


def test_an_exit_in_a_thread_comes_out_of_the_loop_first():
    """Before anything else that is queued runs."""
    log = []

    def main():
        def leave():
            raise SystemExit(7)

        green.spawn(leave)
        green.spawn(log.append, "not reached")
        green.sleep(60)

    with pytest.raises(SystemExit) as caught:
        in_a_plain_os_thread(lambda: green.run(main))
    assert caught.value.code == 7
    assert log == []


def in_a_plain_os_thread(body):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(body).result()


def test_a_dropped_hub_leaves_no_greenlets():
    """Its end ends its carriers; the hub itself can be collected."""
    gone = []

    def main():
        hub = green.get_hub()
        gone.append(weakref.ref(hub))
        gone.extend(weakref.ref(carrier) for carrier in hub.carriers)
        for thread in [green.spawn(green.await_, asyncio.sleep(0)) for _ in range(10)]:
            thread.wait()

    in_a_plain_os_thread(lambda: green.run(main))
    gc.collect()
    assert [reference() for reference in gone] == [None] * len(gone)


def test_what_it_says_of_itself():
    """Its loop, and how many threads."""
    hub = green.get_hub()
    assert isinstance(hub, Hub)
    assert repr(hub) == f"<Hub on {type(hub.loop).__name__}, {len(hub.live_threads())} green threads>"


def test_stats():
    """Threads, carriers, the queue, descriptors."""
    before = green.get_hub().stats()
    parked, new = green.spawn(green.sleep, 60), green.spawn(int)
    green.sleep(0)
    late = green.spawn(int)
    stats = green.get_hub().stats()
    assert stats["threads"] == before["threads"] + 1
    assert stats["carriers"] - stats["idle"] == before["carriers"] - before["idle"] + 1
    assert (stats["ready"], stats["watchers"]) == (1, 0)
    parked.kill()
    assert (new.wait(), late.wait()) == (0, 0)
