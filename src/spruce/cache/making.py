"""How a missing value is made: once per process by single flight, once over all processes by a lease in the store."""

import logging
from collections.abc import Callable
from secrets import token_hex
from typing import Any

from spruce import green
from spruce.cache.flights import Flights
from spruce.cache.locks import Pauses
from spruce.cache.places import pause, spawn
from spruce.cache.stores import MISSING, Store

__all__ = ["LEASE_SECONDS", "Maker"]

LEASE_SECONDS = 2.0
"""For how long a process that died keeps others from making the value."""

_ROUNDS = 3  # of waiting for a value that is out of date when it is there

_logger = logging.getLogger("spruce.cache")


class Maker:
    """Makes values under keys, for one cache. `shared`: whether other processes use the store too."""

    def __init__(self, store: Store, *, shared: bool) -> None:
        self._store = store
        self._shared = shared
        self.flights = Flights()

    def make(
        self,
        key: str,
        make: Callable[[], Any],
        find: Callable[[], Any],
        waited: Callable[[float], Any] | None = None,
        *,
        newest: bool = False,
    ) -> Any:
        """Return what `make()` returns here, or in the thread or process that makes it now; blocks until it is there.

        `make` stores the value; `find` looks for a fresh one in the store and returns it, or MISSING. `newest`: what
        another had begun to make before it was asked for here is good only if `find` still finds it afterwards.
        """
        for _ in range(_ROUNDS):
            value, here = self.flights.run(key, lambda: self._leased(key, make, find), waited, detour=make)
            if here or (type(value) in _UNCHANGEABLE and not newest):
                return value
            found = find()  # a copy of our own, as everybody gets who reads the store
            if found is not MISSING or not newest:
                return value if found is MISSING else found
        return make()

    def refresh(self, key: str, make: Callable[[], Any]) -> None:
        """Make the value in a green thread of its own, unless somebody does already; errors are logged."""
        if not self.flights.busy(key):
            spawn(self._refresh, key, make)

    def _refresh(self, key: str, make: Callable[[], Any]) -> None:
        def once() -> None:
            lease = _Lease(self._store, key)
            if not self._shared:
                make()
            elif lease.take():
                try:
                    make()
                finally:
                    lease.give_back()

        try:
            self.flights.run(key, once)
        except Exception:
            _logger.exception("%r could not be made anew; the stale value is used on", key)

    def _leased(self, key: str, make: Callable[[], Any], find: Callable[[], Any]) -> Any:
        if not self._shared:
            return make()
        lease, pauses = _Lease(self._store, key), Pauses()
        while not lease.take():
            pause(pauses.next())
            found = find()
            if found is not MISSING:
                return found
        try:
            found = find()  # made by another between our look and our lease
            return make() if found is MISSING else found
        finally:
            lease.give_back()


_UNCHANGEABLE = frozenset({str, int, float, bool, bytes, type(None)})


class _Lease:
    """The right to make one value, over all processes; kept up while the thread that has it lives and yields."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = f"{key}:lease"
        self._token = token_hex(8)
        self._end_keeper: Callable[[], Any] | None = None

    def take(self) -> bool:
        """Whether we have it now."""
        if not self._store.add(self._key, self._token, LEASE_SECONDS):
            return False
        self._end_keeper = spawn(self._keep_up)
        return True

    def _keep_up(self) -> None:
        while True:
            green.sleep(LEASE_SECONDS / 3)
            if not self._store.touch_if(self._key, self._token, LEASE_SECONDS):
                return

    def give_back(self) -> None:
        """End it, so that others needn't wait for it to run out."""
        if self._end_keeper is not None:
            self._end_keeper()
        self._store.delete_if(self._key, self._token)
