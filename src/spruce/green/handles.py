"""The handles of our loop: asyncio's, but made of three stores instead of a constructor call.

A handle is made for every callback, so it keeps the callback and its arguments as the one tuple that the caller's argument list
already is, and is called with it. What asyncio and others look at (`_callback`, `_args`, `_cancelled`) is computed from the tuple
when it is asked for.
"""

from asyncio import events
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spruce.green.loop import LeanLoop

__all__ = ["Call", "Handle", "TimerHandle"]

Call = tuple[Any, ...]  # a callable and its positional arguments


class _Lean:
    """What both kinds of handle share. `call` is None once the handle is cancelled."""

    __slots__ = ()

    call: Call | None
    _context: Context
    _loop: "LeanLoop"
    _repr: str | None

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
        # Python asks here for a slot that was never filled; these two are filled in debug mode only
        if name not in ("_repr", "_source_traceback"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def cancel(self) -> None:
        """Never call the callback; nothing if it was called already."""
        if self.call is not None:
            if self._loop.get_debug():
                self._repr = repr(self)
            self.call = None

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
                self._loop.callback_failed(self, call, exc)


class Handle(_Lean, events.Handle):
    """A callback that waits for its turn, or that is called whenever a descriptor is ready."""

    __slots__ = ("call",)
    __init__ = object.__init__  # type: ignore[assignment]  # a constructor in Python would be most of a handle's price


class TimerHandle(_Lean, events.TimerHandle):
    """A callback that waits for its time."""

    __slots__ = ("call",)
    __init__ = object.__init__  # type: ignore[assignment]  # as above

    def cancel(self) -> None:
        """Never call the callback; nothing if it was called already."""
        if self.call is not None:
            self._loop._timer_handle_cancelled(self)
        super().cancel()
