"""Libraries that refuse to work where an event loop runs: Django's database layer, and asgiref's `async_to_sync`.

Under plain code in a green thread there is one, and waiting is no harm all the same; so they are told that there is
none. Under a coroutine they see it as ever.
"""

import asyncio
import sys
from types import FrameType, ModuleType
from typing import Any

from spruce.green.driver import STEP
from spruce.green.runtime import running_thread

__all__ = ["asgiref_looks", "django_looks", "get_running_loop"]

_get_running_loop = asyncio.get_running_loop


def get_running_loop() -> asyncio.AbstractEventLoop:
    """As `asyncio.get_running_loop`, but RuntimeError where a green thread runs plain code."""
    loop = _get_running_loop()
    if running_thread() is not None and not _in_coroutine(loop):
        raise RuntimeError("no running event loop for plain code in a green thread")
    return loop


def _in_coroutine(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a coroutine has called the code that asks, however indirectly."""
    if asyncio.current_task(loop) is None:  # a thread that has once awaited a coroutine keeps its task
        return False
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code is not STEP:
        frame = frame.f_back
    return frame is not None


def django_looks(module: Any) -> None:
    """Have Django (its module `django.utils.asyncio`) look for a running loop with this."""
    module.get_running_loop = get_running_loop


def asgiref_looks(module: Any) -> None:
    """Have asgiref (its module `asgiref.sync`) look for a running loop with this."""
    view = ModuleType("asyncio", asyncio.__doc__)
    vars(view).update(vars(asyncio))
    view.get_running_loop = get_running_loop  # type: ignore[attr-defined]  # the copy has all of asyncio's
    module.asyncio = view
