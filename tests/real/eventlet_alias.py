"""The package `eventlet` as its own tests see it, over Spruce: test_eventlet_suite.py puts it where they import it.

What isn't in `spruce.eventlet` is here: the hub, whose timers the tests use, and the modules that only give others.
"""

import _thread
import importlib
import sys
import types
from collections.abc import Callable
from typing import Any

from greenlet import greenlet

from spruce import green as runtime
from spruce.eventlet import (
    corolocal,
    event,
    greenpool,
    greenthread,
    pools,
    queue,
    semaphore,
    timeout,
    tpool,
)
from spruce.green import *  # noqa: F403 - the same names
from spruce.green.runtime import get_hub

__all__ = [*runtime.__all__]


class Hub:
    """What eventlet's tests ask of its hub."""

    def schedule_call_global(self, seconds: float, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function in the loop."""
        return get_hub().call_later(seconds, function, *args)

    def schedule_call_local(self, seconds: float, function: Callable[..., Any], *args: Any) -> Any:
        """The same, unless the calling thread has ended by then."""
        timer = get_hub().call_later(seconds, function, *args)
        runtime.getcurrent().link(lambda _: timer.cancel())
        return timer

    def clock(self) -> float:
        """The loop's time."""
        return get_hub().loop.time()

    def get_readers(self) -> dict[int, Any]:
        """Who waits to read."""
        return {fd: watcher for fd, watcher in get_hub().watchers.items() if watcher.readers}

    def get_writers(self) -> dict[int, Any]:
        """Who waits to write."""
        return {fd: watcher for fd, watcher in get_hub().watchers.items() if watcher.writers}

    def get_timers_count(self) -> int:
        """Nobody looks at it."""
        return 0


def _module(name: str, **names: Any) -> types.ModuleType:
    module = types.ModuleType(f"eventlet.{name}")
    vars(module).update(names)
    return module


_hub = Hub()
hubs = _module("hubs", get_hub=lambda: _hub)
patcher = _module("patcher", original=importlib.import_module)
support = _module("support")
support.greenlets = _module(  # type: ignore[attr-defined]  # made here
    "support.greenlets", GreenletExit=runtime.GreenletExit, greenlet=greenlet, getcurrent=runtime.getcurrent
)
green_package = _module("green")
green_package.thread = _module(  # type: ignore[attr-defined]  # made here
    "green.thread", Lock=runtime.Lock, error=_thread.error, get_ident=runtime.get_ident
)
tpool_names = {name: getattr(tpool, name) for name in tpool.__all__}
tpool_module = _module("tpool", **tpool_names, setup=lambda: None)
tpool_module.__class__ = type(
    "TpoolModule", (types.ModuleType,), {"_nthreads": property(lambda _: runtime.tpool._threads)}
)

for _name, _value in {
    "corolocal": corolocal,
    "event": event,
    "green": green_package,
    "green.thread": green_package.thread,
    "greenpool": greenpool,
    "greenthread": greenthread,
    "hubs": hubs,
    "patcher": patcher,
    "pools": pools,
    "queue": queue,
    "semaphore": semaphore,
    "support": support,
    "support.greenlets": support.greenlets,
    "timeout": timeout,
    "tpool": tpool_module,
}.items():
    sys.modules[f"eventlet.{_name}"] = _value
    if "." not in _name:
        setattr(sys.modules[__name__], _name, _value)
