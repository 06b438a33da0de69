"""Queues between green threads: eventlet's names, the stdlib's exceptions, first come first served on both sides.

`maxsize` None (or negative) is without limit; 0 is a rendezvous: `put` returns when somebody has taken the item.
"""

import heapq
from collections import deque
from queue import Empty, Full
from typing import Any, Generic, TypeVar

from spruce.green.event import Event
from spruce.green.runtime import running as may_block
from spruce.green.threads import sleep
from spruce.green.waiting import TIMED_OUT, Line

__all__ = ["Empty", "Full", "LifoQueue", "LightQueue", "PriorityQueue", "Queue"]

T = TypeVar("T")


class LightQueue(Generic[T]):
    """A queue without `task_done` and `join`."""

    _ordered = False  # whether the items' order depends on more than their arrival

    def __init__(self, maxsize: int | None = None) -> None:
        self.maxsize = None if maxsize is None or maxsize < 0 else maxsize
        self._getters = Line()
        self._putters = Line()
        self._matching = False
        self._init(self.maxsize)

    # How a subclass keeps its items.

    def _init(self, maxsize: int | None) -> None:
        self.queue: Any = deque()

    def _get(self) -> T:
        return self.queue.popleft()  # type: ignore[no-any-return]  # a container of T

    def _put(self, item: T) -> None:
        self.queue.append(item)

    def _put_back(self, item: T) -> None:
        self.queue.appendleft(item)

    def __repr__(self) -> str:
        waiting = f"getting {self.getting()}, putting {self.putting()}"
        return f"<{type(self).__name__} {self.qsize()} of {self.maxsize}, {waiting}>"

    def __len__(self) -> int:
        return self.qsize()

    def __bool__(self) -> bool:
        return True

    def qsize(self) -> int:
        """The number of items in the queue."""
        return len(self.queue)

    def empty(self) -> bool:
        """Whether the queue holds nothing."""
        return not self.queue

    def full(self) -> bool:
        """Whether there is no room; always true for a rendezvous."""
        return self.maxsize is not None and len(self.queue) >= self.maxsize

    def getting(self) -> int:
        """The number of green threads that wait in `get`."""
        return len(self._getters)

    def putting(self) -> int:
        """The number of green threads that wait in `put`."""
        return len(self._putters)

    def stats(self) -> dict[str, int | None]:
        """The `items`, the `maxsize`, and how many threads wait in `get` and `put`: `getting`, `putting`."""
        waiting = {"getting": self.getting(), "putting": self.putting()}
        return {"items": self.qsize(), "maxsize": self.maxsize, **waiting}

    def resize(self, size: int | None) -> None:
        """Change the limit; threads that wait in `put` go on if there is room now."""
        self.maxsize = None if size is None or size < 0 else size
        self._admit()

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Put an item; block while the queue is full, `timeout` seconds at most. Full if it couldn't be put."""
        if (self._getters and self._deliver_later(item)) if self._ordered else self._getters.serve(item):
            self._accepted()
            if block and self.maxsize == 0:
                self._let_getter_run()
        elif self.maxsize is None or len(self.queue) < self.maxsize:
            self._put(item)
            self._accepted()
        elif not block or self._putters.wait(timeout, offer=item) is TIMED_OUT:
            raise Full

    def _let_getter_run(self) -> None:
        """A rendezvous is over when the getter has gone on, if the caller can wait for that."""
        if may_block():
            sleep()

    def _accepted(self) -> None:
        """An item has come in."""

    def _deliver_later(self, item: T) -> bool:
        """Let the getters choose among all that is put until the hub's next round."""
        self._put(item)
        if not self._matching:
            self._matching = True
            self._getters.hub().call(self._match)
        return True

    def _match(self) -> None:
        self._matching = False
        while self.queue and (getter := self._getters.next()) is not None:
            getter.wake(self._get())
        self._admit()

    def _admit(self) -> None:
        """Let in those who wait in `put`, as far as there is room."""
        while not self.full() and (putter := self._putters.next()) is not None:
            self._accepted()
            self._put(putter.offer)
            putter.wake()

    def put_nowait(self, item: T) -> None:
        """Put an item, or raise Full at once."""
        self.put(item, False)

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Take an item; block while there is none, `timeout` seconds at most. Empty if there was none."""
        if self.queue:
            item = self._get()
            if self._putters:
                self._admit()
            return item
        putter = self._putters.next() if self._putters else None
        if putter is not None:  # a rendezvous
            self._accepted()
            putter.wake_soonest()
            return putter.offer  # type: ignore[no-any-return]  # what a put brought
        if not block:
            raise Empty
        value: Any = self._getters.wait(timeout, self._return)
        if value is TIMED_OUT:
            raise Empty
        return value  # type: ignore[no-any-return]  # what a put handed over

    def _return(self, item: T) -> None:
        """Take back an item from who was interrupted when it had been handed over."""
        if not self._getters:
            self._put_back(item)
        elif self._ordered:
            self._deliver_later(item)
        else:
            self._getters.serve(item)

    def get_nowait(self) -> T:
        """Take an item, or raise Empty at once."""
        return self.get(False)


class Queue(LightQueue[T]):
    """A queue whose items are accounted for: `task_done` for each that was worked off, `join` waits for all."""

    def __init__(self, maxsize: int | None = None, unfinished_tasks: int = 0) -> None:
        super().__init__(maxsize)
        self.unfinished_tasks = unfinished_tasks
        self._done = Event()
        if not unfinished_tasks:
            self._done.send()

    def _accepted(self) -> None:
        self.unfinished_tasks += 1
        if self.unfinished_tasks == 1 and self._done.ready():
            self._done.reset()

    def task_done(self) -> None:
        """One item that was taken is worked off. ValueError if called more often than items were put."""
        if self.unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        self.unfinished_tasks -= 1
        if not self.unfinished_tasks:
            self._done.send()

    def join(self) -> None:
        """Block until each item that was put is worked off."""
        if self.unfinished_tasks:
            self._done.wait()


class PriorityQueue(Queue[T]):
    """The lowest item first; usually `(number, data)` pairs."""

    _ordered = True

    def _init(self, maxsize: int | None) -> None:
        self.queue = []

    def _put(self, item: T) -> None:
        heapq.heappush(self.queue, item)

    def _put_back(self, item: T) -> None:
        heapq.heappush(self.queue, item)

    def _get(self) -> T:
        return heapq.heappop(self.queue)  # type: ignore[no-any-return]  # a container of T


class LifoQueue(Queue[T]):
    """The item put last first."""

    _ordered = True

    def _init(self, maxsize: int | None) -> None:
        self.queue = []

    def _put_back(self, item: T) -> None:
        self.queue.append(item)

    def _get(self) -> T:
        return self.queue.pop()  # type: ignore[no-any-return]  # a container of T
