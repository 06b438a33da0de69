"""`eventlet.greenio`: sockets and pipes that park the green thread."""

import _socket
import errno
import io
import os
import socket
from typing import Any

from spruce import green
from spruce.patching.files import PipeFile

__all__ = ["SOCKET_BLOCKING", "SOCKET_CLOSED", "GreenPipe", "GreenSocket", "set_nonblocking", "shutdown_safe"]

SOCKET_BLOCKING = frozenset({errno.EAGAIN, errno.EWOULDBLOCK})
SOCKET_CLOSED = frozenset({errno.ECONNRESET, errno.ENOTCONN, errno.ESHUTDOWN})


class GreenSocket(green.GreenSocket):
    """A green socket; made of a plain one, which is used up, or as `socket.socket` is.

    With `set_nonblocking` False the descriptor stays as it is; then calls on it may block the whole program.
    """

    def __init__(self, family: Any = socket.AF_INET, *args: Any, set_nonblocking: bool = True, **kwargs: Any) -> None:
        if isinstance(family, _socket.socket):  # `socket.socket` may be patched, and another class
            timeout = family.gettimeout()
            blocking = os.get_blocking(family.fileno())
            kind = family.family, family.type, family.proto
            super().__init__(*kind, fileno=family.detach())
            self.settimeout(timeout)
            if not set_nonblocking:
                os.set_blocking(self.fileno(), blocking)
        else:
            super().__init__(family, *args, **kwargs)

    def accept(self) -> tuple["GreenSocket", Any]:
        """As socket.accept; the connection is a GreenSocket."""
        connection, address = super().accept()
        return GreenSocket(connection), address

    def dup(self) -> "GreenSocket":
        """As socket.dup."""
        return GreenSocket(super().dup())

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """As socket.recv; a connection that was reset has just ended, as eventlet has it."""
        try:
            return super().recv(bufsize, flags)
        except OSError as error:
            if error.errno in SOCKET_CLOSED:
                return b""
            raise

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As socket.recv_into; a connection that was reset has just ended."""
        try:
            return super().recv_into(buffer, nbytes, flags)
        except OSError as error:
            if error.errno in SOCKET_CLOSED:
                return 0
            raise

    @property
    def fd(self) -> "GreenSocket":
        """The socket below, which is this one."""
        return self


class _SeekingFile(PipeFile):
    """A file whose position is its end when it has been cut off."""

    def truncate(self, size: int | None = None, /) -> int:
        """As FileIO's."""
        length = super().truncate(size)
        self.seek(length)
        return length


def GreenPipe(f: Any, mode: str = "r", bufsize: int = -1) -> Any:  # noqa: N802 - its name
    """Open a pipe, by its descriptor, a path or a file (which is used up), as a file that parks when it waits."""
    if not isinstance(f, int | str | bytes | os.PathLike):
        number = os.dup(f.fileno())
        f.close()
        f = number
    binary = "b" in mode
    raw = _SeekingFile(f, mode.replace("b", "").replace("t", ""))
    if binary and bufsize == 0:
        return raw
    return _buffered(raw, mode, binary, io.DEFAULT_BUFFER_SIZE if bufsize < 2 else bufsize)


def _buffered(raw: PipeFile, mode: str, binary: bool, size: int) -> Any:
    if "+" in mode:
        buffered: Any = io.BufferedRandom(raw, size) if raw.seekable() else io.BufferedRWPair(raw, raw, size)
    else:
        buffered = io.BufferedReader(raw, size) if "r" in mode else io.BufferedWriter(raw, size)
    return buffered if binary else io.TextIOWrapper(buffered, write_through=True)


def set_nonblocking(fd: Any) -> None:
    """Let calls on a socket, a file or a descriptor not wait."""
    if hasattr(fd, "setblocking"):
        fd.setblocking(False)
    else:
        os.set_blocking(fd if isinstance(fd, int) else fd.fileno(), False)


def shutdown_safe(sock: Any) -> None:
    """Shut both directions of a socket down; nothing if it isn't connected any more."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        if error.errno not in (errno.ENOTCONN, errno.EBADF, errno.ENOTSOCK):
            raise
