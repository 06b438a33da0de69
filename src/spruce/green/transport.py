"""The stream transport of our loop: asyncio's, with its own way from the socket to the protocol and back.

What is different, and why:

* The loop calls `_on_readable` itself: no handle and no queue between the poll and `data_received`.
* It reads 64 KiB at most. asyncio's 256 KiB is more than malloc keeps, so most reads would map and unmap memory.
* `write` tries the socket at once, without the checks and the memoryview that only a partial write needs.
* While the loop dispatches a batch of several events, a small write is held until the batch is over (for 16 writers or
  a quarter of a millisecond at most): then the other ends are woken together, which costs less than one by one.
* An accepted connection is ready when its constructor returns; asyncio makes a task, a future and handles for each.

Everything else (buffering, flow control, end of file, errors, closing, sendfile) is asyncio's own code. A connection
has one context for all calls of its protocol.

Rule of held writes: whatever looks at the write side or changes it sends what is held first. So asyncio's code never
meets held bytes, and finds everything as if they had been sent when they were written. What goes past the transport
(the methods of its socket, `os._exit`) goes past them too.
"""

from asyncio import base_events, protocols
from asyncio.selector_events import _SelectorSocketTransport, _SelectorTransport  # type: ignore[attr-defined]  # not in typeshed
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from socket import socket
from typing import Any, Final, Protocol

__all__ = ["MOST_HELD", "SocketTransport", "flush"]

READ_SIZE: Final = 64 * 1024
HELD_SIZE: Final = 16 * 1024  # bytes of one transport that are held, less than that
MOST_HELD: Final = 16  # transports that hold something; the next one to write sends at once


class _Loop(Protocol):
    """What a transport asks of its loop."""

    holding: "deque[SocketTransport] | None"

    def get_debug(self) -> bool: ...

    def _add_reader(self, fd: Any, *call: Any) -> object: ...

    def watch_read(self, fd: int, callback: Callable[[], object]) -> None: ...


class SocketTransport(_SelectorSocketTransport):  # type: ignore[misc]  # its base is not in typeshed
    """A connected stream socket with a protocol."""

    max_size = READ_SIZE
    _loop: _Loop
    _held = b""  # if any, then nothing is buffered, nothing has ended, and the loop's `holding` has this transport

    def __init__(
        self,
        loop: _Loop,
        sock: socket,
        protocol: protocols.BaseProtocol,
        waiter: Any = None,
        extra: dict[str, Any] | None = None,
        server: Any = None,
        *,
        context: Context | None = None,
    ) -> None:
        """A `context` is given for an accepted connection: `connection_made` is called in it before this returns."""
        self._receive: Callable[[int], bytes] = sock.recv
        self._send: Callable[[bytes], int] = sock.send
        self._context = copy_context() if context is None else context
        if context is None:
            super().__init__(loop, sock, protocol, waiter, extra, server)
        else:
            self._begin_accepted(loop, sock, protocol, extra, server)

    def _begin_accepted(
        self,
        loop: _Loop,
        sock: socket,
        protocol: protocols.BaseProtocol,
        extra: dict[str, Any] | None,
        server: Any,
    ) -> None:
        self._read_ready_cb = None
        _SelectorTransport.__init__(self, loop, sock, protocol, extra, server)
        self._eof = False
        self._empty_waiter = None
        if hasattr(self, "_write_sendmsg"):  # 3.12 and later choose between two ways to write
            self._write_ready = self._write_sendmsg
        base_events._set_nodelay(sock)  # type: ignore[attr-defined]  # not in typeshed
        try:
            self._context.run(protocol.connection_made, self)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:
            self._fatal_error(exc, "Fatal error: protocol.connection_made() call failed.")
        self._add_reader(self._sock_fd, self._read_ready)

    def set_protocol(self, protocol: protocols.BaseProtocol) -> None:
        """Hand what comes in to `protocol` from now on."""
        super().set_protocol(protocol)
        self._data_received: Callable[[bytes], object] | None = None
        if not isinstance(protocol, protocols.BufferedProtocol):
            self._data_received = protocol.data_received  # type: ignore[attr-defined]  # asyncio asks for no class either

    def _add_reader(self, fd: int, callback: Callable[..., object], *args: Any) -> None:
        if self.is_reading():
            if self._loop.get_debug():
                self._loop._add_reader(fd, callback, *args)
            else:
                self._loop.watch_read(fd, self._on_readable)

    def _on_readable(self) -> None:
        received = self._data_received
        if received is None:
            self._context.run(self._read_ready)
            return
        try:
            data = self._receive(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:
            self._context.run(self._fatal_error, exc, "Fatal read error on socket transport")
            return
        if not data:
            self._context.run(self._read_ready__on_eof)
            return
        try:
            self._context.run(received, data)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:
            self._context.run(self._fatal_error, exc, "Fatal error: protocol.data_received() call failed.")

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send `data`, or keep what the socket doesn't take yet. Never blocks."""
        if (
            self._buffer
            or self._eof
            or self._conn_lost
            or self._empty_waiter is not None
            or type(data) is not bytes
            or not data
        ):
            self._send_first()
            super().write(data)
            return
        if self._held:
            self._hold_more(data)
            return
        holding = self._loop.holding
        if holding is not None and len(data) < HELD_SIZE and len(holding) < MOST_HELD:
            self._held = data
            holding.append(self)
            return
        try:
            sent = self._send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:
            self._fatal_error(exc, "Fatal write error on socket transport")
            return
        if sent != len(data):
            super().write(memoryview(data)[sent:])

    # ---- what is held goes first ------------------------------------------------------------------------------------

    def send_held(self) -> None:
        """Send what is held. The loop calls this, between two events, and nobody else."""
        data, self._held = self._held, b""
        try:
            sent = self._send(data) if data else 0
        except (BlockingIOError, InterruptedError):
            sent = 0
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:
            self._context.run(self._fatal_error, exc, "Fatal write error on socket transport")
            return
        if sent != len(data):
            self._context.run(super().write, memoryview(data)[sent:])

    def _send_first(self) -> None:
        """The same for whoever uses the transport, in their own context as any write."""
        if self._held:
            data, self._held = self._held, b""
            super().write(data)

    def _hold_more(self, data: bytes) -> None:
        if len(self._held) + len(data) < HELD_SIZE:
            self._held += data
        else:
            self._send_first()
            self.write(data)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send all of these, or keep what the socket doesn't take yet."""
        self._send_first()
        super().writelines(list_of_data)

    def write_eof(self) -> None:
        """Tell the other end that this was all; reading goes on."""
        self._send_first()
        super().write_eof()

    def close(self) -> None:
        """Send what is kept, then close. Returns at once."""
        self._send_first()
        super().close()

    def _force_close(self, exc: BaseException | None) -> None:
        self._send_first()
        super()._force_close(exc)

    def get_write_buffer_size(self) -> int:
        """The number of bytes that the socket didn't take yet."""
        self._send_first()
        return super().get_write_buffer_size()  # type: ignore[no-any-return]  # the base is not in typeshed

    def _make_empty_waiter(self) -> Any:
        self._send_first()
        return super()._make_empty_waiter()

    def _call_connection_lost(self, exc: BaseException | None) -> None:
        try:
            super()._call_connection_lost(exc)
        finally:
            del self._receive, self._send
            self._data_received = None
            self._read_ready_cb = self._write_ready = None  # bound methods, which would keep this for the collector


def flush(holding: "deque[SocketTransport]") -> None:
    """Send what these transports hold, all of them whatever one of them raises."""
    try:
        while holding:
            holding.popleft().send_held()
    finally:
        if holding:
            flush(holding)
