"""Waiter parks one green thread until it is woken, Line keeps several in order: what all that blocks is made of."""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from spruce.green.greenthread import AnyHub
from spruce.green.runtime import current_carrier

__all__ = ["TIMED_OUT", "Line", "Waiter"]

TIMED_OUT: Final = object()


class Waiter:
    """One wait of the green thread that makes it: `wait` parks; `wake` or `fail`, in the same OS thread, ends that.

    A wake that comes before `wait` is kept. After an exception in `wait`, `woken` tells whether a value had been handed
    over already, so that the caller can pass it on.
    """

    error: BaseException | None = None
    parked = False
    value: Any = None
    woken = False

    def __init__(self) -> None:
        self.carrier = carrier = current_carrier()
        self.seq = carrier.seq

    def wake(self, value: Any = None) -> None:
        """End the wait with `value`; nothing if it has ended."""
        if not self.woken:
            self.woken = True
            self.value = value
            if self.parked:
                self.carrier.hub.wake(self.carrier, self.seq)

    def fail(self, error: BaseException) -> None:
        """End the wait with an exception; nothing if it has ended."""
        if not self.woken:
            self.error = error
            self.wake()

    def wait(self, timeout: float | None = None) -> Any:
        """Park until woken; return the value, or TIMED_OUT after `timeout` seconds (None: no limit; 0: one turn).

        Raises what `fail` was given, or what the thread is interrupted with.
        """
        if not self.woken:
            self.parked = True
            if timeout is None:
                self.carrier.park()
            else:
                timer = self.carrier.hub.call_later(timeout, self._time_out)
                try:
                    self.carrier.park()
                finally:
                    timer.cancel()
        if self.error is not None:
            raise self.error
        return self.value

    def _time_out(self) -> None:
        self.wake(TIMED_OUT)


class Line:
    """Green threads that wait for the same thing, served in the order in which they came."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: deque[Waiter] = deque()

    def __len__(self) -> int:
        return sum(not waiter.woken for waiter in self._waiters)

    def __bool__(self) -> bool:
        """Whether somebody waits, or did until a moment ago: `serve` tells."""
        return bool(self._waiters)

    def wait(self, timeout: float | None = None, pass_on: Callable[[Any], object] | None = None) -> Any:
        """Park until served; return what was handed over, or TIMED_OUT.

        If the thread is interrupted after it was served, `pass_on` gets what it was handed, so that nothing is lost.
        """
        waiter = Waiter()
        self._waiters.append(waiter)
        try:
            return waiter.wait(timeout)
        except BaseException:
            if not waiter.woken:
                waiter.woken = True  # the next serve drops it
            elif pass_on is not None and waiter.value is not TIMED_OUT:
                pass_on(waiter.value)
            raise

    def serve(self, value: Any = None) -> bool:
        """Hand `value` to who waits longest; False if nobody waits."""
        waiters = self._waiters
        while waiters:
            waiter = waiters.popleft()
            if not waiter.woken:
                waiter.wake(value)
                return True
        return False

    def serve_now(self, value: Any = None) -> bool:
        """As `serve`, but resume the thread at once; only in the root."""
        waiters = self._waiters
        while waiters:
            waiter = waiters.popleft()
            if not waiter.woken:
                waiter.woken = True
                waiter.value = value
                waiter.carrier.hub.resume(waiter.carrier, waiter.seq)
                return True
        return False

    def fail_all(self, error: BaseException) -> None:
        """Raise `error` in everybody who waits now."""
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            waiter.fail(error)

    def hub(self) -> AnyHub:
        """The hub of who waits longest; only while somebody waits."""
        return self._waiters[0].carrier.hub

    def serve_all(self, value: Any = None) -> None:
        """Hand `value` to everybody who waits now."""
        for _ in range(len(self._waiters)):
            self.serve(value)
