"""Green sockets: socket.socket whose blocking calls park the green thread. Each tries the call first, then waits."""

import _socket
import errno
import os
import select
import socket
import stat
import time
import warnings
from _thread import get_ident
from collections.abc import Callable
from contextlib import suppress
from socket import socket as BlockingSocket  # noqa: N812 - by a name that stays when `socket.socket` is patched
from typing import Any, ClassVar, Final, TypeVar

from greenlet import getcurrent

from spruce.errors import PortInUse, ServerError
from spruce.green.carrier import Carrier
from spruce.green.greenthread import AnyHub
from spruce.green.runtime import can_yield, current_carrier, get_hub, running
from spruce.green.threads import await_, sleep
from spruce.green.waiting import TIMED_OUT
from spruce.green.watching import forget, forget_from_afar, wait_blocking, wait_readable, wait_writable

__all__ = ["GreenSocket", "connect", "listen"]

T = TypeVar("T")
_type_of: Final[Callable[[BlockingSocket], int]] = _socket.socket.type.__get__  # the number
_DONTWAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)
_BACKLOG_SECONDS: Final = 0.002  # between two tries to connect


class GreenSocket(BlockingSocket):
    """A `socket.socket` whose blocking calls let the other green threads run. `settimeout` works as usual, in seconds.

    The descriptor itself never blocks, which matters to code that shares it. Timeouts raise TimeoutError; a socket that
    is closed while another green thread waits for it raises OSError (EBADF) there.
    """

    __slots__ = ("__dict__", "_drained", "_hub", "_seconds", "_streams")
    _streams: bool  # what is sent together may come in pieces, and pieces together
    _drained: bool  # the last `recv` got less than it asked for: nothing is there, most likely, and to ask is in vain
    blocks_in_tasks: ClassVar[bool] = False  # whether a wait in a plain asyncio task blocks, or is an error

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:  # noqa: A002 - its name
        super().__init__(family, type, proto, fileno)
        self._hub: AnyHub | None = None  # that it was last waited for on
        self._drained = False
        self._streams = _type_of(self) == socket.SOCK_STREAM
        self._seconds: float | None = socket.getdefaulttimeout()
        super().settimeout(0.0)

    # ---- timeouts: kept here, since the descriptor is always non-blocking --------------------------------------------

    def settimeout(self, value: float | None) -> None:
        """Seconds that a call may block: None is without limit, 0 raises BlockingIOError instead of waiting."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._seconds = None if value is None else float(value)

    def gettimeout(self) -> float | None:
        """What `settimeout` was given."""
        return self._seconds

    @property
    def timeout(self) -> float | None:
        """What `settimeout` was given."""
        return self._seconds

    def setblocking(self, flag: bool) -> None:
        """True: `settimeout(None)`; False: `settimeout(0)`."""
        self._seconds = None if flag else 0.0

    def getblocking(self) -> bool:
        """Whether calls wait at all."""
        return self._seconds != 0.0

    # ---- calls that may wait -----------------------------------------------------------------------------------------

    def _wait_readable(self, timeout: float | None) -> bool:
        running = getcurrent()
        if type(running) is Carrier:  # what follows this case comes to the same, with more looks at what may be
            hub = running.hub
            if hub is self._hub and not hub.forked:
                watcher = hub.watchers.get(self.fileno())
                if watcher is not None and watcher.reading:
                    return watcher.readers.wait(timeout) is not TIMED_OUT
        if self._blocks():
            return wait_blocking(self.fileno(), select.POLLIN, timeout)
        self._stay_on_this_hub()
        return wait_readable(self.fileno(), timeout, keep=True)

    def _wait_writable(self, timeout: float | None) -> bool:
        if self._blocks():
            return wait_blocking(self.fileno(), select.POLLOUT, timeout)
        self._stay_on_this_hub()
        return wait_writable(self.fileno(), timeout, keep=True)

    def _blocks(self) -> bool:
        """Whether nobody else would run during a wait, so that it may be the system's own."""
        return not can_yield() and (self.blocks_in_tasks or running())

    def _stay_on_this_hub(self) -> None:
        hub = current_carrier().hub
        if self._hub is not hub:
            self._forget()
            self._hub = hub

    def _retry(self, call: Callable[..., T], wait: Callable[[float | None], bool], *args: Any) -> T:
        """Make the system call until it doesn't have to wait, `_seconds` at most."""
        limit = self._seconds
        deadline = None if limit is None else time.monotonic() + limit
        while True:
            try:
                return call(*args)
            except BlockingIOError:
                if limit == 0.0:
                    raise
            left = None if deadline is None else deadline - time.monotonic()
            if (left is not None and left <= 0) or not wait(left):
                raise TimeoutError("timed out")

    def _wait_in_time(self) -> None:
        """Wait until there is something to read, which a call for no bytes at all does when it has a timeout."""
        if not self._wait_readable(self._seconds):
            raise TimeoutError("timed out")

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """As socket.recv; parks until there is something to read."""
        if flags or self._seconds is not None:
            return self._recv_otherwise(bufsize, flags)
        if self._drained:
            self._drained = False
            if self._hub is not None:
                self._wait_readable(None)
        while True:
            try:
                data = BlockingSocket.recv(self, bufsize)
            except BlockingIOError:
                self._wait_readable(None)
            else:
                self._drained = 0 < len(data) < bufsize and self._streams
                return data

    def _recv_otherwise(self, bufsize: int, flags: int) -> bytes:
        """With flags, or a timeout."""
        if not bufsize and self._seconds:
            self._wait_in_time()
        if flags & _DONTWAIT:
            return super().recv(bufsize, flags)
        return self._retry(super().recv, self._wait_readable, bufsize, flags)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As socket.recv_into."""
        if self._seconds and not nbytes and not len(buffer):
            self._wait_in_time()
        if flags & _DONTWAIT:
            return super().recv_into(buffer, nbytes, flags)
        return self._retry(super().recv_into, self._wait_readable, buffer, nbytes, flags)

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Any]:
        """As socket.recvfrom."""
        if flags & _DONTWAIT:
            return super().recvfrom(bufsize, flags)
        return self._retry(super().recvfrom, self._wait_readable, bufsize, flags)

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """As socket.recvfrom_into."""
        if flags & _DONTWAIT:
            return super().recvfrom_into(buffer, nbytes, flags)
        return self._retry(super().recvfrom_into, self._wait_readable, buffer, nbytes, flags)

    def recvmsg(self, *args: Any) -> Any:
        """As socket.recvmsg."""
        if len(args) > 2 and args[2] & _DONTWAIT:
            return super().recvmsg(*args)
        return self._retry(super().recvmsg, self._wait_readable, *args)

    def recvmsg_into(self, *args: Any) -> Any:
        """As socket.recvmsg_into."""
        if len(args) > 2 and args[2] & _DONTWAIT:
            return super().recvmsg_into(*args)
        return self._retry(super().recvmsg_into, self._wait_readable, *args)

    def send(self, data: Any, flags: int = 0) -> int:
        """As socket.send; parks until something can be written."""
        try:
            return super().send(data, flags)
        except BlockingIOError:
            if flags & _DONTWAIT:
                raise
            return self._retry(super().send, self._wait_writable, data, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """As socket.sendall: all of it, or an exception."""
        limit = self._seconds
        deadline = None if limit is None else time.monotonic() + limit
        with memoryview(data) as view, view.cast("B") as octets:
            sent = 0
            while sent < len(octets):
                try:
                    sent += super().send(octets[sent:], flags)
                except BlockingIOError:
                    if flags & _DONTWAIT:
                        raise
                    left = None if deadline is None else deadline - time.monotonic()
                    if (left is not None and left <= 0) or not self._wait_writable(left):
                        raise TimeoutError("timed out") from None

    def sendto(self, *args: Any) -> int:
        """As socket.sendto."""
        if len(args) > 2 and args[1] & _DONTWAIT:
            return super().sendto(*args)
        return self._retry(super().sendto, self._wait_writable, *args)

    def sendmsg(self, *args: Any) -> int:
        """As socket.sendmsg."""
        if len(args) > 2 and args[2] & _DONTWAIT:
            return super().sendmsg(*args)
        return self._retry(super().sendmsg, self._wait_writable, *args)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """As socket.sendfile, by reading and sending; reading the file blocks, as all files do."""
        return self._sendfile_use_send(file, offset, count)  # type: ignore[attr-defined, no-any-return]  # not in typeshed

    def accept(self) -> tuple["GreenSocket", Any]:
        """As socket.accept; the connection is a GreenSocket."""
        fd, address = self._retry(super()._accept, self._wait_readable)  # type: ignore[misc]  # not in typeshed
        return GreenSocket(self.family, self.type, self.proto, fileno=fd), address

    def connect(self, address: Any) -> None:
        """As socket.connect; names are resolved by the loop, without blocking it."""
        if error := self._connect(address):
            if error == errno.EWOULDBLOCK and self._seconds:
                raise TimeoutError("timed out")
            raise OSError(error, os.strerror(error))

    def connect_ex(self, address: Any) -> int:
        """As `connect`, but return the error's number, or 0."""
        return self._connect(address)

    def _connect(self, address: Any) -> int:
        target, limit = self._resolve(address), self._seconds
        deadline = None if limit is None else time.monotonic() + limit
        while (error := BlockingSocket.connect_ex(self, target)) == errno.EAGAIN and limit != 0.0:
            if deadline is not None and time.monotonic() >= deadline:
                return errno.EWOULDBLOCK
            # a Unix socket's listener has a full backlog, and no event says when it hasn't
            (time.sleep if self._blocks() else sleep)(_BACKLOG_SECONDS)
        if error not in (errno.EINPROGRESS, errno.EALREADY) or limit == 0.0:
            return error
        if not self._wait_writable(limit):
            return errno.EWOULDBLOCK  # as socket.connect_ex has it
        return self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def _resolve(self, address: Any) -> Any:
        if self.family not in (socket.AF_INET, socket.AF_INET6) or _is_numeric(self.family, address[0]):
            return address
        if self._seconds == 0.0 or self._blocks():
            return address
        infos = await_(
            get_hub().loop.getaddrinfo(address[0], address[1], family=self.family, type=self.type, proto=self.proto)
        )
        return infos[0][4]

    # ---- the end -----------------------------------------------------------------------------------------------------

    def _real_close(self, *args: Any) -> None:
        self._forget()
        super()._real_close(*args)  # type: ignore[misc]  # socket.socket's own hook for the moment of closing

    def detach(self) -> int:
        """As socket.detach."""
        self._forget()
        return super().detach()

    def __del__(self) -> None:
        """Dropped without having been closed: the descriptor goes now, and whoever gets its number next is not it."""
        hub: AnyHub | None = getattr(self, "_hub", None)
        if hub is None or self.fileno() < 0 or hub.os_thread == get_ident() or hub.loop.is_closed():
            with suppress(AttributeError):
                self._forget()
            super().__del__()  # type: ignore[misc]  # not in typeshed
            return
        warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
        fd = super().detach()
        try:
            hub.loop.call_soon_threadsafe(_close_there, hub, fd)
        except RuntimeError:  # the loop is closed by now
            os.close(fd)

    def _forget(self) -> None:
        hub, self._hub = self._hub, None
        self._drained = False
        if hub is None or self.fileno() < 0 or hub.loop.is_closed():
            return
        if hub.os_thread == get_ident():
            forget(hub, self.fileno(), _closed_meanwhile)
        else:
            forget_from_afar(hub, self.fileno(), _closed_meanwhile)

    def dup(self) -> "GreenSocket":
        """As socket.dup."""
        twin = GreenSocket(self.family, self.type, self.proto, fileno=os.dup(self.fileno()))
        twin.settimeout(self._seconds)
        return twin


