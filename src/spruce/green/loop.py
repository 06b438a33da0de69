"""A lean event loop for Linux: asyncio's selector loop with its hot paths replaced; and the choice of a loop by name.

Servers, connections, TLS, subprocesses, signals, executors, sendfile, datagrams and pipes are asyncio's own code. Ours are:

* The poll: epoll itself and two tables from descriptor to callback. A selector makes several objects for every event.
* I/O callbacks are called right after the poll, with no queue between; one poll serves several rounds of queued callbacks.
* Handles, timers, the socket transport and the way of an accepted connection (`handles.py`, `transport.py`).
* A queue that belongs to somebody else, the hub's wakes, drained once a round: a handle for each wake is most of asyncio's price.

Order of a turn; programs and CPython's tests depend on it:

1. Poll. Don't wait if a queue has something or `stop()` was called.
2. Call what is ready for I/O; or queue it if callbacks were waiting before the poll, since it must not overtake them.
3. Queue the timers whose time has come.
4. Rounds: drain the foreign queue, then call what is queued by now; what those calls queue belongs to the next round.
   `stop()` is obeyed after each round, and after eight it is time to poll again.

Rules:

* Polling is level-triggered, so an event may always be dropped: it comes back. When a callback changes what a descriptor is watched
  for, the rest of this poll's news about that number is dropped: by now it may be another file's.
* A callback of ours (`watch_read`) is called without a handle or a context, and handles its own exceptions.
* In debug mode every call goes through a handle and the queue, so that it is timed and knows who asked for it.
* No pointers into the C stack: green threads may be born at any depth and resumed at any other.
"""

import asyncio
import errno
import select
import selectors
import sys
import time
from asyncio import base_events, constants, events, format_helpers, protocols, sslproto, trsock
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sized
from contextvars import Context, copy_context
from heapq import heapify, heappop, heappush
from importlib import import_module
from itertools import count
from socket import socket
from typing import Any, Final

from spruce.errors import GreenError, nearest
from spruce.green.handles import Call, Handle, TimerHandle
from spruce.green.transport import SocketTransport

__all__ = ["LOOPS", "LeanLoop", "new_event_loop"]

LOOPS: Final = ("lean", "asyncio", "uvloop")

_IN: Final = 0x001  # EPOLLIN and EPOLLOUT; in numbers, so that this module can be imported where there is no epoll
_OUT: Final = 0x004
_READABLE: Final = ~_OUT  # a hang-up or an error is news for both sides, as it is for asyncio
_WRITABLE: Final = ~_IN
_BATCH: Final = 256  # events of one poll, at most
_ROUNDS: Final = 8  # of callbacks between two polls, at most
_LONGEST_WAIT: Final = 24 * 3600.0  # seconds of one poll
_MANY_CANCELLED: Final = 100  # timers; beyond it they are thrown out when they are more than half of all
_OUT_OF_RESOURCES: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_Table = dict[int, Callable[[], object]]


class _Watched(Mapping[int, selectors.SelectorKey]):
    """The loop's tables as asyncio's own code and its tests look at them: a selector and its map in one."""

    def __init__(self, epoll: "select.epoll", readers: _Table, writers: _Table) -> None:
        self._epoll, self._readers, self._writers = epoll, readers, writers

    def __getitem__(self, file: Any) -> selectors.SelectorKey:
        fd = file if isinstance(file, int) else file.fileno()
        reader, writer = self._readers.get(fd), self._writers.get(fd)
        if reader is None and writer is None:
            raise KeyError(f"{file!r} is not registered")
        mask = (selectors.EVENT_READ if reader else 0) | (selectors.EVENT_WRITE if writer else 0)
        return selectors.SelectorKey(file, fd, mask, (reader, writer))

    def __iter__(self) -> Iterator[int]:
        return iter({**self._readers, **self._writers})

    def __len__(self) -> int:
        return len({**self._readers, **self._writers})

    get_key = __getitem__

    def get_map(self) -> Mapping[int, selectors.SelectorKey]:
        return self

    def close(self) -> None:
        self._epoll.close()


class LeanLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop that spends less between the kernel and the callbacks. Linux only.

    It polls epoll itself, so it takes no selector: for one of your own, use `asyncio.SelectorEventLoop(selector)`.
    """

    # what asyncio's base classes have and typeshed hasn't
    _closed: bool
    _debug: bool
    _stopping: bool
    _current_handle: events.Handle | None
    _timer_cancelled_count: int
    _clock_resolution: float
    _ready: deque[Handle | TimerHandle]

    time = staticmethod(time.monotonic)  # type: ignore[assignment]  # called as a method is, but without a Python frame

    def __init__(self, selector: None = None) -> None:
        if selector is not None:
            raise TypeError(f"LeanLoop polls epoll itself and can't use {selector!r}: use asyncio.SelectorEventLoop(selector)")
        self._epoll = select.epoll()
        self._poll = self._epoll.poll
        self._readers: _Table = {}
        self._writers: _Table = {}
        self._registered: set[int] = set()
        self._stale: set[int] = set()  # descriptors whose interest changed since the last poll
        self._timers: list[tuple[float, int, TimerHandle]] = []
        self._timer_numbers = count()
        self._foreign: Sized = ()
        self._drain_foreign: Callable[[], object] = int
        super().__init__(_Watched(self._epoll, self._readers, self._writers))  # type: ignore[arg-type]  # all of one that is used

    def attach_queue(self, queue: Sized, drain: Callable[[], object]) -> None:
        """Call `drain()` once in every round that finds something in `queue`; while it has something, polls don't wait.

        There is one such queue. It is filled in the loop's own thread, and `drain` takes only what is there when it is called.
        """
        self._foreign, self._drain_foreign = queue, drain

    def close(self) -> None:
        """Close the loop and its descriptors; nothing may run it any more."""
        if not self.is_running():
            # before asyncio's own closing, which would unregister descriptors one by one: in a forked child that would reach
            # into the parent's epoll
            self._readers.clear()
            self._writers.clear()
            self._timers.clear()
            self._foreign, self._drain_foreign = (), int
        super().close()

    # ---- descriptors ------------------------------------------------------------------------------------------------------

    def watch_read(self, fd: int, callback: Callable[[], object]) -> None:
        """Call `callback()` straight from the poll whenever `fd` is readable: no handle, no context; it must not raise."""
        self._watch(self._readers, fd, callback)

    def _watch(self, table: _Table, fd: int, callback: Callable[[], object]) -> None:
        before = table.get(fd)
        table[fd] = callback
        try:
            self._tell_kernel(fd)
        except BaseException:
            del table[fd]
            raise
        if before is not None:
            _cancel(before)

    def _tell_kernel(self, fd: int) -> None:
        wanted = (_IN if fd in self._readers else 0) | (_OUT if fd in self._writers else 0)
        self._stale.add(fd)
        if not wanted:
            self._registered.discard(fd)
            try:
                self._epoll.unregister(fd)
            except OSError:
                pass  # it was closed first, which the kernel noticed itself
        elif fd in self._registered:
            try:
                self._epoll.modify(fd, wanted)
            except FileNotFoundError:  # it was closed, and the number is another file's now
                self._epoll.register(fd, wanted)
        else:
            self._epoll.register(fd, wanted)
            self._registered.add(fd)

    def _watch_with_handle(self, table: _Table, file: Any, call: Call) -> Handle:
        self._check_closed()
        handle = self._new_handle(call, None)
        self._watch(table, file if isinstance(file, int) else file.fileno(), handle._run)
        return handle

    def _unwatch(self, table: _Table, file: Any) -> bool:
        fd = file if isinstance(file, int) else file.fileno()
        callback = None if self._closed else table.pop(fd, None)
        if callback is None:
            return False
        _cancel(callback)
        self._tell_kernel(fd)
        return True

    def _add_reader(self, fd: Any, *call: Any) -> Handle:
        return self._watch_with_handle(self._readers, fd, call)

    def _add_writer(self, fd: Any, *call: Any) -> Handle:
        return self._watch_with_handle(self._writers, fd, call)

    def _remove_reader(self, fd: Any) -> bool:
        return self._unwatch(self._readers, fd)

    def _remove_writer(self, fd: Any) -> bool:
        return self._unwatch(self._writers, fd)

    # ---- callbacks --------------------------------------------------------------------------------------------------------

    def call_soon(self, *call: Any, context: Context | None = None, callback: Any = None) -> Handle:  # type: ignore[override]
        """Call `callback(*args)` in the next round, as asyncio's loops do. (One tuple for both: it is what the handle keeps.)"""
        if self._debug or self._closed or not call:
            call = self._checked("call_soon", call, callback)
            self._check_thread_in_debug()
            return self._queue(self._new_handle(call, context))
        handle = Handle()
        handle.call = call
        handle._context = copy_context() if context is None else context
        handle._loop = self
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(self, *call: Any, context: Context | None = None, callback: Any = None) -> Handle:  # type: ignore[override]
        """Like `call_soon`, from any thread; also from a signal handler."""
        handle = self._queue(self._new_handle(self._checked("call_soon_threadsafe", call, callback), context))
        self._write_to_self()
        return handle

    def call_later(  # type: ignore[override]  # see call_soon
        self, delay: float, *call: Any, context: Context | None = None, callback: Any = None
    ) -> TimerHandle:
        """Call `callback(*args)` after `delay` seconds."""
        if delay is None:
            raise TypeError("delay must not be None")
        return self._schedule(self.time() + delay, self._checked("call_at", call, callback), context)

    def call_at(  # type: ignore[override]  # see call_soon
        self, when: float, *call: Any, context: Context | None = None, callback: Any = None
    ) -> TimerHandle:
        """Call `callback(*args)` when `loop.time()` has reached `when`; those of equal times in the order of asking."""
        if when is None:
            raise TypeError("when cannot be None")
        return self._schedule(when, self._checked("call_at", call, callback), context)
