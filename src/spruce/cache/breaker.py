"""A circuit breaker: after a failure nobody waits for the server until it has been seen to answer again."""

import time
from collections.abc import Callable
from threading import Lock

__all__ = ["Breaker"]


class Breaker:
    """Closed while all is well. A failure opens it; once `retry_after` seconds have passed, one call may try.

    Pure: it knows neither the server nor how to wait. May be shared by OS threads.
    """

    def __init__(self, retry_after: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.retry_after = retry_after
        self.open = False
        self.trips = 0
        self.reason = ""
        self._clock = clock
        self._next_try = 0.0
        self._lock = Lock()

    def may_try(self) -> bool:
        """Whether the caller is the one that shall try whether the server answers again. Only when open."""
        with self._lock:
            now = self._clock()
            if not self.open or now < self._next_try:
                return False
            self._next_try = now + self.retry_after
            return True

    def failed(self, reason: object) -> bool:
        """Open it; whether it was closed before."""
        with self._lock:
            was_closed = not self.open
            self.open = True
            self.trips += was_closed
            self.reason = str(reason) or type(reason).__name__
            self._next_try = self._clock() + self.retry_after
        return was_closed

    def succeeded(self) -> bool:
        """Close it; whether it was open before."""
        with self._lock:
            was_open, self.open = self.open, False
        return was_open
