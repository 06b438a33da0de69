"""Replicas: which copy of a database answers a read, or whether the primary has to.

A copy answers only if it said less than a second ago that it follows the primary, if it is no further behind than
allowed, and if it has what the reader has seen. That is told by positions in PostgreSQL's log of writes (LSN, here in
bytes): a writer asks the primary for the position after its commit, and each copy tells how far it has replayed (see
replicawatch.py). Right after a write nobody is asked: the primary answers.

What one request, job or green thread has written is held by a context variable, as is the copy that it reads from, so
that two of its reads never go back in time.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from logging import INFO, WARNING, getLogger
from time import monotonic
from typing import Any, Final, Protocol

from spruce.db.opened import find
from spruce.errors import ConnectionLost

__all__ = ["EVERYTHING", "Readable", "Replica", "Replicas", "Seen", "primary", "seen_here", "start_anew"]

EVERYTHING: Final = (1 << 63) - 1
"""The position that no copy ever has: only the primary may answer."""

_FRESH = 1.0  # seconds for which an answer of a copy counts
_SETTLES = 1.0  # seconds after a write in which the primary answers, without being asked for its position
_POSITION = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
_NEVER = float("-inf")
_log = getLogger("spruce.db")


class Readable(str):
    """The alias of objects that a copy may have answered with: what they lead to may be read from one too."""

    __slots__ = ()


class Seen:
    """What somebody has written to a database with replicas, and where their reads go."""

    __slots__ = ("copy", "position", "written_at")

    def __init__(self) -> None:
        self.position = 0  # what a copy must have replayed
        self.written_at = 0.0  # when something was written whose position is not asked yet; 0 when there is no such
        self.copy: Replica | None = None


_from_primary: ContextVar[bool] = ContextVar("spruce_from_primary", default=False)
_seen: ContextVar[dict[str, Seen] | None] = ContextVar("spruce_seen", default=None)


def seen_here() -> dict[str, Seen]:
    """What was written here, by alias; green threads that are spawned later share it."""
    found = _seen.get()
    if found is None:
        found = start_anew()
    return found


def start_anew() -> dict[str, Seen]:
    """Let a request or job begin, which has written nothing yet."""
    found: dict[str, Seen] = {}
    _seen.set(found)
    return found


@contextmanager
def primary() -> Iterator[None]:
    """Let the primary answer what is read in the block, here and in green threads that are spawned there."""
    token = _from_primary.set(True)
    try:
        yield
    finally:
        _from_primary.reset(token)


class Replica:
    """One copy: its driver and the one that asks it how it is, and what it has said."""

    def __init__(self, name: str, driver: Any, probe: Any) -> None:
        self.name = name
        self.driver = driver
        self.probe = probe
        self.database: Any = None  # what a query is given that it answers
        self.answered_at = _NEVER
        self.replayed = 0
        self.behind = 0.0  # seconds
        self.reads = self.fallbacks = 0
        self.joined = self.known = False

    def answers(self, position: int, limit: float, now: float) -> bool:
        """Whether it may be asked by somebody who has seen `position`."""
        return self.replayed >= position and self.behind <= limit and now - self.answered_at < _FRESH

    def note(self, replayed: int, behind: float, limit: float, now: float) -> None:
        """Take what it has said at the time `now`."""
        self.replayed, self.behind, self.answered_at = replayed, behind, now
        joined = behind <= limit
        if joined != self.joined:
            news = "answers reads" if joined else f"is left: it is {behind:.1f} s behind"
            _log.log(WARNING if self.known else INFO, "the replica %s %s", self.name, news)
            self.joined, self.known = joined, True  # what becomes of it from now on is worth a warning

    def leave(self, why: object) -> None:
        """Ask it no more until it has said that it is well; what runs on it fails, and is asked of the primary."""
        self.doubt()
        if self.joined:
            self.joined = False
            _log.warning("the replica %s is left: %s", self.name, why)
            self.driver.abort()

    def doubt(self) -> None:
        """Ask it no more until it answers the next time that it is asked how it is."""
        self.answered_at = _NEVER

    def stats(self, limit: float) -> dict[str, int]:
        """What its driver counts, whether it may be asked now, and how often it was."""
        counted: dict[str, int] = self.driver.stats()
        usable = self.answers(0, limit, monotonic())
        behind = round(1000 * min(self.behind, 1e6))
        return counted | {
            "usable": int(usable), "behind_ms": behind, "reads": self.reads, "fallbacks": self.fallbacks,
        }  # fmt: skip


class _Watch(Protocol):
    """What asks copies how they are."""

    def begin(self, replicas: "Replicas") -> None:
        """Ask the copies of these again and again, in the background."""
        ...

    def end(self) -> None:
        """Ask them no more."""
        ...


class Replicas:
    """The copies of one database. `limit` is how many seconds one may be behind."""

    def __init__(self, primary: Any, copies: Sequence[Replica], limit: float, watch: "_Watch") -> None:
        self.primary = primary
        self.copies = copies
        self.limit = limit
        self.asked_at = _NEVER  # when somebody wanted to read
        self.watched_by: int | None = None  # the process in which they are watched
        self.closed = False
        self._watch = watch
        self._turn = 0

    def choose(self) -> Any:
        """The database for a read: of a copy, or the primary. Blocks only to learn the position of a write."""
        if find(self.primary) is not None or _from_primary.get():
            return self.primary
        now = self.asked_at = monotonic()
        if self.watched_by != os.getpid() and not self.closed:
            self.watched_by = os.getpid()
            self._watch.begin(self)
        known = _seen.get()
        seen = None if known is None else known.get(self.primary.alias)
        if seen is None:
            seen = None if known is None else known.setdefault(self.primary.alias, Seen())
        elif seen.written_at:
            if now - seen.written_at < _SETTLES:
                return self.primary
            self.settle(seen)
        return self._pick(seen, now)

    def _pick(self, seen: Seen | None, now: float) -> Any:
        position = 0 if seen is None else seen.position
        if seen is not None and seen.copy is not None and seen.copy.answers(position, self.limit, now):
            return seen.copy.database
        copies = self.copies
        self._turn += 1
        for i in range(len(copies)):
            copy = copies[(self._turn + i) % len(copies)]
            if copy.answers(position, self.limit, now):
                if seen is not None:
                    seen.copy = copy
                return copy.database
        return self.primary

    def note_write(self) -> None:
        """Something was written here, or may have been."""
        seen_here().setdefault(self.primary.alias, Seen()).written_at = monotonic()

    def settle(self, seen: Seen) -> None:
        """Ask the primary for the position of what was written; if it doesn't tell, only it may answer."""
        before = seen.written_at
        try:
            position = self.primary.driver.rows(_POSITION, ())[0][0]
        except ConnectionLost:
            position = EVERYTHING
        seen.position = max(seen.position, position)
        if seen.written_at == before:  # else something was written meanwhile
            seen.written_at = 0.0

    def close(self) -> None:
        """Watch the copies no more, and close every connection to them."""
        self.closed = True
        self._watch.end()
        for copy in self.copies:
            copy.driver.close()

    def stats(self) -> dict[str, dict[str, int]]:
        """What is counted of each copy, by its name."""
        return {copy.name: copy.stats(self.limit) for copy in self.copies}
