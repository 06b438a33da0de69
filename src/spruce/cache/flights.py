"""Single flight: of all threads that want the same thing made, one makes it and the others wait for what it got.

Works between green threads of one OS thread and between OS threads. A thread that asks for what it is itself making
(by a detour) makes it again instead of waiting for itself for ever.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from spruce import green
from spruce.cache.places import Signal, signal

__all__ = ["Flights"]

_ABANDONED: Final = object()


class _Flight:
    """One thing that is being made: who makes it, who waits, and in the end what came of it."""

    __slots__ = ("error", "owner", "value", "waiting")

    def __init__(self) -> None:
        self.owner = green.get_ident()
        self.waiting: list[Signal] = []
        self.value: Any = _ABANDONED
        self.error: Exception | None = None

    def land(self) -> None:
        """Wake all who wait."""
        for waiting in self.waiting:
            waiting.give()


class Flights:
    """What is being made now, by key."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._flights)

    def busy(self, key: str) -> bool:
        """Whether the thing is being made now."""
        return key in self._flights

    def run(
        self,
        key: str,
        make: Callable[[], Any],
        waited: Callable[[float], Any] | None = None,
        detour: Callable[[], Any] | None = None,
    ) -> tuple[Any, bool]:
        """Return what `make()` returned, here or in the thread that made it first, and whether that was here.

        An Exception in `make` is raised in all who wait. If the thread that makes it is killed, another takes over.
        `waited(seconds)` is called after a wait; `detour`, instead of `make`, where the thread would wait for itself.
        """
        while True:
            with self._lock:
                flight = self._flights.get(key)
                if flight is None:
                    mine = self._flights[key] = _Flight()
                elif flight.owner != green.get_ident():
                    landed = signal()
                    flight.waiting.append(landed)
            if flight is None:
                return self._lead(key, mine, make), True
            if flight.owner == green.get_ident():
                return (detour or make)(), True
            start = time.perf_counter()
            landed.wait()
            if waited is not None:
                waited(time.perf_counter() - start)
            if flight.error is not None:
                raise flight.error
            if flight.value is not _ABANDONED:
                return flight.value, False

    def _lead(self, key: str, flight: _Flight, make: Callable[[], Any]) -> Any:
        try:
            flight.value = make()
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.land()
        return flight.value
