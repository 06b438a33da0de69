"""How long a connection may take for what it does, and when it ends because the server stops.

Called for each connection: `check` once a second, `drain` all the time while the server stops.
"""

from typing import Final

from spruce.errors.http import RequestTimeout
from spruce.server.body import BodyStream
from spruce.server.connection import Connection

__all__ = ["QUIET_SECONDS", "check", "drain"]

_LINGER_SECONDS: Final = 2
QUIET_SECONDS: Final = 0.25
"""Without a request, after which a connection counts as idle when the server stops."""
_NEW_SECONDS: Final = 1.0  # the same for one that has not sent its first request: it is on its way


def check(connection: Connection, now: float) -> None:
    """Look whether something has taken too long, and end it; `now` is the loop's time."""
    limits, seconds, sender = connection.server.limits, now - connection.since, connection.sender
    body = connection.parser.body
    if connection.websocket is not None:
        connection.websocket.check(now)
    elif connection.lingering or connection.transport.is_closing():
        if seconds > _LINGER_SECONDS:
            connection.transport.abort()
    elif sender is not None and sender.waiting:
        if now - sender.since > limits.write_seconds:
            connection.transport.abort()
    elif connection.current is not None:
        if isinstance(body, BodyStream) and body.waiting and seconds > limits.body_seconds:
            connection.parser.last = True
            body.fail(RequestTimeout("The body of the request took too long to arrive."))
    elif body is not None:
        if seconds > limits.body_seconds:
            connection.linger()
    elif connection.parser.partial or not connection.served:
        if seconds > limits.head_seconds:
            connection.refuse(RequestTimeout("The head of the request took too long to arrive."))
    elif seconds > limits.idle_seconds:
        connection.transport.close()


def drain(connection: Connection, seconds: float, quiet: float = QUIET_SECONDS) -> None:
    """End as soon as nothing is in flight: the server has been stopping for so many seconds.

    After `quiet` seconds a connection without a request counts as idle.
    """
    parser = connection.parser
    if connection.websocket is not None:
        connection.websocket.drain()
    elif parser.partial:
        parser.ending = True
    elif connection.current is not None or parser.requests or connection.lingering:
        parser.last = True
    else:
        parser.ending = True
        if seconds > (quiet if connection.served else _NEW_SECONDS):
            connection.transport.close()
