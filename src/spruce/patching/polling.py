"""`select` of patched programs: select, poll and epoll that park the green thread.

Each lets the others run for a turn, since programs ask in a loop and OS threads would take turns. Then it asks the
system, without waiting. If there is nothing, it waits: for one descriptor by the loop's own
registration, for several by an epoll that holds them all, which is itself a descriptor that becomes readable.
"""

import select as _module
from collections.abc import Iterable, Sequence
from math import ceil
from time import monotonic
from typing import Any, Final

from spruce.green import sleep, tpool
from spruce.green.runtime import can_yield
from spruce.green.watching import wait_readable, wait_writable

__all__ = ["Epoll", "Poll", "select"]

_select, _poll = _module.select, _module.poll
_epoll: Any = getattr(_module, "epoll", None)
_READ: Final = _module.POLLIN | _module.POLLPRI
_WRITE: Final = _module.POLLOUT
_LONGEST: Final = 2**31 - 1  # milliseconds, of the system's call


def select(rlist: Iterable[Any], wlist: Iterable[Any], xlist: Iterable[Any], timeout: float | None = None, /) -> Any:
    """As `select.select`."""
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    lists = _sequence(rlist), _sequence(wlist), _sequence(xlist)
    if not can_yield():
        return _select(*lists, timeout)
    sleep()
    deadline = None if timeout is None else monotonic() + timeout
    while not any(ready := _select(*lists, 0)):
        left = None if deadline is None else deadline - monotonic()
        if left is not None and left <= 0:
            break
        _wait_for(_interest(lists), left)
    return ready


def _sequence(files: Iterable[Any]) -> Sequence[Any]:
    """What can be gone through more than once; a list itself, since others may change it meanwhile."""
    return files if isinstance(files, list | tuple) else list(files)


def _interest(lists: tuple[Sequence[Any], ...]) -> dict[int, int]:
    interest: dict[int, int] = {}
    for files, events in zip(lists, (_module.POLLIN, _WRITE, _module.POLLPRI), strict=True):
        for file in files:
            number = file if isinstance(file, int) else file.fileno()
            interest[number] = interest.get(number, 0) | events
    return interest


def _wait_for(interest: dict[int, int], timeout: float | None) -> None:
    """Park until one of the descriptors is ready, or the time is over."""
    if len(interest) == 1:
        [(number, events)] = interest.items()
        if not events & _WRITE:
            wait_readable(number, timeout)
            return
        if not events & _READ:
            wait_writable(number, timeout)
            return
    if _epoll is None:
        poll = _poll()
        for number, events in interest.items():
            poll.register(number, events)
        tpool.execute(poll.poll, None if timeout is None else ceil(timeout * 1000))
        return
    with _epoll() as epoll:
        for number, events in interest.items():
            epoll.register(number, events)
        wait_readable(epoll.fileno(), timeout)


class Poll:
    """As `select.poll()`."""

    def __init__(self) -> None:
        self._poll = _poll()
        self._interest: dict[int, int] = {}
        self._waiting = False

    def register(self, fd: Any, eventmask: int = _READ | _WRITE, /) -> None:
        """Watch a descriptor from now on."""
        self._poll.register(fd, eventmask)
        self._interest[fd if isinstance(fd, int) else fd.fileno()] = eventmask

    def modify(self, fd: Any, eventmask: int, /) -> None:
        """Watch it for something else."""
        self._poll.modify(fd, eventmask)
        self._interest[fd if isinstance(fd, int) else fd.fileno()] = eventmask

    def unregister(self, fd: Any, /) -> None:
        """Don't watch it any more. KeyError if it isn't."""
        self._poll.unregister(fd)
        del self._interest[fd if isinstance(fd, int) else fd.fileno()]

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """Wait until something is ready, `timeout` milliseconds at most; a negative one is none."""
        if not can_yield():
            return self._poll.poll(timeout)
        if timeout is not None and timeout > _LONGEST:
            raise OverflowError("timeout is too large")
        if self._waiting:
            raise RuntimeError("concurrent poll() invocation")
        self._waiting = True
        try:
            sleep()
            return self._wait(None if timeout is None or timeout < 0 else monotonic() + timeout / 1000)
        finally:
            self._waiting = False

    def _wait(self, deadline: float | None) -> list[tuple[int, int]]:
        while not (events := self._poll.poll(0)):
            left = None if deadline is None else deadline - monotonic()
            if left is not None and left <= 0:
                break
            _wait_for(self._interest, left)
        return events


class Epoll:
    """As `select.epoll()`: the system's, whose descriptor is waited for by the loop."""

    def __init__(self, sizehint: int = -1, flags: int = 0) -> None:
        self._epoll = _epoll(sizehint, flags)
        self._take_names()

    def _take_names(self) -> None:
        epoll = self._epoll
        self.register, self.modify, self.unregister = epoll.register, epoll.modify, epoll.unregister
        self.fileno = epoll.fileno

    @classmethod
    def fromfd(cls, fd: int, /) -> "Epoll":
        """One for a descriptor that is an epoll's."""
        self = cls.__new__(cls)
        self._epoll = _epoll.fromfd(fd)
        self._take_names()
        return self

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return bool(self._epoll.closed)

    def close(self) -> None:
        """Close the descriptor."""
        self._epoll.close()

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[tuple[int, int]]:
        """Wait until something is ready, `timeout` seconds at most; a negative one is none."""
        if not can_yield():
            return self._epoll.poll(timeout, maxevents)  # type: ignore[no-any-return]  # pairs of numbers
        sleep()
        deadline = None if timeout is None or timeout < 0 else monotonic() + timeout
        while not (events := self._epoll.poll(0, maxevents)):
            left = None if deadline is None else deadline - monotonic()
            if left is not None and left <= 0:
                break
            wait_readable(self._epoll.fileno(), left)
        return events  # type: ignore[no-any-return]  # the same

    def __enter__(self) -> "Epoll":
        self._epoll.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()
