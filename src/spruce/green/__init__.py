"""Green threads over asyncio: plain blocking code, run by the thousand, with any asyncio library one call away."""

from spruce.green.greenthread import GreenThread
from spruce.green.runtime import get_hub, run, running
from spruce.green.threads import GreenletExit, await_, getcurrent, kill, sleep, spawn, spawn_after, spawn_n
from spruce.green.timeout import Timeout, is_timeout, with_timeout
from spruce.green.waiting import TIMED_OUT, Waiter

__all__ = [
    "TIMED_OUT",
    "GreenThread",
    "GreenletExit",
    "Timeout",
    "Waiter",
    "await_",
    "get_hub",
    "getcurrent",
    "is_timeout",
    "kill",
    "run",
    "running",
    "sleep",
    "spawn",
    "spawn_after",
    "spawn_n",
    "with_timeout",
]
