"""Saying no at once when there is too much to do, rather than being late for everybody.

Neither costs anything unless its limit is set: the limit of requests is a handler around the handler, that of
connections another protocol for those that are too many.
"""

import asyncio
from typing import cast

from spruce.http import Handler, Request, Response
from spruce.server.websocket import Upgradable

__all__ = ["TurnedAway", "limited"]

_RETRY_SECONDS = 1
_LINGER_SECONDS = 2
_TEXT = "The server is busy. Try again in a moment."


def limited(handler: Handler, most: int) -> Handler:
    """Return a handler that calls `handler` for at most that many requests at a time, and answers 503 to the others.

    A request counts until its response begins. WebSockets are not counted.
    """
    in_flight = 0

    def answer(request: Request) -> Response:
        nonlocal in_flight
        if isinstance(request.stream, Upgradable):
            return handler(request)
        if in_flight >= most:
            return Response(_TEXT, 503, {"Retry-After": str(_RETRY_SECONDS)}, content_type="text/plain; charset=utf-8")
        in_flight += 1
        try:
            return handler(request)
        finally:
            in_flight -= 1

    return answer


class TurnedAway(asyncio.Protocol):
    """A connection too many: it gets a 503 without being read, and has a moment to take it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer; what the client sends is dropped, since to close on it would reset the connection."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(
            f"HTTP/1.1 503 Service Unavailable\r\nRetry-After: {_RETRY_SECONDS}\r\nConnection: close\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(_TEXT)}\r\n\r\n{_TEXT}".encode()
        )
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
        self.timer = asyncio.get_running_loop().call_later(_LINGER_SECONDS, self.transport.abort)

    def connection_lost(self, error: Exception | None) -> None:
        """It has gone."""
        self.timer.cancel()
