"""The lean loop: the order of a turn, stopping, what callbacks raise, timers, the foreign queue, arguments."""

import asyncio
import contextvars
import os
import signal
import socket
import threading
from collections import deque
from typing import Any

import pytest

from spruce.green.lean import LeanLoop


def turn(loop: LeanLoop) -> None:
    """Let the loop run one round, or one turn if nothing is queued."""
    loop.call_soon(loop.stop)
    loop.run_forever()


# ---- the order of a turn --------------------------------------------------------------------------------------------


def test_io_does_not_overtake_what_was_queued_before_the_poll(loop: LeanLoop, pair: Any) -> None:
    """A callback that waits before the poll is called before the reader that the poll finds."""
    ours, theirs = pair
    seen: list[str] = []
    loop.add_reader(ours, lambda: (seen.append("io"), ours.recv(9), loop.stop()))
    theirs.send(b"x")
    loop.call_soon(seen.append, "queued")
    loop.run_forever()
    assert seen == ["queued", "io"]


def test_io_comes_before_timers_that_are_due(loop: LeanLoop, pair: Any) -> None:
    """With nothing queued, a poll's readers are called at once, timers a step later."""
    ours, theirs = pair
    seen: list[str] = []
    loop.add_reader(ours, lambda: (seen.append("io"), ours.recv(9), loop.stop()))
    theirs.send(b"x")
    loop.call_at(loop.time() - 1, seen.append, "timer")
    loop.run_forever()
    assert seen == ["io", "timer"]


def test_a_poll_serves_eight_rounds_and_then_io_has_its_turn(loop: LeanLoop, pair: Any) -> None:
    """A chain of callbacks that never ends can't keep I/O out."""
    ours, theirs = pair
    seen: list[Any] = []

    def link(number: int) -> None:
        seen.append(number)
        loop.call_soon(link, number + 1)

    loop.add_reader(ours, lambda: (seen.append("io"), ours.recv(9), loop.stop()))
    loop.call_soon(theirs.send, b"x")
    loop.call_soon(link, 1)
    loop.run_forever()
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8, 9, "io"]


def test_what_a_callback_queues_belongs_to_the_next_round(loop: LeanLoop) -> None:
    """Callbacks are called in the order of asking, whoever asks."""
    seen: list[str] = []
    loop.call_soon(lambda: (seen.append("a"), loop.call_soon(seen.append, "c"), loop.call_soon(loop.stop)))
    loop.call_soon(seen.append, "b")
    loop.run_forever()
    assert seen == ["a", "b", "c"]


def test_of_two_readers_the_first_can_take_the_second_out(loop: LeanLoop) -> None:
    """An event of the same poll is not delivered to a reader that was removed meanwhile."""
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def on_readable(number: int) -> None:
        called.append(number)
        loop.remove_reader(pairs[1 - number][0])
        loop.remove_reader(pairs[number][0])
        loop.stop()

    for number, (ours, theirs) in enumerate(pairs):
        loop.add_reader(ours, on_readable, number)
        theirs.send(b"x")
    loop.run_forever()
    turn(loop)
    assert len(called) == 1
    for ends in pairs:
        ends[0].close(), ends[1].close()


def test_an_event_is_not_delivered_to_a_file_that_took_over_the_number(loop: LeanLoop) -> None:
    """A descriptor that is closed and reused while a batch is dispatched starts with a clean slate."""
    pairs = [socket.socketpair() for _ in range(2)]
    newcomers: list[socket.socket] = []
    wrongly: list[str] = []

    def on_readable(number: int) -> None:
        victim = pairs[1 - number][0]
        old = victim.fileno()
        loop.remove_reader(victim)
        victim.close()
        newcomers.extend(socket.socketpair())
        assert newcomers[0].fileno() == old
        loop.add_reader(newcomers[0], wrongly.append, "readable")
        loop.add_writer(newcomers[0], loop.stop)
        loop.remove_reader(pairs[number][0])

    for number, (ours, theirs) in enumerate(pairs):
        loop.add_reader(ours, on_readable, number)
        theirs.send(b"x")
    loop.run_forever()
    assert wrongly == []
    for end in [*newcomers, *(end for ends in pairs for end in ends)]:
        end.close()


