"""Indexes of expressions on SQLite, which SQLAlchemy does not read and Alembic loses when it copies a table.

Migrations find them here by their names and their SQL, and a table that is copied gets them back.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from sqlalchemy.schema import CreateIndex

from spruce.db.formulas import Formula
from spruce.errors import MigrationError

__all__ = ["SILENCED", "ChangeIndex", "changed_indexes", "is_of_expressions", "keep_indexes"]

SILENCED = r"(autogenerate skipping metadata-specified|Skipped unsupported reflection of) expression-based index"
"""How the warnings begin that tell of such indexes."""

_OF_EXPRESSIONS = """
SELECT one.name, one.tbl_name, one.sql FROM sqlite_master AS one WHERE one.type = 'index' AND one.sql IS NOT NULL
AND EXISTS (SELECT 1 FROM pragma_index_info(one.name) WHERE cid = -2) ORDER BY one.name
"""
_DROPPED = re.compile(r'\s*DROP TABLE "?(\w+)"?\s*$')
_COPIED = re.compile(r'\s*ALTER TABLE "?_alembic_tmp_\w+"? RENAME TO "?(\w+)"?\s*$')


class ChangeIndex(ops.MigrateOperation):
    """An index is dropped (`making` is False) or made, by its SQL."""

    def __init__(self, name: str, sql: str, *, making: bool) -> None:
        self.name = name
        self.sql = sql
        self.making = making

    def reverse(self) -> "ChangeIndex":
        """The way back."""
        return ChangeIndex(self.name, self.sql, making=not self.making)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """How it is told."""
        return ("add_index" if self.making else "remove_index", self.name)


@renderers.dispatch_for(ChangeIndex)
def _render_index(context: AutogenContext, op: ChangeIndex) -> str:
    quote = context.migration_context.dialect.identifier_preparer.quote
    return f"op.execute({op.sql if op.making else f'DROP INDEX {quote(op.name)}'!r})"


def is_of_expressions(index: Any) -> bool:
    """Whether an index of a model is of expressions."""
    return any(isinstance(getattr(each, "element", each), Formula) for each in index.expressions)


def changed_indexes(
    connection: sa.Connection, tables: Iterable[sa.Table], names: Collection[str]
) -> tuple[list[ChangeIndex], list[ChangeIndex]]:
    """The indexes to drop before everything else, and those to make behind it; `names` are of the tables looked at."""
    wanted = {
        str(index.name): " ".join(str(CreateIndex(index).compile(dialect=connection.dialect)).split())
        for table in tables
        for index in table.indexes
        if is_of_expressions(index) and index.info.get("only", "sqlite") == "sqlite"
    }
    rows = [row for row in connection.exec_driver_sql(_OF_EXPRESSIONS) if row[1] in names]
    there = {name: " ".join(sql.replace("IF NOT EXISTS ", "").split()) for name, _, sql in rows}
    gone = [ChangeIndex(name, sql, making=False) for name, sql in there.items() if wanted.get(name) != sql]
    new = [ChangeIndex(name, sql, making=True) for name, sql in wanted.items() if there.get(name) != sql]
    return gone, new


def keep_indexes(engine: sa.Engine) -> None:
    """Make the indexes of expressions of each table anew that is copied, dropped and replaced by its copy."""
    kept: dict[str, list[tuple[str, str]]] = {}

    def before(connection: sa.Connection, cursor: Any, statement: str, *_: Any) -> None:
        dropped = _DROPPED.match(statement)
        if dropped is not None:
            kept[dropped[1]] = list(_indexes_of(cursor, dropped[1]))

    def after(connection: sa.Connection, cursor: Any, statement: str, *_: Any) -> None:
        copied = _COPIED.match(statement)
        for name, sql in kept.pop(copied[1], ()) if copied is not None else ():
            try:
                cursor.execute(sql)
            except Exception as error:
                raise MigrationError(
                    f"the index {name} does not fit the table as it is now: {error}",
                    hint=f"Nothing was changed. Let the migration begin with op.execute('DROP INDEX {name}').",
                ) from error

    sa.event.listen(engine, "before_cursor_execute", before)
    sa.event.listen(engine, "after_cursor_execute", after)


def _indexes_of(cursor: Any, table: str) -> Iterator[tuple[str, str]]:
    return ((name, sql) for name, of, sql in cursor.execute(_OF_EXPRESSIONS).fetchall() if of == table)
