"""Who lives: this worker's own beat, and what it makes of the others' beats.

Only time that this process has itself been looking counts against another worker: a look that comes late, because the
process was stopped or the database was away, adds no more than the time between two looks.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from spruce.tasks.clock import wall
from spruce.tasks.store import Store

__all__ = ["BEAT_SECONDS", "LEASE_SECONDS", "Lease", "Watch", "is_gone", "place"]

BEAT_SECONDS = 1.0
LEASE_SECONDS = 8.0
"""A worker whose beat has stood still for so long is dead."""


@cache
def place() -> str:
    """The machine since its last start, and the part of it in which process numbers mean the same."""
    boot = space = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        space = os.readlink("/proc/self/ns/pid")
    return f"{socket.gethostname()} {boot} {space}".strip()


def born(pid: int) -> str:
    """What tells a process from a later one of the same number; "" if that cannot be told, or it is no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def is_gone(where: str, pid: int, birth: str) -> bool:
    """Whether the process of a worker has certainly ended; what runs elsewhere cannot be told."""
    return bool(birth) and where == place() and born(pid) != birth


class Lease:
    """The row of this worker: `id` is a new one each time it is entered, so that nothing of the one before counts."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.id = ""

    def take(self) -> None:
        """Enter this worker, if it is not."""
        if not self.id:
            made = f"{os.getpid()}-{secrets.token_hex(8)}"
            self.store.register(made, place(), os.getpid(), born(os.getpid()), wall())
            self.id = made

    def beat(self) -> bool:
        """Show that this worker lives; False if it was taken for dead, and is nobody now."""
        if self.id and not self.store.beat(self.id):
            self.id = ""
            return False
        return True

    def leave(self) -> None:
        """Remove this worker, which has no jobs in hand."""
        was, self.id = self.id, ""
        if was:
            self.store.leave(was)


class Watch:
    """Looks at the others, and buries the dead."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self.store = store
        self._clock = clock
        self._seen: dict[str, tuple[int, float]] = {}  # by id: the beat, and for how long it has been that
        self._looked: float | None = None

    def look(self, own: str) -> int:
        """Bury those who are dead, and release their jobs; return how many jobs that were."""
        rows = self.store.workers()
        now = self._clock()
        passed = 0.0 if self._looked is None else min(now - self._looked, 2 * BEAT_SECONDS)
        self._looked = now
        seen: dict[str, tuple[int, float]] = {}
        for id_, beat, where, pid, birth, _ in rows:
            if id_ == own:
                continue
            before, age = self._seen.get(id_, (beat, -passed))
            seen[id_] = (beat, age + passed if before == beat else 0.0)
            if (is_gone(where, pid, birth) or seen[id_][1] >= LEASE_SECONDS) and self.store.bury(id_, beat):
                del seen[id_]
        self._seen = seen
        return self.store.release(wall()) if self.store.has_orphans() else 0
