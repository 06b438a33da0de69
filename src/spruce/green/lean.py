"""A lean event loop for Linux: asyncio's selector loop with its hot paths replaced.

Servers, connections, TLS, subprocesses, signals, executors, sendfile, datagrams and pipes are asyncio's own code. Ours:

* The poll: epoll itself and two tables from descriptor to callback. A selector makes several objects for every event.
* I/O callbacks are called right after the poll, with no queue between; one poll serves several rounds of callbacks.
* Handles, timers, the socket transport and the way of an accepted connection (files of their own).
* A queue that belongs to somebody else, the hub's wakes, drained once a round: a handle for each wake would be most of
  what a wake costs.

Order of a turn; programs and CPython's tests depend on it:

1. Poll. Don't wait if a queue has something or `stop()` was called.
2. Call what is ready for I/O; or queue it if callbacks were waiting before the poll, since it must not overtake them.
   Then send what the transports held back meanwhile (why they do, and when, is said in `transport.py`).
3. Queue the timers whose time has come.
4. Rounds: drain the foreign queue, then call what is queued by now; what those calls queue is for the next round.
   `stop()` is obeyed after each round, and after eight it is time to poll again.

Rules:

* Polling is level-triggered, so an event may always be dropped: it comes back. When a callback changes what a
  descriptor is watched for, the rest of this poll's news about that number is dropped: it may be another file's by now.
* A callback of ours (`watch_read`) is called without a handle or a context, and handles its own exceptions.
* In debug mode every call goes through a handle and the queue, so that it is timed and knows who asked for it.
* No pointers into the C stack: green threads may be born at any depth and resumed at any other.
"""

import asyncio
from asyncio import base_events, events
from collections import deque
from collections.abc import Callable, Sized
from contextvars import Context, copy_context
from heapq import heapify, heappop, heappush
from itertools import count
from time import monotonic
from typing import Any, Final

from spruce.green.connections import Connections
from spruce.green.descriptors import READABLE, WRITABLE, Descriptors, Table, descriptor_of, handle_of
from spruce.green.handles import Call, Handle, TimerHandle
from spruce.green.transport import MOST_HELD, flush

__all__ = ["LeanLoop"]

_BATCH: Final = 256  # events of one poll, at most
_ROUNDS: Final = 8  # of callbacks between two polls, at most
_LONGEST_WAIT: Final = 24 * 3600.0  # seconds of one poll
_LONGEST_HOLD: Final = 0.00025  # seconds that a write is held, and then until the callback that runs returns
_MANY_CANCELLED: Final = 100  # timers; beyond it they are thrown out when they are more than half of all


