"""Transactions of SQLite, and what an OS thread has open for them."""

import sqlite3
from collections.abc import Iterator
from time import monotonic
from typing import Any, NoReturn, TypeVar

from spruce import green
from spruce.db.outcomes import Outcome
from spruce.db.sqlite_actions import count_rows, fetch_rows, outcome_of, row_number, within_range
from spruce.db.sqlite_errors import Named, is_busy, translated
from spruce.db.sqlite_waiting import FAILURES, Action, Parameters, attempt, stepped, until_free
from spruce.errors import TransactionError

__all__ = ["Handle", "Inherited", "Place", "Transaction"]

T = TypeVar("T")


class Handle:
    """An open connection, closed when it is dropped."""

    __slots__ = ("__weakref__", "raw")

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw: sqlite3.Connection | None = raw

    def close(self) -> None:
        """Close it, once."""
        raw, self.raw = self.raw, None
        if raw is not None:
            raw.close()

    def __del__(self) -> None:
        self.close()


class Place:
    """What one OS thread has open."""

    def __init__(self) -> None:
        self.reader: Handle | None = None
        self.writer: Handle | None = None
        self.gate = green.Semaphore(1)  # held while the thread's transaction is open
        self.transaction: Transaction | None = None


class Inherited:
    """What a transaction has for a connection in a forked child: nothing that could harm the parent's."""

    in_transaction = False

    def execute(self, *_: object) -> NoReturn:
        """Refuse."""
        raise TransactionError(
            "this transaction was begun before os.fork() and belongs to the parent process",
            hint="Fork outside of `with db.atomic()`.",
        )


class Transaction:
    """A transaction, with its connection to itself; ended by its owner, or for it when the owner is dead."""

    __slots__ = ("driver", "owner", "place", "raw")

    def __init__(self, driver: Named, place: Place, raw: sqlite3.Connection) -> None:
        self.driver = driver
        self.place = place
        self.raw: sqlite3.Connection | Inherited = raw
        self.owner = green.get_ident()
        if isinstance(self.owner, green.GreenThread):
            self.owner.link(self._abandoned)

    def rows(self, sql: str, parameters: Parameters, slow: bool = False) -> list[Any]:
        """The rows of a query."""
        try:
            return self.raw.execute(sql, parameters).fetchall()
        except FAILURES as error:
            return self._again(error, fetch_rows, sql, parameters)

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        try:
            return outcome_of(self.raw, sql, parameters)
        except FAILURES as error:
            return self._again(error, outcome_of, sql, parameters)

    def stream(self, sql: str, parameters: Parameters, size: int) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time."""
        return stepped(self.driver, self.raw, sql, parameters, size)

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that changes rows; return how many."""
        try:
            return self.raw.execute(sql, parameters).rowcount
        except FAILURES as error:
            return self._again(error, count_rows, sql, parameters)

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return its number."""
        try:
            return self.raw.execute(sql, parameters).lastrowid
        except FAILURES as error:
            return self._again(error, row_number, sql, parameters)

    def insert_many(self, sql: str, rows: list[Parameters], returns: bool) -> list[Any]:
        """Insert rows, one after another; return what each returns, or its number."""
        return [self.rows(sql, row)[0] for row in rows] if returns else [self.insert(sql, row) for row in rows]

    def _again(self, error: Exception, action: "Action[T]", sql: str, parameters: Parameters) -> T:
        if isinstance(error, OverflowError):
            return attempt(self.driver, self.raw, action, sql, within_range(parameters))
        if not is_busy(error):
            raise translated(error, sql, self.driver) from error
        deadline = monotonic() + self.driver.timeout
        return until_free(self.driver, lambda: action(self.raw, sql, parameters), sql, deadline)

    def commit(self) -> None:
        """Keep what was done; on an error it is rolled back."""
        try:
            deadline = monotonic() + self.driver.timeout
            until_free(self.driver, lambda: self.raw.execute("COMMIT"), "COMMIT", deadline)
        except BaseException:
            self.rollback()
            raise
        self._end()

    def rollback(self) -> None:
        """Undo what was done; never fails."""
        try:
            if self.raw.in_transaction:
                self.raw.execute("ROLLBACK")
        except sqlite3.Error:  # what cannot be rolled back was rolled back by SQLite, or its connection is closed
            pass
        self._end()

    def _end(self) -> None:
        if self.place.transaction is not self:
            return
        self.place.transaction = None
        if isinstance(self.owner, green.GreenThread):
            self.owner.unlink(self._abandoned)
        self.place.gate.release()

    def _abandoned(self, thread: object) -> None:
        if self.place.transaction is self:
            self.rollback()

    def savepoint(self, name: str) -> None:
        """Mark a place to go back to."""
        self.change(f"SAVEPOINT {name}", ())

    def release(self, name: str) -> None:
        """Forget a savepoint."""
        self.change(f"RELEASE {name}", ())

    def rollback_to(self, name: str) -> None:
        """Undo what was done since a savepoint, and forget it."""
        if self.raw.in_transaction:
            self.change(f"ROLLBACK TO {name}", ())
            self.change(f"RELEASE {name}", ())
