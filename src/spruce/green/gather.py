"""gather: run functions at once, get their results in order; if one fails, the others are stopped."""

from collections.abc import Callable
from typing import Any

from spruce.green.greenthread import GreenThread
from spruce.green.queue import LightQueue
from spruce.green.scope import stop_all
from spruce.green.threads import spawn

__all__ = ["gather"]


def gather(*functions: Callable[[], Any]) -> list[Any]:
    """Call each function in a green thread of its own, and return their results in the order of the arguments. Blocks.

    If one raises, the others are killed, and its exception is raised when all have ended; so are they if the caller is
    interrupted. Pass arguments with `functools.partial` or a lambda.
    """
    for function in functions:
        if not callable(function):
            raise TypeError(f"gather() takes functions, not {function!r}; for awaitables, await_(asyncio.gather(...))")
    ended: LightQueue[GreenThread] = LightQueue()
    threads = [spawn(function) for function in functions]
    for thread in threads:
        thread.link(ended.put)
    try:
        for _ in threads:
            ended.get().wait()
    except BaseException:
        stop_all([thread for thread in threads if not thread.dead])
        raise
    return [thread.result for thread in threads]
