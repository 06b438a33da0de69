"""SQLAlchemy's engines on the databases of `DATABASES`: the same connections, pools and transactions as `spruce.db`.

    with Session(alchemy.engine()) as session:
        session.scalars(select(Author)).all()

Nothing of them is asynchronous to the program: statements and lazy loads block the green thread that runs them.
"""

import json
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import NullPool

from spruce import config
from spruce.alchemy import driver
from spruce.db.databases import current
from spruce.db.postgres_sql import Dialect
from spruce.errors import ConfigError

__all__ = ["PostgresDialect", "SQLiteDialect", "engine"]

_RESOURCE = "spruce.alchemy"


class SQLiteDialect(SQLiteDialect_pysqlite):
    """SQLite by the connections of spruce.db."""

    supports_statement_cache = True
    driver = "spruce"

    @classmethod
    def import_dbapi(cls) -> Any:
        """Ours."""
        return driver

    def on_connect(self) -> Any:
        """Nothing is to be done: spruce.db prepares its connections."""
        return None

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """Never: a connection of ours holds none of the database's between transactions."""
        return False

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """Nothing: all transactions are serializable."""


class _Json(JSON):
    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        return _parsed


class _Jsonb(JSONB):
    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        return _parsed


def _parsed(value: Any) -> Any:
    return None if value is None else json.loads(value)


class PostgresDialect(Dialect):
    """PostgreSQL by the connections of spruce.db."""

    supports_statement_cache = True
    supports_server_side_cursors = False
    driver = "spruce"
    is_async = False
    colspecs = {**Dialect.colspecs, sa.JSON: _Json, JSON: _Json, JSONB: _Jsonb}  # noqa: RUF012 - as SQLAlchemy has it

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"paramstyle": self.default_paramstyle, **options})  # type: ignore[no-untyped-call] # SQLAlchemy's

    @classmethod
    def import_dbapi(cls) -> Any:
        """Ours."""
        return driver

    def on_connect(self) -> None:
        """Nothing is to be done: spruce.db prepares its connections."""

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """Never: spruce.db replaces connections that broke."""
        return False

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """Nothing: `db.atomic(isolation=…)` is what sets it."""


registry.register("sqlite.spruce", __name__, "SQLiteDialect")
registry.register("postgresql.spruce", __name__, "PostgresDialect")


def engine(alias: str = "default", **options: Any) -> sa.Engine:
    """SQLAlchemy's engine for a database of the settings that hold here; the same each time.

    `options` are those of `sqlalchemy.create_engine` that are not about connections, as `echo`. They count when the
    engine is made.
    """
    database = current()[alias]
    known: Any = config.current().resources.setdefault(_RESOURCE, {})
    found = known.get(alias)
    if f"{database.dialect.name}.spruce" not in registry.impls:
        raise ConfigError(
            f"DATABASES[{alias!r}] is {database.dialect.name}, which SQLAlchemy's engines cannot use through spruce.db",
            hint="They can on SQLite and PostgreSQL; models of spruce.db and db.execute() can everywhere.",
        )
    if found is None or found[0] is not database:
        url = f"{database.dialect.name}+spruce://"
        made = sa.create_engine(url, creator=partial(driver.connect, alias), poolclass=NullPool, **options)
        found = known[alias] = (database, made)
    return found[1]  # type: ignore[no-any-return] # what was put there
