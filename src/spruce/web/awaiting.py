"""The door to what waits: asyncio and threads, which are loaded when a view first needs them.

They would be a third of what importing an app costs, and many who import one never serve it: commands, tests of parts,
the master processes of servers.
"""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from typing import ParamSpec, TypeVar

__all__ = ["await_", "in_thread", "iterate"]

P = ParamSpec("P")
T = TypeVar("T")


def await_(awaitable: Awaitable[T]) -> T:
    """Return what `awaitable` returns, waiting in this green thread; `green.await_` says more."""
    from spruce import green  # the point of this module

    return green.await_(awaitable)


def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `function` returns, called in a thread of the operating system and waited for."""
    from spruce import green  # the point of this module

    return green.tpool.execute(function, *args, **kwargs)


def iterate(items: AsyncIterable[T]) -> Iterator[T]:
    """Return an iterator over what an async generator makes, which waits for each item; `green.iterate` says more."""
    from spruce import green  # the point of this module

    return green.iterate(items)
