"""iterate: an async generator as a plain iterator, so that plain code takes its items one by one."""

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any, Generic, TypeVar

from spruce.green.threads import await_

__all__ = ["iterate"]

T = TypeVar("T")


def iterate(items: AsyncIterable[T]) -> Iterator[T]:
    """Return an iterator that waits for each item, in the green thread that asks for it; other threads run meanwhile.

    Nothing is asked for ahead. Its `close()` closes an async generator, which waits for the end of its `finally`.
    """
    return _Iteration(aiter(items))


class _Iteration(Iterator[T], Generic[T]):
    def __init__(self, items: AsyncIterator[T]) -> None:
        self._items = items

    def __next__(self) -> T:
        try:
            return await_(anext(self._items))
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Close the async generator; nothing where there is nothing to close."""
        aclose: Any = getattr(self._items, "aclose", None)
        if aclose is not None:
            await_(aclose())
