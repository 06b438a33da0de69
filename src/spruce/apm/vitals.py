"""How a worker is: memory, CPU, how late its loop is, its databases' pools and its caches; read off now and then."""

import os
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from spruce import config
from spruce.cache.caches import caches
from spruce.db.databases import stats as database_stats
from spruce.green.runtime import all_hubs
from spruce.server.processes import resident_bytes

__all__ = ["Vitals"]

_KEPT = 10  # readings of which the worst lag is told


class Vitals:
    """Reads them; what is a share of time or a rate is that since the last reading."""

    def __init__(self, settings: config.Settings, ended: Callable[[], int]) -> None:
        self.settings = settings
        self.ended = ended
        """How many transactions have ended in this process."""
        self._lags: deque[float] = deque(maxlen=_KEPT)
        self._wall, self._cpu, self._before = time.monotonic(), time.process_time(), 0

    def was_late(self, seconds: float) -> None:
        """Note how much later than wanted the loop has resumed a green thread."""
        self._lags.append(max(seconds, 0.0))

    def read(self) -> dict[str, Any]:
        """Read all, in a green thread; what can't be read is left out."""
        wall, cpu = time.monotonic(), time.process_time()
        passed = max(wall - self._wall, 1e-9)
        count = self.ended()
        share, rate = (cpu - self._cpu) / passed, (count - self._before) / passed
        self._wall, self._cpu, self._before = wall, cpu, count
        hubs = [hub.stats() for hub in all_hubs()]
        token = config.use(self.settings)
        try:
            return {
                "memory": resident_bytes(os.getpid()),
                "cpu": share,
                "rate": rate,
                "lag": max(self._lags, default=0.0),
                "threads": sum(stats["threads"] for stats in hubs),
                "ready": sum(stats["ready"] for stats in hubs),
                "pools": _pools(),
                "caches": _caches(),
            }
        finally:
            config.leave(token)


def _pools() -> dict[str, Any]:
    if "spruce.db.models" in sys.modules:
        with suppress(Exception):  # a driver that is being closed
            return dict(database_stats())
    return {}


def _caches() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for alias in caches:
        with suppress(Exception):  # one that cannot be made, which its users are told
            found[alias] = caches[alias].stats()
    return found
