"""A response on its way, piece by piece, to a client that may be slow.

Each response that is streamed or large has a sender of its own; a plain one, written at once, needs none.
"""

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Iterable
from typing import Any, Final

from spruce.errors import ServerError
from spruce.green import Waiter, sleep
from spruce.http import FilePart
from spruce.server.heads import Framing, Head

__all__ = ["AT_ONCE", "KEPT", "ClientDisconnected", "Sender", "unsent"]

KEPT: Final = 16 * 1024
"""Bytes that are kept for a client that does not take them, before who sends them has to wait."""

AT_ONCE: Final = 1024 * 1024
"""Bytes of a body that are sent at once; encrypting more of them would hold up the loop."""

_FAIR_SHARE: Final = 128 * 1024  # bytes that are sent before the other green threads get a turn
_COST: Final = 4096  # that a piece counts above its bytes, since small ones take as much time

_CANNOT: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSOCK, errno.EOPNOTSUPP})  # such a file, or system


class ClientDisconnected(ConnectionError):
    """The client has gone while a response was being sent to it."""


class Sender:
    """Sends one response in the green thread that calls; `pause`, `resume` and `lose` say how the client takes it.

    `sent` counts the bytes of a body that is given in pieces. `since` is when it began to wait for the client, as
    `clock` counts; `waiting` tells whether it does.
    """

    __slots__ = ("_clock", "_full", "_lost", "_transport", "_waiter", "sent", "since")

    def __init__(self, transport: asyncio.Transport, clock: Callable[[], float], *, full: bool) -> None:
        self._transport = transport
        self._clock = clock
        self._full = full
        self._lost = False
        self._waiter: Waiter | None = None
        self.sent = 0
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

    def stream(self, pieces: Iterable[bytes], head: Head, pending: bytes) -> None:
        """Send the pieces of a body, the first one behind `pending`: the head, or nothing.

        Raises ClientDisconnected, and ServerError for a length that is not the head's.
        """
        chunked = head.framing is Framing.CHUNKED
        share = sent = 0
        for piece in pieces:
            if not piece:
                continue
            self.sent = sent = sent + len(piece)
            if head.length is not None and sent > head.length:
                raise ServerError(f"The response is longer than its Content-Length of {head.length} bytes.")
            self._write(pending + (b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece))
            pending = b""
            share += len(piece) + _COST
            if self._full:
                piece = b""  # what the transport keeps is enough: many clients may be slow
                self._wait()
                share = 0
            elif share > _FAIR_SHARE:
                sleep()
                share = 0
        if head.length is not None and sent < head.length:
            raise ServerError(f"The response ended after {sent} bytes of its Content-Length of {head.length} bytes.")
        self._write(pending + (b"0\r\n\r\n" if chunked else b""))

    def send_bytes(self, body: bytes, head: Head) -> None:
        """Send a body that is large, a share at a time. Raises ClientDisconnected."""
        shares = (body[start : start + _FAIR_SHARE] for start in range(0, len(body), _FAIR_SHARE))
        self.stream(shares, head, head.data)

    def send_file(self, part: FilePart, head: Head) -> None:
        """Send a part of a file: by the kernel where that is possible, else read piece by piece. Raises as `stream`."""
        source = _descriptor(part)
        if source is None or not hasattr(os, "sendfile") or self._transport.get_extra_info("sslcontext") is not None:
            self.stream(part, head, head.data)
            return
        self._write(head.data)
        self._empty()
        target = os.dup(self._transport.get_extra_info("socket").fileno())
        try:
            sent = self._send_by_kernel(target, source, part)
        except ClientDisconnected:
            raise
        except OSError as error:
            if error.errno not in _CANNOT:
                raise ClientDisconnected("the client has gone") from error
            sent = -1
        finally:
            os.close(target)
        if sent < 0:
            self.stream(part, head, b"")
        elif sent < part.length:
            raise ServerError(f"The response ended after {sent} bytes of its Content-Length of {part.length} bytes.")

    def _send_by_kernel(self, target: int, source: int, part: FilePart) -> int:
        """Return how many bytes were sent: fewer than there should be when the file has become shorter."""
        done = share = 0
        while done < part.length:
            if self._lost:
                raise ClientDisconnected("the client has gone")
            try:
                sent = os.sendfile(target, source, part.start + done, min(part.length - done, _FAIR_SHARE))
            except BlockingIOError:
                self._wait_until_writable(target)
                share = 0
                continue
            if not sent:
                break
            done += sent
            share += sent
            if share >= _FAIR_SHARE:
                sleep()
                share = 0
        return done

    def _wait_until_writable(self, target: int) -> None:
        """Wait for a socket whose transport has nothing to write: `target` is another descriptor of it."""
        loop = asyncio.get_running_loop()
        loop.add_writer(target, self._wake)
        try:
            self._wait()
        finally:
            loop.remove_writer(target)

    def _empty(self) -> None:
        """Wait until the transport has nothing left to write."""
        if self._transport.get_write_buffer_size():
            self._transport.set_write_buffer_limits(0)
            try:
                while self._full and not self._lost:
                    self._wait()
            finally:
                self._transport.set_write_buffer_limits(KEPT)

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


def unsent(transport: Any) -> int:
    """Bytes that wait to be sent; TLS hands them to a transport below its own, which keeps most of them."""
    tls = getattr(transport, "_ssl_protocol", transport)
    if tls is None:
        return 0  # asyncio's TLS has closed it, and would fail when it is asked
    below = getattr(tls, "_transport", None)
    kept: int = transport.get_write_buffer_size()
    return kept + (below.get_write_buffer_size() if below is not None else 0)


def _descriptor(part: FilePart) -> int | None:
    """The descriptor of a file on a disk; None for what only looks like one."""
    try:
        descriptor = part.file.fileno()
        return descriptor if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except (AttributeError, OSError):
        return None