def test_a_descriptor_may_be_closed_and_reopened_behind_the_loops_back(loop: LeanLoop) -> None:
    """`add_reader` works for a new file whose number was watched before and never removed."""
    ours, theirs = socket.socketpair()
    number = ours.fileno()
    loop.add_reader(ours, loop.stop)
    ours.close(), theirs.close()
    ours, theirs = socket.socketpair()
    assert number in (ours.fileno(), theirs.fileno())
    if theirs.fileno() == number:
        ours, theirs = theirs, ours
    loop.add_reader(ours, loop.stop)
    theirs.send(b"x")
    loop.run_forever()
    loop.remove_reader(ours)
    ours.close(), theirs.close()


def test_a_removed_reader_is_not_called_even_if_its_call_was_queued(loop: LeanLoop, pair: Any) -> None:
    """What waited in the queue before the poll may take back the reader that is queued behind it."""
    ours, theirs = pair
    called: list[str] = []
    loop.add_reader(ours, called.append, "reader")
    theirs.send(b"x")
    loop.call_soon(loop.remove_reader, ours)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert called == []


# ---- stopping -------------------------------------------------------------------------------------------------------


def test_stop_in_a_callback_finishes_the_round(loop: LeanLoop) -> None:
    """What was queued with the stopping callback is called; what it queues itself waits for the next run."""
    seen: list[str] = []
    loop.call_soon(lambda: (loop.stop(), loop.call_soon(seen.append, "next run")))
    loop.call_soon(seen.append, "this round")
    loop.run_forever()
    assert seen == ["this round"]
    turn(loop)
    assert seen == ["this round", "next run"]


def test_stop_before_the_run_lets_one_turn_pass(loop: LeanLoop) -> None:
    """As in asyncio: the loop doesn't block, and calls what is queued once."""
    seen: list[str] = []
    loop.call_soon(lambda: (seen.append("once"), loop.call_soon(seen.append, "later")))
    loop.stop()
    loop.run_forever()
    assert seen == ["once"]


def test_stop_works_from_a_timer_a_reader_and_the_foreign_queue(loop: LeanLoop, pair: Any) -> None:
    """Each of them ends a run that would wait for ever."""
    ours, theirs = pair
    loop.call_later(0, loop.stop)
    loop.run_forever()
    loop.add_reader(ours, loop.stop)
    theirs.send(b"x")
    loop.run_forever()
    loop.remove_reader(ours)
    foreign: deque[str] = deque(["entry"])
    loop.attach_queue(foreign, lambda: (foreign.clear(), loop.stop()))
    loop.run_forever()
    assert not foreign


def test_a_thread_can_stop_a_loop_that_sleeps(loop: LeanLoop) -> None:
    """`call_soon_threadsafe` ends the poll."""
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(loop.stop,))
    loop.call_soon(thread.start)
    loop.run_forever()
    thread.join()


def test_calls_of_many_threads_all_arrive(loop: LeanLoop) -> None:
    """Four threads ask for 500 calls each while the loop goes in and out of its poll."""
    arrived: list[int] = []

    def ask(number: int) -> None:
        for _ in range(500):
            loop.call_soon_threadsafe(arrived.append, number)

    async def main() -> None:
        await asyncio.gather(*(loop.run_in_executor(None, ask, number) for number in range(4)))
        await loop.shutdown_default_executor()

    loop.run_until_complete(main())
    turn(loop)
    assert sorted(arrived) == [number for number in range(4) for _ in range(500)]


