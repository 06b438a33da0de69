"""PostgreSQL through psycopg 3, for `postgresql+psycopg://`: what servers.py asks of a driver.

It speaks the same SQL as asyncpg, so both share plans: parameters are `$1`, sent apart from the SQL and in binary form
where PostgreSQL has one. libpq brings what asyncpg lacks: Kerberos, service files, several hosts.
"""

import datetime as dt
from collections.abc import Sequence
from time import monotonic
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import AsyncRawCursor
from psycopg.adapt import Dumper, Loader
from psycopg.types.numeric import Int8Dumper
from sqlalchemy.engine import URL

from spruce import green
from spruce.db.outcomes import Outcome
from spruce.db.postgres_errors import translated
from spruce.db.postgres_sql import OPTIONS, Dialect
from spruce.db.servers import Server
from spruce.errors import DatabaseError

__all__ = ["Psycopg", "PsycopgLink"]

Parameters = Sequence[Any]

_STATEMENTS = 200  # that each connection keeps prepared
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_GONE = ("08", "57P01", "57P02", "57P03")
_STARTING = ("starting up", "shutting down", "recovery", "refused", "No such file", "closed the connection")
_OF_LIBPQ = {*OPTIONS, "keepalives", "keepalives_idle", "channel_binding", "require_auth", "load_balance_hosts"} - {
    "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path", "timezone", "direct_tls",
    "database",
}  # fmt: skip


class _Whole(Int8Dumper):
    """Integers of more than 64 bits are the largest and the smallest of 64, which no value is beyond."""

    def dump(self, obj: Any) -> Any:
        """The number."""
        return super().dump(min(max(obj, _LEAST), _MOST))


class _AsyncpgRange(Dumper):
    """A range as the other driver has it, which types give where both are installed."""

    def dump(self, obj: Any) -> bytes:
        """PostgreSQL's words for it."""
        if obj.isempty:
            return b"empty"
        lower, upper = ("" if bound is None else f'"{bound}"' for bound in (obj.lower, obj.upper))
        return f"{'[' if obj.lower_inc else '('}{lower},{upper}{']' if obj.upper_inc else ')'}".encode()


class _Moment(Loader):
    """Times are in UTC, and say so."""

    def load(self, data: Any) -> dt.datetime:
        """The moment."""
        return dt.datetime.fromisoformat(bytes(data).decode())


class _Text(Loader):
    """JSON as text, which fields of JSON parse themselves."""

    def load(self, data: Any) -> str:
        """The text."""
        return bytes(data).decode()


class Psycopg(Server):
    """The driver of one PostgreSQL database, by psycopg."""

    failures = (psycopg.Error, OSError, EOFError, UnicodeError)
    of_the_driver = (*OPTIONS, *sorted(_OF_LIBPQ))

    def __init__(self, url: URL, alias: str) -> None:
        super().__init__(url, alias)
        self.dialect: sa.Dialect = Dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's
        settings = {name: value for name, value in self.options.items() if name not in _OF_LIBPQ}
        passed = {name: value for name, value in self.options.items() if name in _OF_LIBPQ}
        told = " ".join(f"-c {name}={_escaped(str(value))}" for name, value in {**settings, "timezone": "UTC"}.items())
        passed["options"] = f"{passed.get('options', '')} {told}".strip()
        named = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}
        named["dbname"] = url.database
        self._told: dict[str, Any] = {**{name: value for name, value in named.items() if value is not None}, **passed}

    async def connect(self) -> Any:
        """A new connection of psycopg's, whose times are in UTC."""
        raw = await self.connect_plainly()
        raw.cursor_factory = AsyncRawCursor
        adapters = raw.adapters
        adapters.register_dumper(int, _Whole)
        adapters.register_dumper("asyncpg.types.Range", _AsyncpgRange)
        adapters.register_loader("timestamptz", _Moment)
        adapters.register_loader("json", _Text)
        adapters.register_loader("jsonb", _Text)
        return raw

    async def connect_plainly(self) -> Any:
        """A connection as psycopg makes it, for SQLAlchemy."""
        raw: Any = await psycopg.AsyncConnection.connect(
            autocommit=True,
            connect_timeout=max(1, round(self.connect_timeout)),
            prepare_threshold=0 if self.limits.prepared else None,
            **self._told,
        )
        raw.prepared_max = _STATEMENTS
        return raw

    def open(self) -> "PsycopgLink":
        """A new connection."""
        return PsycopgLink(green.await_(self.connect()))

    def translated(self, error: BaseException, sql: str) -> DatabaseError:
        """By its code."""
        return translated(_Told(error) if isinstance(error, psycopg.Error) else error, sql, self)

    def is_lost(self, error: BaseException) -> bool:
        """Those of the network, which have no code, and of a server that shuts down."""
        if isinstance(error, psycopg.OperationalError):
            return error.sqlstate is None or error.sqlstate.startswith(_GONE)
        return isinstance(error, OSError | EOFError)

    def may_come_back(self, error: BaseException) -> bool:
        """Those of the network, and of a server that starts; not one that refuses the user."""
        return self.is_lost(error) and ("FATAL" not in str(error) or any(text in str(error) for text in _STARTING))

    def is_stale(self, error: BaseException) -> bool:
        """Of a table that was changed."""
        return isinstance(error, psycopg.errors.FeatureNotSupported) and "cached plan" in str(error)


