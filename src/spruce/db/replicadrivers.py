"""The drivers of a database with replicas: one notes what is written, the other asks a copy and then the primary."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from spruce.db.outcomes import Outcome
from spruce.db.replicas import Replica
from spruce.errors import ConnectionLost, OperationalError

__all__ = ["Noting", "Reading"]

Parameters = Sequence[Any]
_CANCELLED = "57014"


def _reads(sql: str) -> bool:
    return sql.lstrip()[:6].upper() == "SELECT"


class Noting:
    """A primary's driver, which tells of each statement that may have written, done or failed.

    SQL that begins with SELECT counts as reading.
    """

    def __init__(self, inner: Any, note: Callable[[], None]) -> None:
        self._inner = inner
        self._note = note
        self.dialect: sa.Dialect = inner.dialect
        self.stats = inner.stats
        self.close = inner.close
        self.stream = inner.stream

    def __getattr__(self, name: str) -> Any:
        """What only this kind of database has."""
        return getattr(self._inner, name)

    def __repr__(self) -> str:
        return repr(self._inner)

    def rows(self, sql: str, parameters: Parameters, slow: bool = False) -> list[Any]:
        """The rows of a statement."""
        if sql.startswith("SELECT"):
            rows: list[Any] = self._inner.rows(sql, parameters, slow)
            return rows
        found: list[Any] = self._noted(self._inner.rows, sql, parameters, slow)
        return found

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        found: Outcome = (
            self._inner.outcome(sql, parameters) if _reads(sql) else self._noted(self._inner.outcome, sql, parameters)
        )
        return found

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that changes rows."""
        changed: int = self._noted(self._inner.change, sql, parameters)
        return changed

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row."""
        return self._noted(self._inner.insert, sql, parameters)

    def insert_many(self, sql: str, rows: list[Parameters], returns: bool) -> list[Any]:
        """Insert rows."""
        made: list[Any] = self._noted(self._inner.insert_many, sql, rows, returns)
        return made

    def begin(self, isolation: str | None = None) -> "_NotingTransaction":
        """Start a transaction, of which is told when it ends, if anything was written."""
        return _NotingTransaction(self._inner.begin(isolation), self._note)

    def _noted(self, call: Callable[..., Any], *args: Any) -> Any:
        try:
            return call(*args)
        finally:
            self._note()


class _NotingTransaction:
    """A transaction that knows whether something was written."""

    def __init__(self, inner: Any, note: Callable[[], None]) -> None:
        self._inner = inner
        self._note = note
        self._wrote = False
        self.stream = inner.stream
        self.rollback = inner.rollback
        self.savepoint = inner.savepoint
        self.release = inner.release
        self.rollback_to = inner.rollback_to

    def __getattr__(self, name: str) -> Any:
        """What only this kind of database has."""
        return getattr(self._inner, name)

    def rows(self, sql: str, parameters: Parameters, slow: bool = False) -> list[Any]:
        """The rows of a statement."""
        self._wrote = self._wrote or not sql.startswith("SELECT")
        rows: list[Any] = self._inner.rows(sql, parameters, slow)
        return rows

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        self._wrote = self._wrote or not _reads(sql)
        found: Outcome = self._inner.outcome(sql, parameters)
        return found

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that changes rows."""
        self._wrote = True
        changed: int = self._inner.change(sql, parameters)
        return changed

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row."""
        self._wrote = True
        return self._inner.insert(sql, parameters)

    def insert_many(self, sql: str, rows: list[Parameters], returns: bool) -> list[Any]:
        """Insert rows."""
        self._wrote = True
        made: list[Any] = self._inner.insert_many(sql, rows, returns)
        return made

    def commit(self) -> None:
        """Keep what was done, and tell of it, whether that worked or failed."""
        try:
            self._inner.commit()
        finally:
            if self._wrote:
                self._note()


class Reading:
    """A copy's driver: what the copy cannot answer is asked of the primary.

    A copy that is lost is not asked again until it has said that it is well. One that refuses is (it may have to replay
    what is in the way of a query, or lack a new table); a query that was stopped for its length is not run again.
    """

    def __init__(self, replica: Replica, primary: Any) -> None:
        self._replica = replica
        self._primary = primary
        self.dialect: sa.Dialect = primary.dialect
        self.begin: Any = primary.begin
        self.change: Any = primary.change
        self.insert: Any = primary.insert
        self.insert_many: Any = primary.insert_many
        self.stats: Any = primary.stats
        self.close: Any = primary.close

    def __repr__(self) -> str:
        return repr(self._replica.driver)

    def rows(self, sql: str, parameters: Parameters, slow: bool = False) -> list[Any]:
        """The rows of a query."""
        self._replica.reads += 1
        try:
            found: list[Any] = self._replica.driver.rows(sql, parameters, slow)
        except OperationalError as error:
            self._fall_back(error)
            found = self._primary.rows(sql, parameters, slow)
        return found

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a query gives."""
        self._replica.reads += 1
        try:
            found: Outcome = self._replica.driver.outcome(sql, parameters)
        except OperationalError as error:
            self._fall_back(error)
            found = self._primary.outcome(sql, parameters)
        return found

    def stream(self, sql: str, parameters: Parameters, size: int) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time; the primary may take over until the first have come."""
        self._replica.reads += 1
        begun = False
        try:
            for rows in self._replica.driver.stream(sql, parameters, size):
                begun = True
                yield rows
            return
        except OperationalError as error:
            if begun:
                raise
            self._fall_back(error)
        yield from self._primary.stream(sql, parameters, size)

    def _fall_back(self, error: OperationalError) -> None:
        """Note that the primary has to answer; raises the error again where it should not."""
        if getattr(error.__cause__, "sqlstate", None) == _CANCELLED:
            raise error
        self._replica.fallbacks += 1
        if isinstance(error, ConnectionLost):
            self._replica.doubt()
