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
from spruce.apm.sinks import Record
from spruce.apm.spans import Span, Transaction
from spruce.apm.stored import error_row, request_row

__all__ = ["Forks", "History", "packed", "unpacked"]

_log = getLogger("spruce.apm")

_QUEUE = 10_000
_EVERY = 0.5  # seconds
_SWEEP = 20  # every so many turns
_CHUNK = 500  # rows that leave at one go
_SWEEP_SECONDS = 0.5
_DAY = 86400.0
_SLOW = 1.0  # seconds; what takes longer is as remarkable as what fails
_VERSION = 2

_SCHEMA = """
CREATE TABLE request (
    id INTEGER PRIMARY KEY, uid TEXT, at REAL, seconds REAL, name TEXT, kind TEXT, target TEXT, status INTEGER,
    failed INTEGER, user TEXT, queries INTEGER, repeated INTEGER, pid INTEGER, weight INTEGER DEFAULT 1, detail BLOB);
CREATE INDEX request_uid ON request (uid);
CREATE INDEX request_at ON request (at, name, seconds, failed, weight);
CREATE INDEX request_name ON request (name, at, seconds, failed, weight);
CREATE TABLE error (
    id INTEGER PRIMARY KEY, uid TEXT, at REAL, kind TEXT, message TEXT, culprit TEXT, family TEXT, request TEXT,
    weight INTEGER DEFAULT 1, detail BLOB);
CREATE INDEX error_family ON error (family, id);
CREATE INDEX error_request ON error (request);
CREATE TABLE flight (pid INTEGER PRIMARY KEY, at REAL, detail BLOB);
CREATE TABLE cancel (uid TEXT PRIMARY KEY, at REAL);
CREATE TABLE watch (name TEXT PRIMARY KEY, until REAL);
CREATE TABLE profile (
    id INTEGER PRIMARY KEY, name TEXT, waiting INTEGER, digest BLOB, at REAL, samples INTEGER, seconds REAL,
    stack BLOB, UNIQUE (name, waiting, digest))
"""


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
        self.most = most
        self.days = days
        self.size = size
        self.dropped = 0
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
        self._made = False
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
        if isinstance(record, Transaction) and record.sampled:  # the usual way of a busy process, made short
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
        ending, turn = self._ending, 0
        while not ending.is_set():
            try:
                with closing(self._open()) as connection:
                    while True:
                        ended = ending.wait(_EVERY)
                        self._turn(connection, sweeps=turn % _SWEEP == 0)
                        turn += 1
                        if ended:
                            connection.execute("DELETE FROM flight WHERE pid = ?", (self._pid,))
                            return
            except (sqlite3.Error, OSError) as error:
                _log.warning("the viewer cannot keep what happens in %s: %s", self.path, error)
                ending.wait(_EVERY * 10)

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        made = not self.path.exists()
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        if made:
            self.path.chmod(0o600)
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA journal_size_limit = 8000000")
        connection.execute("PRAGMA synchronous = OFF")
        if _version(connection) != _VERSION:
            _make_tables(connection)
        return connection

    def _turn(self, connection: sqlite3.Connection, *, sweeps: bool) -> None:
        requests, errors = [], []
        while self._queue:
            weight, record = self._queue.popleft()
            if isinstance(record, Transaction):
                *columns, detail = request_row(record)
                requests.append((*columns, self._pid, weight, packed(detail)))
            elif not isinstance(record, Span):
                *columns, detail = error_row(record)
                errors.append((*columns, weight, packed(detail)))
        if requests or errors:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_ADD_REQUEST, requests)
            connection.executemany(_ADD_ERROR, errors)
            connection.execute("COMMIT")
        if sweeps:
            self._sweep(connection)
        now = time.time()
        self.wanted = dict(connection.execute("SELECT name, until FROM watch WHERE until > ?", (now,)))
        for function in self.turns:
            function(connection)
        if "flights" in self.wanted:
            if self.flights is not None:
                connection.execute("REPLACE INTO flight VALUES (?, ?, ?)", (self._pid, now, self.flights))
            rows = connection.execute("SELECT uid FROM cancel WHERE at > ?", (now - 30,)).fetchall()
            self.cancels = frozenset(uid for (uid,) in rows)

    def _sweep(self, connection: sqlite3.Connection) -> None:
        """Remove what is too old or too much, in small steps, so that other workers can write in between."""
        before, deadline = time.time() - self.days * _DAY, time.monotonic() + _SWEEP_SECONDS
        connection.execute("DELETE FROM profile WHERE at < ?", (before,))
        connection.execute("DELETE FROM cancel WHERE at < ?", (time.time() - 60,))
        connection.execute("DELETE FROM flight WHERE at < ?", (time.time() - 60,))
        for table in ("request", "error"):
            while time.monotonic() < deadline and _leave(connection, table, before, self.most):
                pass
        while _size(connection) > self.size and time.monotonic() < deadline:
            gone = [_leave(connection, table, time.time(), self.most) for table in ("request", "error")]
            if not any(gone):
                break
        connection.executescript("PRAGMA incremental_vacuum(2000)")  # `execute` would take one step of it

    # ---- reading ----------------------------------------------------------------------------------------------------

    def rows(self, sql: str, *parameters: Any) -> list[sqlite3.Row]:
        """The rows of a query. Blocks its OS thread."""
        with closing(self._open()) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, parameters).fetchall()

    def change(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement. Blocks its OS thread."""
        with closing(self._open()) as connection:
            connection.execute(sql, parameters)

    def _open(self) -> sqlite3.Connection:
        """A connection to the file, which is made if this process hasn't seen it yet."""
        if not self._made or not self.path.exists():
            self._made = True
            return self._connect()
        return sqlite3.connect(self.path, timeout=10, isolation_level=None)


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
    return zlib.compress(_encode(detail), 1)


def unpacked(data: bytes) -> Any:
    """The same again."""
    return msgspec.json.decode(zlib.decompress(data))


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables; those of another version, which are only what was seen in some days, leave."""
    connection.execute("BEGIN IMMEDIATE")
    before = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    others = _version(connection) != _VERSION  # else another worker was first
    if others:
        for (name,) in before:
            connection.execute(f'DROP TABLE "{name}"')
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")
    if others and before:
        connection.execute("VACUUM")  # from now on it can shrink by steps


def _leave(connection: sqlite3.Connection, table: str, before: float, most: int) -> int:
    """Remove some of the oldest rows that are older than a time, or not among so many; return how many."""
    first, last = connection.execute(f"SELECT min(id), max(id) FROM {table}").fetchone()  # noqa: S608 - one of two names
    if first is None:
        return 0
    gone = connection.execute(
        f"DELETE FROM {table} WHERE id < ? AND (at < ? OR id <= ?)",  # noqa: S608 - the same
        (first + _CHUNK, before, last - most),
    )
    return gone.rowcount


def _size(connection: sqlite3.Connection) -> int:
    """The bytes of the file that are in use."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
