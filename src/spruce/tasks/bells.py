"""Bells: how a worker learns at once that there is something to do.

A worker waits for its `Bell`. Whoever enqueues in the same process rings it, once the transaction is committed; from
any OS thread. Workers in other processes that share an SQLite database are told by a datagram to a Unix socket that
each of them has in a folder named after the database; on PostgreSQL, by NOTIFY. A message that is lost costs no more
than the second after which a worker looks by itself.
"""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from spruce import green
from spruce.green import TIMED_OUT, Waiter
from spruce.server.instances import run_folders

__all__ = ["Bell", "Door", "knock"]


class Bell:
    """Rung from anywhere, waited for by one green thread; a ring that comes before is kept."""

    def __init__(self) -> None:
        self._hub = green.get_hub()
        self._thread = threading.get_ident()
        self._waiter: Waiter | None = None
        self.rung = False

    def ring(self) -> None:
        """End the wait; safe in every OS thread."""
        if self.rung:
            return
        if threading.get_ident() == self._thread:
            self._ring()
        elif not self._hub.loop.is_closed():
            with suppress(RuntimeError):  # it was closed since
                self._hub.loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        self.rung = True
        if self._waiter is not None:
            self._waiter.wake()

    def wait(self, seconds: float | None) -> bool:
        """Park until it is rung; return whether it was, before so many seconds were over."""
        if not self.rung:
            self._waiter = Waiter()
            try:
                if self._waiter.wait(seconds) is TIMED_OUT:
                    return False
            finally:
                self._waiter = None
        self.rung = False
        return True


def _folder(path: str) -> Path:
    return _folder_in(path, os.environ.get("SPRUCE_RUN_DIR", ""), os.environ.get("XDG_RUNTIME_DIR", ""))


@lru_cache
def _folder_in(path: str, run_folder: str, runtime_folder: str) -> Path:
    """The folder of a database; kept, as to find out costs more than to send a datagram."""
    return run_folders()[0] / f"tasks-{sha256(path.encode()).hexdigest()[:16]}"


def knock(path: str) -> None:
    """Tell the workers of other processes that something was put into the database file `path`. Never blocks."""
    folder = _folder(path)
    try:
        names = os.listdir(folder)
    except OSError:
        return
    own = f"{os.getpid()}."
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for name in names:
            if not name.startswith(own):
                try:
                    sender.sendto(b"!", f"{folder}/{name}")
                except ConnectionRefusedError:  # its process was killed
                    with suppress(OSError):
                        os.unlink(folder / name)
                except OSError:  # it has been knocked at often enough, or has just gone
                    pass


class Door:
    """Where others knock for the database file `path`: `answer()` is called for it, on the loop, until `close()`."""

    def __init__(self, path: str, answer: Callable[[], object]) -> None:
        self._loop = green.get_hub().loop
        self._answer = answer
        self._socket: socket.socket | None = None
        folder = _folder(path)
        self._path = folder / f"{os.getpid()}.{id(self):x}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid == os.getuid():
                self._open()
        except OSError:  # such as a path that is too long: the worker looks by itself then
            self.close()

    def _open(self) -> None:
        self._socket = made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.setblocking(False)
        made.bind(str(self._path))
        self._loop.add_reader(made.fileno(), self._read, made)

    def _read(self, made: socket.socket) -> None:
        with suppress(OSError):
            while made.recv(16):
                pass
        self._answer()

    def close(self) -> None:
        """Let nobody knock any more."""
        made, self._socket = self._socket, None
        if made is not None:
            if made.fileno() >= 0 and not self._loop.is_closed():
                self._loop.remove_reader(made.fileno())
            made.close()
            with suppress(OSError):
                self._path.unlink()
