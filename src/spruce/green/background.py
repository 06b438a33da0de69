"""One hub in the background for all OS threads that have none: under servers with a thread per request, say.

What belongs to a hub, such as connections of an asyncio driver and their pool, is then shared by all those threads.
"""

import atexit
import os
import threading
from asyncio import wrap_future
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from spruce.green.event import Event
from spruce.green.hub import Hub
from spruce.green.runtime import get_hub, peek_hub, run, running
from spruce.green.threads import await_, spawn_owner

__all__ = ["in_background", "spawn_in_background"]

P = ParamSpec("P")
T = TypeVar("T")


class _Background:
    """The OS thread with the hub; it ends with the process."""

    def __init__(self) -> None:
        self._hub: Future[Hub] = Future()
        self._thread = threading.Thread(target=run, args=(self._main,), name="spruce-background", daemon=True)
        self._thread.start()
        self.hub = self._hub.result()
        atexit.register(self.stop)

    def _main(self) -> None:
        self._end = Event()
        self._hub.set_result(get_hub())
        self._end.wait()

    def stop(self) -> None:
        """End the hub as any other: its threads get GreenletExit, and some time for that."""
        atexit.unregister(self.stop)
        self.hub.loop.call_soon_threadsafe(self._end.send)
        self._thread.join()


_background: _Background | None = None
_starting = threading.Lock()


def _get_background() -> _Background:
    global _background
    with _starting:
        if _background is None:
            _background = _Background()
    return _background


def in_background(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the function as a green thread of the background hub, and return its result; blocks.

    It sees the caller's context variables. In a thread of the background hub itself it is just called.
    """
    if not running():
        get_hub().current()  # raises the error that says why
    hub = _get_background().hub
    if peek_hub() is hub:
        return function(*args, **kwargs)
    outcome: Future[T] = Future()
    job = partial(_run, outcome, partial(copy_context().run, function, *args, **kwargs))
    hub.loop.call_soon_threadsafe(hub.spawn, job, (), None)
    return outcome.result() if peek_hub() is None else await_(wrap_future(outcome, loop=get_hub().loop))


def spawn_in_background(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run the function as a green thread of the background hub, from whatever OS thread; return at once.

    It sees the caller's context variables, and the threads that it spawns end with it, unless they are detached.
    """
    start = partial(spawn_owner, function, *args, **kwargs)
    _get_background().hub.loop.call_soon_threadsafe(start, context=copy_context())


def _run(outcome: "Future[Any]", call: Callable[[], Any]) -> None:
    if not outcome.set_running_or_notify_cancel():
        return
    try:
        outcome.set_result(call())
    except BaseException as exc:
        outcome.set_exception(exc)


def _forget() -> None:
    """In a forked child the background is the parent's."""
    global _background, _starting
    if _background is not None:
        atexit.unregister(_background.stop)
    _background, _starting = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
