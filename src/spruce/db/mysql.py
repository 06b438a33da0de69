"""MariaDB and MySQL through asyncmy: what servers.py asks of a driver.

Statements are prepared by the server, so that values travel apart from the SQL and in binary form. A session is strict
(a value that does not fit is refused, never changed), speaks UTC and utf8mb4, and isolates transactions as PostgreSQL
does unless told otherwise (READ COMMITTED).
"""

import logging
import ssl
from collections.abc import Iterator, Sequence
from itertools import islice
from time import monotonic
from typing import Any, Final

import asyncmy
import sqlalchemy as sa
from asyncmy.cursors import Cursor, SSCursor
from asyncmy.errors import Error
from sqlalchemy.engine import URL

from spruce import green
from spruce.db.mysql_errors import LOST, translated
from spruce.db.mysql_sql import MariaDB, MySQL
from spruce.db.outcomes import Outcome
from spruce.db.servers import Server
from spruce.db.servertransactions import level
from spruce.errors import ConfigError, DatabaseError

__all__ = ["MySQLLink", "MySQLServer"]

Parameters = Sequence[Any]

_STATEMENTS: Final = 200  # that each connection keeps prepared
_AT_ONCE: Final = 256  # rows of one INSERT
_FOUND_ROWS: Final = 2  # a flag of the protocol: an UPDATE counts the rows that it found, not those that it changed
_CANNOT_PREPARE: Final = 1295
_STALE: Final = (1615,)  # prepared statements that no longer fit
_UNDOING: Final = (1213, 1020)  # with these the whole transaction is gone
_MODE: Final = (
    "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,"
    "NO_AUTO_VALUE_ON_ZERO,PIPES_AS_CONCAT"
)
_OPTIONS: Final = ("unix_socket", "collation", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "read_timeout",
    "innodb_lock_wait_timeout", "max_statement_time", "sql_mode", "charset",
)  # fmt: skip
_SSL_MODES: Final = ("disabled", "required", "verify_ca", "verify_identity")

logging.getLogger("asyncmy").setLevel(logging.ERROR)  # else it repeats notes of the server, as of names of keys


class MySQLServer(Server):
    """The driver of one database on a MariaDB or MySQL server."""

    failures = (Error, OSError, EOFError, ValueError, RuntimeError)
    of_the_driver = _OPTIONS

    def __init__(self, url: URL, alias: str) -> None:
        super().__init__(url, alias)
        self.options.pop("charset", None)  # always utf8mb4
        collation = str(self.options.pop("collation", ""))
        self.dialect: sa.Dialect = (MariaDB if url.get_backend_name() == "mariadb" else MySQL)(collation)
        self._ssl = _ssl_context(url, self.options)
        self._socket = self.options.pop("unix_socket", None)
        self._read_timeout = self.options.pop("read_timeout", None)
        if self._socket:
            self.shown = f"{self._socket}/{url.database or ''}"

    async def connect(self) -> Any:
        """A new connection of asyncmy's."""
        url, dialect = self.url, self.dialect
        make: Any = asyncmy.Connection
        raw = make(
            host=url.host or "localhost",
            port=url.port or 3306,
            user=url.username,
            password=url.password or "",
            database=url.database,
            unix_socket=self._socket,
            ssl=self._ssl,
            connect_timeout=self.connect_timeout,
            read_timeout=None if self._read_timeout is None else float(str(self._read_timeout)),
            autocommit=True,
            client_flag=_FOUND_ROWS,
        )
        await raw.connect()
        try:
            if dialect.name == "mariadb" and "MariaDB" not in raw.get_server_info():
                raise ConfigError(
                    f"DATABASES[{self.alias!r}] is a MySQL server ({raw.get_server_info()}), and no MariaDB",
                    hint="Let its URL begin with mysql://.",
                )
            await raw.query(f"SET NAMES utf8mb4 COLLATE {dialect.collation}")  # type: ignore[attr-defined] # of ours
            await raw.query(f"SET SESSION sql_mode = '{_MODE}', SESSION time_zone = '+00:00'")
            await raw.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            for name, value in self.options.items():
                await raw.query(f"SET SESSION {_identifier(name)} = {_literal(raw, str(value))}")
        except BaseException:
            raw.close()
            raise
        return raw

    def open(self) -> "MySQLLink":
        """A new connection."""
        return MySQLLink(green.await_(self.connect()), self)

    def kill(self, number: int) -> None:
        """End what a connection does that was left; its server would go on otherwise."""

        async def run() -> None:
            raw = await self.connect()
            try:
                await raw.query(f"KILL {number}")
            finally:
                await raw.ensure_closed()

        try:
            green.await_(run())
        except self.failures:
            pass  # it has ended by itself, or the server has

    def translated(self, error: BaseException, sql: str) -> DatabaseError:
        """By its number."""
        return translated(error, sql, self)

    def is_lost(self, error: BaseException) -> bool:
        """Those of the network, and of a server that shuts down."""
        return isinstance(error, OSError | EOFError) or _code(error) in LOST

    may_come_back = is_lost

    def is_stale(self, error: BaseException) -> bool:
        """Of a table that was changed."""
        return _code(error) in _STALE

    def is_unfit(self, error: BaseException) -> bool:
        """Of asyncmy's own finding: integers of more than 64 bits."""
        return isinstance(error, ValueError)

    def has_undone(self, error: BaseException) -> bool:
        """A deadlock undoes the whole transaction here, and what follows would be committed on its own."""
        return _code(error) in _UNDOING

    def beginning(self, isolation: str | None) -> tuple[str, ...]:
        """The level is told before."""
        return ("BEGIN",) if isolation is None else (f"SET TRANSACTION ISOLATION LEVEL {level(isolation)}", "BEGIN")


