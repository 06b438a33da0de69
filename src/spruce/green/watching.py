"""Watchers: which green threads wait for a descriptor to become readable or writable.

A descriptor stays registered with the loop between waits, and is let go at the first event that nobody waited for: that
saves two system calls a wait. Whoever closes a descriptor must `forget` it first.
"""

from collections.abc import Callable

from spruce.green.greenthread import AnyHub
from spruce.green.runtime import current_carrier
from spruce.green.waiting import TIMED_OUT, Line

__all__ = ["forget", "wait_readable", "wait_writable"]


class _Watcher:
    __slots__ = ("fd", "hub", "readers", "reading", "writers", "writing")

    def __init__(self, hub: AnyHub, fd: int) -> None:
        self.hub, self.fd = hub, fd
        self.readers, self.writers = Line(), Line()
        self.reading = self.writing = False

    def on_readable(self) -> None:
        if not self.readers.serve_now():
            self.reading = False
            self.hub.loop.remove_reader(self.fd)

    def on_writable(self) -> None:
        if not self.writers.serve_now():
            self.writing = False
            self.hub.loop.remove_writer(self.fd)


def _watcher(hub: AnyHub, fd: int) -> _Watcher:
    watcher = hub.watchers.get(fd)
    if watcher is None:
        watcher = hub.watchers[fd] = _Watcher(hub, fd)
    return watcher


def wait_readable(fd: int, timeout: float | None = None) -> bool:
    """Park until `fd` can be read; False after `timeout` seconds. Several may wait; one is woken per event."""
    watcher = _watcher(current_carrier().hub, fd)
    if not watcher.reading:
        watcher.hub.loop.add_reader(fd, watcher.on_readable)
        watcher.reading = True
    return watcher.readers.wait(timeout) is not TIMED_OUT


def wait_writable(fd: int, timeout: float | None = None) -> bool:
    """As `wait_readable`, for writing."""
    watcher = _watcher(current_carrier().hub, fd)
    if not watcher.writing:
        watcher.hub.loop.add_writer(fd, watcher.on_writable)
        watcher.writing = True
    return watcher.writers.wait(timeout) is not TIMED_OUT


def forget(hub: AnyHub, fd: int, make_error: Callable[[], BaseException]) -> None:
    """Unregister `fd`, which is about to be closed; each who waits for it gets an error."""
    watcher = hub.watchers.pop(fd, None)
    if watcher is not None:
        if watcher.reading:
            hub.loop.remove_reader(fd)
        if watcher.writing:
            hub.loop.remove_writer(fd)
        watcher.readers.fail_all(make_error)
        watcher.writers.fail_all(make_error)
