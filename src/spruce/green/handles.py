"""The handles of our loop: asyncio's, but made of three stores instead of a constructor call.

A handle is made for every callback, so it keeps the callback and its arguments as the one tuple that the caller's argument list
already is, and is called with it. What asyncio's own code and other people's look at (`_callback`, `_args`, `_cancelled`) is
computed from the tuple when asked for.
"""

from asyncio import events, format_helpers
from collections.abc import Callable
from contextvars import Context
from sys import _getframe
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spruce.green.loop import LeanLoop

__all__ = ["Call", "Handle", "TimerHandle", "new_handle", "new_timer_handle", "run_foreign", "trace"]

Call = tuple[Any, ...]  # a callable and its positional arguments


class _LeanHandle:
    """What both kinds of handle share; `call` is None once the handle is cancelled."""

    __slots__ = ()

    call: Call | None
    _context: Context
    _loop: "LeanLoop"

    @property
    def _cancelled(self) -> bool:
        return self.call is None

    @property
    def _callback(self) -> Callable[..., object] | None:
        return None if self.call is None else self.call[0]

    @property
    def _args(self) -> tuple[Any, ...] | None:
        return None if self.call is None else self.call[1:]

    def __getattr__(self, name: str) -> None:
        # Python asks here for a slot that was never filled: both are for debug mode only
        if name not in ("_repr", "_source_traceback"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self.call is None

    def get_context(self) -> Context:
        """The context in which the callback is called."""
        return self._context

    def _run(self) -> None:
        call = self.call
        if call is not None:
            try:
                self._context.run(*call)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as exc:
                self._loop.callback_failed(self, call, exc)  # type: ignore[arg-type]  # self is a Handle or a TimerHandle


class Handle(_LeanHandle, events.Handle):
    """A callback that waits for its turn, or that is called whenever a descriptor is ready."""

    __slots__ = ("call",)
    __init__ = object.__init__  # type: ignore[assignment]  # a Python constructor would be most of a handle's price

    def cancel(self) -> None:
        """Never call the callback; nothing if it was called already."""
        if self.call is not None:
            _keep_repr(self)
            self.call = None


class TimerHandle(_LeanHandle, events.TimerHandle):
    """A callback that waits for its time."""

    __slots__ = ("call",)
    __init__ = object.__init__  # type: ignore[assignment]  # as above

    def cancel(self) -> None:
        """Never call the callback; nothing if it was called already."""
        if self.call is not None:
            self._loop._timer_handle_cancelled(self)
            _keep_repr(self)
            self.call = None


def _keep_repr(handle: Handle | TimerHandle) -> None:
    if handle._loop.get_debug():
        handle._repr = repr(handle)
