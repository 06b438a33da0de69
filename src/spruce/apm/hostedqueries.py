"""Queries of hosted apps as spans: those that Django's models send, and SQLAlchemy's engines, on whatever driver.

What `spruce.db` and `spruce.alchemy` send is told by themselves. Parameters are never looked at.
"""

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any

from spruce.apm.leaves import note
from spruce.apm.libraries import Libraries
from spruce.apm.spans import begin_span, current
from spruce.apm.sqlsignature import signature_of
from spruce.apm.what import What

__all__ = ["HostedQueries"]

_LONGEST = 10_000  # characters of a statement
_KEPT = 2000  # statements that are described once for all
_OWN = "spruce."


class HostedQueries:
    """Puts spans around what Django and SQLAlchemy ask databases."""

    def __init__(self) -> None:
        self._described: dict[tuple[str, str, str], What] = {}

    def add_to(self, libraries: Libraries) -> None:
        """Say what is to be put around what."""
        libraries.around("django.db.backends.utils", "CursorWrapper._execute_with_wrappers", self._around_django)
        for name in ("do_execute", "do_execute_no_params", "do_executemany"):
            libraries.around("sqlalchemy.engine.default", f"DefaultDialect.{name}", self._around_sqlalchemy)
        for module, dialect in (
            ("postgresql.psycopg2", "PGDialect_psycopg2"),
            ("mysql.mysqldb", "MySQLDialect_mysqldb"),
        ):
            path = f"{dialect}.do_executemany"  # which these do themselves
            libraries.around(f"sqlalchemy.dialects.{module}", path, self._around_sqlalchemy)

    def _around_django(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(execute)
        def call(cursor: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
            if current.get() is None:
                return execute(cursor, sql, *args, **kwargs)
            database = cursor.db
            name = str(database.settings_dict.get("NAME", database.alias))
            return self._run(execute, (cursor, sql, *args), self._what(sql, database.vendor, name), **kwargs)

        return call

    def _around_sqlalchemy(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(execute)
        def call(dialect: Any, cursor: Any, statement: Any, *args: Any, **kwargs: Any) -> Any:
            given = (dialect, cursor, statement, *args)
            if current.get() is None or type(cursor).__module__.startswith(_OWN):
                return execute(*given, **kwargs)
            context = kwargs.get("context", args[-1] if args else None)
            engine = getattr(getattr(context, "root_connection", None), "engine", None)
            name = str(getattr(getattr(engine, "url", None), "database", None) or dialect.name)
            return self._run(execute, given, self._what(statement, dialect.name, name), **kwargs)

        return call

    def _run(self, execute: Callable[..., Any], args: tuple[Any, ...], what: What, **kwargs: Any) -> Any:
        began = perf_counter()
        try:
            result = execute(*args, **kwargs)
        except BaseException:
            _failed(what, began)
            raise
        note(what, perf_counter() - began)
        return result

    def _what(self, sql: Any, system: str, name: str) -> What:
        statement = sql if isinstance(sql, str) else str(sql)
        key = (statement, system, name)
        found = self._described.get(key)
        if found is None:
            resource = f"{system}/{name}"
            context = {
                "db": {"instance": name, "statement": statement[:_LONGEST], "type": "sql"},
                "destination": {"service": {"resource": resource, "name": "", "type": ""}},
                "service": {"target": {"type": system, "name": name}},
            }
            found = What(signature_of(statement) or "SQL", "db", system, "query", True, True, resource, context)
            if len(self._described) < _KEPT:
                self._described[key] = found
        return found


def _failed(what: What, began: float) -> None:
    here = current.get()
    if here is not None and not here.transaction.ended and here.transaction.sampled:
        span = begin_span(here, what, began)
        span.outcome = "failure"
        span.end()
