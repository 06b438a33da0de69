"""The handles of our loop: asyncio's, but made of three stores instead of a constructor call.

A handle is made for every callback, so it keeps callback and arguments as the one tuple that the caller's argument
list already is, and is called with it. What asyncio and others look at (`_callback`, `_args`, `_cancelled`) is computed
from the tuple when it is asked for.
"""

import sys
from asyncio import events, format_helpers
from collections.abc import Callable
from contextvars import Context
from typing import Any, Protocol

__all__ = ["Call", "Handle", "TimerHandle"]

Call = tuple[Any, ...]  # a callable and its positional arguments


class _Loop(Protocol):
    """What a handle asks of its loop."""

    _debug: bool
    _timer_cancelled_count: int

    def callback_failed(self, handle: "Handle | TimerHandle", call: Call, exc: BaseException) -> None: ...


class _Lean:
    """What both kinds of handle share. `call` is None once the handle is cancelled."""

    __slots__ = ()

    call: Call | None
    _context: Context
    _loop: _Loop
    _source_traceback: Any

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

    def cancel(self: Any) -> None:
        """Never call the callback; nothing if it was called already."""
        if self.call is not None:
            if self._loop._debug:
                self._repr = repr(self)
            self.call = None

    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self.call is None

    def get_context(self) -> Context:
        """The context in which the callback is called."""
        return self._context

    def trace(self: Any, filename: str) -> None:
        """Note who asked for the call: the stack above the functions of `filename`."""
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename == filename:
            frame = frame.f_back
        self._source_traceback = format_helpers.extract_stack(frame)

    def _run(self: Any) -> None:
        call = self.call
        if call is not None:
            try:
                self._context.run(*call)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as exc:
                self._loop.callback_failed(self, call, exc)
        del self, call  # the traceback of an exception refers to this frame: no cycle through it


class Handle(_Lean, events.Handle):  # type: ignore[misc,override]  # computes what asyncio's handle stores
    """A callback that waits for its turn, or that is called whenever a descriptor is ready."""

    __slots__ = ("call",)
    __init__ = object.__init__  # a constructor in Python would be most of a handle's price


class TimerHandle(_Lean, events.TimerHandle):  # type: ignore[misc,override]  # as above
    """A callback that waits for its time."""

    __slots__ = ("call",)
    __init__ = object.__init__  # as above

    _scheduled: bool
    _when: float

    def cancel(self) -> None:
        """Never call the callback; nothing if it was called already."""
        if self.call is not None:
            if self._scheduled:
                self._loop._timer_cancelled_count += 1
            if self._loop._debug:
                self._repr = repr(self)
            self.call = None
