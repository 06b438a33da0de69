"""ThreadQueue: a queue between OS threads, for green threads and plain ones on either side.

A green thread that waits is parked on its own hub; a plain OS thread without a hub just waits. The lock guards the
lists alone and is never held while anybody waits. Who is woken takes an item itself, so nothing is lost with a waiter
that gives up.
"""

import threading
import time
from collections import deque
from queue import Empty, Full
from typing import Any, Generic, TypeVar

from spruce.green.runtime import current_carrier, peek_hub, running
from spruce.green.waiting import TIMED_OUT, Waiter

__all__ = ["ThreadQueue"]

T = TypeVar("T")


class _GreenTurn:
    """A wait of a green thread (or of a main greenlet whose hub is in use), ended from any OS thread."""

    def __init__(self) -> None:
        self.waiter = Waiter()
        self.loop = self.waiter.carrier.hub.loop

    def give(self) -> bool:
        try:
            self.loop.call_soon_threadsafe(self.waiter.wake)
        except RuntimeError:  # its loop is closed
            return False
        return True

    def wait(self, timeout: float | None) -> bool:
        return self.waiter.wait(timeout) is not TIMED_OUT


class _PlainTurn:
    """A wait of an OS thread without a hub."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()

    def give(self) -> bool:
        self.lock.release()
        return True

    def wait(self, timeout: float | None) -> bool:
        return self.lock.acquire(timeout=-1 if timeout is None else timeout)


_Turn = _GreenTurn | _PlainTurn


def _turn() -> _Turn:
    if not running():
        current_carrier()  # raises the error that says why
    return _GreenTurn() if peek_hub() is not None else _PlainTurn()


class ThreadQueue(Generic[T]):
    """First in, first out, between any OS threads; `maxsize` None is without limit. The stdlib's `Empty` and `Full`."""

    def __init__(self, maxsize: int | None = None) -> None:
        if maxsize is not None and maxsize < 1:
            raise ValueError(f"the size of a ThreadQueue is None or 1 and more, not {maxsize}")
        self.maxsize = maxsize
        self._items: deque[T] = deque()
        self._lock = threading.Lock()
        self._getters: deque[_Turn] = deque()
        self._putters: deque[_Turn] = deque()

    def __repr__(self) -> str:
        return f"<ThreadQueue {self.qsize()} of {self.maxsize}>"

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return True

    def qsize(self) -> int:
        """The number of items, at this moment."""
        return len(self._items)

    def empty(self) -> bool:
        """Whether there is no item, at this moment."""
        return not self._items

    def full(self) -> bool:
        """Whether there is no room, at this moment."""
        return self.maxsize is not None and len(self._items) >= self.maxsize

    def stats(self) -> dict[str, int | None]:
        """The `items`, the `maxsize`, and how many threads wait in `get` and `put`: `getting`, `putting`."""
        waiting = {"getting": len(self._getters), "putting": len(self._putters)}
        return {"items": len(self._items), "maxsize": self.maxsize, **waiting}

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Put an item; block while the queue is full, `timeout` seconds at most. Full if it couldn't be put."""
        if not self._do(lambda: self._try_put(item), self._putters, block, timeout):
            raise Full

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Take an item; block while there is none, `timeout` seconds at most. Empty if there was none."""
        taken: list[T] = []
        if not self._do(lambda: self._try_get(taken), self._getters, block, timeout):
            raise Empty
        return taken[0]

    def put_nowait(self, item: T) -> None:
        """Put an item, or raise Full at once."""
        self.put(item, False)

    def get_nowait(self) -> T:
        """Take an item, or raise Empty at once."""
        return self.get(False)

    def _try_put(self, item: T) -> bool:
        if self.full():
            return False
        self._items.append(item)
        _give(self._getters)
        return True

    def _try_get(self, taken: list[T]) -> bool:
        if not self._items:
            return False
        taken.append(self._items.popleft())
        _give(self._putters)
        return True

    def _do(self, attempt: Any, line: deque[_Turn], block: bool, timeout: float | None) -> bool:
        """Make an attempt, under the lock, until it succeeds or the time is over."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._lock:
                if attempt():
                    return True
                if not block or (deadline is not None and time.monotonic() >= deadline):
                    return False
            turn = _turn()
            with self._lock:
                if attempt():
                    return True
                line.append(turn)
            self._wait(turn, line, None if deadline is None else max(0.0, deadline - time.monotonic()))

    def _wait(self, turn: _Turn, line: deque[_Turn], timeout: float | None) -> None:
        given = False
        try:
            given = turn.wait(timeout)
        finally:
            if not given:
                with self._lock:
                    if turn in line:
                        line.remove(turn)
                    else:  # it was its turn in this very moment: the next one's
                        _give(line)


def _give(line: deque[_Turn]) -> None:
    """Wake who waits longest; under the lock."""
    while line and not line.popleft().give():
        pass
