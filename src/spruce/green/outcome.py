"""How a green thread ends with an exception: what `kill` was given, and what nobody asked for."""

import asyncio
import logging
from typing import Any, Final

from greenlet import GreenletExit

from spruce.errors import advise

__all__ = ["Unretrieved", "exception_of", "unretrieved"]

logger = logging.getLogger("spruce.green")
_NOT_LOGGED: Final = (GreenletExit, asyncio.CancelledError, KeyboardInterrupt, SystemExit)


class Unretrieved:
    """Logs a failed thread's exception when the thread is dropped and nobody has asked for its result."""

    __slots__ = ("exception", "name")

    def __init__(self, name: str, exception: BaseException) -> None:
        self.name = name
        self.exception: BaseException | None = exception  # None once somebody has asked

    def __del__(self) -> None:
        if self.exception is not None:
            logger.error("green thread %s failed and nobody waited for it", self.name, exc_info=self.exception)


def unretrieved(name: str, exception: BaseException) -> Unretrieved | None:
    """What logs the failure of thread `name` unless somebody asks for it; None for an end that is no failure."""
    if isinstance(exception, _NOT_LOGGED):
        return None
    advise(exception)
    return Unretrieved(name, exception)


def exception_of(throw_args: tuple[Any, ...]) -> BaseException:
    """The exception that greenlet's `throw(type, value, traceback)` would raise; GreenletExit without arguments."""
    if not throw_args:
        return GreenletExit()
    kind, *rest = throw_args
    if isinstance(kind, BaseException):
        return kind
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise TypeError(f"an exception or its class is needed, not {kind!r}")
    value = rest[0] if rest else None
    exception = value if isinstance(value, BaseException) else kind() if value is None else kind(value)
    return exception.with_traceback(rest[1]) if len(rest) > 1 else exception
