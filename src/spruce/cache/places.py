"""Waiting and spawning wherever the cache is used: in green threads, and in OS threads that have no hub.

Such a thread, one of gunicorn's say, is not given a hub of its own, since its connections would then be its own. What
needs a loop runs on the one hub in the background; the thread itself just waits.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from spruce import green
from spruce.green.runtime import peek_hub

__all__ = ["Signal", "on_a_hub", "pause", "signal", "spawn"]

T = TypeVar("T")


def _has_no_hub() -> bool:
    return peek_hub() is None and threading.current_thread() is not threading.main_thread()


def on_a_hub(function: Callable[..., T], *args: Any) -> T:
    """Return what the function returns, here or, where there is no hub, in the background."""
    return green.in_background(function, *args) if _has_no_hub() else function(*args)


def pause(seconds: float) -> None:
    """Let others run for so long."""
    if _has_no_hub():
        time.sleep(seconds)
    else:
        green.sleep(seconds)


def spawn(function: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    """Run the function in a green thread that outlives the caller; return what ends it early."""
    if _has_no_hub():
        thread = green.in_background(green.spawn_detached, function, *args)
        return partial(green.in_background, thread.kill)
    return green.spawn_detached(function, *args).kill


class Signal(Protocol):
    """Something to wait for once."""

    def wait(self) -> Any:
        """Block until `give` was called."""
        ...

    def give(self) -> None:
        """End the wait, from any OS thread."""
        ...


def signal() -> Signal:
    """A signal for whoever calls this to wait for."""
    return _ThreadSignal() if _has_no_hub() else _GreenSignal()


class _ThreadSignal(threading.Event):
    give = threading.Event.set


class _GreenSignal:
    def __init__(self) -> None:
        self._waiter = green.Waiter()

    def wait(self) -> None:
        self._waiter.wait()

    def give(self) -> None:
        hub = self._waiter.carrier.hub
        if hub.os_thread == threading.get_ident():
            self._waiter.wake()
            return
        try:
            hub.loop.call_soon_threadsafe(self._waiter.wake)
        except RuntimeError:
            pass  # that loop is closed, and nobody waits there any more
