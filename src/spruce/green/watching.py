"""Watchers: which green threads wait for a descriptor to become readable or writable.

A socket of ours stays registered with the loop between waits, and is let go at the first event that nobody waited for:
that saves two system calls a wait. Whoever closes such a descriptor must `forget` it first, or whoever gets its number
next would be taken for it. Other descriptors are registered for the time of a wait only.
"""

import math
import select
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Final

from spruce.green.greenthread import AnyHub
from spruce.green.runtime import current_carrier
from spruce.green.waiting import TIMED_OUT, Line

__all__ = ["forget", "forget_from_afar", "wait_blocking", "wait_readable", "wait_writable"]

_PATIENCE: Final = 1.0  # seconds to wait for the OS thread of another hub, which may itself be blocked


class _Watcher:
    """Who waits for one descriptor on one hub."""

    __slots__ = ("fd", "hub", "readers", "reading", "writers", "writing")

    def __init__(self, hub: AnyHub, fd: int) -> None:
        self.hub, self.fd = hub, fd
        self.readers, self.writers = Line(), Line()
        self.reading = self.writing = False

    def on_readable(self) -> None:
        if not self.readers.serve_now():
            self.stop_reading()

    def on_writable(self) -> None:
        if not self.writers.serve_now():
            self.stop_writing()

    def stop_reading(self) -> None:
        if self.reading:
            self.reading = False
            self.hub.loop.remove_reader(self.fd)

    def stop_writing(self) -> None:
        if self.writing:
            self.writing = False
            self.hub.loop.remove_writer(self.fd)


def _watcher(hub: AnyHub, fd: int) -> _Watcher:
    watcher = hub.watchers.get(fd)
    if watcher is None:
        watcher = hub.watchers[fd] = _Watcher(hub, fd)
    return watcher


def wait_readable(fd: int, timeout: float | None = None, *, keep: bool = False) -> bool:
    """Park until `fd` can be read; False after `timeout` seconds. Several may wait; one is woken per event.

    `keep` leaves it registered for the next wait; then `forget` must be called before it is closed.
    """
    hub = current_carrier().hub
    watcher = _watcher(hub, fd)
    if not watcher.reading:
        hub.loop.add_reader(fd, watcher.on_readable)
        watcher.reading = True
    try:
        return watcher.readers.wait(timeout) is not TIMED_OUT
    finally:
        if not keep and not watcher.readers:
            watcher.stop_reading()
            _drop_if_unused(watcher)


def wait_writable(fd: int, timeout: float | None = None, *, keep: bool = False) -> bool:
    """As `wait_readable`, for writing."""
    hub = current_carrier().hub
    watcher = _watcher(hub, fd)
    if not watcher.writing:
        hub.loop.add_writer(fd, watcher.on_writable)
        watcher.writing = True
    try:
        return watcher.writers.wait(timeout) is not TIMED_OUT
    finally:
        if not keep and not watcher.writers:
            watcher.stop_writing()
            _drop_if_unused(watcher)


def _drop_if_unused(watcher: _Watcher) -> None:
    if not watcher.reading and not watcher.writing and watcher.hub.watchers.get(watcher.fd) is watcher:
        del watcher.hub.watchers[watcher.fd]


def forget(hub: AnyHub, fd: int, make_error: Callable[[], BaseException]) -> None:
    """Unregister `fd`, which is about to be closed; each who waits for it gets an error."""
    watcher = hub.watchers.pop(fd, None)
    if watcher is not None:
        watcher.stop_reading()
        watcher.stop_writing()
        watcher.readers.fail_all(make_error)
        watcher.writers.fail_all(make_error)


def forget_from_afar(hub: AnyHub, fd: int, make_error: Callable[[], BaseException]) -> None:
    """As `forget`, from another OS thread; blocks until that hub has done so."""
    done: Future[None] = Future()
    try:
        hub.loop.call_soon_threadsafe(partial(_forget_and_tell, done, hub, fd, make_error))
    except RuntimeError:  # its loop is closed
        return
    wait([done], _PATIENCE)


def _forget_and_tell(done: "Future[None]", hub: AnyHub, fd: int, make_error: Callable[[], BaseException]) -> None:
    try:
        forget(hub, fd, make_error)
    finally:
        done.set_result(None)


def wait_blocking(fd: int, events: int, timeout: float | None = None) -> bool:
    """Wait for the `events` of `select.poll` on `fd`, blocking the OS thread; False after `timeout` seconds."""
    poll = select.poll()
    poll.register(fd, events)
    return bool(poll.poll(None if timeout is None else math.ceil(timeout * 1000)))
