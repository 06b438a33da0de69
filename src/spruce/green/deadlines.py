"""Deadlines: timeouts that tell those further down how much time is left."""

import time
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Literal

from spruce.green.timeout import Timeout

__all__ = ["deadline", "time_left"]

_deadline: ContextVar[float | None] = ContextVar("spruce.green.deadline", default=None)


class deadline(Timeout):  # noqa: N801 - written like a statement: `with green.deadline(2.0):`
    """A Timeout for a block whose end `time_left` tells, in this thread and in those that are spawned in the block.

    Inside another deadline the earlier one counts.
    """

    def __init__(self, seconds: float) -> None:
        self._token: Token[float | None] | None = None
        super().__init__(None)  # the clock starts with the block
        self.seconds = seconds

    def __enter__(self) -> "deadline":
        left = time_left()
        assert self.seconds is not None  # noqa: S101 - the constructor wants a number
        seconds = self.seconds if left is None else min(left, self.seconds)
        self._token = _deadline.set(time.monotonic() + seconds)
        if left is None or self.seconds < left:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> Literal[True] | None:
        if self._token is not None:
            _deadline.reset(self._token)
            self._token = None
        return super().__exit__(kind, value, traceback)


def time_left() -> float | None:
    """The seconds until the deadline that counts here, 0 when it is over; None if there is none."""
    end = _deadline.get()
    return None if end is None else max(0.0, end - time.monotonic())
