"""Signals whose handlers were set with `signal.signal`: one ends the loop's wait, so that what it has spawned runs now.

Python calls such a handler between two instructions, and goes on with the system call that was interrupted. Without
this, a program that is idle would look at what the handler has spawned or sent when its wait is over.
"""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["forget_wakeups", "woken_by_signals"]


@contextmanager
def woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """A block in which signals wake the loop: in the main OS thread, unless they wake something else already.

    uvloop sees to that itself.
    """
    descriptor = _descriptor_of(loop)
    if descriptor < 0 or threading.current_thread() is not threading.main_thread() or not _wake(descriptor):
        yield
        return
    try:
        yield
    finally:
        forget_wakeups(loop)


def _descriptor_of(loop: asyncio.AbstractEventLoop) -> int:
    """What asyncio's loops are woken by from other threads; -1 for others."""
    sock: Any = getattr(loop, "_csock", None)
    return -1 if sock is None else sock.fileno()


def _wake(descriptor: int) -> bool:
    before = signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
    if before == -1:
        return True
    signal.set_wakeup_fd(before)
    return False


def forget_wakeups(loop: asyncio.AbstractEventLoop) -> None:
    """Have signals not wake the loop any more; nothing if they wake something else. In the main OS thread."""
    with suppress(ValueError):  # in another one nothing was asked for
        known = signal.set_wakeup_fd(-1)
        if known not in (-1, _descriptor_of(loop)):
            signal.set_wakeup_fd(known)
