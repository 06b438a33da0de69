"""`os` of patched programs: reads and writes of pipes and terminals, and waits for processes, park the green thread."""

import io
import os
import stat
import warnings
from collections.abc import Callable
from select import POLLIN, POLLOUT, poll
from typing import Any, Final

from spruce.green import sleep, tpool
from spruce.green.runtime import can_yield
from spruce.green.watching import wait_readable, wait_writable

__all__ = ["PipeFile", "open_pipe", "read", "system", "wait", "wait3", "wait4", "waitpid", "write"]

_read, _write, _waitpid, _system = os.read, os.write, os.waitpid, os.system
_wait3, _wait4 = os.wait3, os.wait4
_SLOW: Final = (stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR)
_LOOK_AGAIN: Final = 0.01  # seconds, where no descriptor tells of the end of a process


def _wait_until(fd: int, events: int, wait: Callable[[int], object]) -> None:
    """Park until a pipe, socket or terminal is ready; other files always are, and some are not to be waited for."""
    if not can_yield() or stat.S_IFMT(os.fstat(fd).st_mode) not in _SLOW or not os.get_blocking(fd):
        return
    while True:
        look = poll()
        look.register(fd, events)
        if look.poll(0):
            return
        wait(fd)


def read(fd: int, length: int, /) -> bytes:
    """As `os.read`."""
    _wait_until(fd, POLLIN, wait_readable)
    return _read(fd, length)


def write(fd: int, data: Any, /) -> int:
    """As `os.write`; to a pipe that is nearly full it writes a part."""
    _wait_until(fd, POLLOUT, wait_writable)
    if not can_yield() or stat.S_IFMT(os.fstat(fd).st_mode) not in _SLOW or not os.get_blocking(fd):
        return _write(fd, data)
    os.set_blocking(fd, False)  # a blocking write to a pipe would wait until all of it is written
    try:
        while True:
            try:
                return _write(fd, data)
            except BlockingIOError:
                wait_writable(fd)
    finally:
        os.set_blocking(fd, True)


class PipeFile(io.FileIO):
    """An unbuffered file of a pipe, which waits in the loop."""

    def readinto(self, buffer: Any, /) -> int | None:
        """As FileIO's."""
        _wait_until(self.fileno(), POLLIN, wait_readable)
        return super().readinto(buffer)

    def read(self, size: int | None = -1, /) -> Any:
        """As FileIO's."""
        if size is None or size < 0:
            return self.readall()
        _wait_until(self.fileno(), POLLIN, wait_readable)
        return super().read(size)

    def readall(self) -> bytes:
        """As FileIO's."""
        pieces = iter(lambda: self.read(65536), b"")
        return b"".join(pieces)

    def write(self, data: Any, /) -> int:
        """As FileIO's; it may write a part."""
        return write(self.fileno(), data)


def open_pipe(file: int, mode: str = "rb", buffering: int = -1) -> Any:
    """As `io.open` does for a descriptor in binary mode, which is all that `subprocess` asks of it."""
    raw = PipeFile(file, mode)
    if buffering == 0:
        return raw
    if buffering == 1:
        warnings.warn(
            "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used",
            RuntimeWarning,
            stacklevel=3,
        )
    size = io.DEFAULT_BUFFER_SIZE if buffering < 2 else buffering
    return io.BufferedReader(raw, size) if mode == "rb" else io.BufferedWriter(raw, size)


# ---- processes ------------------------------------------------------------------------------------------------------


def waitpid(pid: int, options: int, /) -> tuple[int, int]:
    """As `os.waitpid`."""
    _wait_for_end(pid, options)
    while can_yield() and not options & os.WNOHANG:
        answer = _waitpid(pid, options | os.WNOHANG)
        if answer[0]:
            return answer
        sleep(_LOOK_AGAIN)
    return _waitpid(pid, options)


def _wait_for_end(pid: int, options: int) -> None:
    """Park until the child has ended, where the system has a descriptor for that."""
    if pid <= 0 or options or not can_yield() or not hasattr(os, "pidfd_open"):
        return
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:  # it isn't there: waitpid says so
        return
    try:
        wait_readable(descriptor)
    finally:
        os.close(descriptor)


def wait() -> tuple[int, int]:
    """As `os.wait`."""
    return waitpid(-1, 0)


def wait4(pid: int, options: int) -> tuple[int, int, Any]:
    """As `os.wait4`."""
    _wait_for_end(pid, options)
    while can_yield() and not options & os.WNOHANG:
        answer = _wait4(pid, options | os.WNOHANG)
        if answer[0]:
            return answer
        sleep(_LOOK_AGAIN)
    return _wait4(pid, options)


def wait3(options: int) -> tuple[int, int, Any]:
    """As `os.wait3`."""
    return wait4(-1, options) if can_yield() else _wait3(options)


def system(command: Any) -> int:
    """As `os.system`, in an OS thread."""
    return tpool.execute(_system, command) if can_yield() else _system(command)
