"""How sockets become connections: accepting, TLS, and running out of descriptors."""

import asyncio
import resource
import socket
import ssl
from asyncio import constants
from collections.abc import Iterator
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import trustme

from spruce.green.lean import LeanLoop


@pytest.fixture
def loop() -> Iterator[LeanLoop]:
    lean = LeanLoop()
    yield lean
    lean.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def expect_echo(size: int, *address: Any, **options: Any) -> None:
    """Send that much to an echo server in one go, and get it back."""
    reader, writer = await asyncio.open_connection(*address, **options)
    data = bytes(range(256)) * (size // 256)
    writer.write(data)
    assert await reader.readexactly(len(data)) == data
    writer.close()
    await writer.wait_closed()


async def until_ended(server: asyncio.Server) -> None:
    """Close the server and wait for the tasks of its connections."""
    server.close()
    await server.wait_closed()
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


def test_many_streams_at_once(loop: LeanLoop) -> None:
    """Fifty clients, each with more than fits into a socket's buffer."""

    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        await asyncio.gather(*(expect_echo(1 << 18, *address) for _ in range(50)))
        await until_ended(server)

    loop.run_until_complete(main())


@pytest.mark.parametrize("debug", [False, True])
def test_tls_streams(loop: LeanLoop, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, debug: bool) -> None:
    """Ten at once, with much data, closed in order."""
    loop.set_debug(debug)

    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=server_tls)
        port = server.sockets[0].getsockname()[1]
        clients = (
            expect_echo(1 << 19, "127.0.0.1", port, ssl=client_tls, server_hostname="localhost") for _ in range(10)
        )
        await asyncio.gather(*clients)
        await until_ended(server)

    loop.run_until_complete(main())


def test_a_connection_may_be_upgraded_to_tls(
    loop: LeanLoop, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """After some plain words, as mail servers and databases do."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"STARTTLS\n"
        writer.write(b"go\n")
        await writer.drain()
        await writer.start_tls(server_tls)
        writer.write(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"STARTTLS\n")
        assert await reader.readline() == b"go\n"
        await writer.start_tls(client_tls, server_hostname="localhost")
        writer.write(b"secret\n")
        assert await reader.readline() == b"secret\n"
        writer.close()
        await writer.wait_closed()
        await until_ended(server)

    loop.run_until_complete(main())


def test_a_file_can_be_sent(loop: LeanLoop, tmp_path: Path) -> None:
    """By the kernel, in order with what was written before and after."""
    (tmp_path / "file").write_bytes(b"content" * 100_000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"before ")
        with (tmp_path / "file").open("rb") as file:
            await loop.sendfile(writer.transport, file, fallback=False)
        writer.write(b" after")
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b"before " + b"content" * 100_000 + b" after"
        writer.close()
        await writer.wait_closed()
        await until_ended(server)

    loop.run_until_complete(main())


def test_each_accepted_connection_has_a_context_of_its_own(loop: LeanLoop) -> None:
    """What the factory and `connection_made` set is there for the reads, not for the next connection."""
    variable = ContextVar("variable", default="nobody")
    numbers = count(1)
    seen: list[tuple[str, str]] = []

    class Numbered(asyncio.Protocol):
        def __init__(self) -> None:
            before = variable.get()
            variable.set(f"number {next(numbers)}")
            seen.append((before, variable.get()))

        def connection_made(self, transport: Any) -> None:
            self.transport = transport
            variable.set(variable.get() + ", made")

        def data_received(self, data: bytes) -> None:
            self.transport.write(variable.get().encode() + b"\n")
            self.transport.close()

    async def ask(address: Any) -> bytes:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"who?")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    async def main() -> None:
        server = await loop.create_server(Numbered, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        answers = await asyncio.gather(*(ask(address) for _ in range(3)))
        assert sorted(answers) == [f"number {number}, made\n".encode() for number in (1, 2, 3)]
        assert sorted(seen) == [("nobody", f"number {number}") for number in (1, 2, 3)]
        await until_ended(server)

    loop.run_until_complete(main())


class Failing(asyncio.Protocol):
    """Fails as soon as it is connected."""

    def connection_made(self, transport: Any) -> None:
        raise ValueError("wrong")


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (lambda: int("wrong"), "Error on transport creation for incoming connection"),
        (Failing, "Fatal error: protocol.connection_made() call failed."),
    ],
)
def test_a_protocol_that_cannot_begin_is_reported_and_its_client_sent_off(
    loop: LeanLoop, factory: Any, message: str
) -> None:
    """The client sees the end of the file, and the server goes on accepting."""
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, report: reports.append(report))

    async def main() -> None:
        server = await loop.create_server(factory, "127.0.0.1", 0)
        for _ in range(2):
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
        await until_ended(server)

    loop.run_until_complete(main())
    assert [(report["message"], type(report["exception"])) for report in reports] == [(message, ValueError)] * 2


def test_accepting_pauses_when_descriptors_run_out(loop: LeanLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported once, and the client that had to wait is served when there are descriptors again."""
    monkeypatch.setattr(constants, "ACCEPT_RETRY_DELAY", 0)
    reports: list[str] = []
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    def is_accepting() -> bool:
        return any("_accept_connection" in str(key.data) for key in loop._descriptors.values())

    def report_and_relieve(_: object, report: dict[str, Any]) -> None:
        reports.append(report["message"])
        loop.call_soon(lambda: reports.append(f"accepting: {is_accepting()}"))
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    loop.set_exception_handler(report_and_relieve)

    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        with socket.socket() as client:
            client.setblocking(False)
            with socket.socket() as next_free:
                limit = next_free.fileno()
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limits[1]))
            await loop.sock_connect(client, server.sockets[0].getsockname())
            await loop.sock_sendall(client, b"hello")
            assert await loop.sock_recv(client, 99) == b"hello"
        await until_ended(server)

    try:
        loop.run_until_complete(main())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert reports == ["socket.accept() out of system resource", "accepting: False"]
