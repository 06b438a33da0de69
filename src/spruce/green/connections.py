"""The part of our loop that makes connections out of sockets; `lean.py` has the rest."""

import asyncio
import errno
from asyncio import constants, protocols, sslproto, trsock
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from socket import socket
from typing import Any, Final

from spruce.green.descriptors import Descriptors
from spruce.green.transport import SocketTransport

__all__ = ["Connections"]

_OUT_OF_RESOURCES: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Connections(asyncio.SelectorEventLoop):
    """A selector loop that gives sockets our transport, and accepted ones a short way to it."""

    holding: deque[SocketTransport] | None = None  # while writes are held: the transports that hold some
    _descriptors: Descriptors

    # what asyncio's base classes have and typeshed hasn't
    _accept_connection2: Callable[..., Any]
    _add_reader: Callable[..., object]
    _ensure_fd_no_transport: Callable[[object], None]
    _remove_reader: Callable[[int], bool]
    _start_serving: Callable[..., None]

    def watch_read(self, fd: int, callback: Callable[[], object]) -> None:
        """Call `callback()` straight from the poll when `fd` is readable: no handle, no context; it must not raise."""
        self._descriptors.watch(self._descriptors.readers, fd, callback)

    def _make_socket_transport(
        self,
        sock: socket,
        protocol: protocols.BaseProtocol,
        waiter: Any = None,
        *,
        extra: Any = None,
        server: Any = None,
    ) -> SocketTransport:
        self._ensure_fd_no_transport(sock)
        return SocketTransport(self, sock, protocol, waiter, extra, server)

    def _make_ssl_transport(
        self,
        rawsock: socket,
        protocol: protocols.BaseProtocol,
        sslcontext: Any,
        waiter: Any = None,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        extra: Any = None,
        server: Any = None,
        **timeouts: Any,
    ) -> Any:
        tls: Any = sslproto.SSLProtocol(self, protocol, sslcontext, waiter, server_side, server_hostname, **timeouts)
        self._make_socket_transport(rawsock, tls, extra=extra, server=server)
        return tls._app_transport

    def _accept_connection(
        self,
        protocol_factory: Any,
        sock: socket,
        sslcontext: Any = None,
        server: Any = None,
        backlog: int = 100,
        ssl_handshake_timeout: float | None = constants.SSL_HANDSHAKE_TIMEOUT,
        ssl_shutdown_timeout: float | None = constants.SSL_SHUTDOWN_TIMEOUT,
    ) -> None:
        timeouts = ssl_handshake_timeout, ssl_shutdown_timeout
        for _ in range(backlog or 1):
            try:
                connection, address = sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as exc:
                if exc.errno not in _OUT_OF_RESOURCES:
                    raise
                self._pause_accepting(exc, protocol_factory, sock, sslcontext, server, backlog, *timeouts)
                return
            connection.setblocking(False)
            if sslcontext is None:
                self._begin_connection(protocol_factory, connection, address, server)
            else:
                rest = {"peername": address}, sslcontext, server, *timeouts
                self.create_task(self._accept_connection2(protocol_factory, connection, *rest))

    def _pause_accepting(self, exc: OSError, protocol_factory: Any, sock: socket, *rest: Any) -> None:
        message = "socket.accept() out of system resource"
        self.call_exception_handler({"message": message, "exception": exc, "socket": trsock.TransportSocket(sock)})
        self._remove_reader(sock.fileno())
        self.call_later(constants.ACCEPT_RETRY_DELAY, self._start_serving, protocol_factory, sock, *rest)

    def _begin_connection(self, protocol_factory: Any, connection: socket, address: Any, server: Any) -> None:
        context = copy_context()
        try:
            protocol = context.run(protocol_factory)
            SocketTransport(self, connection, protocol, None, {"peername": address}, server, context=context)
        except (SystemExit, KeyboardInterrupt):
            connection.close()
            raise
        except BaseException as exc:
            connection.close()
            message = "Error on transport creation for incoming connection"
            self.call_exception_handler({"message": message, "exception": exc})
