"""What a program does with green threads: spawn, sleep, kill, wait for awaitables."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any, TypeVar

from greenlet import GreenletExit
from greenlet import getcurrent as current_greenlet

from spruce.green.carrier import Carrier
from spruce.green.driver import await_on
from spruce.green.greenthread import GreenThread, OwnerThread, new_thread
from spruce.green.hub import START
from spruce.green.runtime import current_carrier, get_hub, main_thread_handle
from spruce.green.runtime import running as may_block
from spruce.green.scope import adopt, outside_scopes, scope

__all__ = [
    "GreenletExit",
    "await_",
    "get_ident",
    "getcurrent",
    "kill",
    "sleep",
    "spawn",
    "spawn_after",
    "spawn_after_local",
    "spawn_detached",
    "spawn_n",
    "spawn_owner",
]

T = TypeVar("T")


def spawn(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> GreenThread:
    """Run `function(*args, **kwargs)` as a green thread, from the next turn on; return its handle at once.

    Threads start in the order in which they were spawned, each with a copy of the caller's context variables.
    """
    running = current_greenlet()
    hub = running.hub if type(running) is Carrier else get_hub()
    thread = GreenThread()  # what follows is new_thread, in place
    thread.hub = hub
    thread.function = function
    thread.args = args
    thread.kwargs = kwargs
    thread.context = copy_context()
    thread.carrier = thread.exception = thread.links = thread.task = thread.waiters = thread.result = None
    thread.dead = False
    if scope.in_use or (type(running) is Carrier and running.thread.ends_children):
        adopt(thread)
    hub.ready.append((thread, START))
    if not hub.armed:
        hub.arm()
    return thread


def spawn_n(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> GreenThread:
    """As `spawn`, for code that doesn't want the result; kept for eventlet's users."""
    return spawn(function, *args, **kwargs)


def spawn_detached(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> GreenThread:
    """As `spawn`, but the thread ends neither with the request nor with the `scope` that the caller is in."""
    with outside_scopes():
        return spawn(function, *args, **kwargs)


def spawn_owner(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> GreenThread:
    """As `spawn`, but the threads that it spawns end with it, unless they are detached; as a request's."""
    hub = get_hub()
    thread = new_thread(hub, function, args, kwargs, OwnerThread)
    adopt(thread)
    hub.ready.append((thread, START))
    if not hub.armed:
        hub.arm()
    return thread


def spawn_after(seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> GreenThread:
    """As `spawn`, but start after `seconds`; `cancel()` the handle to prevent that."""
    thread = get_hub().spawn_later(seconds, function, args, kwargs)
    adopt(thread)
    return thread


def spawn_after_local(seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> GreenThread:
    """As `spawn_after`, but not if the calling green thread ends before."""
    parent, thread = getcurrent(), spawn_after(seconds, function, *args, **kwargs)
    cancel = _Cancel(thread)
    parent.link(cancel)
    thread.link(lambda _: parent.unlink(cancel))
    return thread


class _Cancel:
    """A link that cancels a thread."""

    def __init__(self, thread: GreenThread) -> None:
        self.thread = thread

    def __call__(self, _: GreenThread) -> None:
        self.thread.cancel()


def sleep(seconds: float = 0) -> None:
    """Let the others run, for at least `seconds`; with 0, for one turn."""
    carrier = current_carrier()
    hub = carrier.hub
    if seconds <= 0:
        hub.wake(carrier, carrier.seq)
        carrier.park()
        return
    timer = hub.call_later(seconds, hub.wake, carrier, carrier.seq)
    try:
        carrier.park()
    finally:
        timer.cancel()


def kill(thread: GreenThread, *throw_args: Any) -> None:
    """Raise GreenletExit (or the given exception) in `thread`; see `GreenThread.kill`."""
    thread.kill(*throw_args)


def getcurrent() -> GreenThread:
    """The handle of the green thread that runs; outside of one, that of the OS thread's main greenlet."""
    running = current_greenlet()
    return running.thread if type(running) is Carrier else main_thread_handle(get_hub())


def get_ident() -> object:
    """What runs the caller, to tell owners apart: a green thread, else an asyncio task, else an OS thread's number.

    Unlike `getcurrent` it makes no hub, so any plain thread may ask.
    """
    running = current_greenlet()
    if type(running) is Carrier:
        return running.thread
    task = None if may_block() else asyncio.current_task()
    return threading.get_ident() if task is None else task


def await_(awaitable: Awaitable[T]) -> T:
    """Wait for any awaitable from plain code and return its result; other green threads run meanwhile.

    In a task or callback of a running loop it raises GreenError: there, use `await`.
    """
    running: Any = current_greenlet()
    if type(running) is Carrier:
        return await_on(running, awaitable)  # type: ignore[no-any-return]  # the awaitable's own result
    main: Any = get_hub().current()
    return main.await_(awaitable)  # type: ignore[no-any-return]  # the same