class MySQLLink:
    """A connection with the statements that were prepared on it; what it raises is asyncmy's."""

    __slots__ = ("born", "doubtful", "raw", "server", "statements", "step", "used")

    def __init__(self, raw: Any, server: MySQLServer) -> None:
        self.raw = raw
        self.server = server
        self.statements: dict[str, Any] = {}
        self.born = self.used = monotonic()
        self.doubtful = False
        self.step = 0  # between the keys of rows that are inserted together; 0 as long as it is not known

    @property
    def closed(self) -> bool:
        """Whether it can be used no more."""
        return not self.raw.connected

    def rows(self, sql: str, parameters: Parameters) -> list[Any]:
        """The rows of a statement."""
        found: list[Any] = self._execute(sql, parameters).rows or []
        return found

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        found = self._execute(sql, parameters)
        names = [each[0] for each in found.description or ()]
        return Outcome(names, list(found.rows or ()), found.affected_rows, found.insert_id or None)

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement; return how many rows it touched."""
        if self.doubtful:
            raise EOFError("not all rows of a query were fetched")
        if parameters:
            return int(self._execute(sql, parameters).affected_rows)
        return int(green.await_(self.raw.query(sql)))

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return the key that the database gave it."""
        found = self._execute(sql, parameters)
        return found.rows[0][0] if found.rows else found.insert_id

    def insert_many(self, sql: str, rows: Sequence[Parameters]) -> list[Any]:
        """Insert rows by few statements of many; return what they return, or their keys, which follow each other."""
        head, _, rest = sql.partition(" VALUES (")
        group, _, tail = rest.partition(")")
        found: list[Any] = []
        if not self.step:
            self.step = int(self.rows("SELECT @@auto_increment_increment", ())[0][0])
        for part in _parts(rows):
            text = f"{head} VALUES {', '.join([f'({group})'] * len(part))}{tail}"
            made = self._execute(text, [value for row in part for value in row])
            first = made.insert_id
            found += made.rows or [first + i * self.step for i in range(len(part))]
        return found

    def _execute(self, sql: str, parameters: Parameters) -> Any:
        """Run a prepared statement."""
        if not self.server.limits.prepared:
            return green.await_(self._once(sql, tuple(parameters)))
        statement = self.statements.get(sql)
        if statement is None:
            try:
                statement = self.prepare(sql)
            except Error as error:
                if _code(error) != _CANNOT_PREPARE or parameters:
                    raise
                return _Plain(green.await_(self._plain(sql)))
        return green.await_(statement.execute(tuple(parameters)))

    async def _once(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        statement = await self.raw.prepare(sql)
        try:
            return await statement.execute(parameters)
        finally:
            await statement.close()

    async def _plain(self, sql: str) -> Any:
        cursor = self.raw.cursor(Cursor)
        await cursor.execute(sql)
        return cursor

    def cursor(self, sql: str, parameters: Parameters) -> Any:
        """All rows, since others are fetched by one statement after the other only."""
        return iter(self.rows(sql, parameters))

    def lone_cursor(self, sql: str, parameters: Parameters) -> Any:
        """A cursor of the server's; values are given to it as variables."""
        cursor = green.await_(self._unbuffered(sql, tuple(parameters)))
        self.doubtful = True  # nothing else can be done on it before the last row was fetched
        return cursor

    async def _unbuffered(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        names = [f"@spruce_{number}" for number in range(len(parameters))]
        if names:
            await self._once(f"SET {', '.join(f'{name} = ?' for name in names)}", parameters)
        await self.raw.query(f"PREPARE spruce FROM '{self.raw.escape_string(sql)}'")
        cursor = self.raw.cursor(SSCursor)
        await cursor.execute(f"EXECUTE spruce{' USING ' + ', '.join(names) if names else ''}")
        return cursor

    def fetch(self, sql: str, parameters: Parameters) -> list[Any]:
        """The next rows of a cursor."""
        cursor, size = parameters
        if isinstance(cursor, Iterator):
            return list(islice(cursor, size))
        rows: list[Any] = list(green.await_(cursor.fetchmany(size)))
        self.doubtful = len(rows) == size
        return rows

    def commit(self, sql: str, parameters: Parameters) -> bool:
        """Run COMMIT; statements that failed before were undone alone."""
        green.await_(self.raw.query(sql))
        return True

    def check(self) -> None:
        """Ask whether the server is there, or end what is half-way."""
        green.await_(self.raw.query("ROLLBACK") if self.doubtful else self.raw.ping(reconnect=False))

    def prepare(self, sql: str) -> Any:
        """The statement, prepared and kept; the oldest one goes when there are too many."""
        statement = green.await_(self.raw.prepare(sql))
        if len(self.statements) >= _STATEMENTS:
            oldest = self.statements.pop(next(iter(self.statements)))
            green.await_(oldest.close())
        self.statements[sql] = statement
        return statement

    def forget_statements(self) -> None:
        """Prepare everything anew."""
        while self.statements:
            _, statement = self.statements.popitem()
            green.await_(statement.close())

    async def close(self) -> None:
        """Take leave of the server."""
        await self.raw.ensure_closed()

    def terminate(self) -> None:
        """Close it at once; what the server still does for it is stopped, as it would not notice."""
        self.raw.close()
        if self.doubtful:
            self.doubtful = False
            green.spawn_detached(self.server.kill, self.raw.thread_id())


class _Plain:
    """What a statement gave that cannot be prepared."""

    def __init__(self, cursor: Any) -> None:
        self.rows = list(cursor._rows or ())
        self.description = cursor.description
        self.affected_rows = cursor.rowcount
        self.insert_id = cursor.lastrowid


def _parts(rows: Sequence[Parameters]) -> Iterator[Sequence[Parameters]]:
    """Rows in parts of 256, 128, 64 … so that few different statements are made."""
    start, size = 0, _AT_ONCE
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


def _code(error: BaseException) -> int:
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) and isinstance(error, Error) else 0


def _identifier(name: str) -> str:
    if not name.isidentifier():
        raise ConfigError(f"the URL has the option {name!r}, which is no name of a variable")
    return name


def _literal(raw: Any, value: str) -> str:
    return value if value.isdigit() else f"'{raw.escape_string(value)}'"


def _ssl_context(url: URL, options: dict[str, Any]) -> ssl.SSLContext | None:
    """What encrypts the connection: by `ssl_mode` as MySQL's clients have it, and `ssl_ca`, `ssl_cert`, `ssl_key`."""
    files = {name: options.pop(f"ssl_{name}", None) for name in ("ca", "cert", "key")}
    mode = str(options.pop("ssl_mode", "verify_identity" if files["ca"] else "disabled")).lower()
    if mode not in _SSL_MODES:
        raise ConfigError(f"{url!r}: ssl_mode is {', '.join(_SSL_MODES[:-1])} or {_SSL_MODES[-1]}, not {mode!r}")
    if mode == "disabled":
        return None
    context = ssl.create_default_context(cafile=files["ca"])
    context.check_hostname = mode == "verify_identity"
    if mode == "required":
        context.verify_mode = ssl.CERT_NONE
    if files["cert"]:
        context.load_cert_chain(files["cert"], files["key"])
    return context
