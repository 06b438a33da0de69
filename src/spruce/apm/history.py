"""What has ended, kept in a SQLite file that all workers share and that outlives them: for the viewer.

Requests only append to a queue, and when more come than anybody can look at, most are only counted (`budget`). An OS
thread of its own writes what is in the queue twice a second, several at one go, and removes what is too old, too much
or too large. A queue that is full drops what comes, and counts it.

In the same file a worker finds what somebody wants of it: to be told what is in flight, to take samples, to cancel
something; see `flights` and `profiles`.
"""

import os
import sqlite3
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from logging import getLogger
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from spruce import config
from spruce.apm.budget import Budget
from spruce.apm.historyfile import HistoryFile, Mark, ReplacedError, bytes_used, leave
from spruce.apm.sinks import Record
from spruce.apm.spans import Span, Transaction
from spruce.apm.stored import error_row, request_row
from spruce.apm.texts import kept_text, plain

__all__ = ["Forks", "History", "packed", "unpacked"]

_log = getLogger("spruce.apm")

_QUEUE = 10_000
_EVERY = 0.5  # seconds
_SWEEP = 20  # every so many turns
_AT_ONCE = 500  # records that are written at one go
_SWEEP_SECONDS = 0.5
_DAY = 86400.0
_SLOW = 1.0  # seconds; what takes longer is as remarkable as what fails
_LONGEST_WANT = 3700.0  # seconds


class Forks:
    """How often what runs here was forked: cheaper to ask than its number."""

    count = 0


