"""Pools of things that only so many green threads may use at a time, such as connections; eventlet's names."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from spruce.errors import GreenError
from spruce.green.waiting import Line

__all__ = ["Pool", "Token", "TokenPool"]

T = TypeVar("T")


class Pool(Generic[T]):
    """Up to `max_size` things, made by `create` when they are first needed; `get` blocks while all are in use.

    `min_size` of them are made at once. Things that were put back are used in turn, or with `order_as_stack` the one
    that was put back last first. A subclass may define `create` instead of passing it.
    """

    def __init__(
        self,
        min_size: int = 0,
        max_size: int = 4,
        order_as_stack: bool = False,
        create: Callable[[], T] | None = None,
    ) -> None:
        self.min_size, self.max_size = min_size, max_size
        self.order_as_stack = order_as_stack
        if create is not None:
            self.create = create  # type: ignore[method-assign]  # a function instead of a subclass
        self.current_size = 0
        self.free_items: deque[T] = deque()
        self._line = Line()
        for _ in range(min_size):
            self.free_items.append(self._created())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.free()} of {self.max_size} free, {self.waiting()} waiting>"

    def create(self) -> T:
        """Make a new thing; what a subclass or the argument `create` does. May block."""
        raise NotImplementedError("pass create= to the Pool, or define create() in a subclass")

    def _created(self) -> T:
        self.current_size += 1
        try:
            return self.create()
        except BaseException:
            self.current_size -= 1
            raise

    def get(self) -> T:
        """Take a thing; block while all are in use. Put it back when done with it, or use `item`."""
        if self.free_items:
            return self.free_items.popleft()
        if self.current_size < self.max_size:
            return self._created()
        return self._line.wait(pass_on=self.put)  # type: ignore[no-any-return]  # what a put handed over

    def put(self, item: T) -> None:
        """Put a thing back, for who waits longest if anybody does; never blocks. Beyond `max_size` it is dropped."""
        if self.current_size > self.max_size:
            self.current_size -= 1
        elif not self._line.serve(item):
            if self.order_as_stack:
                self.free_items.appendleft(item)
            else:
                self.free_items.append(item)

    @contextmanager
    def item(self) -> Iterator[T]:
        """Have a thing for the time of a block."""
        item = self.get()
        try:
            yield item
        finally:
            self.put(item)

    def resize(self, new_size: int) -> None:
        """Change the limit. Things beyond a smaller one are dropped as they are put back."""
        if new_size < 0:
            raise GreenError(f"a Pool can't have a size of {new_size}", hint="Choose 0 or more")
        self.max_size = new_size

    def stats(self) -> dict[str, int]:
        """The `size` so far, the `max_size`, how many are `free`, and how many threads are `waiting`."""
        return {
            "size": self.current_size,
            "max_size": self.max_size,
            "free": self.free(),
            "waiting": self.waiting(),
        }

    def free(self) -> int:
        """How many could be taken without blocking."""
        return len(self.free_items) + self.max_size - self.current_size

    def waiting(self) -> int:
        """The number of green threads that wait in `get`."""
        return len(self._line)


class Token:
    """What a TokenPool gives out: the right to use something."""


class TokenPool(Pool[Token]):
    """A Pool of tokens, for a thing that needs no object of its own."""

    def create(self) -> Token:
        """A new token."""
        return Token()
