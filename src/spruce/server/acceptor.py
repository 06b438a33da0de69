"""Accepting connections that speak TLS, each on all event loops.

The first byte of a connection is looked at before the handshake, without being taken: who speaks plain HTTP to this
port is told so, instead of being cut.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress

from spruce.server.tls import Contexts

__all__ = ["Acceptor"]

_log = logging.getLogger("spruce.server")
_HANDSHAKE = 0x16  # the content type of a TLS record that begins a handshake (RFC 8446 section 5.1)
_GOODBYE = 1.0
"""Seconds to wait for the answer to our close of TLS; browsers give none while they keep a connection for later."""
_TEXT = b"This port speaks TLS. Use a URL that begins with https://\n"
_PLAIN_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%b" % (len(_TEXT), _TEXT)
)


class Acceptor:
    """Accepts on a listening socket, and starts `protocol` on each connection once its handshake is done.

    `seconds` is how long the first byte may take, and then the handshake. It takes `at_once` connections per loop turn.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        contexts: Contexts,
        protocol: Callable[[], asyncio.Protocol],
        seconds: float,
        at_once: int,
    ) -> None:
        self.loop = loop
        self.sock = sock
        self.contexts = contexts
        self.protocol = protocol
        self.seconds = seconds
        self.at_once = at_once
        self.silent: dict[socket.socket, float] = {}
        self.greeting: set[asyncio.Task[None]] = set()
        sock.setblocking(False)
        self.loop.add_reader(sock.fileno(), self._accept)

    @property
    def busy(self) -> bool:
        """Whether a connection has been accepted and its handshake is not done."""
        return bool(self.silent or self.greeting)

    def close(self) -> None:
        """Stop accepting; what is accepted goes on."""
        if self.sock.fileno() >= 0:
            self.loop.remove_reader(self.sock.fileno())
            self.sock.close()

    def abort(self) -> None:
        """End the connections whose handshake is not done."""
        for sock in list(self.silent):
            self._drop(sock)
        for task in self.greeting:
            task.cancel()

    def check(self, now: float) -> None:
        """End connections that have sent nothing for too long, and read changed certificates."""
        for sock, since in list(self.silent.items()):
            if now - since > self.seconds:
                self._drop(sock)
        self.contexts.refresh()

    def _accept(self) -> None:
        for _ in range(self.at_once):
            try:
                sock, _address = self.sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                _log.exception("A connection could not be accepted")
                self.loop.remove_reader(self.sock.fileno())
                self.loop.call_later(1, self._accept_again)
                return
            sock.setblocking(False)
            self.silent[sock] = self.loop.time()
            self.loop.add_reader(sock.fileno(), self._look, sock)

    def _accept_again(self) -> None:
        if self.sock.fileno() >= 0:
            self.loop.add_reader(self.sock.fileno(), self._accept)

    def _look(self, sock: socket.socket) -> None:
        """Decide by the first byte what the connection is."""
        try:
            first = sock.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            first = b""
        if not first or first[0] != _HANDSHAKE:
            self._turn_away(sock, first)
            return
        del self.silent[sock]
        self.loop.remove_reader(sock.fileno())
        task = self.loop.create_task(self._greet(sock))
        self.greeting.add(task)
        task.add_done_callback(self.greeting.discard)

    async def _greet(self, sock: socket.socket) -> None:
        """Shake hands; a client with which that fails has been told why by TLS itself."""
        try:
            await self.loop.connect_accepted_socket(
                self.protocol,
                sock,
                ssl=self.contexts.current,
                ssl_handshake_timeout=self.seconds,
                ssl_shutdown_timeout=_GOODBYE,
            )
        except (OSError, asyncio.CancelledError) as error:
            _log.debug("A TLS handshake failed: %r", error)
            sock.close()

    def _turn_away(self, sock: socket.socket, first: bytes) -> None:
        with suppress(OSError):
            sock.recv(65536)  # what is left unread would reset the connection, and the answer with it
            if first.isalpha():
                sock.send(_PLAIN_ANSWER)
                sock.shutdown(socket.SHUT_WR)
        self._drop(sock)

    def _drop(self, sock: socket.socket) -> None:
        del self.silent[sock]
        self.loop.remove_reader(sock.fileno())
        sock.close()
