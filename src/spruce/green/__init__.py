"""Green threads over asyncio: plain blocking code, run by the thousand, with any asyncio library one call away."""

from spruce.green import tpool
from spruce.green.event import Event
from spruce.green.greenthread import GreenThread
from spruce.green.loop import LOOPS
from spruce.green.pool import GreenPile, GreenPool
from spruce.green.queue import Empty, Full, LifoQueue, LightQueue, PriorityQueue, Queue
from spruce.green.runtime import get_hub, run, running
from spruce.green.semaphore import BoundedSemaphore, CappedSemaphore, Semaphore
from spruce.green.sockets import GreenSocket, connect, listen
from spruce.green.threads import GreenletExit, await_, get_ident, getcurrent, kill, sleep, spawn, spawn_after, spawn_n
from spruce.green.timeout import Timeout, is_timeout, with_timeout
from spruce.green.waiting import TIMED_OUT, Line, Waiter

__all__ = [
    "LOOPS",
    "TIMED_OUT",
    "BoundedSemaphore",
    "CappedSemaphore",
    "Empty",
    "Event",
    "Full",
    "GreenPile",
    "GreenPool",
    "GreenSocket",
    "GreenThread",
    "GreenletExit",
    "LifoQueue",
    "LightQueue",
    "Line",
    "PriorityQueue",
    "Queue",
    "Semaphore",
    "Timeout",
    "Waiter",
    "await_",
    "connect",
    "get_hub",
    "get_ident",
    "getcurrent",
    "is_timeout",
    "kill",
    "listen",
    "run",
    "running",
    "sleep",
    "spawn",
    "spawn_after",
    "spawn_n",
    "tpool",
    "with_timeout",
]
