"""Models from a database that exists: `spruce db inspect`, by SQLAlchemy's reflection.

What comes out has the tables as they are, so that a migration finds nothing to do. What models cannot say is told by
comments: keys of several columns, conditions of indexes, types that no field has.
"""

import warnings
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from spruce.db import fields, integers, metadata, numbers, texts
from spruce.db.autodetect import spelled
from spruce.db.databases import Database
from spruce.db.dates import DateField, DateTimeField, TimeField
from spruce.db.documents import JSONField
from spruce.db.inspectedmodels import Found, InspectedModel
from spruce.db.migrating import with_connection
from spruce.db.pythonnames import class_name
from spruce.db.special import BinaryField, DurationField, UUIDField
from spruce.errors import DatabaseError, nearest

__all__ = ["inspect"]

_NOT_MODELS = frozenset({"spruce_migrations", "alembic_version", "sqlite_sequence"})
_EXACT: tuple[type[fields.Field[Any]], ...] = (
    integers.IntegerField,
    integers.BigIntegerField,
    integers.SmallIntegerField,
    texts.TextField,
    numbers.BooleanField,
    numbers.FloatField,
    DateField,
    DateTimeField,
    TimeField,
    UUIDField,
    BinaryField,
    DurationField,
    JSONField,
)
"""Fields that a type may be of; of two with one type the first."""


def inspect(database: Database, tables: Iterable[str] = ()) -> str:
    """The source of a module with models for these tables, or for all that have none. Raises DatabaseError."""
    return with_connection(database, lambda connection: _Inspection(connection, database, list(tables)).source())


class _Inspection:
    def __init__(self, connection: sa.Connection, database: Database, wanted: list[str]) -> None:
        self.database = database
        inspector = sa.inspect(connection)
        there = inspector.get_table_names()
        for name in wanted:
            if name not in there:
                raise DatabaseError(
                    f"there is no table {name!r} in the database {database.alias!r}{nearest(name, there)}",
                    hint=f"Tables: {', '.join(sorted(there)) or 'none'}.",
                )
        known = metadata.metadata.tables
        names = wanted or [name for name in there if name not in known and name not in _NOT_MODELS]
        tables = sa.MetaData()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sa.exc.SAWarning)  # of what cannot be read, which comments tell
            tables.reflect(connection, only=names, resolve_fks=False)
        dialect = database.dialect
        unread = _unread(connection, tables) if dialect.name == "sqlite" else {}
        exact = {spelled(kind().column_type(), dialect): kind.__name__ for kind in reversed(_EXACT)}
        self.found = Found(dialect, tables, unread, exact)

    def source(self) -> str:
        """The text of the module."""
        by_name = sorted(self.found.tables.tables.values(), key=lambda table: table.name)
        ordered: Any = sa.schema.sort_tables_and_constraints(by_name)  # type: ignore[no-untyped-call] # SQLAlchemy's
        tables = [table for table, _ in ordered if table is not None]
        for table in tables:
            if len(table.primary_key.columns) == 1:
                self.found.names[table.name] = class_name(table.name, self.found.names.values())
        parts = [
            f'"""The models of the database {self.database.alias!r}, as they were found in it."""',
            "from spruce import db",
        ]
        for table in tables:
            parts.append(
                InspectedModel(self.found, table).source() if table.name in self.found.names else _without_model(table)
            )
            self.found.done.add(table.name)
        return "\n\n".join(parts[:2]) + "".join(f"\n\n\n{part}" for part in parts[2:]) + "\n"


def _unread(connection: sa.Connection, tables: sa.MetaData) -> dict[str, list[str]]:
    """The SQL of indexes that SQLAlchemy does not read on SQLite, by table."""
    rows = connection.exec_driver_sql(
        "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''"
    )
    unread: dict[str, list[str]] = {}
    for name, index, sql in rows:
        if name in tables.tables and index not in {each.name for each in tables.tables[name].indexes}:
            unread.setdefault(name, []).append(sql)
    return unread


def _without_model(table: sa.Table) -> str:
    columns = ", ".join(column.name for column in table.primary_key.columns)
    reason = f"its key has several columns: {columns}" if columns else "it has no primary key"
    told = f"The table {table.name} can have no model, as {reason}."
    return "\n".join(f"# {line}" for line in told.splitlines())
