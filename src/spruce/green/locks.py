"""Locks and conditions between green threads, with the interfaces of `threading`. Fair: who waits longest is next."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from spruce.green.greenthread import GreenThread
from spruce.green.threads import getcurrent
from spruce.green.waiting import TIMED_OUT, Line

__all__ = ["Condition", "Lock", "RLock"]


def _limit(blocking: bool, timeout: float | None) -> float | None:
    """The seconds to wait as the rest of the package has them; ValueError where `threading` raises it."""
    if timeout is None or timeout == -1:
        return None
    if not blocking:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0:
        raise ValueError("timeout value must be a non-negative number")
    return timeout


class Lock:
    """One green thread at a time; any thread may release it. A context manager."""

    def __init__(self) -> None:
        self._locked = False
        self._line = Line()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'locked' if self.locked() else 'unlocked'}, {len(self._line)} waiting>"

    def acquire(self, blocking: bool = True, timeout: float | None = -1) -> bool:
        """Take the lock; return whether it was got. Blocks, unless `blocking` is false, `timeout` seconds at most."""
        limit = _limit(blocking, timeout)
        if not self._locked:
            self._locked = True
            return True
        return blocking and self._line.wait(limit, self._pass_on) is not TIMED_OUT

    def _pass_on(self, _: object) -> None:
        Lock.release(self)

    def release(self) -> None:
        """Give the lock back, to who waits longest if anybody does. RuntimeError if nobody has it."""
        if not self._locked:
            raise RuntimeError("release unlocked lock")
        if not self._line.serve():
            self._locked = False

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._locked

    def _at_fork_reinit(self) -> None:
        """In a forked child: the lock is free, who waited is the parent's. The standard library calls it."""
        self._locked = False
        self._line = Line()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


class RLock:
    """A lock that the green thread which has it may take again; it gives it back as often. A context manager."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._owner: GreenThread | None = None
        self._count = 0

    def __repr__(self) -> str:
        return f"<RLock of {self._owner}, taken {self._count} times>"

    def acquire(self, blocking: bool = True, timeout: float | None = -1) -> bool:
        """As Lock's; at once if the thread has it already."""
        current = getcurrent()
        if self._owner is current:
            self._count += 1
            return True
        if not self._lock.acquire(blocking, timeout):
            return False
        self._owner, self._count = current, 1
        return True

    def release(self) -> None:
        """Give it back once. RuntimeError if the thread doesn't have it."""
        if self._owner is not getcurrent():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = None
            self._lock.release()

    def _is_owned(self) -> bool:
        return self._owner is getcurrent()

    def _release_save(self) -> int:
        """Give it back wholly, and say how often it was taken."""
        count, self._count, self._owner = self._count, 0, None
        self._lock.release()
        return count

    def _acquire_restore(self, count: int) -> None:
        self._lock.acquire()
        self._owner, self._count = getcurrent(), count

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


class _AnyLock(Protocol):
    def acquire(self, blocking: bool = True, timeout: float | None = -1) -> bool: ...

    def release(self) -> None: ...


class Condition:
    """Wait until another green thread says that something has changed; guarded by a lock. A context manager."""

    def __init__(self, lock: Lock | RLock | None = None) -> None:
        self._lock = RLock() if lock is None else lock
        self._line = Line()

    def __repr__(self) -> str:
        return f"<Condition on {self._lock}, {len(self._line)} waiting>"

    def acquire(self, blocking: bool = True, timeout: float | None = -1) -> bool:
        """Take the lock."""
        return self._lock.acquire(blocking, timeout)

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Give the lock back, block until notified, take it again; False after `timeout` seconds.

        RuntimeError if the thread doesn't have the lock. It has the lock again even if it is interrupted.
        """
        self._check_owned()
        count = 1
        if isinstance(self._lock, RLock):
            count = self._lock._release_save()
        else:
            self._lock.release()
        try:
            return self._line.wait(timeout, lambda _: self._line.serve()) is not TIMED_OUT
        finally:
            self._take_again(count)

    def _take_again(self, count: int) -> None:
        """Take the lock, whatever interrupts that; then raise what did."""
        interruption: BaseException | None = None
        while True:
            try:
                if isinstance(self._lock, RLock):
                    self._lock._acquire_restore(count)
                else:
                    self._lock.acquire()
                break
            except BaseException as exc:
                interruption = exc
        if interruption is not None:
            raise interruption

    def wait_for(self, predicate: Callable[[], object], timeout: float | None = None) -> object:
        """Wait until `predicate()` is true, and return what it returned last; each wait takes `timeout` at most."""
        while not (result := predicate()):
            if not self.wait(timeout):
                return predicate()
        return result

    def notify(self, n: int = 1) -> None:
        """Let the `n` who wait longest go on. RuntimeError if the thread doesn't have the lock."""
        self._check_owned()
        for _ in range(n):
            self._line.serve()

    def notify_all(self) -> None:
        """Let all who wait go on."""
        self._check_owned()
        self._line.serve_all()

    def _check_owned(self) -> None:
        owned = self._lock._is_owned() if isinstance(self._lock, RLock) else self._lock.locked()
        if not owned:
            raise RuntimeError("cannot wait on or notify a Condition whose lock isn't held")

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lock.release()
