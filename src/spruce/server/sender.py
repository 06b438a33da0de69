"""A response on its way, piece by piece, to a client that may be slow.

Each streamed response has a sender of its own; a plain one, written at once, needs none.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from spruce.errors import ServerError
from spruce.green import Waiter, sleep
from spruce.server.heads import Framing, Head

__all__ = ["ClientDisconnected", "Sender"]

_FAIR_SHARE: Final = 1024 * 1024  # bytes that are sent before the other green threads get a turn


class ClientDisconnected(ConnectionError):
    """The client has gone while a response was being sent to it."""


class Sender:
    """Sends one response in the green thread that calls; `pause`, `resume` and `lose` say how the client takes it.

    `since` is when it began to wait for the client, as `clock` counts; `waiting` tells whether it does.
    """

    __slots__ = ("_clock", "_full", "_lost", "_transport", "_waiter", "since")

    def __init__(self, transport: asyncio.Transport, clock: Callable[[], float], *, full: bool) -> None:
        self._transport = transport
        self._clock = clock
        self._full = full
        self._lost = False
        self._waiter: Waiter | None = None
        self.since = 0.0

    @property
    def waiting(self) -> bool:
        """Whether it waits for the client to take what was written."""
        return self._waiter is not None

    # What the connection says

    def pause(self) -> None:
        """The client does not take what was written."""
        self._full = True

    def resume(self) -> None:
        """The client has taken most of it."""
        self._full = False
        self._wake()

    def lose(self) -> None:
        """The connection has gone."""
        self._lost = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.wake()

    # Sending

    def stream(self, pieces: Iterable[bytes], head: Head) -> None:
        """Send a head and the pieces of its body. Raises ClientDisconnected, and ServerError for a wrong length."""
        pending = head.data
        chunked = head.framing is Framing.CHUNKED
        sent = share = 0
        for piece in pieces:
            if not piece:
                continue
            sent += len(piece)
            if head.length is not None and sent > head.length:
                raise ServerError(f"The response is longer than its Content-Length of {head.length} bytes.")
            self._write(pending + (b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece))
            pending = b""
            share += len(piece)
            if self._full:
                self._wait()
                share = 0
            elif share > _FAIR_SHARE:
                sleep()
                share = 0
        if head.length is not None and sent < head.length:
            raise ServerError(f"The response ended after {sent} bytes of its Content-Length of {head.length} bytes.")
        self._write(pending + (b"0\r\n\r\n" if chunked else b""))

    def _write(self, data: bytes) -> None:
        if self._lost or self._transport.is_closing():
            raise ClientDisconnected("the client has gone")
        self._transport.write(data)

    def _wait(self) -> None:
        """Wait until the client has taken most of what was written."""
        self._waiter = Waiter()
        self.since = self._clock()
        try:
            self._waiter.wait()
        finally:
            self._waiter = None
