"""The stream transport: reading, writing, flow control, errors, and that it is gone when it is closed."""

import asyncio
import gc
import socket
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from tests.green.recorder import Recorder, connected

from spruce.green.lean import LeanLoop
from spruce.green.transport import SocketTransport


def test_bytes_go_both_ways(loop: LeanLoop) -> None:
    """All kinds of bytes can be written, and nothing at all."""

    async def main() -> None:
        protocol = Recorder()
        transport, theirs = await connected(protocol)
        with theirs:
            await loop.sock_sendall(theirs, b"question")
            assert await protocol.until(8) == b"question"
            for data in (b"by", bytearray(b"te"), memoryview(b"s"), b""):
                transport.write(data)
            transport.writelines([b" and", b" lines"])
            assert await loop.sock_recv(theirs, 99) == b"bytes and lines"
            transport.close()
            assert await protocol.lost is None
        assert protocol.seen == ["made", "lost"]

    loop.run_until_complete(main())


def test_a_read_takes_64_kib_at_most(loop: LeanLoop) -> None:
    """More comes with the next turn."""

    async def main() -> None:
        protocol = Recorder()
        transport, theirs = await connected(protocol)
        with theirs:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            data = bytes(range(256)) * 1024
            await asyncio.gather(loop.sock_sendall(theirs, data), protocol.until(len(data)))
            assert protocol.data == data
            assert max(protocol.chunks) == 64 * 1024
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


def test_what_the_socket_does_not_take_is_kept_and_the_protocol_told(loop: LeanLoop) -> None:
    """A writer that is faster than its reader is asked to pause, then to go on; not a byte is lost."""

    async def main() -> None:
        protocol = Recorder()
        transport, theirs = await connected(protocol)
        data = bytes(range(256)) * 8192
        with theirs:
            transport.write(data)
            transport.write(b"end")
            assert protocol.seen == ["made", "pause"]
            received = b""
            while not received.endswith(b"end"):
                received += await loop.sock_recv(theirs, 1 << 20)
            assert received == data + b"end"
            assert transport.get_write_buffer_size() == 0
            assert protocol.seen == ["made", "pause", "resume"]
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


def test_close_sends_what_is_kept_first(loop: LeanLoop) -> None:
    """The other end gets everything, then the end of the file."""

    async def main() -> None:
        protocol = Recorder()
        transport, theirs = await connected(protocol)
        data = b"x" * (2 << 20)
        with theirs:
            transport.write(data)
            transport.close()
            size = 0
            while chunk := await loop.sock_recv(theirs, 1 << 20):
                size += len(chunk)
            assert size == len(data)
            assert await protocol.lost is None

    loop.run_until_complete(main())


def test_reading_can_be_paused(loop: LeanLoop) -> None:
    """Also by a callback that was queued before the poll that finds the data."""

    async def begin() -> tuple[Recorder, SocketTransport, socket.socket]:
        protocol = Recorder()
        return protocol, *await connected(protocol)

    async def go_on() -> None:
        assert not transport.is_reading()
        assert protocol.data == b""
        transport.resume_reading()
        assert await protocol.until(1) == b"x"
        transport.close()
        await protocol.lost

    protocol, transport, theirs = loop.run_until_complete(begin())
    with theirs:
        theirs.send(b"x")
        loop.call_soon(transport.pause_reading)
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.run_until_complete(go_on())


def test_the_end_of_the_file_closes(loop: LeanLoop) -> None:
    """Unless the protocol wants to go on writing."""

    async def main() -> None:
        protocol = Recorder()
        _, theirs = await connected(protocol)
        theirs.close()
        assert await protocol.lost is None
        assert protocol.seen == ["made", "eof", "lost"]

        protocol = Recorder()
        protocol.eof_received = lambda: True  # type: ignore[method-assign]  # this protocol goes on
        transport, theirs = await connected(protocol)
        with theirs:
            theirs.shutdown(socket.SHUT_WR)
            for _ in range(20):
                await asyncio.sleep(0)
            transport.write(b"still there")
            assert await loop.sock_recv(theirs, 99) == b"still there"
            transport.write_eof()
            assert await loop.sock_recv(theirs, 99) == b""
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


