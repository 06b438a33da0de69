"""The choice of an event loop by name: ours, asyncio's own, or uvloop."""

import asyncio
import select
import sys
from importlib import import_module
from typing import Final

from spruce.errors import GreenError, nearest

__all__ = ["LOOPS", "new_event_loop"]

LOOPS: Final = ("lean", "asyncio", "uvloop")

_NEWEST_PYTHON: Final = (3, 13)  # whose asyncio the lean loop is known to fit: it replaces private methods
_HAS_LEAN: Final = hasattr(select, "epoll") and sys.version_info[:2] <= _NEWEST_PYTHON

if _HAS_LEAN:
    from spruce.green.lean import LeanLoop


def new_event_loop(kind: str | None = None) -> asyncio.AbstractEventLoop:
    """A new loop: "lean", "asyncio" or "uvloop"; None means "lean".

    Where the lean loop can't work (it needs epoll, and an asyncio that it was tested with) asyncio's own takes over.
    GreenError if the name is unknown or uvloop isn't installed.
    """
    if kind is None or kind == "lean":
        return LeanLoop() if _HAS_LEAN else _asyncio_loop()
    if kind == "asyncio":
        return _asyncio_loop()
    if kind != "uvloop":
        raise GreenError(
            f"there is no loop named {kind!r}{nearest(kind, LOOPS)}", hint=f"choose one of: {', '.join(LOOPS)}"
        )
    try:
        loop: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    except ImportError:
        raise GreenError(
            "uvloop is not installed", hint="Install it with: pip install 'spruce[uvloop]', or use another loop"
        ) from None
    return loop


def _asyncio_loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop() if sys.platform == "win32" else asyncio.SelectorEventLoop()
