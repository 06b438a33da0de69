"""The stream transport: small writes are held while a batch is dispatched, and sent before anything else happens."""

import asyncio
import random
import socket
import ssl
from asyncio import constants
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from tests.green.recorder import Recorder, connected

from spruce.green.lean import LeanLoop
from spruce.green.transport import SocketTransport

# ---- held writes ----------------------------------------------------------------------------------------------------


async def in_one_batch(*acts: Callable[[], object]) -> None:
    """Have a single poll find a reader for each of these, and call them in this order while time stands still."""
    loop = asyncio.get_running_loop()
    pairs = [socket.socketpair() for _ in acts]
    failures: list[BaseException] = []
    over = loop.create_future()

    def on_readable(ours: socket.socket, act: Callable[[], object]) -> None:
        loop.remove_reader(ours)
        try:
            act()
        except Exception as exc:
            failures.append(exc)
        finally:
            if act is acts[-1]:
                loop.call_soon(over.set_result, None)

    for (ours, theirs), act in zip(pairs, acts, strict=True):
        loop.add_reader(ours, on_readable, ours, act)
        theirs.send(b"x")
    loop.time = lambda: 1000.0  # type: ignore[method-assign]  # a clock that the test turns
    try:
        await over
    finally:
        del loop.time
        for ours, theirs in pairs:
            loop.remove_reader(ours)
            ours.close(), theirs.close()
    if failures:
        raise failures[0]


def arrived(theirs: socket.socket) -> bytes | None:
    """Return what came to the other end by now: b"" if that is the end of it, None if nothing came."""
    try:
        return theirs.recv(1 << 20)
    except BlockingIOError:
        return None


def expect(actual: object, expected: object) -> None:
    """Assert as an expression."""
    assert actual == expected


def nothing() -> None:
    """Make a batch one event longer."""


def test_a_write_is_held_until_the_batch_is_over(loop: LeanLoop) -> None:
    """What one transport writes in several events goes out together, after the last of them."""

    async def main() -> None:
        transport, theirs = await connected(protocol := Recorder())
        with theirs:
            await in_one_batch(
                lambda: transport.write(b"one "),
                lambda: transport.write(b"two"),
                lambda: expect(arrived(theirs), None),
            )
            assert arrived(theirs) == b"one two"
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


@pytest.mark.parametrize("debug", [False, True])
def test_a_write_outside_of_such_a_batch_is_sent_at_once(loop: LeanLoop, debug: bool) -> None:
    """In a task, in a batch of one event, in debug mode."""
    loop.set_debug(debug)

    async def main() -> None:
        transport, theirs = await connected(protocol := Recorder())
        with theirs:
            transport.write(b"task")
            assert arrived(theirs) == b"task"
            others = [nothing] if debug else []
            await in_one_batch(lambda: (transport.write(b"event"), expect(arrived(theirs), b"event")), *others)
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


@pytest.mark.parametrize(
    ("sizes", "at_once"),
    [([16383], 0), ([16384], 16384), ([16000, 383], 0), ([16000, 384], 16000), ([16000, 20000], 36000)],
)
def test_less_than_16_kib_are_held(loop: LeanLoop, sizes: list[int], at_once: int) -> None:
    """A write that would make it more sends what is held first; the order stays."""

    async def main() -> None:
        transport, theirs = await connected(protocol := Recorder())
        data = random.Random(1).randbytes(sum(sizes))
        received = b""

        def write() -> None:
            nonlocal received
            for number, size in enumerate(sizes):
                transport.write(data[sum(sizes[:number]) :][:size])
            received = arrived(theirs) or b""
            assert len(received) == at_once

        with theirs:
            await in_one_batch(write, nothing)
            assert received + (arrived(theirs) or b"") == data
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


@pytest.mark.parametrize(
    ("act", "more"),
    [
        (SocketTransport.close, b""),
        (SocketTransport.abort, b""),
        (SocketTransport.write_eof, b""),
        (SocketTransport.get_write_buffer_size, b""),
        (SocketTransport._make_empty_waiter, b""),
        (lambda transport: transport._fatal_error(OSError()), b""),
        (lambda transport: transport.set_write_buffer_limits(0), b""),
        (lambda transport: transport.write(bytearray(b"+")), b"+"),
        (lambda transport: transport.writelines([b"+", b"+"]), b"++"),
    ],
)
def test_what_concerns_the_write_side_sends_what_is_held_first(
    loop: LeanLoop, act: Callable[[SocketTransport], object], more: bytes
) -> None:
    """And its own bytes come after that."""
    seen: list[bytes] = []

    async def main() -> None:
        transport, theirs = await connected(protocol := Recorder())
        with theirs:
            await in_one_batch(
                lambda: (transport.write(b"held"), act(transport), seen.append(arrived(theirs) or b"")),
                nothing,
            )
            assert seen[0][:4] == b"held"
            assert seen[0] + (arrived(theirs) or b"") == b"held" + more
            transport.abort()
            await protocol.lost

    loop.run_until_complete(main())