def test_a_signal_calls_its_handler(loop: LeanLoop) -> None:
    """A loop that sleeps in its poll is woken by a signal."""
    seen: list[str] = []
    loop.add_signal_handler(signal.SIGUSR1, lambda: (seen.append("usr1"), loop.stop()))
    threading.Timer(0, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    loop.run_forever()
    assert seen == ["usr1"]
    assert loop.remove_signal_handler(signal.SIGUSR1)


# ---- what a callback raises -----------------------------------------------------------------------------------------


def test_an_exception_is_reported_and_the_others_are_called(loop: LeanLoop) -> None:
    """The report names the callback, and has the handle and the exception."""
    reports: list[dict[str, Any]] = []
    seen: list[str] = []
    error = ValueError("wrong")

    def fail() -> None:
        raise error

    loop.set_exception_handler(lambda _, report: reports.append(report))
    handle = loop.call_soon(fail)
    loop.call_soon(seen.append, "other")
    turn(loop)
    assert seen == ["other"]
    assert [(report["exception"], report["handle"]) for report in reports] == [(error, handle)]
    assert reports[0]["message"].startswith("Exception in callback test_an_exception_is_reported")


def test_a_reader_that_raises_is_reported_and_stays(loop: LeanLoop, pair: Any) -> None:
    """It is called again at the next poll, since the descriptor is still readable."""
    ours, theirs = pair
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, report: (reports.append(report), len(reports) == 2 and loop.stop()))
    loop.add_reader(ours, int, "not a number")
    theirs.send(b"x")
    loop.run_forever()
    assert [str(report["exception"]) for report in reports] == [
        "invalid literal for int() with base 10: 'not a number'"
    ] * 2


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_ends_the_run_and_loses_nothing(loop: LeanLoop, interrupt: type[BaseException]) -> None:
    """It goes through `run_forever` to the caller; the callbacks behind it are called by the next run."""
    seen: list[str] = []

    def raise_it() -> None:
        raise interrupt

    loop.call_soon(raise_it)
    loop.call_soon(seen.append, "behind")
    with pytest.raises(interrupt):
        loop.run_forever()
    assert seen == []
    turn(loop)
    assert seen == ["behind"]


# ---- timers ---------------------------------------------------------------------------------------------------------


def test_timers_are_called_in_order_and_equal_ones_as_they_were_asked_for(loop: LeanLoop) -> None:
    """Time first, then first come, first served."""
    now = loop.time()
    seen: list[str] = []
    for name, when in (("c", now), ("a", now - 2), ("d", now), ("b", now - 1), ("e", now)):
        loop.call_at(when, seen.append, name)
    loop.call_at(now, loop.stop)
    loop.run_forever()
    assert seen == ["a", "b", "c", "d", "e"]


def test_a_cancelled_timer_is_not_called(loop: LeanLoop) -> None:
    """Whether its time has come or not."""
    seen: list[str] = []
    due, later = loop.call_at(loop.time() - 1, seen.append, "due"), loop.call_later(3600, seen.append, "later")
    due.cancel()
    later.cancel()
    assert due.cancelled()
    turn(loop)
    assert seen == []


def test_timers_cancelled_in_bulk_are_thrown_out(loop: LeanLoop) -> None:
    """A timeout per request, nearly always cancelled, doesn't fill memory until its time would have come."""
    for _ in range(50):
        handles = [loop.call_later(3600, print) for _ in range(100)]
        for handle in handles[:-1]:
            handle.cancel()
        turn(loop)
    assert 50 <= len(loop._timers) <= 250
    assert sum(not timer.cancelled() for _, _, timer in loop._timers) == 50


def test_the_timers_that_are_left_keep_their_order() -> None:
    """When the cancelled ones are thrown out from between them."""

    class Clock(LeanLoop):
        now = 0.0

        def time(self) -> float:  # type: ignore[override]  # a method where the class has a function
            return self.now

    loop = Clock()
    seen: list[int] = []
    times = [number * 7919 % 1009 + 1 for number in range(400)]
    handles = [loop.call_at(when, seen.append, when) for when in times]
    for handle in handles[:300]:
        handle.cancel()
    turn(loop)
    assert len(loop._timers) == 100
    loop.now = 2000
    turn(loop)
    loop.close()
    assert seen == sorted(times[300:])


