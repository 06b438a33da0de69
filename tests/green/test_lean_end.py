"""The lean loop: debug mode, closing, and that nothing is left behind."""

import asyncio
import gc
import logging
import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spruce.green.lean import LeanLoop


class Thing:
    """Something that can be watched dying."""


def turn(loop: LeanLoop) -> None:
    """Let the loop run one round, or one turn if nothing is queued."""
    loop.call_soon(loop.stop)
    loop.run_forever()


# ---- debug mode -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda loop: loop.call_soon(int),
        lambda loop: loop.call_soon(callback=int),
        lambda loop: loop.call_soon_threadsafe(int),
        lambda loop: loop.call_later(0, int),
        lambda loop: loop.call_at(0, int),
        lambda loop: loop._add_reader(loop._csock.fileno(), int),
    ],
)
def test_a_handle_knows_who_asked_for_it(loop: LeanLoop, ask: Callable[[LeanLoop], asyncio.Handle]) -> None:
    """In debug mode only; the last entry of the stack is the line with the call."""
    assert ask(loop)._source_traceback is None  # type: ignore[attr-defined]  # not in typeshed
    loop.set_debug(True)
    handle = ask(loop)
    assert handle._source_traceback[-1].filename == __file__  # type: ignore[attr-defined]  # not in typeshed
    assert handle._source_traceback[-1].name == "<lambda>"  # type: ignore[attr-defined]  # not in typeshed
    handle.cancel()


def test_slow_callbacks_are_logged(loop: LeanLoop, pair: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Queued ones and readers alike, as asyncio does."""
    ours, theirs = pair
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0
    loop.add_reader(ours, lambda: (ours.recv(9), loop.call_soon(loop.stop)))
    theirs.send(b"x")
    caplog.set_level(logging.WARNING, "asyncio")
    loop.run_forever()
    texts = [record.getMessage().partition(" at ")[0] for record in caplog.records]
    name = test_slow_callbacks_are_logged.__name__
    assert texts == [f"Executing <Handle {name}.<locals>.<lambda>()", "Executing <Handle BaseEventLoop.stop() created"]


def test_debug_mode_may_be_switched_while_things_wait(loop: LeanLoop) -> None:
    """Handles made in one mode are called in the other."""
    seen: list[str] = []
    loop.call_soon(seen.append, "made lean")
    loop.set_debug(True)
    loop.call_soon(seen.append, "made traced")
    turn(loop)
    loop.call_soon(seen.append, "traced, called lean")
    loop.set_debug(False)
    turn(loop)
    assert seen == ["made lean", "made traced", "traced, called lean"]


def test_the_wrong_thread_is_told(loop: LeanLoop) -> None:
    """In debug mode, `call_soon` from another thread is an error, and `call_soon_threadsafe` isn't."""
    errors: list[str] = []

    def ask() -> None:
        try:
            loop.call_soon(int)
        except RuntimeError as exc:
            errors.append(str(exc))
        loop.call_soon_threadsafe(loop.stop)

    loop.set_debug(True)
    thread = threading.Thread(target=ask)
    loop.call_soon(thread.start)
    loop.run_forever()
    thread.join()
    assert errors == ["Non-thread-safe operation invoked on an event loop other than the current one"]


# ---- the end --------------------------------------------------------------------------------------------------------


def test_close_gives_back_every_descriptor(pair: Any) -> None:
    """Also those of a loop that still watches something."""
    before = sorted(os.listdir("/proc/self/fd"))
    loop = LeanLoop()
    loop.add_reader(pair[0], int)
    loop.close()
    loop.close()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_close_drops_what_waited(pair: Any) -> None:
    """Callbacks, timers, readers and the foreign queue are free to die; no collector is needed."""
    loop = LeanLoop()
    things = [Thing() for _ in range(4)]
    gone = [weakref.ref(thing) for thing in things]
    loop.call_soon(id, things[0])
    loop.call_later(3600, id, things[1])
    loop.add_reader(pair[0], id, things[2])
    loop.attach_queue((), things[3].__init__)  # type: ignore[misc]  # a bound method of it
    del things
    loop.close()
    assert [ref() for ref in gone] == [None] * 4


def test_a_closed_loop_says_so(loop: LeanLoop) -> None:
    """And a loop that runs can't be closed."""

    async def close_from_inside() -> None:
        loop.close()

    with pytest.raises(RuntimeError, match=r"^Cannot close a running event loop$"):
        loop.run_until_complete(close_from_inside())
    loop.close()
    for ask in (lambda: loop.call_soon(int), lambda: loop.call_later(1, int), lambda: loop.add_reader(0, int)):
        with pytest.raises(RuntimeError, match=r"^Event loop is closed$"):
            ask()


def test_a_forked_child_that_closes_the_loop_leaves_the_parents_alone(loop: LeanLoop, pair: Any) -> None:
    """Parent and child share one epoll in the kernel."""
    ours, theirs = pair
    loop.add_reader(ours, loop.stop)
    child = os.fork()
    if child == 0:
        loop.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    theirs.send(b"x")
    loop.run_forever()
    loop.call_soon_threadsafe(loop.stop)
    loop.run_forever()


def test_handles_leave_no_cycles(loop: LeanLoop, pair: Any) -> None:
    """What a callback was given dies when it was called or cancelled, with the collector off, even if it raised."""
    ours, theirs = pair
    theirs.send(b"x")
    loop.set_exception_handler(lambda _, report: None)

    async def coroutine(thing: Thing) -> None:
        await asyncio.sleep(0)
        raise ValueError(thing)

    def ask() -> list["weakref.ref[Thing]"]:
        things = [Thing() for _ in range(6)]
        loop.call_soon(id, things[0])
        loop.call_soon(int, things[1])  # raises TypeError
        loop.call_later(0, int, things[2])
        loop.call_later(3600, id, things[3]).cancel()
        loop.add_reader(ours, lambda thing: (loop.remove_reader(ours), int(thing)), things[4])
        loop.create_task(coroutine(things[5]))
        return [weakref.ref(thing) for thing in things]

    gc.collect()
    gc.disable()
    try:
        for debug in (False, True):
            loop.set_debug(debug)
            gone = ask()
            for _ in range(4):
                turn(loop)
            assert [ref() for ref in gone] == [None] * 6
    finally:
        gc.enable()


def test_the_loop_polls_through_epoll_only_for_what_is_watched(loop: LeanLoop, pair: Any) -> None:
    """Its view as a selector is what asyncio's own transports and their representations look at."""
    ours, _ = pair
    loop.add_reader(ours, int)
    loop.add_writer(ours, int)
    key = loop._selector.get_key(ours)  # type: ignore[attr-defined]  # not in typeshed
    assert (key.fd, key.events) == (ours.fileno(), 3)
    assert loop.remove_reader(ours)
    assert loop.remove_writer(ours)
    assert not loop.remove_writer(ours)
    with pytest.raises(KeyError):
        loop._selector.get_key(ours)  # type: ignore[attr-defined]  # not in typeshed


def test_descriptors_that_cannot_be_polled_are_refused(loop: LeanLoop, tmp_path: Path) -> None:
    """A plain file is always ready, so epoll won't have it; nothing of it stays in the tables."""
    with (tmp_path / "file").open("w") as file:
        with pytest.raises(PermissionError):
            loop.add_reader(file, int)
        assert not loop.remove_reader(file)
