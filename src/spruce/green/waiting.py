"""Waiter: park one green thread until somebody wakes it. All blocking primitives are made of these."""

from typing import Any, Final

from spruce.green.runtime import current_carrier

__all__ = ["TIMED_OUT", "Waiter"]

TIMED_OUT: Final = object()


class Waiter:
    """One wait of the green thread that makes it. `wait` parks; `wake` or `fail`, called once in the same OS thread, ends that.

    A wake that comes before `wait` is kept. After an exception in `wait`, `woken` tells whether a value had been handed over already,
    so that the caller can pass it on.
    """

    __slots__ = ("carrier", "error", "parked", "seq", "value", "woken")

    def __init__(self) -> None:
        self.carrier = carrier = current_carrier()
        self.seq = carrier.seq
        self.woken = self.parked = False
        self.value: Any = None
        self.error: BaseException | None = None

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
        """Park until woken; return the value, or TIMED_OUT after `timeout` seconds (None: no limit; 0: one turn of the others).

        Raises what `fail` was given, or what the thread is interrupted with.
        """
        if not self.woken:
            self.parked = True
            if timeout is None:
                self.carrier.park()
            else:
                timer = self.carrier.hub.call_later(max(timeout, 0.0), self._time_out)
                try:
                    self.carrier.park()
                finally:
                    timer.cancel()
        if self.error is not None:
            raise self.error
        return self.value

    def _time_out(self) -> None:
        self.wake(TIMED_OUT)
