"""A scheduler of calls with the standard library's exact interface, which lets other green threads run while it waits.

Events lie in a heap, ordered by time, then priority, then the order in which they were entered. The lock guards the
heap alone and is never held while a clock, a delay or an action runs, so any of these may enter and cancel events, from
any thread.
"""

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from threading import RLock
from typing import Any, NamedTuple

from spruce.green import sleep
from spruce.green.runtime import in_use

__all__ = ["Event", "scheduler"]


class Event(NamedTuple):
    """A call that is to happen; what `enter` and `enterabs` return and `cancel` takes."""

    time: Any
    priority: Any
    sequence: int
    action: Callable[..., Any]
    argument: Sequence[Any]
    kwargs: Mapping[str, Any]


def _wait(seconds: float) -> None:
    """Wait in the way that fits the place: cooperatively where green threads are in use, else as `time.sleep`."""
    if in_use():
        sleep(seconds)
    else:
        time.sleep(seconds)


class scheduler:  # noqa: N801 - the standard library's name
    """Calls actions at their times, one after another, in whoever calls `run`.

    `timefunc` tells the time as a number, in any unit; `delayfunc(units)` waits, and is called with 0 after each
    action. Without them time is `time.monotonic` and waiting parks the green thread, or sleeps outside of one;
    `time.sleep` as `delayfunc` means the same, since in a green thread nobody wants it to stop all the others.
    """

    def __init__(
        self, timefunc: Callable[[], Any] = time.monotonic, delayfunc: Callable[[Any], object] = time.sleep
    ) -> None:
        self.timefunc = timefunc
        self.delayfunc = _wait if delayfunc is time.sleep else delayfunc
        self._heap: list[Event] = []
        self._lock = RLock()
        self._sequence = count()

    def enterabs(
        self,
        time: Any,
        priority: Any,
        action: Callable[..., Any],
        argument: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Event:
        """Enter a call of `action(*argument, **kwargs)` at `time`; at the same time a lower `priority` goes first."""
        event = Event(time, priority, next(self._sequence), action, argument, {} if kwargs is None else kwargs)
        with self._lock:
            heapq.heappush(self._heap, event)
        return event

    def enter(
        self,
        delay: Any,
        priority: Any,
        action: Callable[..., Any],
        argument: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Event:
        """Enter a call that is due after `delay`, counted from now; else as `enterabs`."""
        return self.enterabs(self.timefunc() + delay, priority, action, argument, kwargs)

    def cancel(self, event: Event) -> None:
        """Take an event out. Raises ValueError when it is not in the queue: it has run, or was cancelled."""
        with self._lock:
            try:
                self._heap.remove(event)
            except ValueError:
                raise ValueError(f"this event is not in the queue: {event!r}") from None
            heapq.heapify(self._heap)

    def empty(self) -> bool:
        """Return whether no event is left."""
        with self._lock:
            return not self._heap

    @property
    def queue(self) -> list[Event]:
        """The events that are left, as a new list in the order in which they will run."""
        with self._lock:
            return sorted(self._heap)

    def run(self, blocking: bool = True) -> Any:
        """Run events until none is left, waiting for each to be due; return None.

        With `blocking=False` run only what is due already, and return how long it is until the next event, or None if
        none is left. An action that raises ends the run with its exception; its event is out of the queue, and `run`
        may be called again.
        """
        while (step := self._next()) is not None:
            event, remaining = step
            if event is not None:
                event.action(*event.argument, **event.kwargs)
                self.delayfunc(0)
            elif blocking:
                self.delayfunc(remaining)
            else:
                return remaining
        return None

    def _next(self) -> tuple[Event | None, Any] | None:
        """Return the event that is due, taken out of the queue, or the time until the first is; None without any."""
        if self.empty():
            return None
        now = self.timefunc()
        with self._lock:
            if not self._heap:
                return None
            remaining = self._heap[0].time - now
            if self._heap[0].time > now:
                return None, remaining
            return heapq.heappop(self._heap), remaining
