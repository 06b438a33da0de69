"""`eventlet.greenthread`: green threads, started and ended."""

from spruce import green
from spruce.green import (
    GreenletExit,
    GreenThread,
    Waiter,
    get_hub,
    getcurrent,
    kill,
    spawn,
    spawn_after,
    spawn_after_local,
    spawn_n,
    with_timeout,
)

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


def sleep(seconds: float = 0) -> None:
    """Let others run for `seconds`; with 0, all that is ready, sockets among them, as eventlet's hub does."""
    if seconds > 0:
        green.sleep(seconds)
        return
    waiter = Waiter()
    get_hub().loop.call_later(0, waiter.wake)  # a timer, since the loop looks at sockets before those
    waiter.wait()