class LeanLoop(Connections):
    """An asyncio event loop that spends less between the kernel and the callbacks. Linux only.

    It polls epoll itself, so it takes no selector: for one of your own, use `asyncio.SelectorEventLoop(selector)`.
    """

    # what asyncio's base classes have and typeshed hasn't
    _check_callback: Callable[[object, str], None]
    _check_closed: Callable[[], None]
    _check_thread: Callable[[], None]
    _clock_resolution: float
    _closed: bool = True  # for the destructor of a loop whose constructor failed
    _current_handle: events.Handle | None
    _debug: bool
    _ready: deque[Handle | TimerHandle]
    _stopping: bool
    _timer_cancelled_count: int
    _write_to_self: Callable[[], None]

    time = staticmethod(monotonic)  # a method without a Python frame

    def __init__(self, selector: None = None) -> None:
        if selector is not None:
            raise TypeError(f"LeanLoop can't use {selector!r}: it polls epoll itself; use asyncio.SelectorEventLoop")
        self._descriptors = Descriptors()
        self._timers: list[tuple[float, int, TimerHandle]] = []
        self._timer_numbers = count()
        self._foreign: Sized = ()
        self._drain_foreign: Callable[[], object] = int
        super().__init__(self._descriptors)  # type: ignore[arg-type]  # as much of a selector as asyncio looks at

    def attach_queue(self, queue: Sized, drain: Callable[[], object]) -> None:
        """Call `drain()` in every round that finds something in `queue`; while it has something, polls don't wait.

        There is one such queue, filled in the loop's own thread; `drain` takes what is there when it is called only.
        """
        self._foreign, self._drain_foreign = queue, drain

    def close(self) -> None:
        """Close the loop and its descriptors. RuntimeError while it runs."""
        if not self.is_running():
            self._descriptors.forget()
            self._timers.clear()
            self._foreign, self._drain_foreign = (), int
        super().close()

    # ---- descriptors ------------------------------------------------------------------------------------------------

    def _watch(self, table: Table, file: Any, call: Call) -> Handle:
        self._check_closed()
        handle = self._new_handle(call)
        self._descriptors.watch(table, descriptor_of(file), handle._run)
        return handle

    def _unwatch(self, table: Table, file: Any) -> bool:
        return not self._closed and self._descriptors.unwatch(table, descriptor_of(file))

    def _add_reader(self, fd: Any, *call: Any) -> Handle:
        return self._watch(self._descriptors.readers, fd, call)

    def _add_writer(self, fd: Any, *call: Any) -> Handle:
        return self._watch(self._descriptors.writers, fd, call)

    def _remove_reader(self, fd: Any) -> bool:
        return self._unwatch(self._descriptors.readers, fd)

    def _remove_writer(self, fd: Any) -> bool:
        return self._unwatch(self._descriptors.writers, fd)

    # ---- callbacks --------------------------------------------------------------------------------------------------

    def call_soon(  # type: ignore[override]  # callback and args are one tuple, since the handle keeps them as one
        self, *call: Any, context: Context | None = None, callback: Any = None
    ) -> Handle:
        """Call `callback(*args)` in the next round."""
        if self._debug or self._closed or not call:
            return self._queue(self._checked("call_soon", call, callback), context)
        handle: Handle = Handle()
        handle.call = call
        handle._context = copy_context() if context is None else context
        handle._loop = self
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(  # type: ignore[override]  # see call_soon
        self, *call: Any, context: Context | None = None, callback: Any = None
    ) -> Handle:
        """Like `call_soon`, from any thread; also from a signal handler."""
        handle = self._queue(self._checked("call_soon_threadsafe", call, callback), context)
        self._write_to_self()
        return handle

    def call_later(  # type: ignore[override]  # see call_soon
        self, delay: float, *call: Any, context: Context | None = None, callback: Any = None
    ) -> TimerHandle:
        """Call `callback(*args)` after `delay` seconds."""
        if delay is None:
            raise TypeError("delay must not be None")
        return self._schedule(self.time() + delay, call, context, callback)

    def call_at(  # type: ignore[override]  # see call_soon
        self, when: float, *call: Any, context: Context | None = None, callback: Any = None
    ) -> TimerHandle:
        """Call `callback(*args)` once `loop.time()` has reached `when`; equal times in the order of asking."""
        if when is None:
            raise TypeError("when cannot be None")
        return self._schedule(when, call, context, callback)

    def _schedule(self, when: float, call: Call, context: Context | None, callback: Any) -> TimerHandle:
        timer: TimerHandle = TimerHandle()
        if self._debug or self._closed or not call:
            call = self._checked("call_at", call, callback)
            if self._debug:
                timer.trace(__file__)
        timer.call = call
        timer._context = copy_context() if context is None else context
        timer._loop = self
        timer._when = when
        timer._scheduled = True
        heappush(self._timers, (when, next(self._timer_numbers), timer))
        return timer

    def _checked(self, method: str, call: Call, callback: Any) -> Call:
        self._check_closed()
        if not call:
            if callback is None:
                raise TypeError(f"{method}() is missing its argument 'callback'")
            call = (callback,)
        if self._debug:
            if method != "call_soon_threadsafe":
                self._check_thread()
            self._check_callback(call[0], method)
        return call

    def _new_handle(self, call: Call, context: Context | None = None) -> Handle:
        handle: Handle = Handle()
        handle.call = call
        handle._context = copy_context() if context is None else context
        handle._loop = self
        if self._debug:
            handle.trace(__file__)
        return handle

    def _queue(self, call: Call, context: Context | None = None) -> Handle:
        handle = self._new_handle(call, context)
        self._ready.append(handle)
        return handle

    def _add_callback(self, handle: events.Handle) -> None:
        """Queue a handle that asyncio's own code made: that of a signal."""
        if not handle._cancelled:
            self._queue((handle._run,))

    def callback_failed(self, handle: Handle | TimerHandle, call: Call, exc: BaseException) -> None:
        """Report what a callback raised."""
        asyncios: Any = events.Handle(call[0], call[1:], self, handle._context)  # names the callback in asyncio's way
        report = {"message": f"Exception in callback {asyncios._repr_info()[1]}", "exception": exc, "handle": handle}
        if handle._source_traceback:
            report["source_traceback"] = handle._source_traceback
        self.call_exception_handler(report)

    # ---- the turn ---------------------------------------------------------------------------------------------------

    def _run_once(self) -> None:
        """One turn; see the top of this file for its order."""
        ready, descriptors = self._ready, self._descriptors
        busy = ready or self._foreign or self._stopping
        batch = descriptors.poll(0 if busy else self._longest_wait(), _BATCH)
        descriptors.stale.clear()
        if batch:
            if ready or self._debug:
                self._queue_events(batch)
            else:
                self._dispatch(batch)
        if self._timers:
            self._queue_due_timers()
        if ready or self._foreign:
            if self._debug:
                self._run_timed_rounds()
            else:
                self._run_rounds()

    def _longest_wait(self) -> float | None:
        timers = self._timers
        while timers and timers[0][2].call is None:
            heappop(timers)[2]._scheduled = False
            self._timer_cancelled_count -= 1
        return min(max(0.0, timers[0][0] - self.time()), _LONGEST_WAIT) if timers else None

    def _dispatch(self, batch: list[tuple[int, int]]) -> None:
        if len(batch) == 1:
            self._call_ready(batch)
            return
        holding = self.holding = deque()
        try:
            self._call_ready(batch)
        except BaseException:
            if asyncio._get_running_loop() is None:  # in a forked child: what is held is the parent's to send
                holding.clear()
            raise
        finally:
            self.holding = None
            if holding:
                flush(holding)

    def _call_ready(self, batch: list[tuple[int, int]]) -> None:
        descriptors, holding = self._descriptors, self.holding
        readers, writers, stale = descriptors.readers, descriptors.writers, descriptors.stale
        callback: Callable[[], object] | None
        time = self.time
        since = 0.0 if holding is None else time()
        for fd, event in batch:
            if holding and (len(holding) == MOST_HELD or time() - since > _LONGEST_HOLD):
                flush(holding)
                since = time()
            if event & READABLE and fd not in stale:
                callback = readers.get(fd)
                if callback is not None:
                    callback()
            if event & WRITABLE and fd not in stale:
                callback = writers.get(fd)
                if callback is not None:
                    callback()
        callback = None  # as in _run_rounds

    def _queue_events(self, batch: list[tuple[int, int]]) -> None:
        sides = ((self._descriptors.readers, READABLE), (self._descriptors.writers, WRITABLE))
        for fd, event in batch:
            for table, side in sides:
                callback = table.get(fd)
                if callback is not None and event & side:
                    handle = handle_of(callback)
                    if handle is not None:
                        self._ready.append(handle)
                    else:
                        self._queue((_call_if_watched, table, fd, callback))

    def _queue_due_timers(self) -> None:
        timers = self._timers
        end = self.time() + self._clock_resolution
        while timers and timers[0][0] < end:
            timer = heappop(timers)[2]
            timer._scheduled = False
            if timer.call is None:
                self._timer_cancelled_count -= 1
            else:
                self._ready.append(timer)
        if self._timer_cancelled_count > _MANY_CANCELLED and self._timer_cancelled_count * 2 > len(timers):
            self._timers = [entry for entry in timers if entry[2].call is not None]
            heapify(self._timers)
            self._timer_cancelled_count = 0

    def _run_rounds(self) -> None:
        ready, foreign, popleft = self._ready, self._foreign, self._ready.popleft
        handle: Handle | TimerHandle | None = None
        call: Call | None = None
        for _ in range(_ROUNDS):
            if foreign:
                self._drain()
            for _ in range(len(ready)):
                handle = popleft()
                call = handle.call
                if call is not None:
                    try:
                        handle._context.run(*call)
                    except (SystemExit, KeyboardInterrupt):
                        raise
                    except BaseException as exc:
                        self.callback_failed(handle, call, exc)
            if self._stopping or not (ready or foreign):
                break
        handle = call = None  # the traceback of an exception refers to this frame: no cycle through it

    def _drain(self) -> None:
        try:
            self._drain_foreign()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:
            self.call_exception_handler({"message": "Exception in the drain of a foreign queue", "exception": exc})

    def _run_timed_rounds(self) -> None:
        """The rounds in debug mode: slow calls are logged."""
        for _ in range(_ROUNDS):
            if self._foreign:
                self._drain()
            for _ in range(len(self._ready)):
                self._run_timed(self._ready.popleft())
            if self._stopping or not (self._ready or self._foreign):
                return

    def _run_timed(self, handle: Handle | TimerHandle) -> None:
        self._current_handle = handle
        try:
            began = self.time()
            handle._run()
            seconds = self.time() - began
            if seconds >= self.slow_callback_duration:
                name = base_events._format_handle(handle)  # type: ignore[attr-defined]  # not in typeshed
                base_events.logger.warning("Executing %s took %.3f seconds", name, seconds)  # type: ignore[attr-defined]  # as above
        finally:
            self._current_handle = None
            del handle  # as in _run_rounds


def _call_if_watched(table: Table, fd: int, callback: Callable[[], object]) -> None:
    """Call what has no handle that could have been cancelled since it was queued."""
    if table.get(fd) == callback:
        callback()
