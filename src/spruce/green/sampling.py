"""What green threads and tasks do at one moment, cheaply and from any OS thread: for a profiler that samples.

Frames of a thread that runs may go on while they are looked at; those of a parked one stay as they are, unless it is
resumed. Nothing here holds a thread up.
"""

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextvars import Context
from types import CodeType, FrameType
from typing import Any

from spruce.green.debug import coroutine_frames, frames_of
from spruce.green.greenthread import GreenThread
from spruce.green.runtime import all_hubs

__all__ = [
    "Stack",
    "context_of_task",
    "parked_threads",
    "running_tasks",
    "running_threads",
    "stack_of",
    "stack_of_task",
]

Stack = tuple[CodeType, ...]
"""The innermost call first."""

_DEEPEST = 200


def running_threads() -> Iterator[tuple[GreenThread, Stack]]:
    """The green thread that each hub runs right now, with its stack; of hubs that run none, nothing."""
    for hub in all_hubs():
        carrier = _running_carrier(hub)
        thread = getattr(carrier, "thread", None)
        frame = None if thread is None else sys._current_frames().get(hub.os_thread)
        if thread is not None and frame is not None:
            yield thread, _codes(frame)


def running_tasks() -> "Iterator[tuple[asyncio.Task[Any], Stack]]":
    """The asyncio task that the loop of each hub runs right now, with its stack; of loops that run none, nothing."""
    for hub in all_hubs():
        task: Any = asyncio.current_task(hub.loop)
        if task is None or _running_carrier(hub) is not None:
            continue
        stack = _codes(sys._current_frames().get(hub.os_thread), next(coroutine_frames(task.get_coro()), None))
        if stack:
            yield task, stack


def stack_of_task(task: "asyncio.Task[Any]") -> Stack:
    """The calls of a task that waits, the innermost first, with those of the coroutines that it awaits."""
    return tuple(frame.f_code for frame in coroutine_frames(task.get_coro()))[: -_DEEPEST - 1 : -1]


def context_of_task(task: "asyncio.Task[Any]") -> Context | None:
    """The context variables that hold in a task; None for one that doesn't tell."""
    if hasattr(task, "get_context"):  # from Python 3.12 on
        found: Context = task.get_context()
        return found
    return next((one for one in gc.get_referents(task) if isinstance(one, Context)), None)


def parked_threads() -> list[GreenThread]:
    """The green threads of all hubs that wait; `stack_of` tells where."""
    found = [
        (carrier.gr_frame, getattr(carrier, "thread", None)) for hub in all_hubs() for carrier in list(hub.carriers)
    ]
    return [thread for frame, thread in found if frame is not None and thread is not None]


def stack_of(thread: GreenThread) -> Stack:
    """The calls of a green thread, the innermost first, with those of the coroutines that it awaits; () if it ended."""
    carrier: Any = thread.carrier
    if carrier is None:
        return ()
    return tuple(frame.f_code for frame in frames_of(thread.hub, carrier)[: -_DEEPEST - 1 : -1])


def _running_carrier(hub: Any) -> Any:
    """The carrier that has begun, and isn't parked; None while the hub runs no green thread."""
    return next((one for one in list(hub.carriers) if one and one.gr_frame is None), None)


def _codes(frame: FrameType | None, outermost: FrameType | None = None) -> Stack:
    """The calls from a frame on; () when that is not one of them in which `outermost` is."""
    found: list[CodeType] = []
    while frame is not None and len(found) < _DEEPEST:
        found.append(frame.f_code)
        if frame is outermost:
            return tuple(found)
        frame = frame.f_back
    return tuple(found) if outermost is None else ()
