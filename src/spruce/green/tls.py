"""TLS over green sockets: an ssl.SSLSocket whose handshake, reads and writes park the green thread."""

import errno
import ssl
import time
from collections.abc import Callable
from functools import wraps
from socket import socket as BlockingSocket  # noqa: N812 - by a name that stays when `socket.socket` is patched
from typing import Any, TypeVar

from spruce.green.sockets import GreenSocket

__all__ = ["TlsSocket", "wrap_ssl"]

T = TypeVar("T")


def _either(name: str) -> Callable[..., Any]:
    """A method that is SSLSocket's while TLS is spoken, GreenSocket's before and after."""
    plain, encrypted = getattr(GreenSocket, name), getattr(ssl.SSLSocket, name)

    def method(self: "TlsSocket", *args: Any, **kwargs: Any) -> Any:
        return (plain if self._sslobj is None else encrypted)(self, *args, **kwargs)

    return wraps(plain)(method)


class TlsSocket(GreenSocket, ssl.SSLSocket):
    """An `ssl.SSLSocket` for green threads; made by `wrap_ssl`. `settimeout` holds for each call.

    A listening one accepts TLS connections; their handshake is made by the first call that reads or writes, so that a
    slow client holds up nobody but its own handler.
    """

    _connected: bool
    _session: Any
    _sslobj: Any  # of ssl: None while TLS isn't spoken
    do_handshake_on_connect: bool
    suppress_ragged_eofs: bool

    def __new__(cls, *args: Any, **kwargs: Any) -> "TlsSocket":
        """What ssl's own construction leaves out."""
        self = super().__new__(cls)
        self._drained = False
        self._streams = True
        self._hub = None
        self._seconds = None
        return self

    # While TLS is spoken, the ways of SSLSocket, which come down to `read` and `send`; else those of a plain socket.
    recv = _either("recv")
    recv_into = _either("recv_into")
    recvfrom = _either("recvfrom")
    recvfrom_into = _either("recvfrom_into")
    sendall = _either("sendall")
    sendto = _either("sendto")

    dup = ssl.SSLSocket.dup
    recvmsg = ssl.SSLSocket.recvmsg
    recvmsg_into = ssl.SSLSocket.recvmsg_into
    sendmsg = ssl.SSLSocket.sendmsg

    def settimeout(self, value: float | None) -> None:
        """As GreenSocket's; to the TLS layer the descriptor never blocks."""
        super().settimeout(value)
        BlockingSocket.settimeout(self, 0.0)

    def _until_done(self, call: Callable[..., T], *args: Any) -> T:
        """Make a call of the TLS layer until it needs nothing more from the other side, or the time is over."""
        limit = self.gettimeout()
        deadline = None if limit is None else time.monotonic() + limit
        while True:
            try:
                return call(*args)
            except ssl.SSLWantReadError:
                wait = self._wait_readable
                if limit == 0.0:
                    raise
            except ssl.SSLWantWriteError:
                wait = self._wait_writable
                if limit == 0.0:
                    raise
            left = None if deadline is None else deadline - time.monotonic()
            if (left is not None and left <= 0) or not wait(left):
                raise TimeoutError("timed out")

    def do_handshake(self, block: bool = False) -> None:
        """Agree with the other side on keys; the first read or write does so too."""
        self._until_done(super().do_handshake)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 - its name
        """Up to `len` bytes, or their number if there is a buffer for them; none at the end."""
        return self._until_done(super().read, len, buffer)

    def send(self, data: Any, flags: int = 0) -> int:
        """As socket.send."""
        if self._sslobj is None:
            return super().send(data, flags)
        return self._until_done(super().send, data, flags)

    def write(self, data: Any) -> int:
        """As `send`."""
        return self._until_done(super().write, data)

    def unwrap(self) -> Any:
        """End TLS in good order, and return the plain socket below."""
        return self._until_done(super().unwrap)

    def accept(self) -> tuple["TlsSocket", Any]:
        """As socket.accept; one that `wrap_ssl` made leaves the handshake to the connection's first read or write."""
        connection, address = GreenSocket.accept(self)
        options = {
            "server_side": True,
            "do_handshake_on_connect": self.do_handshake_on_connect,
            "suppress_ragged_eofs": self.suppress_ragged_eofs,
        }
        try:
            return _wrapped(connection, self.context, **options), address
        except BaseException:
            connection.close()
            raise

    connect = ssl.SSLSocket.connect  # type: ignore[assignment]  # ssl names its parameter differently
    connect_ex = ssl.SSLSocket.connect_ex  # type: ignore[assignment]  # the same

    def _real_connect(self, address: Any, connect_ex: bool) -> int:
        """Connect, then make the handshake if that was wanted; as SSLSocket's own."""
        if self.server_side:
            raise ValueError("can't connect in server-side mode")
        if self._connected or self._sslobj is not None:
            raise ValueError("attempt to connect already-connected SSLSocket!")
        context: Any = self.context
        self._sslobj = context._wrap_socket(self, False, self.server_hostname, owner=self, session=self._session)
        try:
            error = 0
            if connect_ex:
                error = GreenSocket.connect_ex(self, address)
            else:
                GreenSocket.connect(self, address)
            if not error:
                self._connected = True
                if self.do_handshake_on_connect:
                    self.do_handshake()
        except (OSError, ValueError):
            self._sslobj = None
            raise
        return error


def wrap_ssl(
    sock: BlockingSocket,
    context: ssl.SSLContext | None = None,
    *,
    server_side: bool = False,
    server_hostname: str | None = None,
    certfile: str | None = None,
    keyfile: str | None = None,
) -> TlsSocket:
    """Speak TLS on a connected socket, or on the connections that a listening one accepts; `sock` itself is used up.

    Without a `context` it is the standard library's default one, with the certificate in `certfile` and its `keyfile`:
    a client checks the server's certificate and name. Blocks for a connected socket's handshake; ssl.SSLError if it
    fails.
    """
    if context is None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH if server_side else ssl.Purpose.SERVER_AUTH)
        if certfile is not None:
            context.load_cert_chain(certfile, keyfile)
    connected = _is_connected(sock)
    wrapped = _wrapped(sock, context, server_side=server_side, server_hostname=server_hostname)
    if connected:
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
    return wrapped


def _wrapped(sock: BlockingSocket, context: ssl.SSLContext, **options: Any) -> TlsSocket:
    make: Any = TlsSocket  # ssl's own way to make one is not in typeshed
    made: TlsSocket = make._create(sock, context=context, **{"do_handshake_on_connect": False, **options})
    return made


def _is_connected(sock: BlockingSocket) -> bool:
    try:
        sock.getpeername()
    except OSError as exc:
        if exc.errno != errno.ENOTCONN:
            raise
        return False
    return True