class _Told(Exception):
    """What an error of psycopg's says, under the names that asyncpg has for it."""

    def __init__(self, error: psycopg.Error) -> None:
        diag = error.diag
        texts = [diag.message_primary or str(error)]
        texts += [f"DETAIL:  {diag.message_detail}"] if diag.message_detail else []
        texts += [f"HINT:  {diag.message_hint}"] if diag.message_hint else []
        super().__init__("\n".join(texts))
        self.sqlstate = error.sqlstate
        self.detail = diag.message_detail
        self.table_name = diag.table_name
        self.column_name = diag.column_name
        self.constraint_name = diag.constraint_name


class PsycopgLink:
    """A connection; what it raises is psycopg's."""

    __slots__ = ("born", "cursors", "doubtful", "raw", "statements", "used")

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.statements: dict[str, Any] = {}  # psycopg keeps them itself
        self.born = self.used = monotonic()
        self.doubtful = False
        self.cursors = 0  # that were declared

    @property
    def closed(self) -> bool:
        """Whether it can be used no more."""
        gone: bool = self.raw.closed
        return gone

    def rows(self, sql: str, parameters: Parameters) -> list[Any]:
        """The rows of a statement."""
        found: list[Any] = green.await_(self._rows(sql, parameters))
        return found

    async def _rows(self, sql: str, parameters: Parameters) -> Any:
        cursor = await self.raw.execute(sql, parameters)
        return await cursor.fetchall() if cursor.description is not None else []

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        found: Outcome = green.await_(self._outcome(sql, parameters))
        return found

    async def _outcome(self, sql: str, parameters: Parameters) -> Outcome:
        cursor = await self.raw.execute(sql, parameters)
        rows = await cursor.fetchall() if cursor.description is not None else []
        names = [column.name for column in cursor.description or ()]
        return Outcome(names, rows, 0 if names and not _changes(cursor) else max(cursor.rowcount, 0))

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement; return how many rows it touched. Without parameters it may be several."""
        if parameters:
            return max(int(green.await_(self.raw.execute(sql, parameters)).rowcount), 0)
        return max(int(green.await_(self.raw.execute(sql, prepare=False)).rowcount), 0)

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return the key that the database gave it, if the statement asks for it."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def insert_many(self, sql: str, rows: Sequence[Parameters]) -> list[Any]:
        """Run a statement for each of the rows, sent together; return what each returns."""
        found: list[Any] = green.await_(self._insert_many(sql, rows))
        return found

    async def _insert_many(self, sql: str, rows: Sequence[Parameters]) -> list[Any]:
        cursor = self.raw.cursor()
        returns = " RETURNING " in sql
        await cursor.executemany(sql, rows, returning=returns)
        if not returns:
            return [None] * len(rows)
        found = [await cursor.fetchone()]
        while cursor.nextset():
            found.append(await cursor.fetchone())
        return found

    def cursor(self, sql: str, parameters: Parameters) -> Any:
        """A cursor of the server's over the rows of a query."""
        self.cursors += 1
        name = f"spruce_{self.cursors}"
        green.await_(self.raw.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}", parameters, prepare=False))
        return name

    lone_cursor = cursor

    def fetch(self, sql: str, parameters: Parameters) -> list[Any]:
        """The next rows of a cursor."""
        name, size = parameters
        rows: list[Any] = green.await_(self._rows(f"FETCH FORWARD {size} FROM {name}", ()))
        return rows

    def commit(self, sql: str, parameters: Parameters) -> bool:
        """Run COMMIT, which is a ROLLBACK when a statement before it had failed."""
        return bool(green.await_(self.raw.execute(sql, prepare=False)).statusmessage != "ROLLBACK")

    def check(self) -> None:
        """Ask whether the server is there, or end what is half-way."""
        green.await_(self.raw.execute("ROLLBACK" if self.doubtful else "SELECT 1", prepare=False))

    def forget_statements(self) -> None:
        """Prepare nothing more on this connection, whose statements no longer fit."""
        self.raw.prepare_threshold = None

    async def close(self) -> None:
        """Take leave of the server."""
        await self.raw.close()

    def terminate(self) -> None:
        """Close it at once."""
        self.raw.pgconn.finish()


def _changes(cursor: Any) -> bool:
    return not str(cursor.statusmessage).startswith("SELECT")


def _escaped(value: str) -> str:
    """A value as the option `options` of libpq has it."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
