"""Green threads over asyncio: plain blocking code, run by the thousand, with any asyncio library one call away."""

from spruce.green import debug, tpool
from spruce.green.background import in_background, spawn_in_background
from spruce.green.cputime import cpu_clock
from spruce.green.deadlines import deadline, time_left
from spruce.green.event import Event
from spruce.green.gather import gather
from spruce.green.greenthread import GreenThread
from spruce.green.iteration import iterate
from spruce.green.local import local
from spruce.green.locks import Condition, Lock, RLock
from spruce.green.loop import LOOPS
from spruce.green.pool import GreenPile, GreenPool
from spruce.green.pools import Pool, TokenPool
from spruce.green.queue import Empty, Full, LifoQueue, LightQueue, PriorityQueue, Queue
from spruce.green.runtime import get_hub, run, running
from spruce.green.scope import detach_children, scope, shield
from spruce.green.semaphore import BoundedSemaphore, CappedSemaphore, Semaphore
from spruce.green.sentinel import sentinel
from spruce.green.serving import StopServe, serve
from spruce.green.sockets import GreenSocket, connect, listen
from spruce.green.threadqueue import ThreadQueue
from spruce.green.threads import (
    GreenletExit,
    await_,
    get_ident,
    getcurrent,
    kill,
    sleep,
    spawn,
    spawn_after,
    spawn_after_local,
    spawn_detached,
    spawn_n,
    spawn_owner,
)
from spruce.green.timeout import Timeout, is_timeout, with_timeout
from spruce.green.tls import TlsSocket, wrap_ssl
from spruce.green.virtual import VirtualLoop
from spruce.green.waiting import TIMED_OUT, Line, Waiter

__all__ = [
    "LOOPS",
    "TIMED_OUT",
    "BoundedSemaphore",
    "CappedSemaphore",
    "Condition",
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
    "Lock",
    "Pool",
    "PriorityQueue",
    "Queue",
    "RLock",
    "Semaphore",
    "StopServe",
    "ThreadQueue",
    "Timeout",
    "TlsSocket",
    "TokenPool",
    "VirtualLoop",
    "Waiter",
    "await_",
    "connect",
    "cpu_clock",
    "deadline",
    "debug",
    "detach_children",
    "gather",
    "get_hub",
    "get_ident",
    "getcurrent",
    "in_background",
    "is_timeout",
    "iterate",
    "kill",
    "listen",
    "local",
    "run",
    "running",
    "scope",
    "sentinel",
    "serve",
    "shield",
    "sleep",
    "spawn",
    "spawn_after",
    "spawn_after_local",
    "spawn_detached",
    "spawn_in_background",
    "spawn_n",
    "spawn_owner",
    "time_left",
    "tpool",
    "with_timeout",
    "wrap_ssl",
]
