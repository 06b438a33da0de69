"""A server in this process: its listening sockets, its connections, its clock, and how it stops."""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Final

from spruce.green import await_, cpu_clock, get_hub, sleep
from spruce.http import Handler
from spruce.server.acceptor import Acceptor
from spruce.server.accesslog import AccessLog
from spruce.server.connection import Connection
from spruce.server.heads import Heads
from spruce.server.limits import Limits
from spruce.server.overload import TurnedAway, limited
from spruce.server.timeouts import QUIET_SECONDS, check, drain
from spruce.server.tls import TLS, Contexts

__all__ = ["Server", "start"]

_TICK_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.05


class Server:
    """Serves `handler` on the sockets that `listen` is given, in the hub of this OS thread.

    `now` is the loop's time as of the last tick: there is one timer for all connections.
    """

    def __init__(self, handler: Handler, limits: Limits | None = None, access_log: AccessLog | None = None) -> None:
        self.access_log = access_log
        self.cpu: Callable[[], float] = cpu_clock() if access_log is not None and access_log.counts_cpu else float
        self.limits = limits = limits or Limits()
        self.handler = handler if limits.requests is None else limited(handler, limits.requests)
        self.hub = get_hub()
        self.now = self.hub.loop.time()
        self.heads = Heads(time.time())
        self.connections: set[Connection] = set()
        self.answered = 0
        self._listeners: list[asyncio.Server | Acceptor] = []
        self._acceptors: list[Acceptor] = []
        self._sockets: list[socket.socket] = []
        self._timer = self.hub.call_later(_TICK_SECONDS, self._tick)
        self._deadline = 0.0

    def listen(self, sock: socket.socket, *, shared: bool = False, tls: Contexts | None = None) -> None:
        """Accept connections on a socket that is bound; the server owns it from now on. Blocks for a moment.

        `shared` tells that other processes accept on the socket too: then one connection is taken at a time, which
        leaves them some. With `tls`, nothing else is spoken on it.
        """
        plain = socket.socket(sock.family, sock.type, sock.proto, fileno=sock.detach())
        accept_at_once = 1 if shared else _BACKLOG
        self._sockets.append(plain)
        if tls is not None:
            plain.listen(_BACKLOG)
            seconds = self.limits.head_seconds
            acceptor = Acceptor(self.hub.loop, plain, tls, self._connection, seconds, accept_at_once)
            self._acceptors.append(acceptor)
            self._listeners.append(acceptor)
            return
        listener = await_(self.hub.loop.create_server(self._connection, sock=plain, backlog=accept_at_once))
        plain.listen(_BACKLOG)
        self._listeners.append(listener)

    def adopt(self, sock: socket.socket) -> None:
        """Serve a connection that was accepted elsewhere; the server owns the socket from now on. Blocks a moment."""
        plain = socket.socket(sock.family, sock.type, sock.proto, fileno=sock.detach())
        plain.setblocking(False)
        await_(self.hub.loop.connect_accepted_socket(self._connection, plain))

    def _connection(self) -> asyncio.Protocol:
        most = self.limits.connections
        return Connection(self) if most is None or len(self.connections) < most else TurnedAway()

    @property
    def address(self) -> tuple[str, int] | str:
        """Where the first socket listens: host and port, or a path."""
        name = self._sockets[0].getsockname()
        return name if isinstance(name, str) else (name[0], name[1])

    def stats(self) -> dict[str, int]:
        """Return how many connections there are, and how many of them have a request in flight."""
        return {
            "connections": len(self.connections),
            "in_flight": sum(connection.current is not None for connection in self.connections),
        }

    def requests(self) -> int:
        """Return how many requests have been answered, or have begun to be."""
        return self.answered + sum(connection.served for connection in list(self.connections))

    def sweep(self, now: float) -> None:
        """Set the server's clock to the loop's time `now` and end what has taken too long."""
        self.now = now
        self.heads.set_date(time.time())
        if self.access_log is not None:
            self.access_log.flush()
        for connection in list(self.connections):
            check(connection, now)
        for acceptor in self._acceptors:
            acceptor.check(now)

    def _tick(self) -> None:
        self._timer = self.hub.call_later(_TICK_SECONDS, self._tick)
        self.sweep(self.hub.loop.time())

    def hurry(self) -> None:
        """Make a `stop` that waits for requests in flight end at once."""
        self._deadline = 0.0

    def stop(self, grace: float = 30, *, replaced: bool = False, quiet: float = QUIET_SECONDS) -> None:
        """Stop listening, let requests in flight finish within `grace` seconds, and close everything. Blocks.

        Connections that wait to be accepted are accepted first, and answered, unless this server is `replaced` by
        another one, which does that. A connection that is idle is closed after some seconds of `quiet`, since a request
        may be on its way.
        """
        if not replaced:
            sleep(_POLL_SECONDS)
        for listener in self._listeners:
            listener.close()
        began = self.hub.loop.time()
        self._deadline = began + grace
        sleep(_POLL_SECONDS)  # a connection that was accepted last is not among them yet
        while self._busy() and (now := self.hub.loop.time()) < self._deadline:
            self.now = now
            for connection in list(self.connections):
                drain(connection, now - began, quiet)
            sleep(_POLL_SECONDS)
        self._timer.cancel()
        for acceptor in self._acceptors:
            acceptor.abort()
        for connection in list(self.connections):
            connection.transport.abort()
        sleep()
        if self.access_log is not None:
            self.access_log.flush()

    def _busy(self) -> bool:
        return bool(self.connections) or any(acceptor.busy for acceptor in self._acceptors)


_BACKLOG: Final = 1024


def start(handler: Handler, sock: socket.socket, limits: Limits | None = None, tls: TLS | None = None) -> Server:
    """Serve `handler` on a bound socket, in the background of the green thread that calls; end it with `stop`."""
    contexts = None if tls is None else Contexts(tls)
    server = Server(handler, limits)
    server.listen(sock, tls=contexts)
    return server
