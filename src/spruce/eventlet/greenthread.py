"""`eventlet.greenthread`: green threads, started and ended."""

from collections.abc import Callable
from typing import Any

from spruce import green
from spruce.green import GreenletExit, GreenThread, Waiter, get_hub, getcurrent, kill, with_timeout

__all__ = [
    "GreenThread",
    "GreenletExit",
    "getcurrent",
    "kill",
    "sleep",
    "spawn",
    "spawn_after",
    "spawn_after_local",
    "spawn_n",
    "with_timeout",
]


def spawn(func: Callable[..., Any], *args: Any, **kwargs: Any) -> GreenThread:
    """Run `func(*args, **kwargs)` as a green thread, from the next turn on; return its handle at once."""
    return green.spawn(func, *args, **kwargs)


def spawn_n(func: Callable[..., Any], *args: Any, **kwargs: Any) -> GreenThread:
    """As `spawn`, for code that doesn't want the result."""
    return green.spawn(func, *args, **kwargs)


def spawn_after(seconds: float, func: Callable[..., Any], *args: Any, **kwargs: Any) -> GreenThread:
    """As `spawn`, after `seconds`."""
    return green.spawn_after(seconds, func, *args, **kwargs)


def spawn_after_local(seconds: float, func: Callable[..., Any], *args: Any, **kwargs: Any) -> GreenThread:
    """As `spawn_after`, but not if the calling green thread ends before."""
    return green.spawn_after_local(seconds, func, *args, **kwargs)


def sleep(seconds: float = 0) -> None:
    """Let others run for `seconds`; with 0, all that is ready, sockets among them, as eventlet's hub does."""
    if seconds > 0:
        green.sleep(seconds)
        return
    waiter = Waiter()
    get_hub().loop.call_later(0, waiter.wake)  # a timer, since the loop looks at sockets before those
    waiter.wait()
