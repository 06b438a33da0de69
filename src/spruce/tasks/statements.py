"""Statements to the database in which jobs are: written once, with ? for parameters, and made the database's own."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Self

from spruce import config, db
from spruce.db import transactions
from spruce.db.databases import Connection, Database, choose, current
from spruce.errors import ConfigError, OperationalError
from spruce.tasks.tables import Job, Tick, Worker

__all__ = ["Statements"]

_MODELS = (Job, Worker, Tick)


class Statements:
    """Runs statements in the database of an alias; its tables are made when they are first missed."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    @classmethod
    def chosen(cls) -> Self:
        """That in the database which the routers choose for jobs."""
        return cls(choose(None, Job, write=True).alias)

    @property
    def database(self) -> Database:
        """The database."""
        return current()[self.alias]

    @property
    def on_postgres(self) -> bool:
        """Whether it is PostgreSQL, where several write at one time."""
        return self.database.dialect.name == "postgresql"

    def _rows(self, sql: str, *parameters: Any) -> list[Any]:
        rows: list[Any] = self._do(lambda connection, text: connection.rows(text, parameters), sql)
        return rows

    def _change(self, sql: str, *parameters: Any) -> int:
        changed: int = self._do(lambda connection, text: connection.change(text, parameters), sql)
        return changed

    def _do(self, action: Callable[[Connection, str], Any], sql: str) -> Any:
        """Run a statement; the tables are made first, and once more where a rollback has undone that."""
        if self.alias not in _made():
            self.make()
        database = self.database
        text = _dialect(sql, database.dialect.name)
        try:
            return action(transactions.connection(database), text)
        except OperationalError as error:
            if "spruce_task" not in str(error) or "does not exist" not in str(error):
                raise
            self.make()
            return action(transactions.connection(database), text)

    def make(self) -> None:
        """Make the tables, unless they are there. Raises: ConfigError on a database that can't hold jobs."""
        kind = self.database.dialect.name
        if kind not in ("sqlite", "postgresql"):
            raise ConfigError(
                f"jobs are kept in SQLite or PostgreSQL, and the database {self.alias!r} is {kind}",
                hint="Let a router send the models of spruce.tasks to another alias, or have Celery carry them:"
                " TASKS='celery+redis://…'.",
            )
        if not self._is_complete():
            db.create_all(self.alias, models=_MODELS)
        _made().add(self.alias)

    def _is_complete(self) -> bool:
        """Whether all is there. To ask holds up nobody; to make an index waits for all who write, even if it exists."""
        tables: list[Any] = [model.__table__ for model in _MODELS]
        names = [str(one.name) for table in tables for one in (table, *table.indexes)]
        connection = transactions.connection(self.database)
        if self.on_postgres:
            found = connection.rows("SELECT count(to_regclass(name)) FROM unnest($1::TEXT[]) AS name", (names,))
        else:
            sql = f"SELECT count(*) FROM sqlite_master WHERE name IN ({', '.join('?' * len(names))})"  # noqa: S608 - marks
            found = connection.rows(sql, names)
        return bool(found[0][0] == len(names))

    def atomic(self) -> Any:
        """A transaction, for several steps that belong together."""
        return transactions.Atomic(self.alias)


def _made() -> set[str]:
    """The databases in which the tables have been made, as far as this process knows."""
    made: Any = config.current().resources.setdefault("spruce.tasks.made", set())
    return made  # type: ignore[no-any-return] # nobody else keeps anything under this name


@lru_cache(maxsize=200)
def _dialect(sql: str, name: str) -> str:
    """The SQL with parameters as the database's driver has them."""
    if name == "sqlite":
        return sql
    number = iter(range(1, 1000))
    return re.sub(r"\?", lambda _: f"${next(number)}", sql)
