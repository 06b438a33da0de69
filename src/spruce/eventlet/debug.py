"""`eventlet.debug`: what the hub is doing, and what blocks it."""

import asyncio
import linecache
import sys
from types import FrameType
from typing import Any

from spruce.eventlet.hubs import Hub
from spruce.green import debug, get_hub, sentinel

__all__ = [
    "Spew",
    "format_asyncio_info",
    "format_hub_listeners",
    "format_hub_timers",
    "format_threads_info",
    "hub_blocking_detection",
    "hub_exceptions",
    "hub_listener_stacks",
    "hub_prevent_multiple_readers",
    "hub_timer_stacks",
    "spew",
    "tpool_exceptions",
    "unspew",
]


class Spew:
    """A trace function that writes each line before it runs, of the modules in `trace_names`, or of all."""

    def __init__(self, trace_names: list[str] | None = None, show_values: bool = True) -> None:
        self.trace_names = trace_names
        self.show_values = show_values

    def __call__(self, frame: FrameType, event: str, arg: Any) -> "Spew":
        """Write the line that is about to run."""
        if event == "line":
            name = frame.f_globals.get("__name__", "[unknown]")
            if self.trace_names is None or name in self.trace_names:
                self._write(name, frame)
        return self

    def _write(self, name: str, frame: FrameType) -> None:
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals).rstrip()
        sys.stdout.write(f"{name}:{frame.f_lineno}: {line}\n")
        if self.show_values:
            words = frame.f_code.co_names + frame.f_code.co_varnames
            values = {**frame.f_globals, **frame.f_locals}
            shown = [f"{word}={values[word]!r}" for word in words if word in values and word in line]
            if shown:
                sys.stdout.write(f"\t{' '.join(shown)}\n")


def spew(trace_names: list[str] | None = None, show_values: bool = False) -> None:
    """Write each line of code that runs in this OS thread from now on to standard output."""
    sys.settrace(Spew(trace_names, show_values))


def unspew() -> None:
    """Undo `spew`."""
    sys.settrace(None)


def format_hub_listeners() -> str:
    """Which descriptors somebody waits for, as text."""
    watchers = get_hub().watchers.items()
    lines = [f"{number}: {len(each.readers)} to read, {len(each.writers)} to write" for number, each in watchers]
    return "\n".join(["LISTENERS:", *lines])


def format_hub_timers() -> str:
    """How many calls of the loop wait for their time, as text."""
    return f"TIMERS: {Hub().get_timers_count()}"


def format_asyncio_info() -> str:
    """The tasks of the loop, as text."""
    loop = get_hub().loop
    tasks = asyncio.all_tasks(loop)
    return "\n".join([f"LOOP: {loop!r}", "TASKS:", *map(repr, tasks)])


def format_threads_info() -> str:
    """Every live green thread with its stack, as text."""
    return debug.report()


_sentinels: list[sentinel] = []


def hub_blocking_detection(state: bool = False, resolution: float = 1) -> None:
    """Log what holds up the loop of this OS thread for longer than `resolution` seconds; False ends that."""
    while _sentinels:
        _sentinels.pop().stop()
    if state:
        _sentinels.append(sentinel(resolution))
        _sentinels[0].start()


def hub_listener_stacks(state: bool = False) -> None:
    """Nothing: `format_threads_info` tells each green thread's stack at any time."""


def hub_timer_stacks(state: bool = False) -> None:
    """Nothing, as `hub_listener_stacks`."""


def hub_prevent_multiple_readers(state: bool = True) -> None:
    """Nothing: several may always wait for one descriptor, and who came first is served first."""


def hub_exceptions(state: bool = True) -> None:
    """Nothing: what a green thread fails with is always logged if nobody asks for its result."""


def tpool_exceptions(state: bool = False) -> None:
    """Nothing: what a call in an OS thread raises is raised in its caller."""
