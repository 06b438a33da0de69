"""What has ended, kept in a SQLite file that all workers share and that outlives them: for the viewer.

Requests only append to a queue. An OS thread of its own writes what is in there twice a second, several at one go, and
removes what is too old or too much. A queue that is full drops what comes, and counts it.

In the same file a worker finds whether somebody looks at what is in flight, and what is to be cancelled; see `flights`.
"""

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from logging import getLogger
from pathlib import Path
from typing import Any

import msgspec

from spruce import config
from spruce.apm.recorder import Record
from spruce.apm.spans import Span, Transaction
from spruce.apm.stored import error_row, request_row

__all__ = ["History"]

_log = getLogger("spruce.apm")

_QUEUE = 10_000
_EVERY = 0.5  # seconds
_SWEEP = 20  # every so many turns
_DAY = 86400.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY, uid TEXT, at REAL, seconds REAL, name TEXT, kind TEXT, target TEXT, status INTEGER,
    failed INTEGER, user TEXT, queries INTEGER, repeated INTEGER, pid INTEGER, detail BLOB);
CREATE INDEX IF NOT EXISTS request_uid ON request (uid);
CREATE INDEX IF NOT EXISTS request_at ON request (at);
CREATE INDEX IF NOT EXISTS request_name ON request (name, at, seconds, failed);
CREATE TABLE IF NOT EXISTS error (
    id INTEGER PRIMARY KEY, uid TEXT, at REAL, kind TEXT, message TEXT, culprit TEXT, family TEXT, request TEXT,
    detail BLOB);
CREATE INDEX IF NOT EXISTS error_family ON error (family, id);
CREATE INDEX IF NOT EXISTS error_request ON error (request);
CREATE TABLE IF NOT EXISTS flight (pid INTEGER PRIMARY KEY, at REAL, detail BLOB);
CREATE TABLE IF NOT EXISTS cancel (uid TEXT PRIMARY KEY, at REAL);
CREATE TABLE IF NOT EXISTS watch (id INTEGER PRIMARY KEY CHECK (id = 1), until REAL);
"""


class History:
    """The file at `path`: at most `most` requests, and errors, and none older than `days`."""

    def __init__(self, path: str | Path, *, most: int = 100_000, days: float = 7.0) -> None:
        self.path = Path(path)
        self.most = most
        self.days = days
        self.dropped = 0
        self.watched = False
        """Whether somebody looks at what is in flight."""
        self.cancels: frozenset[str] = frozenset()
        """The ids of what somebody wants to have cancelled."""
        self.flights: bytes | None = None
        """What is in flight here, as JSON; written while somebody looks."""
        self._queue: deque[Record] = deque()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._made = False
        self._ending = threading.Event()

    @classmethod
    def of(cls, settings: config.Settings) -> "History":
        """That of the viewer, as the settings have it; nothing is opened."""
        path = settings["VIEWER_FILE"] or Path(settings["INSTANCE_PATH"] or "instance") / "viewer.db"
        return cls(path, most=settings["VIEWER_MOST"], days=settings["VIEWER_DAYS"])

    def __repr__(self) -> str:
        return f"<History in {self.path.name}>"

    def put(self, record: Record) -> None:
        """Keep a record; a sink. Never blocks, and begins the writing of this process."""
        if self._pid != os.getpid():
            self.start()
        if len(self._queue) < _QUEUE:
            self._queue.append(record)
        else:
            self.dropped += 1

    def start(self) -> None:
        """Begin to write, in this process."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._queue.clear()
            self._ending = threading.Event()
            self._thread = threading.Thread(target=self._write, name="spruce-history", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what is left, and end the writing. Blocks for that."""
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
                with closing(self._connect()) as connection:
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
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_SCHEMA)
        return connection

    def _turn(self, connection: sqlite3.Connection, *, sweeps: bool) -> None:
        requests, errors = [], []
        while self._queue:
            record = self._queue.popleft()
            if isinstance(record, Transaction):
                if record.sampled:
                    *columns, detail = request_row(record)
                    requests.append((*columns, self._pid, _encode(detail)))
            elif not isinstance(record, Span):
                *columns, detail = error_row(record)
                errors.append((*columns, _encode(detail)))
        if requests or errors:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_ADD_REQUEST, requests)
            connection.executemany(_ADD_ERROR, errors)
            connection.execute("COMMIT")
        if sweeps:
            self._sweep(connection)
        now = time.time()
        row = connection.execute("SELECT until FROM watch").fetchone()
        self.watched = row is not None and row[0] > now
        if self.watched:
            if self.flights is not None:
                connection.execute("REPLACE INTO flight VALUES (?, ?, ?)", (self._pid, now, self.flights))
            rows = connection.execute("SELECT uid FROM cancel WHERE at > ?", (now - 30,)).fetchall()
            self.cancels = frozenset(uid for (uid,) in rows)

    def _sweep(self, connection: sqlite3.Connection) -> None:
        before = time.time() - self.days * _DAY
        for table in ("request", "error"):
            connection.execute(f"DELETE FROM {table} WHERE at < ?", (before,))  # noqa: S608 - one of two names
            connection.execute(
                f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?",  # noqa: S608 - the same
                (self.most,),
            )
        connection.execute("DELETE FROM cancel WHERE at < ?", (time.time() - 60,))
        connection.execute("DELETE FROM flight WHERE at < ?", (time.time() - 60,))

    # ---- reading ----------------------------------------------------------------------------------------------------

    def rows(self, sql: str, *parameters: Any) -> list[sqlite3.Row]:
        """The rows of a query. Blocks its OS thread."""
        with closing(self._open()) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, parameters).fetchall()

    def change(self, sql: str, parameters: Sequence[Any]) -> None:
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
    "INSERT INTO request (uid, at, seconds, name, kind, target, status, failed, user, queries, repeated, pid, detail) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ADD_ERROR = (
    "INSERT INTO error (uid, at, kind, message, culprit, family, request, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_encode = msgspec.json.Encoder(enc_hook=repr).encode
