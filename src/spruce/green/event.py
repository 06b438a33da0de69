"""Event: one value (or exception) sent once to all who wait for it; eventlet's names."""

from types import TracebackType
from typing import Any, Final

from spruce.errors import GreenError
from spruce.green.outcome import exception_of
from spruce.green.waiting import TIMED_OUT, Line

__all__ = ["NOT_USED", "Event", "MisuseError"]

NOT_USED: Final = object()


class MisuseError(GreenError, AssertionError):
    """What eventlet refuses with an assertion; so it is one here too."""


class Event:
    """Carries one result from who sends it to all green threads that wait: everyone gets it, unlike with a queue."""

    def __init__(self) -> None:
        self._result: Any = NOT_USED
        self._exception: BaseException | None = None
        self._traceback: TracebackType | None = None
        self._line = Line()

    def __repr__(self) -> str:
        return f"<Event {'sent' if self.ready() else 'not sent'}, {len(self._line)} waiting>"

    def ready(self) -> bool:
        """Whether something was sent."""
        return self._result is not NOT_USED

    def has_exception(self) -> bool:
        """Whether an exception was sent."""
        return self._exception is not None

    def has_result(self) -> bool:
        """Whether a result was sent that is not an exception."""
        return self.ready() and self._exception is None

    def poll(self, notready: Any = None) -> Any:
        """Return what was sent, or raise the exception that was; `notready` if nothing was. Never blocks."""
        return self.wait() if self.ready() else notready

    def poll_result(self, notready: Any = None) -> Any:
        """Return the result if one was sent, else `notready`."""
        return self._result if self.has_result() else notready

    def poll_exception(self, notready: Any = None) -> Any:
        """Raise the exception if one was sent, else return `notready`."""
        return self.wait() if self.has_exception() else notready

    def wait(self, timeout: float | None = None) -> Any:
        """Block until something is sent and return it (or raise it); None after `timeout` seconds."""
        if not self.ready() and self._line.wait(timeout) is TIMED_OUT:
            return None
        if self._exception is not None:
            raise self._exception.with_traceback(self._traceback)
        return self._result

    def send(self, result: Any = None, exc: BaseException | tuple[Any, ...] | None = None) -> None:
        """Send a result or an exception and schedule those who wait; never switches. MisuseError if sent already."""
        if self.ready():
            raise MisuseError("this Event was sent already", hint="Call reset() before sending again, or use a Queue")
        self._result = result
        if exc is not None:
            self._exception = exception_of(exc if isinstance(exc, tuple) else (exc,))
            self._traceback = self._exception.__traceback__
        self._line.serve_all()

    def send_exception(self, *args: Any) -> None:
        """Send an exception: an instance, or as `throw` takes it (type, value, traceback)."""
        self.send(None, args)

    def reset(self) -> None:
        """Make a sent event usable again."""
        if not self.ready():
            raise MisuseError("this Event can't be reset: nothing was sent yet", hint="reset() belongs after send()")
        self._result, self._exception, self._traceback = NOT_USED, None, None
