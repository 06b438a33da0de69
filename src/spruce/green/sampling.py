"""What green threads are doing at one moment, cheaply and from any OS thread: for a profiler that samples.

Frames of a thread that runs may go on while they are looked at; those of a parked one stay as they are, unless it is
resumed. Nothing here holds a thread up.
"""

import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from spruce.green.debug import frames_of
from spruce.green.greenthread import GreenThread
from spruce.green.runtime import all_hubs

__all__ = ["Stack", "parked_threads", "running_threads", "stack_of"]

Stack = tuple[CodeType, ...]
"""The innermost call first."""

_DEEPEST = 200


def running_threads() -> Iterator[tuple[GreenThread, Stack]]:
    """The green thread that each hub runs right now, with its stack; of hubs that run none, nothing."""
    frames: dict[int, FrameType] | None = None
    for hub in all_hubs():
        for carrier in list(hub.carriers):
            if carrier and carrier.gr_frame is None:  # it has begun, and isn't parked
                thread = getattr(carrier, "thread", None)
                frames = sys._current_frames() if frames is None else frames
                frame = frames.get(hub.os_thread)
                if thread is not None and frame is not None:
                    yield thread, _codes(frame)
                break


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


def _codes(frame: FrameType | None) -> Stack:
    found: list[CodeType] = []
    while frame is not None and len(found) < _DEEPEST:
        found.append(frame.f_code)
        frame = frame.f_back
    return tuple(found)