def test_what_does_not_concern_the_write_side_leaves_held_what_is_held(loop: LeanLoop) -> None:
    """Reading can be paused, the protocol changed, and questions asked that have the same answer."""

    async def main() -> None:
        transport, theirs = await connected(protocol := Recorder())

        def act() -> None:
            transport.write(b"held")
            transport.pause_reading()
            transport.resume_reading()
            transport.set_protocol(protocol)
            assert (transport.is_closing(), transport.can_write_eof()) == (False, True)
            assert arrived(theirs) is None

        with theirs:
            await in_one_batch(act, nothing)
            assert arrived(theirs) == b"held"
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


@pytest.mark.parametrize("end", [SocketTransport.close, SocketTransport.abort, SocketTransport.write_eof])
def test_the_end_comes_after_what_is_held(loop: LeanLoop, end: Callable[[SocketTransport], None]) -> None:
    """The other end gets all of it, then the end of the file; later writes are refused as ever."""

    async def main() -> None:
        transport, theirs = await connected(protocol := Recorder())
        with theirs:
            await in_one_batch(lambda: (transport.write(b"held"), end(transport)), nothing)
            await asyncio.sleep(0)
            assert arrived(theirs) == b"held"
            assert arrived(theirs) == b""
            if end is SocketTransport.write_eof:
                with pytest.raises(RuntimeError, match=r"^Cannot call write\(\) after write_eof\(\)$"):
                    transport.write(b"more")
                transport.close()
            assert await protocol.lost is None

    loop.run_until_complete(main())


def test_what_the_socket_does_not_take_of_what_was_held_is_kept(loop: LeanLoop) -> None:
    """The protocol is paused in its own context, and everything arrives in its order."""
    variable = ContextVar("variable", default="nobody's")
    seen: list[str] = []

    class Told(Recorder):
        def pause_writing(self) -> None:
            super().pause_writing()
            seen.append(variable.get())

    async def main() -> None:
        token = variable.set("the connection's")
        transport, theirs = await connected(protocol := Told())
        variable.reset(token)
        transport.set_write_buffer_limits(high=10)
        first, second = b"a" * fill(transport, theirs), b"b" * 16000
        with theirs:
            await in_one_batch(lambda: transport.write(second), lambda: transport.write(b"end"))
            assert (protocol.seen, seen) == (["made", "pause"], ["the connection's"])
            transport.write(b" of all")
            received = b""
            while not received.endswith(b"all"):
                received += await loop.sock_recv(theirs, 1 << 20)
            assert received == first + second + b"end of all"
            assert protocol.seen == ["made", "pause", "resume"]
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


def fill(transport: SocketTransport, theirs: socket.socket) -> int:
    """Write until the socket takes no more, and no byte of it is in the transport's own buffer; return how many."""
    size = 0
    while True:
        try:
            size += transport._send(b"a" * 1000)
        except BlockingIOError:
            return size


def test_an_error_of_what_was_held_is_the_connections_end(loop: LeanLoop) -> None:
    """It is reported once, as that of a write is, in the context of the connection."""
    variable = ContextVar("variable", default="nobody's")
    seen: list[str] = []

    class Told(Recorder):
        def connection_lost(self, exc: BaseException | None) -> None:
            super().connection_lost(exc)
            seen.append(variable.get())
            self.transport.write(b"too late")

    async def main() -> None:
        token = variable.set("the connection's")
        transport, theirs = await connected(protocol := Told())
        variable.reset(token)
        transport.pause_reading()
        theirs.close()
        await in_one_batch(lambda: transport.write(b"held"), lambda: transport.write(b"and more"))
        assert transport.is_closing()
        assert type(await protocol.lost) is BrokenPipeError
        assert (protocol.seen, seen) == (["made", "lost"], ["the connection's"])

    loop.run_until_complete(main())


