"""Tables: made and dropped from the models, inside of a transaction so that several processes may begin at once."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable, sort_tables_and_constraints

from spruce.db import transactions
from spruce.db.databases import Database, current
from spruce.db.models import registry

__all__ = ["create_all", "drop_all"]


def create_all(using: str = "default") -> None:
    """Make the tables and indexes of all models in a database; those that exist are left as they are.

    Routers may leave a model out by `allow_migrate(alias, model)`.
    """
    database = current()[using]
    with transactions.Atomic(using):
        for table in _tables(database):
            _run(database, CreateTable(table, if_not_exists=True))
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                _run(database, CreateIndex(index, if_not_exists=True))


def drop_all(using: str = "default") -> None:
    """Drop the tables of all models in a database, with everything in them."""
    database = current()[using]
    with transactions.Atomic(using):
        if database.dialect.name == "sqlite":
            transactions.connection(database).change("PRAGMA defer_foreign_keys = ON", ())
        for table in reversed(list(_tables(database))):
            _run(database, DropTable(table, if_exists=True))


def _tables(database: Database) -> Iterable[sa.Table]:
    """The tables of the models that the routers allow, each after those that it points to."""
    models = [
        model
        for model in registry.models.values()
        if current().ask("allow_migrate", database.alias, model) is not False
    ]
    tables = [model.__table__ for model in models]
    ordered = [table for table, _ in sort_tables_and_constraints(tables)]  # type: ignore[no-untyped-call] # SQLAlchemy's
    return [table for table in ordered if table is not None and table in tables]


def _run(database: Database, element: Any) -> None:
    sql = str(element.compile(dialect=database.dialect))
    transactions.connection(database).change(sql, ())
