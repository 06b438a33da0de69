"""Where to listen: `host:port`, `[::1]:port`, `unix:/path` and `fd://3`, made into listening sockets.

A path may say who can connect: `unix:/run/shop.sock?mode=660&group=www-data`, the mode in octal digits as for chmod.
"""

import os
import shutil
import socket
import stat
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import parse_qsl

from spruce.errors import ConfigError, SpruceError
from spruce.green import listen

__all__ = ["Listener", "close_listeners", "open_listeners"]

_BACKLOG = 1024


class Listener:
    """A listening socket, with the URL that it is announced with and the path that goes with it, if it has one."""

    def __init__(self, sock: socket.socket, path: str | None = None) -> None:
        self.sock = sock
        self.path = path
        self.owner = os.getpid()
        self.url = _url(sock)

    def __repr__(self) -> str:
        return f"<Listener {self.url}>"

    def close(self) -> None:
        """Close it, and remove the path if this process has made it."""
        self.sock.close()
        if self.path is not None and self.owner == os.getpid():
            with suppress(FileNotFoundError):
                os.unlink(self.path)


def open_listeners(binds: Iterable[str], *, reuse_port: bool = False) -> list[Listener]:
    """Listen on every bind; with `reuse_port`, other servers that say so too may have the same ports (SO_REUSEPORT).

    Raises ConfigError for a bind that cannot be read, PortInUse or ServerError when it cannot be had.
    """
    listeners: list[Listener] = []
    try:
        for bind in binds:
            listeners.append(_open(bind, reuse_port))
    except BaseException:
        close_listeners(listeners)
        raise
    return listeners


def close_listeners(listeners: Iterable[Listener]) -> None:
    """Close all of them."""
    for listener in listeners:
        listener.close()


def _open(bind: str, reuse_port: bool) -> Listener:
    if bind.startswith("unix:"):
        return _open_path(bind)
    if bind.startswith("fd://"):
        return Listener(_inherited(bind))
    host, port = _host_and_port(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return Listener(_plain(listen((host, port), family=family, backlog=_BACKLOG, reuse_port=reuse_port)))


def _open_path(bind: str) -> Listener:
    place, _, query = bind.removeprefix("unix:").removeprefix("//").partition("?")
    path, options = os.path.abspath(place), dict(parse_qsl(query, keep_blank_values=True))
    mode = _mode(bind, options.pop("mode", None))
    group = options.pop("group", None)
    if options:
        raise ConfigError(f"{bind!r} has options that a path has not", hint="There are mode=660 and group=www-data.")
    before = None if mode is None else os.umask(~mode & 0o777)  # so that nobody gets in before it is set
    try:
        listener = Listener(_plain(listen(path, family=socket.AF_UNIX, backlog=_BACKLOG)), path)
    finally:
        if before is not None:
            os.umask(before)
    try:
        if mode is not None:
            os.chmod(path, mode)
        if group is not None:
            shutil.chown(path, group=int(group) if group.isdigit() else group)
    except (OSError, LookupError) as error:
        listener.close()
        raise ConfigError(f"{bind!r} cannot be made so: {error}", hint="Name a group that you are in.") from error
    return listener


def _mode(bind: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise ConfigError(f"{bind!r} has no mode that can be", hint="Write octal digits, as for chmod: mode=660.")
    return mode


def _plain(sock: socket.socket) -> socket.socket:
    """Turn a green socket into one of the standard library's, which the loop is quicker with."""
    plain = socket.socket(sock.family, sock.type, sock.proto, fileno=sock.detach())
    plain.setblocking(False)
    return plain


def _inherited(bind: str) -> socket.socket:
    number = bind.removeprefix("fd://")
    try:
        descriptor = int(number)
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            raise ConfigError(f"{bind} is no socket", hint="Give the number of a listening socket that was passed on.")
    except (ValueError, OSError) as error:
        raise ConfigError(
            f"{bind}: there is no such descriptor", hint="Give the number of an open one: fd://3."
        ) from error
    os.set_inheritable(descriptor, False)
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(False)
    return sock


def _host_and_port(bind: str) -> tuple[str, int]:
    host, colon, port = bind.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and int(port) < 65536):
        raise ConfigError(
            f"{bind!r} is no address to listen on",
            hint="Write host:port, as in 127.0.0.1:5000 or [::1]:5000, unix:/path/to.sock, or fd://3.",
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def _url(sock: socket.socket) -> str:
    name = sock.getsockname()
    if isinstance(name, str):
        return f"unix:{name}"
    if not isinstance(name, tuple):
        raise SpruceError(f"cannot serve on a socket of the family {sock.family!r}")
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"http://{host}:{name[1]}"
