"""A copy of a SQLite database while it is in use, by SQLite's own online backup."""

import sqlite3
from contextlib import closing
from pathlib import Path

from spruce.db.databases import current
from spruce.db.sqlite import SQLite
from spruce.errors import ConfigError, OperationalError

__all__ = ["backup"]

_PAGES = 500  # that are copied before others may write


def backup(path: str | Path, *, using: str = "default") -> Path:
    """Copy a SQLite database to a file, as it is at one moment, while others go on to use it; return the path.

    A file that exists is replaced when the copy is complete. Blocks the OS thread: in a server, use `green.tpool`.
    Raises ConfigError for other databases, which have tools of their own (`pg_dump`).
    """
    driver = current()[using].driver
    if not isinstance(driver, SQLite):
        raise ConfigError(
            f"the database {using!r} is no SQLite database", hint="PostgreSQL's is copied by the command pg_dump."
        )
    target = Path(path).absolute()
    if not target.parent.is_dir():
        raise OperationalError(f"the folder {target.parent} does not exist", hint="Make it, or name another file.")
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(unfinished)) as copy:
            driver.copy_to(copy, _PAGES)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target
