"""The lock of patched programs: between green threads of one OS thread, of several, and plain OS threads.

A real lock holds the state, so taking a free one is a system primitive's work. Who finds it taken joins the line, tries
once more, and waits: a green thread is parked on its own hub, anybody else blocks. Who releases it wakes the first of
the line, who takes it if nobody else was faster; so nothing is lost when a waiter gives up.
"""

import _thread
from collections import deque
from time import monotonic
from types import TracebackType

from spruce.errors import GreenError
from spruce.green import TIMED_OUT, Waiter
from spruce.green.runtime import can_yield, running

__all__ = ["Lock"]

_allocate, _get_ident = _thread.allocate_lock, _thread.get_ident
_LONGEST = _thread.TIMEOUT_MAX


class _GreenTurn:
    """A wait of a green thread, ended from any OS thread."""

    __slots__ = ("hub", "waiter")

    def __init__(self) -> None:
        self.waiter = Waiter()
        self.hub = self.waiter.carrier.hub

    def give(self) -> bool:
        """End it; False if its loop is closed."""
        if _get_ident() == self.hub.os_thread:
            self.waiter.wake()
            return True
        try:
            self.hub.loop.call_soon_threadsafe(self.waiter.wake)
        except RuntimeError:
            return False
        return True

    def wait(self, timeout: float | None) -> bool:
        """Park until it is ended; False after `timeout` seconds."""
        return self.waiter.wait(timeout) is not TIMED_OUT


class _PlainTurn:
    """A wait of an OS thread in which nobody else could run."""

    __slots__ = ("lock",)

    def __init__(self) -> None:
        self.lock = _allocate()
        self.lock.acquire()

    def give(self) -> bool:
        """End it."""
        self.lock.release()
        return True

    def wait(self, timeout: float | None) -> bool:
        """Block until it is ended; False after `timeout` seconds."""
        return self.lock.acquire(timeout=-1 if timeout is None else min(timeout, _LONGEST))


class Lock:
    """`threading.Lock` for green threads and OS threads alike. Anybody may release it. A context manager."""

    __slots__ = ("__weakref__", "_lock", "_turns", "_where")

    def __init__(self) -> None:
        self._lock = _allocate()
        self._turns: deque[_GreenTurn | _PlainTurn] = deque()
        self._where = 0  # the OS thread that took it last

    def __repr__(self) -> str:
        state = "locked" if self._lock.locked() else "unlocked"
        return f"<{state} {type(self).__module__}.{type(self).__qualname__} object at {id(self):#x}>"

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; return whether it was got. Blocks, unless `blocking` is false, `timeout` seconds at most."""
        if timeout != -1:
            self._check(blocking, timeout)
        return self._take() or (bool(blocking) and self._wait(None if timeout == -1 else timeout))

    def _check(self, blocking: bool, timeout: float) -> None:
        if not blocking:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0:
            raise ValueError("timeout value must be a non-negative number")
        if timeout > _LONGEST:
            raise OverflowError("timestamp too large to convert to C _PyTime_t")

    def _take(self) -> bool:
        if not self._lock.acquire(False):
            return False
        self._where = _get_ident()
        return True

    def _wait(self, timeout: float | None) -> bool:
        deadline = None if timeout is None else monotonic() + timeout
        join = self._turns.append
        while True:
            turn = self._new_turn()
            join(turn)
            given = False
            try:
                if self._take():
                    return True
                given = turn.wait(None if deadline is None else max(0.0, deadline - monotonic()))
            finally:
                if not given:
                    self._leave(turn)
            if not given:
                return False
            if self._take():
                return True
            join = self._turns.appendleft  # somebody was faster: first in line again

    def _new_turn(self) -> _GreenTurn | _PlainTurn:
        if can_yield():
            return _GreenTurn()
        if not running() and self._where == _get_ident():
            raise GreenError(
                "a lock that a green thread holds was asked for in a plain asyncio task: neither could go on",
                hint="Run the code as a green thread: `await green.spawn(function)`",
            )
        return _PlainTurn()

    def _leave(self, turn: _GreenTurn | _PlainTurn) -> None:
        """Leave the line without having been woken; if that came in this very moment, it is the next one's."""
        try:
            self._turns.remove(turn)
        except ValueError:
            self._give()

    def release(self) -> None:
        """Give the lock back. RuntimeError if nobody has it."""
        self._lock.release()
        if self._turns:
            self._give()

    def _give(self) -> None:
        while self._turns and not self._lock.locked():
            try:
                turn = self._turns.popleft()
            except IndexError:  # another OS thread was faster
                return
            if turn.give():
                return

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._lock.locked()

    def _at_fork_reinit(self) -> None:
        """In a forked child: the lock is free, who waited is the parent's. The standard library calls it."""
        self._lock = _allocate()
        self._turns = deque()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    acquire_lock, release_lock, locked_lock = acquire, release, locked  # the names of Python 2
