"""What can be read off a running process, by Elastic's names and ours: CPU, memory, loop, green threads, databases."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from spruce.db.databases import stats as database_stats
from spruce.green.runtime import all_hubs
from spruce.server.processes import resident_bytes

__all__ = ["Gauges"]

Samples = dict[str, float]


class Gauges:
    """Reads them. What is a share of time is that since the last reading."""

    def __init__(self) -> None:
        self._wall = time.monotonic()
        self._cpu = time.process_time()
        self._machine = _machine_times()
        self._sources: list[Callable[[], Samples]] = [self._process, self._system, _loops, _databases]

    def read(self) -> Samples:
        """The value of each by its name. What can't be read here is left out."""
        found: Samples = {}
        for source in self._sources:
            found |= source()
        return found

    def _process(self) -> Samples:
        wall, cpu = time.monotonic(), time.process_time()
        share = (cpu - self._cpu) / max(wall - self._wall, 1e-9) / (os.cpu_count() or 1)
        self._wall, self._cpu = wall, cpu
        return {
            "system.process.cpu.total.norm.pct": min(share, 1.0),
            "system.process.memory.rss.bytes": resident_bytes(os.getpid()),
            "system.process.memory.size": _process_size(),
        }

    def _system(self) -> Samples:
        found = _memory()
        before, self._machine = self._machine, _machine_times()
        busy, total = self._machine[0] - before[0], self._machine[1] - before[1]
        if total > 0:
            found["system.cpu.total.norm.pct"] = busy / total
        return found


def _process_size() -> int:
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _machine_times() -> tuple[float, float]:
    """The busy and all time of the machine's processors, in ticks; zeros where that isn't told."""
    try:
        with open("/proc/stat", encoding="ascii") as stat:
            times = [int(text) for text in stat.readline().split()[1:9]]
    except (OSError, ValueError):
        return 0, 0
    return sum(times) - times[3] - times[4], sum(times)


def _memory() -> Samples:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return {}
    found = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines) if rest}
    told = {"system.memory.total": found.get("MemTotal"), "system.memory.actual.free": found.get("MemAvailable")}
    return {name: value for name, value in told.items() if value is not None}


def _loops() -> Samples:
    """Of all hubs together; the lag is the longest time in which a loop has looked at nothing new."""
    threads = ready = 0
    lag = 0.0
    for hub in all_hubs():
        stats = hub.stats()
        threads += stats["threads"]
        ready += stats["ready"]
        if hub.parks is not None:
            lag = max(lag, hub.parks.take_longest_turn())
    return {"spruce.loop.lag.ms": lag * 1000, "spruce.green.threads": threads, "spruce.green.ready": ready}


def _databases() -> Samples:
    if "spruce.db.models" not in sys.modules:
        return {}
    try:
        stats = database_stats()
    except Exception:  # no settings hold in this thread, or a driver is being closed
        return {}
    return {
        f"spruce.db.{alias}.{name}": value
        for alias, counts in stats.items()
        for name, value in counts.items()
        if isinstance(value, int | float)
    }
