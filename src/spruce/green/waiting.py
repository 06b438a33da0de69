"""Waiter parks one green thread until it is woken, Line keeps several in order: what all that blocks is made of."""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from greenlet import getcurrent

from spruce.green.carrier import Carrier
from spruce.green.greenthread import AnyHub
from spruce.green.runtime import current_carrier

__all__ = ["TIMED_OUT", "Line", "Place", "Waiter"]

TIMED_OUT: Final = object()


class Waiter:
    """One wait of the green thread that makes it: `wait` parks; `wake` or `fail`, in the same OS thread, ends that.

    A wake that comes before `wait` is kept. After an exception in `wait`, `woken` tells whether a value had been handed
    over already, so that the caller can pass it on.
    """

    error: BaseException | None = None
    parked = False
    value: Any = None
    seq = -1  # of the carrier's park
    woken = False

    def __init__(self) -> None:
        self.carrier = current_carrier()

    def wake(self, value: Any = None) -> None:
        """End the wait with `value`; nothing if it has ended."""
        if not self.woken:
            self.woken = True
            self.value = value
            if self.parked:
                self.carrier.hub.wake(self.carrier, self.seq)

    def wake_soonest(self, value: Any = None) -> None:
        """As `wake`, but resume the thread at once where that is possible: in the root."""
        if not self.woken:
            self.woken = True
            self.value = value
            if self.parked:
                hub = self.carrier.hub
                if getcurrent() is hub.root:
                    hub.resume(self.carrier, self.seq)
                else:
                    hub.wake(self.carrier, self.seq)

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
            self.seq = self.carrier.seq
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


class Place(Waiter):
    """A place in a line, with what the thread brings for who wakes it."""

    gone = False  # given up, and counted as such by the line

    def __init__(self, line: "Line", offer: Any) -> None:
        running: Any = getcurrent()
        self.carrier = running if type(running) is Carrier else current_carrier()
        self.line = line
        self.offer = offer

    def _time_out(self) -> None:
        if not self.woken:
            self.wake(TIMED_OUT)
            self.line.leave(self)


class Line:
    """Green threads that wait for the same thing, served in the order in which they came."""

    __slots__ = ("_gone", "_waiters")

    def __init__(self) -> None:
        self._waiters: deque[Place] = deque()
        self._gone = 0  # of those in the line, how many have given up

    def __len__(self) -> int:
        return len(self._waiters) - self._gone

    def __bool__(self) -> bool:
        return len(self._waiters) > self._gone

    def wait(
        self, timeout: float | None = None, pass_on: Callable[[Any], object] | None = None, offer: Any = None
    ) -> Any:
        """Park until served; return what was handed over, or TIMED_OUT.

        `offer` is for who serves. If the thread is interrupted after it was served, `pass_on` gets what it was handed,
        so that nothing is lost.
        """
        place = Place(self, offer)
        self._waiters.append(place)
        try:
            return place.wait(timeout)
        except BaseException:
            if not place.woken:
                self.leave(place)
            elif pass_on is not None and place.value is not TIMED_OUT and place.error is None:
                pass_on(place.value)
            raise

    def leave(self, place: Place) -> None:
        """Give up a place. It isn't taken out at once, since that would take time for each who waits."""
        place.woken = place.gone = True
        self._gone += 1
        if self._gone * 2 > len(self._waiters):
            self._waiters = deque(other for other in self._waiters if not other.gone)
            self._gone = 0

    def next(self) -> Place | None:
        """Take who waits longest out of the line, to be woken by the caller; None if nobody waits."""
        waiters = self._waiters
        while waiters:
            place = waiters.popleft()
            if not place.gone:
                return place
            self._gone -= 1
        return None

    def serve(self, value: Any = None) -> bool:
        """Hand `value` to who waits longest; False if nobody waits."""
        waiters = self._waiters
        while waiters:
            place = waiters.popleft()
            if not place.gone:
                place.wake(value)
                return True
            self._gone -= 1
        return False

    def serve_now(self, value: Any = None) -> bool:
        """As `serve`, but resume the thread at once; only in the root."""
        place = self.next()
        if place is None:
            return False
        place.wake_soonest(value)
        return True

    def serve_all(self, value: Any = None) -> None:
        """Hand `value` to everybody who waits now."""
        while self.serve(value):
            pass

    def fail_all(self, make_error: Callable[[], BaseException]) -> None:
        """Raise an error of its own in everybody who waits now."""
        while (waiter := self.next()) is not None:
            waiter.fail(make_error())

    def hub(self) -> AnyHub:
        """The hub of who waits longest; only while somebody waits."""
        return self._waiters[0].carrier.hub