def test_an_error_while_closing_is_reported_by_connection_lost(loop: LeanLoop) -> None:
    """As it is when the write is not held."""

    async def main() -> None:
        for act in (SocketTransport.close, SocketTransport.abort):
            transport, theirs = await connected(protocol := Recorder())
            transport.pause_reading()
            theirs.close()
            await in_one_batch(lambda act=act, of=transport: (of.write(b"held"), act(of)), nothing)
            assert type(await protocol.lost) is BrokenPipeError
            assert protocol.seen == ["made", "lost"]

    loop.run_until_complete(main())


def test_a_protocol_may_write_when_it_is_made_and_lost(loop: LeanLoop) -> None:
    """A greeting within a batch arrives; a farewell is ignored."""

    class Polite(Recorder):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transport.write(b"hello")

        def connection_lost(self, exc: BaseException | None) -> None:
            self.transport.write(b"goodbye")
            super().connection_lost(exc)

    async def main() -> None:
        server = await loop.create_server(Polite, "127.0.0.1", 0)
        clients = [socket.create_connection(server.sockets[0].getsockname()) for _ in range(3)]
        await in_one_batch(nothing)  # and the listener's event
        for client in clients:
            client.setblocking(False)
            assert await loop.sock_recv(client, 99) == b"hello"
            client.shutdown(socket.SHUT_WR)
            assert await loop.sock_recv(client, 99) == b""
            client.close()
        server.close()

    loop.run_until_complete(main())


def test_a_new_connection_with_the_number_of_an_old_one_gets_its_own_bytes(loop: LeanLoop) -> None:
    """Whatever was held for the old one went out before its socket was closed."""

    async def main() -> None:
        old, old_theirs = await connected(first := Recorder())
        number = old.get_extra_info("socket").fileno()
        await in_one_batch(lambda: (old.write(b"old"), old.close()), nothing)
        await first.lost
        new, new_theirs = await connected(second := Recorder())
        assert new.get_extra_info("socket").fileno() == number
        with old_theirs, new_theirs:
            await in_one_batch(lambda: new.write(b"new"), nothing)
            assert (arrived(old_theirs), arrived(new_theirs)) == (b"old", b"new")
            new.close()
            await second.lost

    loop.run_until_complete(main())


@pytest.mark.parametrize("mode", [constants._SendfileMode.TRY_NATIVE, constants._SendfileMode.FALLBACK])
def test_a_file_is_sent_after_what_is_held(loop: LeanLoop, tmp_path: Path, mode: constants._SendfileMode) -> None:
    """`loop.sendfile` that is begun within the batch, natively and in chunks."""
    (tmp_path / "file").write_bytes(b" file " * 9)

    async def main() -> None:
        transport, theirs = await connected(protocol := Recorder())
        transport._sendfile_compatible = mode
        tasks: list[asyncio.Task[Any]] = []

        def send() -> None:
            transport.write(b"before")
            tasks.append(loop.create_task(loop.sendfile(transport, file)))

        with theirs, (tmp_path / "file").open("rb") as file:
            await in_one_batch(send, nothing)
            await tasks[0]
            transport.write(b"after")
            assert arrived(theirs) == b"before" + b" file " * 9 + b"after"
            transport.close()
            await protocol.lost

    loop.run_until_complete(main())


def test_tls_that_begins_within_the_batch_comes_after_what_is_held(loop: LeanLoop) -> None:
    """The last plain bytes arrive before the first of the handshake."""

    async def main() -> None:
        transport, theirs = await connected(protocol := Recorder())
        tasks: list[asyncio.Task[Any]] = []

        def upgrade() -> None:
            transport.write(b"plain")
            tls = loop.start_tls(transport, protocol, ssl.create_default_context(), server_hostname="localhost")
            tasks.append(loop.create_task(tls))

        with theirs:
            await in_one_batch(upgrade, nothing)
            received = b""
            while len(received) < 6:
                received += await loop.sock_recv(theirs, 1 << 16)
            assert received.startswith(b"plain\x16\x03")
            theirs.close()
            with pytest.raises((ConnectionError, ssl.SSLError)):
                await tasks[0]

    loop.run_until_complete(main())


def test_what_was_held_before_another_protocol_took_over_arrives(loop: LeanLoop) -> None:
    """And the bytes of the next protocol come after it."""

    async def main() -> None:
        transport, theirs = await connected(Recorder())
        second = Recorder()
        with theirs:
            await in_one_batch(
                lambda: (transport.write(b"first "), transport.set_protocol(second), transport.write(b"second")),
                nothing,
            )
            assert arrived(theirs) == b"first second"
            transport.close()
            await second.lost

    loop.run_until_complete(main())
