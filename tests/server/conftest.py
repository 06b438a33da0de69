"""What the tests of the server share: a client on the other end of a socket pair, on each event loop."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from spruce import green
from spruce.green import GreenSocket
from spruce.http import Handler
from spruce.server import Limits, Server

DATE = re.compile(rb"Date: [^\r]*\r\n")


def turns(count: int = 5) -> None:
    """Let the loop look for input and output so many times."""
    for _ in range(count):
        green.sleep(1e-6)  # not 0: a timer is behind the next poll on every loop


class Client:
    """The other end of one of a server's connections; what it reads has no Date header, since that changes."""

    def __init__(self, server: Server) -> None:
        ours, theirs = socket.socketpair()
        self.server = server
        self.sock = GreenSocket(ours.family, ours.type, ours.proto, fileno=ours.detach())
        self.sock.settimeout(20)
        before = set(server.connections)
        server.adopt(theirs)
        (self.connection,) = server.connections - before

    def send(self, *pieces: bytes) -> None:
        """Send each piece by itself, and let the server take it."""
        for piece in pieces:
            self.sock.sendall(piece)
            turns(2)

    def end(self) -> None:
        """Say that nothing else will be sent."""
        self.sock.shutdown(socket.SHUT_WR)

    def read_to_end(self) -> bytes:
        """Return everything up to the end of the connection."""
        read = b""
        while data := self.sock.recv(65536):
            read += data
        return DATE.sub(b"", read)

    def read(self, wanted: bytes) -> bytes:
        """Return what comes, up to where it ends with `wanted`."""
        read = b""
        while not read.endswith(wanted):
            data = self.sock.recv(65536)
            assert data, f"the connection ended after {read!r}"
            read += data
        return DATE.sub(b"", read)

    def ask(self, *pieces: bytes) -> bytes:
        """Send everything, end, and return everything that comes."""
        self.send(*pieces)
        self.end()
        return self.read_to_end()


@pytest.fixture(params=["lean", "asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    """The name of an event loop."""
    return str(request.param)


@pytest.fixture(name="turns")
def turns_fixture() -> Callable[..., None]:
    """Let the loop look for input and output so many times."""
    return turns


@pytest.fixture
def on_hub(loop: str) -> Callable[[Callable[[], Any]], Any]:
    """Run a function as the main green thread of a hub."""
    return lambda main: green.run(main, loop=loop)


@pytest.fixture
def serving() -> Callable[..., Any]:
    """A context manager that serves a handler; gives the server and what makes clients. For use inside a hub.

    Most clients here end their side and then read, which is no leaving unless the limits say so.
    """

    @contextmanager
    def start(
        handler: Handler, limits: Limits | None = None, **options: Any
    ) -> Iterator[tuple[Server, Callable[[], Client]]]:
        server = Server(handler, limits or Limits(stop_abandoned=False), **options)
        clients: list[Client] = []

        def connect() -> Client:
            clients.append(Client(server))
            return clients[-1]

        try:
            yield server, connect
        finally:
            for client in clients:
                client.sock.close()
            server.stop(1)
            assert server.stats() == {"connections": 0, "in_flight": 0}

    return start


@pytest.fixture
def talk(on_hub: Callable[[Callable[[], Any]], Any], serving: Callable[..., Any]) -> Callable[..., bytes]:
    """Send pieces to a handler on one connection and return everything that it answers."""

    def talk(handler: Handler, *pieces: bytes, **options: Any) -> bytes:
        def main() -> bytes:
            with serving(handler, **options) as (_, connect):
                return bytes(connect().ask(*pieces))

        return bytes(on_hub(main))

    return talk
