"""`eventlet.hubs`: the hub of this OS thread under the names that programs use, and waiting for a descriptor."""

import asyncio
import errno
from collections.abc import Callable, Sized
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from spruce.errors import GreenError
from spruce.green import Timeout, getcurrent
from spruce.green import get_hub as green_hub
from spruce.green.greenthread import Timer
from spruce.green.watching import forget, wait_readable, wait_writable

__all__ = [
    "Hub",
    "HubError",
    "IOClosed",
    "get_default_hub",
    "get_hub",
    "notify_close",
    "notify_opened",
    "trampoline",
    "use_hub",
]

_NAMES = (None, "asyncio", "epolls", "kqueue", "poll", "selects")


class HubError(Exception):
    """Something is wrong with the hub."""


class IOClosed(OSError):
    """Raised where somebody waits for a descriptor that is closed."""


class Hub:
    """What programs ask of the hub: its clock and its timers."""

    @property
    def greenlet(self) -> Any:
        """The greenlet in which the loop runs."""
        return green_hub().root

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop."""
        return green_hub().loop

    def clock(self) -> float:
        """The loop's time, in seconds."""
        return green_hub().loop.time()

    def schedule_call_global(self, seconds: float, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Timer:
        """Call the function, which must not wait, in the loop after `seconds`; `cancel()` the result to prevent it."""
        return green_hub().call_later(seconds, lambda: function(*args, **kwargs))

    def schedule_call_local(self, seconds: float, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Timer:
        """As `schedule_call_global`, but not if the calling green thread ends before."""
        timer = self.schedule_call_global(seconds, function, *args, **kwargs)
        getcurrent().link(lambda _: timer.cancel())
        return timer

    def get_timers_count(self) -> int:
        """How many calls wait for their time."""
        loop: Any = green_hub().loop
        timers: Sized = getattr(loop, "_timers", ()) or getattr(loop, "_scheduled", ())
        return len(timers)

    def get_readers(self) -> list["Listener"]:
        """Who waits to read."""
        return [Listener(number, "read") for number, watcher in green_hub().watchers.items() if watcher.readers]

    def get_writers(self) -> list["Listener"]:
        """Who waits to write."""
        return [Listener(number, "write") for number, watcher in green_hub().watchers.items() if watcher.writers]


@dataclass(frozen=True)
class Listener:
    """A descriptor that somebody waits for."""

    fileno: int
    evtype: str
    greenlet: Any = None


_hub = Hub()


def get_hub() -> Hub:
    """The hub of this OS thread."""
    return _hub


def get_default_hub() -> type[Hub]:
    """The only kind of hub that there is."""
    return Hub


def use_hub(mod: str | ModuleType | type | None = None) -> None:
    """Nothing: the hub is asyncio's loop. The names of eventlet's hubs are taken; for others, HubError."""
    if mod not in _NAMES:
        raise HubError(f"there is no hub {mod!r}: Spruce's runs on an asyncio loop; set SPRUCE_LOOP to choose one")


def trampoline(
    fd: Any,
    read: Any = None,
    write: Any = None,
    timeout: float | None = None,
    timeout_exc: type[BaseException] | BaseException = Timeout,
    mark_as_closed: Callable[[], object] | None = None,
) -> None:
    """Park until `fd` can be read or written, whichever is asked for; raise `timeout_exc` after `timeout` seconds."""
    if bool(read) == bool(write):
        raise GreenError("trampoline() waits either to read or to write", hint="Give one of read=True and write=True")
    number = fd if isinstance(fd, int) else fd.fileno()
    if not (wait_readable if read else wait_writable)(number, timeout):
        if mark_as_closed is not None:
            mark_as_closed()
        raise timeout_exc


def notify_close(fd: int) -> None:
    """Wake who waits for a descriptor that is closed, with IOClosed."""
    forget(green_hub(), fd, lambda: IOClosed(errno.ENOTCONN, "Operation on closed file"))


def notify_opened(fd: int) -> None:
    """As `notify_close`: the number is another file's now."""
    notify_close(fd)
