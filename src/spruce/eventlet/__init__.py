"""eventlet's module tree over Spruce's green threads and server: existing code changes its import lines.

`from spruce import eventlet` instead of `import eventlet`, `from spruce.eventlet import wsgi` instead of
`from eventlet import wsgi`, and so on. The names mean what they mean there. `install_as_eventlet()` is for libraries
that import eventlet themselves.
"""

import sys

from spruce.eventlet import (
    asyncio,
    backdoor,
    convenience,
    corolocal,
    dagpool,
    db_pool,
    debug,
    event,
    green,
    greenio,
    greenpool,
    greenthread,
    hubs,
    patcher,
    pools,
    queue,
    semaphore,
    support,
    timeout,
    tpool,
    wsgi,
)
from spruce.eventlet.alias import install_as_eventlet
from spruce.eventlet.convenience import connect, listen, wrap_ssl
from spruce.eventlet.greenthread import sleep, spawn, spawn_after, spawn_after_local, spawn_n
from spruce.green import (
    BoundedSemaphore,
    CappedSemaphore,
    Event,
    GreenletExit,
    GreenPile,
    GreenPool,
    LightQueue,
    PriorityQueue,
    Queue,
    Semaphore,
    StopServe,
    Timeout,
    getcurrent,
    is_timeout,
    kill,
    serve,
    with_timeout,
)
from spruce.patching import import_patched, monkey_patch

greenlet = sys.modules["greenlet"]  # the library, which some programs take from here; green has imported it

__all__ = [
    "BoundedSemaphore",
    "CappedSemaphore",
    "Event",
    "GreenPile",
    "GreenPool",
    "GreenletExit",
    "LightQueue",
    "PriorityQueue",
    "Queue",
    "Semaphore",
    "StopServe",
    "Timeout",
    "asyncio",
    "backdoor",
    "connect",
    "convenience",
    "corolocal",
    "dagpool",
    "db_pool",
    "debug",
    "event",
    "getcurrent",
    "green",
    "greenio",
    "greenlet",
    "greenpool",
    "greenthread",
    "hubs",
    "import_patched",
    "install_as_eventlet",
    "is_timeout",
    "kill",
    "listen",
    "monkey_patch",
    "patcher",
    "pools",
    "queue",
    "semaphore",
    "serve",
    "sleep",
    "spawn",
    "spawn_after",
    "spawn_after_local",
    "spawn_n",
    "support",
    "timeout",
    "tpool",
    "with_timeout",
    "wrap_ssl",
    "wsgi",
]
