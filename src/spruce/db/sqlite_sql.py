"""SQLite's words for tables: it has no unique constraints that wait, and no NULLs that are equal."""

from copy import copy
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDDLCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from spruce.db.indexes import refuse_equal_nulls

__all__ = ["Dialect", "Tables"]


class Tables(SQLiteDDLCompiler):
    """Writes the definitions of tables; unique constraints that might wait hold at once here."""

    def visit_unique_constraint(self, constraint: sa.UniqueConstraint, **options: Any) -> str:
        """Without DEFERRABLE, which foreign keys only have here."""
        refuse_equal_nulls(constraint, self.dialect.name)
        plain = copy(constraint)  # a new one would become a constraint of the table, too
        plain.deferrable = plain.initially = None
        made: str = super().visit_unique_constraint(plain, **options)  # type: ignore[no-untyped-call] # SQLAlchemy's
        return made

    def visit_create_index(self, create: Any, *rest: Any, **options: Any) -> str:
        """Raises ModelError for what would not hold."""
        refuse_equal_nulls(create.element, self.dialect.name)
        made: str = super().visit_create_index(create, *rest, **options)  # type: ignore[no-untyped-call] # SQLAlchemy's
        return made


class Dialect(SQLiteDialect_pysqlite):
    """SQLite with these words."""

    supports_statement_cache = True
    ddl_compiler = Tables
