"""The viewer's SQLite file: its tables, how it is opened, and what is done where it is not as it should be.

What somebody removes, or puts another file in the place of, is left for what is there now. What is damaged is put aside
for a new one: it held what was seen in some days. A file that has tables of something else is never touched.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

__all__ = ["HistoryFile", "Mark", "ReplacedError", "bytes_used", "leave"]

Mark: TypeAlias = tuple[int, int] | None
"""The device and the number of a file."""

_VERSION = 2
_CHUNK = 500  # rows that leave at one go

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
_TABLES = {"request", "error", "flight", "cancel", "watch", "profile"}


class ReplacedError(OSError):
    """Raised when the file that was opened is no longer the one at its path."""


class HistoryFile:
    """The file at `path`, which is made when it is first opened, for its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made = False

    def open(self) -> sqlite3.Connection:
        """A connection to the file, which is made if this process hasn't seen it yet. Blocks its OS thread.

        Raises OSError for a file of somebody else's.
        """
        if not self._made or not self.path.exists():
            connection = self._make()
            self._made = True
            return connection
        return sqlite3.connect(self.path, timeout=10, isolation_level=None)

    def mark(self) -> Mark:
        """Which file is at the path now, as another one has another mark; None: there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def check(self, mark: Mark) -> None:
        """Raise ReplacedError when the file with this mark is no longer at the path."""
        if self.mark() != mark:
            raise ReplacedError(f"{self.path} was replaced, or removed")

    def put_aside(self, mark: Mark) -> bool:
        """Rename the file with this mark, unless another process was first; return whether it was."""
        with suppress(OSError):
            if mark is not None and self.mark() == mark:
                for end in ("", "-wal", "-shm"):
                    with suppress(FileNotFoundError):
                        os.replace(f"{self.path}{end}", f"{self.path}.damaged{end}")
                return True
        return False

    def _make(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        made = not self.path.exists()
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            if made:
                self.path.chmod(0o600)
            if _version(connection) != _VERSION:
                _refuse_others(connection)
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA journal_size_limit = 8000000")
            connection.execute("PRAGMA synchronous = OFF")
            if _version(connection) != _VERSION:
                _make_tables(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _refuse_others(connection: sqlite3.Connection) -> None:
    others = sorted(set(_tables(connection)) - _TABLES)
    if others:
        raise OSError(f"it has tables of something else ({', '.join(others[:3])}); name another file as VIEWER_FILE")


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables; those of another version, which are only what was seen in some days, leave."""
    connection.execute("BEGIN IMMEDIATE")
    before = _tables(connection)
    others = _version(connection) != _VERSION  # else another worker was first
    if others:
        for name in before:
            connection.execute(f'DROP TABLE "{name}"')
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")
    if others and before:
        connection.execute("VACUUM")  # from now on it can shrink by steps


def leave(connection: sqlite3.Connection, table: str, before: float, most: int) -> int:
    """Remove some of the oldest rows that are older than a time, or not among so many; return how many."""
    first, last = connection.execute(f"SELECT min(id), max(id) FROM {table}").fetchone()  # noqa: S608 - one of two names
    if first is None:
        return 0
    gone = connection.execute(
        f"DELETE FROM {table} WHERE id < ? AND (at < ? OR id <= ?)",  # noqa: S608 - the same
        (first + _CHUNK, before, last - most),
    )
    return gone.rowcount


def bytes_used(connection: sqlite3.Connection) -> int:
    """The bytes of the file that are in use."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