def test_cancelling_a_timer_that_was_called_is_harmless(loop: LeanLoop) -> None:
    """The count of cancelled timers, which decides when they are thrown out, is about those that still wait."""
    handle = loop.call_at(loop.time() - 1, int)
    turn(loop)
    handle.cancel()
    assert loop._timer_cancelled_count == 0


def test_time_goes_by_the_loops_own_clock() -> None:
    """A subclass with another clock has its timers go by that."""

    class Fast(LeanLoop):
        now = 1000.0

        def time(self) -> float:  # type: ignore[override]  # a method where the class has a function
            self.now += 50
            return self.now

    loop = Fast()
    seen: list[str] = []
    loop.call_later(100, lambda: (seen.append("done"), loop.stop()))
    loop.call_soon(int)
    for _ in range(3):
        turn(loop)
    loop.close()
    assert seen == ["done"]


# ---- the foreign queue ----------------------------------------------------------------------------------------------


def test_the_foreign_queue_is_drained_once_a_round_before_the_callbacks(loop: LeanLoop) -> None:
    """What the drain and the callbacks queue for each other is for the next round."""
    seen: list[str] = []
    foreign: deque[str] = deque(["first"])

    def drain() -> None:
        for _ in range(len(foreign)):
            name = foreign.popleft()
            seen.append(name)
            if name == "first":
                foreign.append("second")
                loop.call_soon(lambda: (seen.append("callback 2"), loop.stop()))

    loop.attach_queue(foreign, drain)
    loop.call_soon(seen.append, "callback 1")
    loop.run_forever()
    assert seen == ["first", "callback 1", "callback 2"]
    turn(loop)
    assert seen == ["first", "callback 1", "callback 2", "second"]


def test_a_drain_that_raises_is_reported(loop: LeanLoop) -> None:
    """The loop goes on, as it does after a callback that raised."""
    reports: list[dict[str, Any]] = []
    foreign: deque[str] = deque(["entry"])
    error = ValueError("wrong")

    def drain() -> None:
        foreign.clear()
        raise error

    loop.set_exception_handler(lambda _, report: reports.append(report))
    loop.attach_queue(foreign, drain)
    turn(loop)
    assert reports == [{"message": "Exception in the drain of a foreign queue", "exception": error}]


# ---- arguments ------------------------------------------------------------------------------------------------------


def test_callbacks_may_be_given_by_keyword(loop: LeanLoop) -> None:
    """As asyncio's signatures have it."""
    seen: list[str] = []
    context = contextvars.copy_context()
    loop.call_soon(callback=lambda: seen.append("soon"), context=context)
    loop.call_soon_threadsafe(callback=lambda: seen.append("safe"))
    loop.call_at(when=0, callback=lambda: seen.append("at"))
    loop.call_later(delay=-1, callback=lambda: seen.append("later"))
    turn(loop)
    assert sorted(seen) == ["at", "later", "safe", "soon"]


def test_a_missing_callback_is_a_type_error(loop: LeanLoop) -> None:
    """The message names the method."""
    with pytest.raises(TypeError) as raised:
        loop.call_soon()
    assert str(raised.value) == "call_soon() is missing its argument 'callback'"


@pytest.mark.parametrize(
    ("method", "message"), [("call_later", "delay must not be None"), ("call_at", "when cannot be None")]
)
def test_no_time_is_a_type_error(loop: LeanLoop, method: str, message: str) -> None:
    """In the words of asyncio."""
    with pytest.raises(TypeError) as raised:
        getattr(loop, method)(None, int)
    assert str(raised.value) == message


def test_a_selector_is_refused_with_the_way_out() -> None:
    """It would put back the layer that the loop does without."""
    with pytest.raises(TypeError) as raised:
        LeanLoop("a selector")  # type: ignore[arg-type]  # that is the point
    assert str(raised.value) == "LeanLoop can't use 'a selector': it polls epoll itself; use asyncio.SelectorEventLoop"
