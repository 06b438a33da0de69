"""Tables: made and dropped from the models, inside of a transaction so that several processes may begin at once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, DropTable, sort_tables_and_constraints

from spruce.db import transactions
from spruce.db.databases import Database, current
from spruce.db.models import registry
from spruce.db.routing import may_migrate
from spruce.db.signals import post_migrate
from spruce.db.types import MYSQL

__all__ = ["create_all", "drop_all", "tables_of"]

_LOCK = 7_381_921  # a number of our own for PostgreSQL's advisory locks: one process makes tables at a time


def create_all(using: str = "default", *, models: Iterable[Any] | None = None) -> None:
    """Make the tables and indexes of `models`, or of all, in a database; those that exist are left as they are.

    Routers may leave a model out by `allow_migrate(alias, model)`.
    """
    database = current()[using]
    tables = list(_tables(database, models))
    with transactions.Atomic(using):
        if database.dialect.name == "postgresql":
            _run(database, [f"SELECT pg_advisory_xact_lock({_LOCK})"])
        with _in_any_order(database):
            _run(database, _creating(tables, *_missing(database, tables), database.dialect))
        if models is None and post_migrate.listeners:
            post_migrate.send(None, using=using)


def _creating(tables: list[sa.Table], missing: list[sa.Table], late: list[Any], dialect: sa.Dialect) -> Iterator[str]:
    """The statements that make tables, with `late` constraints at the end, and the indexes of all."""
    elements: list[Any] = []
    for table in tables:
        if table in missing:
            at_once = [key for key in table.foreign_key_constraints if key not in late]
            elements.append(CreateTable(table, if_not_exists=True, include_foreign_key_constraints=at_once))
        elif dialect.name == "mysql":  # which cannot make an index only if there is none
            continue
        here = [index for index in table.indexes if index.info.get("only", dialect.name) == dialect.name]
        indexes = sorted(here, key=lambda index: str(index.name))
        elements += [CreateIndex(index, if_not_exists=True) for index in indexes]
    elements += map(AddConstraint, late)
    return (str(element.compile(dialect=dialect)) for element in elements)


def _missing(database: Database, tables: list[sa.Table]) -> tuple[list[sa.Table], list[Any]]:
    """The tables that have to be made, and those of their foreign keys that wait until all are there: of rings.

    The others need neither; their foreign keys may point to a table that does not exist yet.
    """
    if database.dialect.name == "mysql":
        found = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        there = {row[0] for row in transactions.connection(database).rows(found, ())}
        return [table for table in tables if table.name not in there], []
    if database.dialect.name != "postgresql":
        return tables, []
    sql = "SELECT name FROM unnest($1::TEXT[]) AS name WHERE to_regclass(name) IS NULL"
    names = {_quoted(database, table): table for table in tables}
    missing = [names[row[0]] for row in transactions.connection(database).rows(sql, (list(names),))]
    sorted_: Any = sort_tables_and_constraints(missing)  # type: ignore[no-untyped-call] # SQLAlchemy's
    return missing, [constraint for table, constraints in sorted_ if table is None for constraint in constraints]


def drop_all(using: str = "default") -> None:
    """Drop the tables of all models in a database, with everything in them."""
    database = current()[using]
    tables = list(_tables(database, None))[::-1]
    with transactions.Atomic(using):
        if database.dialect.name == "sqlite":
            drops = [str(DropTable(table, if_exists=True).compile(dialect=database.dialect)) for table in tables]
            _run(database, ["PRAGMA defer_foreign_keys = ON", *drops])
        elif tables:  # at once, as they may point to each other
            with _in_any_order(database):
                _run(database, [f"DROP TABLE IF EXISTS {', '.join(_quoted(database, table) for table in tables)}"])


@contextmanager
def _in_any_order(database: Database) -> Iterator[None]:
    """MariaDB and MySQL have no transactions for tables: one process at a time, and keys to what is not there yet."""
    if database.dialect.name not in MYSQL:
        yield
        return
    _run(database, [f"DO GET_LOCK('spruce {_LOCK}', 60)", "SET SESSION foreign_key_checks = 0"])
    try:
        yield
    finally:
        _run(database, ["SET SESSION foreign_key_checks = 1", f"DO RELEASE_LOCK('spruce {_LOCK}')"])


def tables_of(database: Database) -> list[sa.Table]:
    """The tables of the models that belong into a database, each after those that it points to."""
    return list(_tables(database, None))


def _tables(database: Database, wanted: Iterable[Any] | None) -> Iterable[sa.Table]:
    """The tables of the models that the routers allow, each after those that it points to."""
    models = [
        model
        for model in (registry.models.values() if wanted is None else wanted)
        if model._meta.managed and may_migrate(database.alias, model)
    ]
    tables = [model.__table__ for model in models]
    ordered = [table for table, _ in sort_tables_and_constraints(tables)]  # type: ignore[no-untyped-call] # SQLAlchemy's
    return [table for table in ordered if table is not None and table in tables]


def _quoted(database: Database, table: sa.Table) -> str:
    return database.dialect.identifier_preparer.format_table(table)


def _run(database: Database, statements: Iterable[str]) -> None:
    """Run statements without parameters; on PostgreSQL all at once."""
    connection = transactions.connection(database)
    if database.dialect.name == "postgresql":
        statements = [";\n".join(statements)]
    for sql in filter(None, statements):
        connection.change(sql, ())
