"""The time of day for jobs and schedules, which a test may turn."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["turned", "wall"]


class _Clock:
    read: Callable[[], float] = time.time


def wall() -> float:
    """Seconds since the epoch."""
    return _Clock.read()


@contextmanager
def turned(read: Callable[[], float]) -> Iterator[None]:
    """Have `wall()` tell what `read()` returns, in the whole process, while the block runs."""
    before = _Clock.read
    _Clock.read = staticmethod(read)
    try:
        yield
    finally:
        _Clock.read = staticmethod(before)
