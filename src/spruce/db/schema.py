"""Tables: made and dropped from the models, inside of a transaction so that several processes may begin at once."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, DropTable, sort_tables_and_constraints

from spruce.db import transactions
from spruce.db.databases import Database, current
from spruce.db.models import registry

__all__ = ["create_all", "drop_all"]

_LOCK = 7_381_921  # a number of our own for PostgreSQL's advisory locks: one process makes tables at a time


def create_all(using: str = "default", *, models: Iterable[Any] | None = None) -> None:
    """Make the tables and indexes of `models`, or of all, in a database; those that exist are left as they are.

    Routers may leave a model out by `allow_migrate(alias, model)`.
    """
    database = current()[using]
    with transactions.Atomic(using):
        if database.dialect.name == "postgresql":
            _run_sql(database, f"SELECT pg_advisory_xact_lock({_LOCK})")
        tables = list(_tables(database, models))
        missing = [table for table in tables if not _exists(database, table)]
        late = _late_constraints(missing) if database.dialect.name == "postgresql" else []
        for table in tables:
            if table in missing:
                at_once = [key for key in table.foreign_key_constraints if key not in late]
                _run(database, CreateTable(table, if_not_exists=True, include_foreign_key_constraints=at_once))
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                _run(database, CreateIndex(index, if_not_exists=True))
        for constraint in late:
            _run(database, AddConstraint(constraint))


def drop_all(using: str = "default") -> None:
    """Drop the tables of all models in a database, with everything in them."""
    database = current()[using]
    with transactions.Atomic(using):
        if database.dialect.name == "sqlite":
            transactions.connection(database).change("PRAGMA defer_foreign_keys = ON", ())
            for table in reversed(list(_tables(database, None))):
                _run(database, DropTable(table, if_exists=True))
        elif tables := list(_tables(database, None)):  # all at once, as they may point to each other
            names = ", ".join(database.dialect.identifier_preparer.format_table(table) for table in tables)
            _run_sql(database, f"DROP TABLE IF EXISTS {names}")


def _tables(database: Database, wanted: Iterable[Any] | None) -> Iterable[sa.Table]:
    """The tables of the models that the routers allow, each after those that it points to."""
    models = [
        model
        for model in (registry.models.values() if wanted is None else wanted)
        if current().ask("allow_migrate", database.alias, model) is not False
    ]
    tables = [model.__table__ for model in models]
    ordered = [table for table, _ in sort_tables_and_constraints(tables)]  # type: ignore[no-untyped-call] # SQLAlchemy's
    return [table for table in ordered if table is not None and table in tables]


def _late_constraints(tables: list[sa.Table]) -> list[Any]:
    """The foreign keys of tables that point to each other in a ring, which are added when all of them are there."""
    found: list[Any] = list(sort_tables_and_constraints(tables))  # type: ignore[no-untyped-call] # SQLAlchemy's
    return [constraint for table, constraints in found if table is None for constraint in constraints]


def _exists(database: Database, table: sa.Table) -> bool:
    if database.dialect.name != "postgresql":
        return False  # CREATE TABLE IF NOT EXISTS is all that it takes
    name = database.dialect.identifier_preparer.format_table(table)
    found = transactions.connection(database).rows("SELECT to_regclass($1) IS NOT NULL", (name,))
    return bool(found[0][0])


def _run(database: Database, element: Any) -> None:
    _run_sql(database, str(element.compile(dialect=database.dialect)))


def _run_sql(database: Database, sql: str) -> None:
    transactions.connection(database).change(sql, ())
