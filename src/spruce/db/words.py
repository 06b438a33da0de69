"""Texts that are part of the SQL, where no parameter can stand: names in JSON, paths, defaults of tables."""

from spruce.db.types import MYSQL

__all__ = ["quoted"]


def quoted(text: str, dialect: str) -> str:
    """A text as a literal; MariaDB and MySQL read backslashes in it."""
    text = text.replace("\\", "\\\\") if dialect in MYSQL else text
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
