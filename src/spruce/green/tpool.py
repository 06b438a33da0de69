"""Run what must block in OS threads, while green threads go on."""

import contextvars
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from spruce.green.runtime import get_hub, running
from spruce.green.threads import await_

__all__ = ["execute", "killall", "set_num_threads"]

P = ParamSpec("P")
T = TypeVar("T")

_threads = int(os.environ.get("EVENTLET_THREADPOOL_SIZE", "20"))
_executor: ThreadPoolExecutor | None = None


def _get_executor() -> ThreadPoolExecutor:
    global _executor
    if _executor is None:
        _executor = ThreadPoolExecutor(max_workers=_threads, thread_name_prefix="spruce-tpool")
    return _executor


def execute(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the function in an OS thread, with the caller's context variables; block the green thread until its result.

    At most 20 run at a time (`set_num_threads`); more wait their turn. A call that has begun can't be stopped: an
    interrupted caller leaves it behind. Where blocking isn't possible it raises GreenError.
    """
    if not running():
        get_hub().current()  # raises the error that says why
    if _threads == 0:
        return function(*args, **kwargs)
    call = partial(contextvars.copy_context().run, function, *args, **kwargs)
    return await_(get_hub().loop.run_in_executor(_get_executor(), call))


def set_num_threads(count: int) -> None:
    """Let `count` calls run at a time from now on; 0 runs them in place, blocking the loop. Calls that run go on."""
    global _threads
    if count < 0:
        raise ValueError(f"the number of threads must be 0 or more, not {count}")
    _threads = count
    killall()


def killall() -> None:
    """Let the pool's threads end when their calls have; the next `execute` starts new ones."""
    global _executor
    executor, _executor = _executor, None
    if executor is not None:
        executor.shutdown(wait=False)


def _forget() -> None:
    global _executor
    _executor = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