def _close_there(hub: AnyHub, fd: int) -> None:
    """Close a descriptor in the OS thread whose hub knows it."""
    forget(hub, fd, _closed_meanwhile)
    os.close(fd)


def _closed_meanwhile() -> OSError:
    return OSError(errno.EBADF, "the socket was closed by another green thread")


def _is_numeric(family: int, host: str) -> bool:
    if host in ("", "<broadcast>"):
        return True
    try:
        socket.inet_pton(family, host.partition("%")[0])
    except OSError:
        return False
    return True


def connect(address: Any, family: int = socket.AF_INET, bind: Any = None) -> GreenSocket:
    """Connect to `(host, port)`, or to a path with family AF_UNIX; return the socket. Blocks; OSError if it can't."""
    sock = GreenSocket(family, socket.SOCK_STREAM)
    try:
        if bind is not None:
            sock.bind(bind)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def listen(
    address: Any,
    family: int = socket.AF_INET,
    backlog: int = 50,
    reuse_addr: bool = True,
    reuse_port: bool | None = None,
) -> GreenSocket:
    """Return a socket that listens on `(host, port)`, or on a path with family AF_UNIX.

    It makes no hub, so a program may listen and then fork. `reuse_port` None means true for a port that isn't 0, where
    the system has SO_REUSEPORT: several processes may listen. A stale Unix socket is removed. PortInUse or ServerError
    if the address can't be had.
    """
    sock = GreenSocket(family, socket.SOCK_STREAM)
    try:
        if family == getattr(socket, "AF_UNIX", None):
            _remove_stale(address)
        else:
            if reuse_addr and os.name == "posix":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "SO_REUSEPORT") and (reuse_port or (reuse_port is None and address[1] != 0)):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(address)
        sock.listen(backlog)
    except OSError as exc:
        sock.close()
        raise _refusal(address, exc) from exc
    except BaseException:
        sock.close()
        raise
    return sock


def _remove_stale(path: Any) -> None:
    """Remove a Unix socket that nobody listens on any more; anything else at that path stays."""
    with suppress(FileNotFoundError):
        if isinstance(path, str) and path[:1] != "\0" and stat.S_ISSOCK(os.stat(path).st_mode):
            with BlockingSocket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                try:
                    probe.connect(path)
                except ConnectionRefusedError:
                    os.unlink(path)


def _refusal(address: Any, exc: OSError) -> ServerError:
    where = f"{address[0] or '*'}:{address[1]}" if isinstance(address, tuple) else str(address)
    if exc.errno == errno.EADDRINUSE:
        return PortInUse(f"{where} is in use by another process", hint="Stop that process or choose another port")
    if exc.errno == errno.EACCES:
        return ServerError(
            f"may not listen on {where}: permission denied",
            hint="Choose a port above 1023, or a folder that you may write to",
        )
    return ServerError(f"can't listen on {where}: {exc.strerror or exc}", hint="Check the address")
