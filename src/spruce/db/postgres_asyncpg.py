"""PostgreSQL through asyncpg: what servers.py asks of a driver.

Statements are prepared on each connection and kept. Behind PgBouncer, which hands a connection to somebody else after
each transaction, `?prepared=no` turns that off.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import URL

from spruce import green
from spruce.db.outcomes import Outcome
from spruce.db.postgres_errors import translated
from spruce.db.postgres_sql import OPTIONS, Dialect
from spruce.db.servers import Server
from spruce.errors import DatabaseError

__all__ = ["AsyncpgLink", "Postgres"]

Parameters = Sequence[Any]

_STATEMENTS = 200  # that each connection keeps prepared
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,
    EOFError,
)
_STARTING = (asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError, OSError, EOFError)
_STALE = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)


class Postgres(Server):
    """The driver of one PostgreSQL database."""

    failures = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, EOFError)
    of_the_driver = OPTIONS
    copies = True  # see copying.py
    listens = True
    """Whether its connections hear what NOTIFY sends."""

    def __init__(self, url: URL, alias: str) -> None:
        super().__init__(url, alias)
        self.dialect: sa.Dialect = Dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's
        self._dsn = url.set(drivername="postgresql", query=self.options).render_as_string(hide_password=False)

    async def connect(self) -> Any:
        """A new connection of asyncpg's, whose times are in UTC."""
        return await asyncpg.connect(
            self._dsn,
            timeout=self.connect_timeout,
            statement_cache_size=100 if self.limits.prepared else 0,
            server_settings={"timezone": "UTC"},
        )

    def open(self) -> "AsyncpgLink":
        """A new connection."""
        return AsyncpgLink(green.await_(self.connect()), self.limits.prepared)

    def translated(self, error: BaseException, sql: str) -> DatabaseError:
        """By its code."""
        return translated(error, sql, self)

    def is_lost(self, error: BaseException) -> bool:
        """Those of the network, and of a server that shuts down."""
        return isinstance(error, _LOST)

    def may_come_back(self, error: BaseException) -> bool:
        """Those of the network, and of a server that starts."""
        return isinstance(error, _STARTING)

    def is_stale(self, error: BaseException) -> bool:
        """Of asyncpg's own finding."""
        return isinstance(error, _STALE)

    def is_unfit(self, error: BaseException) -> bool:
        """Of asyncpg's own finding, as integers of more than 64 bits."""
        return isinstance(error, asyncpg.DataError | OverflowError)


class AsyncpgLink:
    """A connection with the statements that were prepared on it; what it raises is asyncpg's."""

    __slots__ = ("born", "doubtful", "prepares", "raw", "statements", "used")

    def __init__(self, raw: Any, prepares: bool) -> None:
        self.raw = raw
        self.prepares = prepares
        self.statements: dict[str, Any] = {}
        self.born = self.used = monotonic()
        self.doubtful = False

    @property
    def closed(self) -> bool:
        """Whether it can be used no more."""
        gone: bool = self.raw.is_closed()
        return gone

    def rows(self, sql: str, parameters: Parameters) -> list[Any]:
        """The rows of a statement."""
        statement = self.statements.get(sql)
        if statement is None:
            if not self.prepares:
                found: list[Any] = green.await_(self.raw.fetch(sql, *parameters))
                return found
            statement = self.prepare(sql)
        rows: list[Any] = green.await_(statement.fetch(*parameters))
        return rows

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        if self.prepares:
            statement = self.statements.get(sql) or self.prepare(sql)
        else:
            statement = green.await_(self.raw.prepare(sql))
        rows: list[Any] = green.await_(statement.fetch(*parameters))
        names = [attribute.name for attribute in statement.get_attributes()]
        return Outcome(names, rows, _count(statement.get_statusmsg()))

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement; return how many rows it touched."""
        statement = self.statements.get(sql)
        if statement is None:
            if not self.prepares or not parameters:
                return _count(green.await_(self.raw.execute(sql, *parameters)))
            statement = self.prepare(sql)
        green.await_(statement.fetch(*parameters))
        return _count(statement.get_statusmsg())

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return the key that the database gave it, if the statement asks for it."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def insert_many(self, sql: str, rows: Sequence[Parameters]) -> list[Any]:
        """Run a statement for each of the rows, sent together; return what each returns."""
        if not self.prepares:
            return [next(iter(self.rows(sql, parameters)), None) for parameters in rows]
        statement = self.statements.get(sql) or self.prepare(sql)
        found: list[Any] = green.await_(statement.fetchmany(rows))
        return found or [None] * len(rows)

    def cursor(self, sql: str, parameters: Parameters) -> Any:
        """A cursor of asyncpg's over the rows of a query."""
        if not self.prepares:
            return green.await_(self.raw.cursor(sql, *parameters))
        statement = self.statements.get(sql) or self.prepare(sql)
        return green.await_(statement.cursor(*parameters))

    lone_cursor = cursor

    def fetch(self, sql: str, parameters: Parameters) -> list[Any]:
        """The next rows of a cursor."""
        cursor, size = parameters
        rows: list[Any] = green.await_(cursor.fetch(size))
        return rows

    def commit(self, sql: str, parameters: Parameters) -> bool:
        """Run COMMIT, which is a ROLLBACK when a statement before it had failed."""
        return bool(green.await_(self.raw.execute(sql)) != "ROLLBACK")

    def check(self) -> None:
        """Ask whether the server is there, or end what is half-way."""
        green.await_(self.raw.execute("ROLLBACK" if self.doubtful else "SELECT 1"))

    def prepare(self, sql: str) -> Any:
        """The statement, prepared and kept; the oldest one goes when there are too many."""
        statement = green.await_(self.raw.prepare(sql))
        if len(self.statements) >= _STATEMENTS:
            del self.statements[next(iter(self.statements))]
        self.statements[sql] = statement
        return statement

    def forget_statements(self) -> None:
        """Prepare everything anew."""
        self.statements.clear()

    async def close(self) -> None:
        """Take leave of the server."""
        await self.raw.close(timeout=1.0)

    def terminate(self) -> None:
        """Close it at once."""
        self.raw.terminate()


def _count(status: str) -> int:
    """The number at the end of a status as `UPDATE 3`."""
    number = status.rpartition(" ")[2]
    return int(number) if number.isdigit() else 0
