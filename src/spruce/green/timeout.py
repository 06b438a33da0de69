"""Timeout: interrupt a green thread that takes too long; eventlet's semantics."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal

from spruce.green.runtime import current_carrier

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
        self._timer: Any = None
        self.start()

    def start(self) -> None:
        """Start the clock; an error if it runs already."""
        if self.pending:
            raise ValueError(f"{self!r} is started already; to restart it, cancel it first")
        if self.seconds is None:
            return
        carrier = current_carrier()
        exception = self.exception
        raised = (
            self
            if exception is None or isinstance(exception, bool)
            else exception()
            if isinstance(exception, type)
            else exception
        )
        self._timer = carrier.hub.call_later(max(self.seconds, 0.0), self._fire, carrier.thread, raised)

    def _fire(self, thread: Any, raised: BaseException) -> None:
        self._timer = None
        thread.interrupt(raised)

    @property
    def pending(self) -> bool:
        """Whether the clock runs."""
        return self._timer is not None

    def cancel(self) -> None:
        """Stop the clock; nothing if it doesn't run."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> "Timeout":
        if not self.pending:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> Literal[True] | None:
        self.cancel()
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
