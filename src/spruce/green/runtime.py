"""Which hub is meant: that of this OS thread, made when first needed; and `run`, a program on a loop of its own."""

import _thread
import asyncio
import atexit
import logging
import os
import threading
import weakref
from asyncio.events import _get_running_loop
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

from spruce.errors import GreenError
from spruce.green.carrier import Carrier, MainCarrier
from spruce.green.greenthread import AnyCarrier, GreenThread, new_thread
from spruce.green.hub import Hub
from spruce.green.loop import new_event_loop
from spruce.green.signals import forget_wakeups, woken_by_signals
from spruce.green.virtual import ShuffledHub

__all__ = [
    "all_hubs",
    "can_yield",
    "current_carrier",
    "get_hub",
    "in_use",
    "main_thread_handle",
    "peek_hub",
    "run",
    "running",
    "running_thread",
]

logger = logging.getLogger("spruce.green")
T = TypeVar("T")


class _Closer:
    """Closes an OS thread's hub when that thread ends, which is when its `threading.local` data is dropped."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def __del__(self) -> None:
        if threading.get_ident() == self.hub.os_thread:  # else the interpreter ends, and the OS thread was a daemon
            _close_script_hub(self.hub)


class _ThreadState(_thread._local):
    own: Hub | None = None  # run()'s, or a plain program's
    attached: Hub | None = None  # on a loop that somebody else runs
    main: GreenThread | None = None
    closer: _Closer | None = None


_state = _ThreadState()
_hubs: "weakref.WeakSet[Hub]" = weakref.WeakSet()
# Hubs that are kept for ever, since to drop them would run the finally blocks of their threads in whoever did:
_lost: list[Hub] = []  # those whose loop was closed under them
_parents: list[Hub] = []  # in a forked child, those of its parent


def get_hub() -> Hub:
    """The hub of this OS thread: that of the green thread or loop that runs, or a new one for a plain program."""
    running_greenlet = getcurrent()
    if type(running_greenlet) is Carrier:
        return running_greenlet.hub  # type: ignore[return-value]  # only a Hub makes carriers
    loop = _get_running_loop()
    own = _state.own
    if own is not None and (loop is None or loop is own.loop) and not own.loop.is_closed():
        return own
    if loop is None:
        return _new_script_hub()
    attached = _state.attached
    if attached is None or attached.loop is not loop:
        attached = _attach(loop, running_greenlet)
    return attached


def all_hubs() -> list[Hub]:
    """The hubs of all OS threads of this process that have one."""
    return [hub for hub in list(_hubs) if not hub.loop.is_closed()]


def peek_hub() -> Hub | None:
    """As `get_hub`, but None where there is no hub yet."""
    running_greenlet = getcurrent()
    if type(running_greenlet) is Carrier:
        return running_greenlet.hub  # type: ignore[return-value]  # only a Hub makes carriers
    loop = _get_running_loop()
    for hub in (_state.own, _state.attached):
        if hub is not None and (loop is None or hub.loop is loop) and not hub.loop.is_closed():
            return hub
    return None


def _attach(loop: asyncio.AbstractEventLoop, running_greenlet: greenlet) -> Hub:
    """A hub on a loop that somebody else runs, and ends: `asyncio.run` and its like end the hub's threads with it."""
    before = _state.attached
    if before is not None and (left := before.live_threads()):
        _lost.append(before)
        logger.warning(
            "a loop was closed while green threads ran on it, which can never end now: %s; "
            "asyncio.run() ends them, and so does loop.shutdown_asyncgens() before closing",
            left,
        )
    hub = Hub(loop, root=_outermost(running_greenlet))
    _state.attached = hub
    _hubs.add(hub)
    hub.guard = _end_with_the_loop(hub)
    try:
        hub.guard.__anext__().send(None)
    except StopIteration:
        pass  # it has yielded, and the loop knows it
    return hub


async def _end_with_the_loop(hub: Hub) -> AsyncGenerator[None, None]:
    """Wait inside `yield` until `loop.shutdown_asyncgens()`, the one moment at which a loop says that it will close."""
    try:
        yield
    finally:
        await hub.end_threads()


def _outermost(running_greenlet: greenlet) -> greenlet:
    while running_greenlet.parent is not None:
        running_greenlet = running_greenlet.parent
    return running_greenlet


def main_thread_handle(hub: Hub) -> GreenThread:
    """The handle that stands for this OS thread's main greenlet."""
    if _state.main is None or _state.main.hub is not hub:
        _state.main = new_thread(hub, _main, (), None)
    return _state.main