def _forked() -> None:
    Forks.count += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class History:
    """The file at `path`: at most `most` requests, and errors, none older than `days`, in about so many `size` bytes.

    Of more than `rate` requests a second of one process a selection is kept, and of failed and slow ones as many again.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        most: int = 100_000,
        days: float = 7.0,
        size: int = 200_000_000,
        rate: float = 50.0,
    ) -> None:
        self.path = Path(path)
        self.file = HistoryFile(self.path)
        self.most = most
        self.days = days
        self.size = size
        self.dropped = 0
        self.ended = 0
        """How many transactions have ended in this process."""
        self.wanted: dict[str, float] = {}
        """What somebody wants of the workers, and until when."""
        self.cancels: frozenset[str] = frozenset()
        """The ids of what somebody wants to have cancelled."""
        self.flights: bytes | None = None
        """What is in flight here, as JSON; written while somebody looks."""
        self.look: Callable[[], Callable[[], object]] | None = None
        """Begins to look at all that is recorded, as at the lines of queries, and returns what ends that."""
        self._looking: Callable[[], object] | None = None
        self._opens = 0.0  # before that usual requests are only counted
        self._forks = -1
        self.turns: list[Callable[[sqlite3.Connection], object]] = []
        """What is called in each turn of the thread that writes."""
        self._usual, self._remarkable, self._errors = Budget(rate), Budget(rate), Budget(rate / 5)
        self._queue: deque[tuple[int, Record]] = deque()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._ending = threading.Event()

    @classmethod
    def of(cls, settings: config.Settings) -> "History":
        """That of the viewer, as the settings have it; nothing is opened."""
        path = settings["VIEWER_FILE"] or Path(settings["INSTANCE_PATH"] or "instance") / "viewer.db"
        return cls(
            path,
            most=settings["VIEWER_MOST"],
            days=settings["VIEWER_DAYS"],
            size=settings["VIEWER_BYTES"],
            rate=settings["VIEWER_RATE"],
        )

    def __repr__(self) -> str:
        return f"<History in {self.path.name}>"

    def put(self, record: Record) -> None:
        """Keep a record; a sink. Never blocks, and begins the writing of this process."""
        if self._forks != Forks.count or not self._pid:
            self.start()
        if isinstance(record, Transaction):
            self.ended += 1
            if record.sampled:  # the usual way of a busy process, made short
                seconds = record.duration or 0.0
                if record.began + seconds < self._opens and seconds < _SLOW and record.outcome != "failure":
                    self._usual.leave_out(record.name)
                    return
        weight = self._weight(record)
        if not weight:
            return
        if len(self._queue) < _QUEUE:
            self._queue.append((weight, record))
        else:
            self.dropped += 1

    def _weight(self, record: Record) -> int:
        """How many like it a record stands for; 0: it isn't kept."""
        if isinstance(record, Transaction):
            if not record.sampled:
                return 0
            seconds = record.duration or 0.0
            remarkable = record.outcome == "failure" or seconds >= _SLOW
            if remarkable:
                return self._remarkable.weight(record.name, record.began + seconds)
            return self._usual_weight(record.name, record.began + seconds)
        if isinstance(record, Span):
            return 0
        kind = record.raised.type if record.raised is not None else record.level
        return self._errors.weight((kind, record.culprit), perf_counter())

    def _usual_weight(self, name: str, now: float) -> int:
        """That of a usual request. Where there is no room, the next ones aren't looked at, and are only counted."""
        usual = self._usual
        if self.look is None:
            return usual.weight(name, now)
        if self._looking is None:
            usual.leave_out(name)
            usual.refill(now)
            if usual.has_room:
                self._looking = self.look()
            else:
                self._opens = usual.opens
            return 0
        weight = usual.weight(name, now)
        if not usual.has_room:
            looking, self._looking = self._looking, None
            looking()
            self._opens = usual.opens
        return weight

    def is_wanted(self, what: str) -> bool:
        """Whether somebody wants this of the workers now, as far as the last turn has seen."""
        return self.wanted.get(what, 0.0) > time.time()

    def want(self, what: str, seconds: float) -> None:
        """Want this of all workers for some seconds; with 0 no longer. Blocks its OS thread."""
        self.change("REPLACE INTO watch (name, until) VALUES (?, ?)", (what, time.time() + seconds))

    def start(self) -> None:
        """Begin to write, in this process."""
        self._forks = Forks.count
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._queue.clear()
            if self.look is not None and self._looking is None:
                self._looking = self.look()
            self._ending = threading.Event()
            self._thread = threading.Thread(target=self._write, name="spruce-history", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what is left, and end the writing. Blocks for that."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking()
        thread, self._thread = self._thread, None
        if thread is not None and self._pid == os.getpid():
            self._ending.set()
            thread.join(5)
        self._pid = 0

    # ---- the thread that writes --------------------------------------------------------------------------------------

    def _write(self) -> None:
        ending, turns = self._ending, 0
        while True:
            mark = self.file.mark()
            try:
                with closing(self.file.open()) as connection:
                    mark = self.file.mark()
                    while True:
                        ended = ending.wait(_EVERY)
                        self.file.check(mark)
                        self._turn(connection, sweeps=turns % _SWEEP == 0)
                        turns += 1
                        if ended:
                            connection.execute("DELETE FROM flight WHERE pid = ?", (self._pid,))
                            return
            except ReplacedError:
                continue
            except Exception as error:  # whatever it is, what comes later may be kept
                if not self._makes_room(error, mark) and ending.wait(_EVERY * 10):
                    return

    def _makes_room(self, error: Exception, mark: Mark) -> bool:
        """Tell why nothing is kept for now; return whether a file that is damaged has made room for another one."""
        if _is_damaged(error) and self.file.put_aside(mark):
            name = f"{self.path.name}.damaged"
            _log.warning("%s is damaged: it is put aside as %s, and a new one is begun", self.path, name)
            return True
        if isinstance(error, sqlite3.Error | OSError):
            _log.warning("the viewer cannot keep what happens in %s: %s", self.path, error)
        else:
            _log.error("the viewer cannot keep what happens in %s", self.path, exc_info=error)
        return False

    def _turn(self, connection: sqlite3.Connection, *, sweeps: bool) -> None:
        while self._queue:
            connection.execute("BEGIN IMMEDIATE")  # before anything is taken: where it is locked, all waits
            taken = [self._queue.popleft() for _ in range(min(len(self._queue), _AT_ONCE))]
            try:
                self._add(connection, taken)
                connection.execute("COMMIT")
            except BaseException:
                self.dropped += len(taken)
                raise
        if sweeps:
            self._sweep(connection)
        now = time.time()
        wanted = "SELECT name, until FROM watch WHERE until BETWEEN ? AND ?"  # later: a clock was put back
        self.wanted = dict(connection.execute(wanted, (now, now + _LONGEST_WANT)))
        for function in self.turns:
            function(connection)
        if "flights" in self.wanted:
            if self.flights is not None:
                connection.execute("REPLACE INTO flight VALUES (?, ?, ?)", (self._pid, now, self.flights))
            rows = connection.execute("SELECT uid FROM cancel WHERE at > ?", (now - 30,)).fetchall()
            self.cancels = frozenset(uid for (uid,) in rows)

    def _add(self, connection: sqlite3.Connection, taken: Sequence[tuple[int, Record]]) -> None:
        requests, errors = [], []
        for weight, record in taken:
            try:
                if isinstance(record, Transaction):
                    *columns, detail = request_row(record)
                    requests.append((*map(kept_text, columns), self._pid, weight, packed(detail)))
                elif not isinstance(record, Span):
                    *columns, detail = error_row(record)
                    errors.append((*map(kept_text, columns), weight, packed(detail)))
            except Exception as error:  # what a program notes may be anything, and mustn't cost what others have noted
                self.dropped += 1
                _log.warning("%a is not kept: %a", record, error)
        connection.executemany(_ADD_REQUEST, requests)
        connection.executemany(_ADD_ERROR, errors)

    def _sweep(self, connection: sqlite3.Connection) -> None:
        """Remove what is too old or too much, in small steps, so that other workers can write in between."""
        now, deadline = time.time(), time.monotonic() + _SWEEP_SECONDS
        before, minute = now - self.days * _DAY, (now - 60, now + 60)  # what is later was before a clock was put back
        connection.execute("DELETE FROM profile WHERE at < ?", (before,))
        connection.execute("DELETE FROM cancel WHERE at NOT BETWEEN ? AND ?", minute)
        connection.execute("DELETE FROM flight WHERE at NOT BETWEEN ? AND ?", minute)
        for table in ("request", "error"):
            while time.monotonic() < deadline and leave(connection, table, before, self.most):
                pass
        while bytes_used(connection) > self.size and time.monotonic() < deadline:
            gone = [leave(connection, table, now, self.most) for table in ("request", "error")]
            if not any(gone):
                break
        connection.executescript("PRAGMA incremental_vacuum(2000)")  # `execute` would take one step of it

    # ---- reading ----------------------------------------------------------------------------------------------------

    def rows(self, sql: str, *parameters: Any) -> list[sqlite3.Row]:
        """The rows of a query. Blocks its OS thread."""
        with closing(self.file.open()) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, parameters).fetchall()

    def change(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement. Blocks its OS thread."""
        with closing(self.file.open()) as connection:
            connection.execute(sql, parameters)


_ADD_REQUEST = (
    "INSERT INTO request (uid, at, seconds, name, kind, target, status, failed, user, queries, repeated, pid, weight, "
    "detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ADD_ERROR = (
    "INSERT INTO error (uid, at, kind, message, culprit, family, request, weight, detail) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_encode = msgspec.json.Encoder(enc_hook=repr).encode


def packed(detail: Any) -> bytes:
    """What JSON can carry, as it is kept."""
    try:
        data = _encode(detail)
    except (UnicodeEncodeError, TypeError):  # halves of pairs, and keys that are no texts
        data = _encode(plain(detail))
    return zlib.compress(data, 1)


def unpacked(data: bytes) -> Any:
    """The same again."""
    return msgspec.json.decode(zlib.decompress(data))


def _is_damaged(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT
