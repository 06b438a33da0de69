"""The CPU time of single green threads."""

from collections.abc import Callable
from time import thread_time
from typing import Any

from greenlet import getcurrent, gettrace, settrace

__all__ = ["cpu_clock"]


def cpu_clock() -> Callable[[], float]:
    """Count the CPU time of each green thread of this OS thread from now on; return what reads that of the current one.

    Two readings in one green thread tell by their difference how many seconds it has computed in between; while it
    waited, it was not charged. Each switch then costs about a microsecond more. There is one count for an OS thread.
    """
    before = gettrace()
    if isinstance(before, _Account):
        return before.read
    account = _Account()
    settrace(account)
    return account.read


class _Account:
    """What greenlet calls at each switch: charges the time since the last one to who ran."""

    def __init__(self) -> None:
        self.began = thread_time()

    def __call__(self, event: str, switch: tuple[Any, Any]) -> None:
        now = thread_time()
        carrier = switch[0]
        carrier.cpu = getattr(carrier, "cpu", 0.0) + now - self.began
        self.began = now

    def read(self) -> float:
        """Return the seconds that the current green thread, and those before it on its carrier, have used."""
        spent: float = getattr(getcurrent(), "cpu", 0.0)
        return spent + thread_time() - self.began