def _main() -> None:
    """Names the main greenlet in logs."""


def _new_script_hub() -> Hub:
    main = _outermost(getcurrent())
    loop = new_event_loop(os.environ.get("SPRUCE_LOOP") or None)
    root = greenlet(lambda: hub.run_for_main(carrier), parent=main)
    hub = Hub(loop, root=root)
    thread = main_thread_handle(hub)
    hub.main = thread.carrier = carrier = MainCarrier(hub, main, thread, stop_first=hub.guarded or loop.get_debug())
    _state.own = hub
    _hubs.add(hub)
    if threading.current_thread() is threading.main_thread():
        atexit.register(_close_script_hub, hub)
    else:
        _state.closer = _Closer(hub)
    return hub


def _close_script_hub(hub: Hub) -> None:
    if hub.main is not None and getcurrent() is hub.main.greenlet and not hub.loop.is_closed():
        hub.close()


def current_carrier() -> AnyCarrier:
    """What may block here: the carrier of the green thread that runs, or a plain program's main greenlet."""
    running_greenlet = getcurrent()
    return running_greenlet if type(running_greenlet) is Carrier else get_hub().current()


def running() -> bool:
    """Whether the caller may block here: in a green thread and in plain code, not in a task of a running loop."""
    running_greenlet = getcurrent()
    if type(running_greenlet) is Carrier or _get_running_loop() is None:
        return True
    main = None if _state.own is None else _state.own.main
    return main is not None and running_greenlet is main.greenlet and _get_running_loop() is main.hub.loop


def in_use() -> bool:
    """Whether this OS thread has anything that a call of `time.sleep` would stop: a running loop or a hub."""
    own = _state.own
    return _get_running_loop() is not None or (own is not None and not own.loop.is_closed())


def running_thread() -> GreenThread | None:
    """The green thread that runs; None outside of any. Makes no hub."""
    try:
        running_greenlet = getcurrent()
    except RuntimeError:  # the interpreter ends
        return None
    return running_greenlet.thread if type(running_greenlet) is Carrier else None


def can_yield() -> bool:
    """Whether there are, or may be, others who run while the caller waits here; else waiting may as well block."""
    running_greenlet = getcurrent()
    if type(running_greenlet) is Carrier:
        return not running_greenlet.hub.forked
    return in_use() and running()


def run(
    main: Callable[..., T],
    *args: Any,
    loop: str | asyncio.AbstractEventLoop | None = None,
    seed: int | None = None,
    **kwargs: Any,
) -> T:
    """Run `main(*args, **kwargs)` as a green thread on a loop that is new or named (see LOOPS), and return its result.

    Blocks the OS thread until main ends; then raises GreenletExit in the green threads that are left and closes the
    loop. A KeyboardInterrupt is raised in main, wherever it waits. Raises GreenError where a loop runs already. With a
    `seed`, for tests, threads go on in an order that it decides.
    """
    if _get_running_loop() is not None or type(getcurrent()) is Carrier:
        raise GreenError("green.run() inside a running loop", hint="You are on a loop already: use green.spawn()")
    previous = _state.own
    own_loop = loop if isinstance(loop, asyncio.AbstractEventLoop) else new_event_loop(loop)
    hub = _state.own = Hub(own_loop) if seed is None else ShuffledHub(own_loop, seed=seed)
    _hubs.add(hub)
    try:
        result: T = _run_main(hub, hub.spawn(main, args, kwargs))
        return result
    finally:
        try:
            hub.finish()
        finally:
            _state.own = previous


def _run_main(hub: Hub, thread: GreenThread) -> Any:
    thread.link(lambda _: hub.loop.stop())
    with woken_by_signals(hub.loop):
        while not thread.dead:
            try:
                hub.loop.run_forever()
            except (KeyboardInterrupt, Exception) as interrupt:  # the latter from a signal's handler
                if not thread.dead:
                    thread.interrupt(interrupt)
    return thread.wait()


def _abandon_after_fork() -> None:
    """In a forked child: what the parent's hubs had made is the parent's; the child makes its own when it needs one."""
    global _state
    atexit.unregister(_close_script_hub)
    for hub in list(_hubs):
        hub.abandon()
        forget_wakeups(hub.loop)
        _parents.append(hub)
    _hubs.clear()
    _state = _ThreadState()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_after_fork)
