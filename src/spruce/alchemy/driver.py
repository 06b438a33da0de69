"""A DB-API (PEP 249) over the connections of `spruce.db`, for SQLAlchemy's engines: its calls block the green thread.

A connection takes part in the `atomic()` block that is open in its green thread: there its commit and rollback are
those of a savepoint. Outside of one it begins a transaction of its own at its first statement; on SQLite, where a
transaction locks out other writers, at the first one that may write, as Python's own driver does.
"""

from collections.abc import Iterable, Sequence
from sqlite3 import sqlite_version_info
from typing import Any

from spruce.db import databases, transactions
from spruce.db.watched import OwnBlock, tell_changes
from spruce.errors import DatabaseError, DataError, IntegrityError, OperationalError

__all__ = [
    "BINARY",
    "Binary",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "InternalServerError",
    "InvalidCachedStatementError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "apilevel",
    "connect",
    "paramstyle",
    "sqlite_version_info",
    "threadsafety",
]

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"

BINARY = Binary = bytes

Error = DatabaseError
_READS = ("SELECT", "PRAGMA", "EXPLAI", "VALUES")


class InterfaceError(DatabaseError):
    """A cursor or connection is used in a way that cannot work."""


class ProgrammingError(DatabaseError):
    """Kept for the DB-API: nothing here raises it."""


class InternalError(DatabaseError):
    """Kept for the DB-API: nothing here raises it."""


class NotSupportedError(DatabaseError):
    """Kept for the DB-API: nothing here raises it."""


class InternalServerError(DatabaseError):
    """Kept for SQLAlchemy's dialect of asyncpg, which asks for it."""


class InvalidCachedStatementError(DatabaseError):
    """Kept for SQLAlchemy's dialect of asyncpg, which asks for it."""


def connect(alias: str = "default") -> "Connection":
    """A connection to the database of an alias; nothing is opened before its first statement."""
    return Connection(alias)


class Connection:
    """What runs statements for one session or engine connection; used by one green thread at a time."""

    isolation_level: Any = ""
    autocommit = False

    def __init__(self, alias: str) -> None:
        self.database = databases.current()[alias]
        self._own: Any = None  # the transaction that it began
        self._changed = OwnBlock()  # what was changed in that
        self._block: Any = None  # the atomic block that it takes part in
        self._depth = 0  # of savepoints in that block, its own included

    def cursor(self, *_: Any, **__: Any) -> "Cursor":
        """A new cursor."""
        return Cursor(self)

    def outcome(self, sql: str, parameters: Sequence[Any]) -> Any:
        """Run a statement where it belongs."""
        running = self._transaction(sql)
        block = self._changed if running is not None and running is self._own else None
        return transactions.watched(running or self.database.driver, self.database, block).outcome(sql, parameters)

    def _transaction(self, sql: str) -> Any:
        """The transaction for a statement; None for one that only reads and needs none."""
        if self._own is not None:
            return self._own
        if self._takes_part():
            return self._block.transaction
        opened = transactions.opened(self.database)
        if opened is not None:
            opened.depth += 1
            self._block, self._depth = opened, opened.depth
            opened.transaction.savepoint(self._name)
            return opened.transaction
        if self.database.dialect.name == "sqlite" and sql.lstrip()[:6].upper() in _READS:
            return None
        self._own = self.database.driver.begin()
        return self._own

    @property
    def _name(self) -> str:
        return f"spruce_{self._depth}"

    def _takes_part(self) -> bool:
        """Whether its savepoint is still there: the block has not ended, nor one inside of it that had begun before."""
        return (
            self._block is not None
            and self._block is transactions.opened(self.database)
            and (self._block.depth >= self._depth)
        )

    def _leave_block(self, *, keep: bool) -> None:
        if self._takes_part():
            self._block.depth = self._depth - 1
            end = self._block.transaction.release if keep else self._block.transaction.rollback_to
            end(self._name)
        self._block = None

    def commit(self) -> None:
        """Keep what was done; inside of an atomic block, as far as that does."""
        own, self._own = self._own, None
        changed, self._changed = self._changed, OwnBlock()
        if own is not None:
            own.commit()
            if changed.changes:
                tell_changes(self.database, changed.changes)
        else:
            self._leave_block(keep=True)

    def rollback(self) -> None:
        """Undo what was done."""
        own, self._own = self._own, None
        self._changed = OwnBlock()
        if own is not None:
            own.rollback()
        else:
            self._leave_block(keep=False)

    def close(self) -> None:
        """Undo what was not committed."""
        self.rollback()

    terminate = close

    def create_function(self, *_: Any, **__: Any) -> None:
        """Nothing: connections come with the functions of `spruce.db`."""


class Cursor:
    """The rows of a statement, all of them at hand."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: list[Any] = []
        self._next = 0

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Cursor":
        """Run a statement."""
        found = self.connection.outcome(sql, parameters)
        self.description = [(name, *[None] * 6) for name in found.names] if found.names else None
        self._rows, self._next = list(map(tuple, found.rows)), 0
        self.rowcount, self.lastrowid = found.touched, found.key
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> "Cursor":
        """Run a statement for each of the rows of parameters."""
        total = 0
        for parameters in rows:
            total += max(self.connection.outcome(sql, parameters).touched, 0)
        self.description, self._rows, self.rowcount = None, [], total
        return self

    def fetchone(self) -> Any:
        """The next row, or None."""
        found = self.fetchmany(1)
        return found[0] if found else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, `size` at most."""
        start = self._next
        self._next = min(start + (self.arraysize if size is None else size), len(self._rows))
        return self._rows[start : self._next]

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        start, self._next = self._next, len(self._rows)
        return self._rows[start:]

    def setinputsizes(self, *_: Any) -> None:
        """Nothing: parameters have their types in the SQL."""

    def close(self) -> None:
        """Forget the rows."""
        self._rows = []
