"""What the hub's ready queue may hold besides wakes: calls that can be cancelled, or that end a turn."""

from collections.abc import Callable
from typing import Any, NoReturn

__all__ = ["Pause", "Raise", "Soon"]


class Soon:
    """A call in the ready queue that can be cancelled."""

    __slots__ = ("args", "function")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.function: Callable[..., Any] | None = function
        self.args = args

    def __call__(self) -> None:
        """Call it, unless it was cancelled."""
        if self.function is not None:
            self.function(*self.args)

    def cancel(self) -> None:
        """Don't call it."""
        self.function = None


class Pause(BaseException):
    """Ends a turn of the ready queue early."""


class Raise:
    """Raises an exception when it is called."""

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception

    def __call__(self) -> NoReturn:
        """Raise it."""
        raise self.exception
