"""Watching waits: how long each green thread of a hub was parked, told when it goes on.

Nothing of this is there until somebody watches: then the hub gives its carriers another `park`, and its loop's poll
tells when it comes back. So what isn't watched pays nothing.

`ready` is the moment since which a thread could have gone on, as far as the loop can tell: when the last poll came back
from waiting; or, if that one found something without waiting, when the one before came back, since what it found had
happened in between.

On uvloop that can't be known: it polls in C, and by the time that a thread goes on, the clock of its turn
(`loop.time()`) has been set anew behind whatever held the loop up. There all waits count as what they were for.
"""

import math
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, TypeAlias

from greenlet import getcurrent

from spruce.green.greenthread import AnyHub, GreenThread

__all__ = ["Parks", "watch_parks"]

Note: TypeAlias = Callable[[GreenThread, float, float], object]
_WAITED: Final = 30e-6  # seconds; a poll that takes less has not waited


class Parks:
    """What watches the waits of one hub, until `end`."""

    def __init__(self, hub: Any, note: Note) -> None:
        self.hub = hub
        self.note = note
        self.ready = math.inf
        self._polled = perf_counter()
        self._longest = 0.0
        self._polls: Any = None  # what has the loop's poll, and its name there
        self._poll: Callable[..., Any] | None = None
        self._set(self._watching(hub.rest))
        self._watch_polls()
        hub.parks = self

    def _watching(self, park: Callable[[], Any]) -> Callable[[], Any]:
        note = self.note

        def watching_park() -> Any:
            began = perf_counter()
            try:
                return park()
            finally:
                carrier: Any = getcurrent()
                note(carrier.thread, began, self.ready)

        return watching_park

    def _set(self, park: Callable[[], Any]) -> None:
        hub = self.hub
        before, hub.park = hub.park, park
        for carrier in hub.carriers:
            if carrier.park is before:  # else it has a task, and asks the hub
                carrier.park = park

    def _watch_polls(self) -> None:
        """Note when the loop's poll comes back; nothing on a loop that is written in C."""
        loop: Any = self.hub.loop
        for owner, name in (
            (getattr(loop, "_descriptors", None), "poll"),
            (getattr(loop, "_selector", None), "select"),
        ):
            if owner is not None and hasattr(owner, name):
                self._polls, self._poll = (owner, name), getattr(owner, name)
                setattr(owner, name, self._watched_poll)
                return

    def _watched_poll(self, timeout: float | None = None, *more: Any) -> Any:
        assert self._poll is not None  # noqa: S101 - it is there before this is called
        began = perf_counter()
        if began - self._polled > self._longest:
            self._longest = began - self._polled
        found = self._poll(timeout, *more)
        now = perf_counter()
        waited = (timeout is None or timeout > 0) and now - began > _WAITED
        self.ready = now if waited else self._polled
        self._polled = now
        return found

    def take_longest_turn(self) -> float:
        """The longest time, in seconds, from one poll to the next since this was last asked; 0 on uvloop."""
        longest, self._longest = self._longest, 0.0
        return longest

    def end(self) -> None:
        """Let the hub be as before."""
        if self._polls is not None:
            owner, name = self._polls
            setattr(owner, name, self._poll)
        self._set(self.hub.rest)
        self.hub.parks = None


def watch_parks(hub: AnyHub, note: Note) -> Parks:
    """Call `note(thread, began, ready)` in each green thread of `hub` that goes on after a wait; by `perf_counter`.

    There is one that watches a hub. On uvloop, which doesn't tell of its polls, `ready` is infinite.
    """
    return Parks(hub, note)
