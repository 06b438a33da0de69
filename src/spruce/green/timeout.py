"""Timeout: interrupt a green thread that takes too long; eventlet's semantics."""

from asyncio import CancelledError
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal

from spruce.green.greenthread import GreenThread, Timer
from spruce.green.runtime import current_carrier
from spruce.green.threads import getcurrent

__all__ = ["Timeout", "is_timeout", "with_timeout"]

_MISSING: Any = object()


class Timeout(BaseException):
    """Raises itself in the green thread that made it, `seconds` from now, unless it is cancelled.

    As a context manager it is cancelled at the end of the block. `seconds=None` never fires. `exception` is what to
    raise instead: an exception or its class; False makes `with` end silently. Timeouts nest: each `with` stops only its
    own. It is a BaseException, so `except Exception` doesn't swallow it.
    """

    def __init__(
        self, seconds: float | None = None, exception: BaseException | type[BaseException] | bool | None = None
    ) -> None:
        super().__init__()
        self.seconds = seconds
        self.exception = exception
        self._timer: Timer | None = None
        self._raised: BaseException = self
        self._thread: GreenThread | None = None
        self.start()

    def start(self) -> None:
        """Start the clock; ValueError if it runs already."""
        if self.pending:
            raise ValueError(f"{self!r} is started already; to restart it, cancel it first")
        if self.seconds is None:
            return
        carrier = current_carrier()
        exception = self.exception
        if isinstance(exception, type):
            self._raised = exception()
        elif isinstance(exception, BaseException):
            self._raised = exception
        self._thread = carrier.thread
        self._shields = carrier.thread.shields
        self._timer = carrier.hub.call_later(self.seconds, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._thread is not None:
            self._thread.interrupt(self._raised.with_traceback(None), shields=self._shields)

    @property
    def pending(self) -> bool:
        """Whether the clock runs."""
        return self._timer is not None

    def cancel(self) -> None:
        """Stop the clock; nothing if it doesn't run. What has fired but not been raised yet isn't raised any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        elif self._thread is not None and getcurrent() is self._thread:
            self._thread.revoke(self._raised)
        self._thread = None

    def __enter__(self) -> "Timeout":
        if not self.pending:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> Literal[True] | None:
        thread = self._thread
        self.cancel()
        if isinstance(value, CancelledError) and thread is not None and thread.translating is self._raised:
            thread.translating = None  # the block is in async code, where it came as a cancellation
            value = self._raised
            if self.exception is not False:
                raise value from None
        return True if value is self and self.exception is False else None

    def __repr__(self) -> str:
        state = "pending" if self.pending else "not pending"
        return f"<Timeout {self} {state}>" if self.seconds is not None else f"<Timeout without limit, {state}>"

    def __str__(self) -> str:
        if self.seconds is None:
            return ""
        text = f"{self.seconds:g} second{'' if self.seconds == 1 else 's'}"
        if self.exception is None or self.exception is True:
            return text
        return f"{text} (silent)" if self.exception is False else f"{text} ({self.exception})"

    @property
    def is_timeout(self) -> bool:
        """True; what `is_timeout` looks for on any exception."""
        return True


def with_timeout(
    seconds: float | None, function: Callable[..., Any], *args: Any, timeout_value: Any = _MISSING, **kwargs: Any
) -> Any:
    """Return `function(*args, **kwargs)`; after `seconds`, return `timeout_value`, or raise Timeout without one."""
    timeout = Timeout(seconds)
    try:
        with timeout:
            return function(*args, **kwargs)
    except Timeout as exc:
        if exc is timeout and timeout_value is not _MISSING:
            return timeout_value
        raise


def is_timeout(exception: object) -> bool:
    """Whether an exception means that something took too long: ours, TimeoutError, or any with a true `is_timeout`."""
    return isinstance(exception, TimeoutError) or bool(getattr(exception, "is_timeout", False))
