"""Which hub is meant: the one of this OS thread, made when first needed; and `run`, which runs a program on a loop of its own."""

import asyncio
import atexit
import os
import threading
import weakref
from asyncio.events import _get_running_loop
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

from spruce.errors import GreenError
from spruce.green.carrier import Carrier, MainCarrier
from spruce.green.hub import AnyCarrier, Hub
from spruce.green.greenthread import GreenThread

__all__ = ["LOOPS", "current_carrier", "get_hub", "in_use", "new_event_loop", "peek_hub", "run", "running"]

T = TypeVar("T")
LOOPS = ("asyncio", "uvloop")


class _ThreadState(threading.local):
    own: Hub | None = None  # run()'s, or a plain program's
    attached: Hub | None = None  # on a loop that somebody else runs
    main: GreenThread | None = None


_state = _ThreadState()
_hubs: "weakref.WeakSet[Hub]" = weakref.WeakSet()


def new_event_loop(kind: str | None = None) -> asyncio.AbstractEventLoop:
    """A new loop: "asyncio" (also for None) or "uvloop". GreenError if the name is unknown or uvloop isn't installed."""
    if kind in (None, "asyncio"):
        return asyncio.new_event_loop() if os.name == "nt" else asyncio.SelectorEventLoop()
    if kind != "uvloop":
        raise GreenError(f"there is no loop named {kind!r}", hint=f"choose one of: {', '.join(LOOPS)}")
    try:
        loop: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    except ImportError:
        raise GreenError(
            "uvloop is not installed", hint="pip install 'spruce[uvloop]', or use the loop 'asyncio'"
        ) from None
    return loop


def get_hub() -> Hub:
    """The hub of this OS thread: of the green thread that runs, of the loop that runs, or a new one for a plain program."""
    running_greenlet = getcurrent()
    if type(running_greenlet) is Carrier:
        return running_greenlet.hub
    loop = _get_running_loop()
    own = _state.own
    if own is not None and (loop is None or loop is own.loop) and not own.loop.is_closed():
        return own
    if loop is None:
        return _new_script_hub()
    attached = _state.attached
    if attached is None or attached.loop is not loop:
        if attached is not None and attached.loop.is_closed() and attached.root is running_greenlet:
            attached.release()
        attached = _state.attached = Hub(loop, root=_outermost(running_greenlet))
        _hubs.add(attached)
    return attached


def peek_hub() -> Hub | None:
    """As `get_hub`, but None where there is no hub yet."""
    running_greenlet = getcurrent()
    if type(running_greenlet) is Carrier:
        return running_greenlet.hub
    loop = _get_running_loop()
    for hub in (_state.own, _state.attached):
        if hub is not None and (loop is None or hub.loop is loop) and not hub.loop.is_closed():
            return hub
    return None


def _outermost(running_greenlet: greenlet) -> greenlet:
    while running_greenlet.parent is not None:
        running_greenlet = running_greenlet.parent
    return running_greenlet


def main_thread_handle(hub: Hub) -> GreenThread:
    """The handle that stands for this OS thread's main greenlet."""
    if _state.main is None:
        _state.main = GreenThread(hub, _main, (), None)
    _state.main.hub = hub
    return _state.main


def _main() -> None:
    """Names the main greenlet in logs."""


def _new_script_hub() -> Hub:
    main = _outermost(getcurrent())
    root = greenlet(lambda: hub.run_for_main(), parent=main)
    hub = Hub(new_event_loop(os.environ.get("SPRUCE_LOOP") or None), root=root)
    thread = main_thread_handle(hub)
    hub.main = MainCarrier(hub, main, thread)
    thread.carrier = hub.main  # type: ignore[assignment]  # MainCarrier has what a handle asks of its carrier
    _state.own = hub
    _hubs.add(hub)
    if threading.current_thread() is threading.main_thread():
        atexit.register(_close_script_hub, hub)
    return hub


def _close_script_hub(hub: Hub) -> None:
    if not hub.loop.is_closed() and not hub.abandoned and getcurrent() is hub.main.greenlet:  # type: ignore[union-attr]  # set at birth
        hub.close()


def current_carrier() -> AnyCarrier:
    """What may block here: the carrier of the green thread that runs, or a plain program's main greenlet."""
    running_greenlet = getcurrent()
    if type(running_greenlet) is Carrier:
        if running_greenlet.hub.abandoned:
            raise GreenError(
                "os.fork() was called inside a green thread",
                hint="fork where no green thread runs: before the first one starts",
            )
        return running_greenlet
    return get_hub().current()


def running() -> bool:
    """Whether the caller may block here: true in a green thread and in plain code, false in a callback or task of a running loop."""
    return type(getcurrent()) is Carrier or _get_running_loop() is None


def in_use() -> bool:
    """Whether this OS thread has anything that a call of `time.sleep` would stop: a running loop or a hub."""
    own = _state.own
    return _get_running_loop() is not None or (own is not None and not own.loop.is_closed())


def run(main: Callable[..., T], *args: Any, loop: str | None = None, **kwargs: Any) -> T:
    """Run `main(*args, **kwargs)` as a green thread on a new loop ("asyncio" or "uvloop"), and return its result.

    Blocks the OS thread until main ends; then raises GreenletExit in the green threads that are left and closes the loop.
    KeyboardInterrupt is raised in main first, and then by this call. Raises GreenError where a loop runs already.
    """
    if _get_running_loop() is not None or type(getcurrent()) is Carrier:
        raise GreenError("green.run() inside a running loop", hint="you are on a loop already: use green.spawn()")
    previous = _state.own
    with asyncio.Runner(loop_factory=lambda: new_event_loop(loop)) as runner:
        hub = _state.own = Hub(runner.get_loop())
        _hubs.add(hub)
        try:
            return _run_main(hub, hub.spawn(main, args, kwargs))
        finally:
            try:
                hub.shutdown()
            finally:
                _state.own = previous


def _run_main(hub: Hub, thread: GreenThread) -> Any:
    thread.link(lambda _: hub.loop.stop())
    try:
        hub.loop.run_forever()
    except KeyboardInterrupt as interrupt:
        if not thread.dead:
            thread.interrupt(interrupt)
        while not thread.dead:
            hub.loop.run_forever()
        if thread.exception is not None and not isinstance(thread.exception, KeyboardInterrupt):
            return thread.wait()
        raise
    return thread.wait()


def _abandon_after_fork() -> None:
    """In a forked child: what the parent's hubs had made is the parent's; the child makes its own when it needs them."""
    global _state
    for hub in list(_hubs):
        hub.abandoned = True
        atexit.unregister(_close_script_hub)
    _hubs.clear()
    _state = _ThreadState()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_after_fork)
