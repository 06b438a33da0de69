"""`eventlet.asyncio`: coroutines in green threads."""

from collections.abc import Awaitable
from typing import Any

from spruce.green import GreenThread, await_, spawn

__all__ = ["spawn_for_awaitable"]


def spawn_for_awaitable(coroutine: Awaitable[Any]) -> GreenThread:
    """Run a coroutine, or wait for any awaitable, in a green thread; its `wait()` gives the result.

    To kill the green thread cancels the coroutine.
    """
    return spawn(await_, coroutine)
