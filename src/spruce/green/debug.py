"""What the green threads of this process are doing: where each is, what it waits for; while tracked, age and CPU time.

`report()` tells it of all threads, each with its stack; `report_on_signal()` has it written to standard error for each
SIGUSR1 that the process gets; in a `tracking()` block the reports know ages and CPU times.
"""

import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

from greenlet import getcurrent, gettrace, greenlet, settrace

from spruce.green.carrier import Carrier
from spruce.green.driver import STEP
from spruce.green.greenthread import BARE, AnyHub, GreenThread
from spruce.green.hub import Hub
from spruce.green.runtime import all_hubs, get_hub

__all__ = [
    "ThreadInfo",
    "coroutine_frames",
    "frames_of",
    "inspect",
    "report",
    "report_on_signal",
    "snapshot",
    "tracking",
]

_PACKAGE = __name__.rpartition(".")[0] + "."


@dataclass(frozen=True)
class ThreadInfo:
    """One live green thread at one moment."""

    name: str
    os_thread: int
    """The number of the OS thread that it runs in."""
    waits_for: str
    """In words; "nothing, it runs" if it does."""
    stack: traceback.StackSummary
    """The outermost call first; of an awaited coroutine with the coroutines that it awaits."""
    age: float | None
    """Seconds since it was first seen by `tracking`."""
    cpu: float | None
    """Seconds of CPU time that it used while tracked."""

    def __str__(self) -> str:
        facts = [f"waits for {self.waits_for}" if self.waits_for != _RUNS else "runs"]
        if self.age is not None:
            facts.append(f"{self.age:.3f} s old")
        if self.cpu is not None:
            facts.append(f"{self.cpu:.3f} s of CPU time")
        return f"green thread {self.name}: {', '.join(facts)}\n{''.join(self.stack.format())}"


_RUNS = "nothing, it runs"


def snapshot() -> list[ThreadInfo]:
    """All live green threads of all hubs; those of other OS threads may change meanwhile."""
    return [_info(hub, thread) for hub in all_hubs() for thread in hub.live_threads()]


def inspect(thread: GreenThread) -> ThreadInfo:
    """One green thread of the hub of this OS thread."""
    return _info(get_hub(), thread)


def report() -> str:
    """All live green threads as text, with their stacks."""
    infos = snapshot()
    return "\n".join([f"{len(infos)} green threads", *map(str, infos)])


def report_on_signal(number: int | None = None) -> None:
    """Write `report()` to standard error when this process gets the signal (SIGUSR1). Only in the main OS thread."""

    def write(*_: object) -> None:
        sys.stderr.write(f"{report()}\n")
        sys.stderr.flush()

    signal.signal(signal.SIGUSR1 if number is None else number, write)


# ---- where a thread is ----------------------------------------------------------------------------------------------


def _info(hub: Hub, thread: GreenThread) -> ThreadInfo:
    carrier: Any = thread.carrier
    frames = [] if carrier is None else frames_of(hub, carrier)
    runs = carrier is not None and carrier.gr_frame is None
    used = _used.get(thread)
    return ThreadInfo(
        name=thread.name,
        os_thread=hub.os_thread,
        waits_for=_RUNS if runs else _waits_for(thread, frames),
        stack=traceback.StackSummary.extract((frame, frame.f_lineno) for frame in _public(frames)),
        age=None if used is None else time.monotonic() - used.first_seen,
        cpu=None if used is None else used.seconds,
    )


def frames_of(hub: AnyHub, carrier: Any) -> list[FrameType]:
    """The thread's frames, outermost first, with those of the coroutines that it awaits."""
    frame = carrier.gr_frame
    if frame is None:
        frame = sys._getframe() if carrier is getcurrent() else sys._current_frames().get(hub.os_thread)
    frames: list[FrameType] = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    frames.reverse()
    for step in [each for each in frames if each.f_code is STEP]:
        frames += coroutine_frames(step.f_locals.get("coroutine"))
    return frames


def coroutine_frames(awaited: Any) -> Iterator[FrameType]:
    """The frames of a coroutine and of those that it awaits, the outermost first; while it doesn't run."""
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None:
            yield frame
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(_PACKAGE)


def _public(frames: list[FrameType]) -> list[FrameType]:
    """Without the machinery below the job; of ours only the functions that others called."""
    begin = next((index for index, frame in enumerate(frames) if not _is_ours(frame)), 0)
    return [frames[n] for n in range(begin, len(frames)) if not _is_ours(frames[n]) or _called(frames, n)]


def _called(frames: list[FrameType], index: int) -> bool:
    """Whether a frame of ours was called from outside."""
    return index > 0 and _is_ours(frames[index]) and not _is_ours(frames[index - 1])


def _waits_for(thread: GreenThread, frames: list[FrameType]) -> str:
    if thread.trap is BARE:
        return "the loop's next turn"
    if thread.trap is not None:
        return f"{thread.trap!r}"
    entered = [frame for index, frame in enumerate(frames) if _called(frames, index)]
    return f"{entered[-1].f_code.co_qualname}()" if entered else "its start"


# ---- how old it is, and what it has used ----------------------------------------------------------------------------


class _Used:
    """What a thread has used since it was first seen."""

    def __init__(self) -> None:
        self.first_seen = time.monotonic()
        self.seconds = 0.0


_used: "WeakKeyDictionary[GreenThread, _Used]" = WeakKeyDictionary()


@contextmanager
def tracking() -> Iterator[None]:
    """Measure the green threads of this OS thread while the block runs: each switch costs some microseconds more."""
    began, before = time.thread_time(), gettrace()

    def switched(event: str, greenlets: tuple[greenlet, greenlet]) -> None:
        nonlocal began
        now = time.thread_time()
        for carrier, seconds in zip(greenlets, (now - began, 0.0), strict=True):
            thread = getattr(carrier, "thread", None) if type(carrier) is Carrier else None
            if thread is not None:
                _used.setdefault(thread, _Used()).seconds += seconds
        began = time.thread_time()

    settrace(switched)
    try:
        yield
    finally:
        settrace(before)
        _used.clear()
