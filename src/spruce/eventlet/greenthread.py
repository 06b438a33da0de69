"""`eventlet.greenthread`: green threads, started and ended."""

from spruce.green import (
    GreenletExit,
    GreenThread,
    getcurrent,
    kill,
    sleep,
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
