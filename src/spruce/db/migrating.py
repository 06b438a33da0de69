"""Where migrations run: a connection of SQLAlchemy's own to one of the app's databases, held by one process at a time.

On SQLite the write lock is taken at the start and foreign keys are checked at the end, since tables are copied and
replaced. On PostgreSQL an advisory lock keeps a second deployment waiting; all steps are one transaction, but those
that say otherwise. On MariaDB and MySQL there is such a lock, too, and each step is committed by itself: a migration
that fails half-way has done what stands before in it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from spruce import green
from spruce.db.databases import Database
from spruce.db.sqlite_indexes import keep_indexes
from spruce.db.sqlite_sql import Tables
from spruce.errors import MigrationError

__all__ = ["DRIVERNAMES", "check_foreign_keys", "with_connection", "without_driver"]

T = TypeVar("T")

DRIVERNAMES = {"mariadb": "mariadb+migrating", "mysql": "mysql+migrating"}
"""How SQLAlchemy calls the dialects that write tables as create_all() does, where they are not its own."""

for _name in ("mariadb", "mysql"):
    registry.register(f"{_name}.migrating", "spruce.db.mysql_migrating", _name)
_LOCK = 7_381_922  # a number of our own for PostgreSQL's advisory locks


def with_connection(database: Database, work: Callable[[sa.Connection], T]) -> T:
    """Return what `work(connection)` returns; blocks, also while another process migrates."""
    kinds: dict[str, Callable[[Database, Callable[[sa.Connection], Any]], Any]] = {
        "sqlite": _on_sqlite,
        "postgresql": _on_postgres,
        "mariadb": _on_mysql,
        "mysql": _on_mysql,
    }
    result: T = kinds[database.dialect.name](database, work)
    return result


def check_foreign_keys(connection: sa.Connection) -> None:
    """Raise MigrationError where rows of SQLite's point to none, as they may after their tables were replaced."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise MigrationError(
            f"after the migration a row of {broken[0]} would point to a row of {broken[2]} that is not there",
            hint="Nothing was changed. Let the migration take care of those rows first.",
        )


def without_driver(url: sa.URL) -> sa.URL:
    """A URL of the same kind of database that needs no driver: for what is only written down."""
    name = url.get_backend_name()
    return sa.URL.create(DRIVERNAMES.get(name, name))


def _on_sqlite(database: Database, work: Callable[[sa.Connection], T]) -> T:
    if database.url.database in (None, "", ":memory:"):
        raise MigrationError(
            f"the database {database.alias!r} is in memory and ends with the process",
            hint="Migrations need a database that stays; here, db.create_all() is enough.",
        )
    url = database.url.set(drivername="sqlite+pysqlite", query={})
    engine = sa.create_engine(url, poolclass=NullPool, connect_args={"timeout": 60})
    reads: Any = engine.dialect
    reads.ddl_compiler = Tables
    reads.get_foreign_keys = partial(_foreign_keys, reads.get_foreign_keys)
    keep_indexes(engine)
    sa.event.listen(engine, "connect", _leave_transactions_to_us)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.connect() as connection:
            result = work(connection)
            connection.rollback()
            return result
    finally:
        engine.dispose()


def _leave_transactions_to_us(raw: Any, _: object) -> None:
    raw.isolation_level = None  # else sqlite3 begins and commits where it likes


def _foreign_keys(read: Callable[..., Any], connection: sa.Connection, table: str, *args: Any, **kwargs: Any) -> Any:
    """The foreign keys of a table, also with what those do that were written beside their column."""
    keys = read(connection, table, *args, **kwargs)
    quoted = connection.dialect.identifier_preparer.quote(table)
    actions = {row[3]: row[6] for row in connection.exec_driver_sql(f"PRAGMA foreign_key_list({quoted})")}
    for key in keys:
        action = actions.get(key["constrained_columns"][0])
        if action is not None and action != "NO ACTION":
            key["options"].setdefault("ondelete", action)
    return keys


def _on_postgres(database: Database, work: Callable[[sa.Connection], T]) -> T:
    take, leave = f"SELECT pg_advisory_lock({_LOCK})", f"SELECT pg_advisory_unlock({_LOCK})"
    name = "postgresql+psycopg" if database.url.drivername == "postgresql+psycopg" else "postgresql+asyncpg"
    return _on_server(database, name, take, leave, work)


# Changes of rows are transactions, which a change of a table commits; so `autocommit` is off.
def _on_mysql(database: Database, work: Callable[[sa.Connection], T]) -> T:
    take, leave = f"SET autocommit = GET_LOCK('spruce {_LOCK}', 86400) - 1", f"DO RELEASE_LOCK('spruce {_LOCK}')"
    return _on_server(database, DRIVERNAMES[database.dialect.name], take, leave, work)


def _on_server(database: Database, name: str, take: str, leave: str, work: Callable[[sa.Connection], T]) -> T:
    driver: Any = database.driver
    creator = getattr(driver, "connect_plainly", driver.connect)
    engine = create_async_engine(f"{name}://", async_creator=creator, poolclass=NullPool)

    async def run() -> T:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(take)
            await connection.commit()
            try:
                return await connection.run_sync(work)
            finally:
                await connection.rollback()
                await connection.exec_driver_sql(leave)

    return green.await_(run())
