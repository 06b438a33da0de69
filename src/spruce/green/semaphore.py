"""Semaphores: at most so many green threads at a time. Fair: who waits longest is next."""

from types import TracebackType

from spruce.green.waiting import TIMED_OUT, Line

__all__ = ["BoundedSemaphore", "CappedSemaphore", "Semaphore"]


class Semaphore:
    """`value` permits; `acquire` takes one, blocking while there are none. A context manager."""

    def __init__(self, value: int = 1) -> None:
        if value < 0:
            raise ValueError(f"a Semaphore needs an initial value of 0 or more, not {value}")
        self.counter = value
        self._line = Line()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.counter} free, {len(self._line)} waiting>"

    @property
    def balance(self) -> int:
        """Free permits; negative, the number of threads that wait."""
        return self.counter - len(self._line)

    def locked(self) -> bool:
        """Whether `acquire` would block."""
        return self.counter <= 0

    def stats(self) -> dict[str, int]:
        """The permits that are `free`, and the threads that are `waiting` for one."""
        return {"free": max(self.counter, 0), "waiting": len(self._line)}

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a permit; return whether it was got. Blocks, unless `blocking` is false, `timeout` seconds at most."""
        if not blocking and timeout is not None:
            raise ValueError("acquire() of a Semaphore can't have a timeout and not block")
        if timeout == -1:  # what `threading.Lock.acquire` takes for no limit
            timeout = None
        if timeout is not None and timeout < 0:
            raise ValueError(f"a timeout is a number of seconds, 0 or more, not {timeout}")
        if self.counter > 0:
            self.counter -= 1
            return True
        if not blocking:
            return False
        return self._line.wait(timeout, self._pass_on) is not TIMED_OUT

    def _pass_on(self, _: object) -> None:
        Semaphore.release(self)

    def release(self, blocking: bool = True) -> bool:
        """Give a permit back, to who waits longest if anybody does. `blocking` is ignored."""
        if self.counter < 0 or not self._line.serve():
            self.counter += 1
        return True

    def adjust(self, difference: int) -> None:
        """Add permits, or take some away: then the counter may be negative until threads release theirs."""
        self.counter += difference
        while self.counter > 0 and self._line.serve():
            self.counter -= 1

    def __enter__(self) -> "Semaphore":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


class BoundedSemaphore(Semaphore):
    """A Semaphore that refuses to be released more often than it was acquired."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self.original_counter = value

    def release(self, blocking: bool = True) -> bool:
        """As Semaphore's; ValueError if all permits are free already."""
        if self.counter >= self.original_counter:
            raise ValueError(
                f"a BoundedSemaphore of {self.original_counter} was released more often than it was acquired"
            )
        return super().release(blocking)


class CappedSemaphore:
    """A producer's and a consumer's semaphore in one: `release` blocks while the counter is at its limit."""

    def __init__(self, count: int, limit: int) -> None:
        if not 0 <= count <= limit:
            raise ValueError(f"a CappedSemaphore needs a count between 0 and its limit of {limit}, not {count}")
        self._lower = Semaphore(count)
        self._upper = Semaphore(limit - count)

    def __repr__(self) -> str:
        return f"<CappedSemaphore {self._lower.counter} of {self._lower.counter + self._upper.counter}>"

    @property
    def balance(self) -> int:
        """What `acquire` can take now, less what `release` could add; negative while threads wait to acquire."""
        return self._lower.balance - self._upper.balance

    def locked(self) -> bool:
        """Whether `acquire` would block."""
        return self._lower.locked()

    def bounded(self) -> bool:
        """Whether `release` would block."""
        return self._upper.locked()

    def acquire(self, blocking: bool = True) -> bool:
        """Lower the counter by one; block at 0, unless `blocking` is false."""
        if not blocking and self.locked():
            return False
        self._upper.release()
        return self._lower.acquire()

    def release(self, blocking: bool = True) -> bool:
        """Raise the counter by one; block at the limit, unless `blocking` is false."""
        if not blocking and self.bounded():
            return False
        self._lower.release()
        return self._upper.acquire()

    def __enter__(self) -> "CappedSemaphore":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