def test_a_broken_connection_is_reported_with_its_error(loop: LeanLoop) -> None:
    """The first error that the socket gives is the one that the protocol gets."""

    async def main() -> None:
        server = socket.create_server(("127.0.0.1", 0))
        protocol = Recorder()
        transport, _ = await loop.create_connection(lambda: protocol, *server.getsockname())
        theirs, _ = server.accept()
        server.close()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        theirs.close()  # sends a reset
        transport.write(b"x")
        assert type(await protocol.lost) is ConnectionResetError
        transport.write(b"into the void")

    loop.run_until_complete(main())


def test_a_protocol_that_fails_is_reported_and_its_connection_closed(loop: LeanLoop) -> None:
    """The error goes to the exception handler and to `connection_lost`."""
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, report: reports.append(report))

    async def main() -> None:
        protocol = Recorder(then=int)
        transport, theirs = await connected(protocol)
        with theirs:
            theirs.send(b"not a number")
            error = await protocol.lost
        assert type(error) is ValueError
        assert [report["message"] for report in reports] == ["Fatal error: protocol.data_received() call failed."]
        assert (reports[0]["exception"], reports[0]["transport"]) == (error, transport)

    loop.run_until_complete(main())


def test_all_calls_of_a_protocol_share_one_context(loop: LeanLoop) -> None:
    """What is set at one read is there at the next, and nowhere else."""
    variable = ContextVar("variable", default=b"")

    async def main() -> None:
        protocol = Recorder(then=lambda data: variable.set(variable.get() + data))
        transport, theirs = await connected(protocol)
        with theirs:
            theirs.send(b"a")
            await protocol.until(1)
            transport.pause_reading()
            transport.resume_reading()
            theirs.send(b"b")
            await protocol.until(2)
            assert transport._context[variable] == b"ab"
            assert variable.get() == b""
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


def test_a_buffered_protocol_lends_its_buffer(loop: LeanLoop) -> None:
    """And may take the place of another protocol."""

    class Lender(asyncio.BufferedProtocol):
        def __init__(self) -> None:
            self.buffer = bytearray(4)
            self.data = b""
            self.full = loop.create_future()

        def get_buffer(self, sizehint: int) -> bytearray:
            return self.buffer

        def buffer_updated(self, nbytes: int) -> None:
            self.data += self.buffer[:nbytes]
            if len(self.data) == 10:
                self.full.set_result(self.data)

    async def main() -> None:
        first, second, third = Recorder(), Lender(), Recorder()
        transport, theirs = await connected(first)
        with theirs:
            transport.set_protocol(second)
            theirs.send(b"0123456789")
            assert await second.full == b"0123456789"
            transport.set_protocol(third)
            theirs.send(b"more")
            assert await third.until(4) == b"more"
            transport.close()
            await third.lost

    loop.run_until_complete(main())


@pytest.mark.parametrize("end", [SocketTransport.close, SocketTransport.abort])
@pytest.mark.parametrize("debug", [False, True])
def test_a_closed_connection_needs_no_collector(
    loop: LeanLoop, end: Callable[[SocketTransport], None], debug: bool
) -> None:
    """Transport, protocol and socket are gone with the last reference to them."""
    loop.set_debug(debug)

    async def connection() -> list["weakref.ref[Any]"]:
        protocol = Recorder()
        transport, theirs = await connected(protocol)
        theirs.send(b"x")
        await protocol.until(1)
        transport.write(b"answer")
        end(transport)
        await protocol.lost
        theirs.close()
        return [weakref.ref(transport), weakref.ref(protocol)]

    async def main() -> None:
        gone = await connection()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [ref() for ref in gone] == [None, None]

    gc.collect()
    gc.disable()
    try:
        loop.run_until_complete(main())
    finally:
        gc.enable()
