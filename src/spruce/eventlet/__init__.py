"""eventlet's module tree over Spruce's green threads and server: existing code changes its import lines.

`from spruce import eventlet` instead of `import eventlet`, `from spruce.eventlet import wsgi` instead of
`from eventlet import wsgi`, and so on. The names mean what they mean there.
"""

from spruce.eventlet import event, greenpool, greenthread, queue, semaphore, timeout, tpool, wsgi
from spruce.green import (
    Event,
    GreenletExit,
    GreenPile,
    GreenPool,
    Queue,
    Semaphore,
    Timeout,
    connect,
    getcurrent,
    kill,
    listen,
    sleep,
    spawn,
    spawn_after,
    spawn_n,
    with_timeout,
)

__all__ = [
    "Event",
    "GreenPile",
    "GreenPool",
    "GreenletExit",
    "Queue",
    "Semaphore",
    "Timeout",
    "connect",
    "event",
    "getcurrent",
    "greenpool",
    "greenthread",
    "kill",
    "listen",
    "queue",
    "semaphore",
    "sleep",
    "spawn",
    "spawn_after",
    "spawn_n",
    "timeout",
    "tpool",
    "with_timeout",
    "wsgi",
]
