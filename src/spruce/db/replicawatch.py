"""How the copies of a database are: each is asked four times a second, while somebody reads.

It happens in the background, in one green thread for each copy and one for the primary, on connections of their own. A
copy that does not answer in time is left, be it dead, frozen or out of reach, and so is one that follows nobody any
more because it was promoted. The primary tells how far it is; by its answers of the last seconds it is known how old
what a copy shows is, without trusting anybody's clock.
"""

import os
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from spruce import green
from spruce.db.replicas import Replica, Replicas
from spruce.errors import DatabaseError

__all__ = ["Progress", "Watch"]

_EVERY = 0.25  # seconds between two questions
_ANSWER = 0.4  # seconds for an answer
_CONNECT = 2.0  # and for the first on a new connection
_IDLE = 10.0  # seconds without readers after which nobody is asked
_OF_PRIMARY: Final = "SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint"
_OF_COPY: Final = (
    "SELECT pg_is_in_recovery(), (COALESCE(pg_last_wal_replay_lsn(), '0/0'::pg_lsn) - '0/0'::pg_lsn)::bigint"
)


class Progress:
    """Where the primary was when, for the last seconds; says how old a position is."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._marks: deque[tuple[float, int]] = deque()
        self.unreachable = False

    def mark(self, position: int, now: float) -> None:
        """The primary was there at the time `now`."""
        self.unreachable = False
        self._marks.append((now, position))
        while len(self._marks) > 1 and self._marks[1][0] < now - self._seconds:
            self._marks.popleft()

    def behind(self, position: int, now: float) -> float:
        """How many seconds ago the primary was last seen at a position or before it; infinite where nobody knows.

        Of a primary that never answered copies are believed to be near: they are all that there is.
        """
        if not self._marks:
            return 0.0 if self.unreachable else float("inf")
        if position >= self._marks[-1][1]:
            return 0.0
        return next((now - at for at, marked in reversed(self._marks) if marked <= position), float("inf"))


class Watch:
    """The watching of the copies of one database: begun by `begin`, over when nobody reads or `end` is called.

    `probe` is a driver for the primary that nobody else uses.
    """

    def __init__(self, probe: Any) -> None:
        self._probe = probe
        self._process = 0
        self._stop = green.Event()
        self._running = False

    def begin(self, replicas: Replicas) -> None:
        """Watch these in the background; returns at once."""
        self._process = os.getpid()
        green.spawn_in_background(self._run, replicas)

    def end(self) -> None:
        """Watch them no more; blocks for a moment."""
        if self._process == os.getpid():
            green.in_background(self._end)

    def _end(self) -> None:
        self._stop.send()
        while self._running:
            green.sleep(0.01)

    def _run(self, replicas: Replicas) -> None:
        progress = Progress(replicas.limit + 2.0)
        self._stop, self._running = green.Event(), True
        questions = [
            self._about_primary(progress),
            *(self._about(copy, replicas, progress) for copy in replicas.copies),
        ]
        threads = [green.spawn_detached(question.repeat, replicas, self._stop) for question in questions]
        try:
            for thread in threads:
                thread.wait()
        finally:
            replicas.watched_by, self._running = None, False
            for question in questions:
                question.probe.abort()

    def _about_primary(self, progress: Progress) -> "_Question":
        def lose(why: object) -> None:
            progress.unreachable = True

        return _Question(self._probe, _OF_PRIMARY, lambda row, now: progress.mark(row[0], now), lose)

    def _about(self, copy: Replica, replicas: Replicas, progress: Progress) -> "_Question":
        def take(row: Any, now: float) -> None:
            follows, replayed = row
            if follows:
                copy.note(replayed, progress.behind(replayed, now), replicas.limit, now)
            else:
                copy.leave("it follows nobody any more: was it promoted?")

        return _Question(copy.probe, _OF_COPY, take, copy.leave)


class _Question:
    """What one server is asked again and again, and who is told."""

    def __init__(
        self, probe: Any, sql: str, take: Callable[[Any, float], None], lose: Callable[[object], None]
    ) -> None:
        self.probe = probe
        self._sql = sql
        self._take = take
        self._lose = lose
        self._known = False  # whether the last one was answered

    def repeat(self, replicas: Replicas, stop: green.Event) -> None:
        """Ask until nobody wants to know."""
        while not stop.ready() and monotonic() - replicas.asked_at < _IDLE:
            self._ask()
            stop.wait(_EVERY)

    def _ask(self) -> None:
        began = monotonic()
        asking = green.spawn(self.probe.rows, self._sql, ())
        try:
            with green.Timeout(_ANSWER if self._known else _CONNECT):
                row = asking.wait()[0]
        except green.Timeout:
            self._lost(f"no answer within {_ANSWER if self._known else _CONNECT:g} s")
            self.probe.abort()
            self._await_the_end(asking)
        except DatabaseError as error:
            self._lost(error)
        else:
            self._known = True
            self._take(row, began)

    def _lost(self, why: object) -> None:
        self._known = False
        self._lose(why)

    def _await_the_end(self, asking: green.GreenThread) -> None:
        try:
            asking.wait()
        except DatabaseError:
            pass  # as its connection is gone
