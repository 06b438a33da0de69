"""SQLite: statements run at once in the thread that asks, and waits for locks let other green threads run.

Each OS thread has two connections to a database: one for single statements, which is shared by its green threads
because a statement never yields half-way, and one for the transaction that is open. Only one writer can be active in
SQLite anyway, so the green threads of an OS thread queue up for the second one (fairly, without polling), and only
what other threads and processes hold is polled for, with back-off, up to a deadline: `sqlite:///shop.db?timeout=5`, in
seconds. Transactions take the write lock when they begin; a later upgrade could fail and would have to start over.

A forked child leaves the connections of its parent alone and opens its own. `sqlite://` is a database in memory, for
all threads of this process and none else.
"""

import itertools
import os
import random
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.engine import URL

from spruce import green
from spruce.db.outcomes import Outcome
from spruce.db.sqlite_actions import count_rows, fetch_rows, outcome_of, row_number, within_range
from spruce.db.sqlite_errors import is_busy, locked, translated
from spruce.db.sqlite_functions import SPREADS, functions
from spruce.errors import ConfigError, OperationalError, TransactionError, nearest
from spruce.green import tpool
from spruce.green.local import OSLocal

__all__ = ["SQLite"]

T = TypeVar("T")
Parameters = Sequence[Any]
Action = Callable[[Any, str, Parameters], T]

_TIMEOUT = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.03
_SETTINGS = (
    "foreign_keys = ON",
    "synchronous = NORMAL",
    "journal_mode = WAL",
    "wal_autocheckpoint = 8000",  # pages, 32 MB: it is copied back, with an fsync, by who commits
)
_STATEMENTS = 500  # that each connection keeps prepared
_FAILURES: Final = (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError)  # ValueError: text that is no Unicode
_numbers = itertools.count(1)
_drivers: "weakref.WeakSet[SQLite]" = weakref.WeakSet()
_inherited: list[sqlite3.Connection] = []  # of the parent, in a forked child: closing them would harm the parent's


class _Handle:
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


class _Place:
    """What one OS thread has open."""

    def __init__(self) -> None:
        self.reader: _Handle | None = None
        self.writer: _Handle | None = None
        self.gate = green.Semaphore(1)  # held while the thread's transaction is open
        self.transaction: _Transaction | None = None


class _Inherited:
    """What a transaction has for a connection in a forked child: nothing that could harm the parent's."""

    in_transaction = False

    def execute(self, *_: object) -> NoReturn:
        """Refuse."""
        raise TransactionError(
            "this transaction was begun before os.fork() and belongs to the parent process",
            hint="Fork outside of `with db.atomic()`.",
        )


class _Local(OSLocal):
    raw: sqlite3.Connection | None = None  # of the place's reader
    place: _Place | None = None


class SQLite:
    """The driver of one SQLite database."""

    def __init__(self, url: URL, alias: str) -> None:
        self.alias = alias
        self.dialect: sa.Dialect = sqlite_dialect()
        self.memory = url.database in (None, "", ":memory:")
        self.path = "memory" if self.memory else str(Path(str(url.database)).absolute())
        self.timeout = _read_timeout(url)
        self._handles: weakref.WeakSet[_Handle] = weakref.WeakSet()
        self._places: weakref.WeakSet[_Place] = weakref.WeakSet()
        self._reset()
        _drivers.add(self)

    def __repr__(self) -> str:
        return f"<SQLite {self.path}>"

    def _reset(self) -> None:
        self._local = _Local()
        self._anchor: _Handle | None = None
        name = f"file:spruce-{os.getpid()}-{next(_numbers)}?mode=memory&cache=shared"
        self._target = name if self.memory else self.path

    # ---- statements outside of transactions -------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Parameters, slow: bool = False) -> list[Any]:
        """The rows of a query; in a thread of the pool when it is `slow` and the caller is a green thread."""
        if slow and isinstance(green.get_ident(), green.GreenThread):
            return tpool.execute(self.rows, sql, parameters)
        raw = self._local.raw
        if raw is None:
            raw = self._open_reader()
        try:
            return raw.execute(sql, parameters).fetchall()
        except _FAILURES as error:
            return self._again(error, raw, fetch_rows, sql, parameters)

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        raw = self._local.raw
        if raw is None:
            raw = self._open_reader()
        try:
            return outcome_of(raw, sql, parameters)
        except _FAILURES as error:
            return self._again(error, raw, outcome_of, sql, parameters)

    def stream(self, sql: str, parameters: Parameters, size: int) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time, by a connection of its own: the others go on to see what is new."""
        if self.memory:  # whose tables would stay locked meanwhile
            rows = self.rows(sql, parameters)
            yield from (rows[start : start + size] for start in range(0, len(rows), size))
            return
        handle = self._connect()
        try:
            yield from self.step(handle.raw, sql, parameters, size)
        finally:
            handle.close()

    def step(self, raw: Any, sql: str, parameters: Parameters, size: int) -> Iterator[list[Any]]:
        """The rows of a query on a connection, read `size` at a time."""
        deadline = time.monotonic() + self.timeout
        cursor = self._until_free(lambda: raw.execute(sql, within_range(parameters)), sql, deadline)
        while rows := cursor.fetchmany(size):
            yield rows

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that changes rows; return how many."""
        raw = self._local.raw
        if raw is None:
            raw = self._open_reader()
        try:
            return raw.execute(sql, parameters).rowcount
        except _FAILURES as error:
            return self._again(error, raw, count_rows, sql, parameters)

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return its number."""
        raw = self._local.raw
        if raw is None:
            raw = self._open_reader()
        try:
            return raw.execute(sql, parameters).lastrowid
        except _FAILURES as error:
            return self._again(error, raw, row_number, sql, parameters)

    def insert_many(self, sql: str, rows: list[Parameters], returns: bool) -> list[Any]:
        """Insert rows, one after another; return what each returns, or its number."""
        return [self.rows(sql, row)[0] for row in rows] if returns else [self.insert(sql, row) for row in rows]

    def _again(
        self, error: Exception, raw: sqlite3.Connection, action: "Action[T]", sql: str, parameters: Parameters
    ) -> T:
        """Go on after a statement failed: wait while the database is locked, raise what is wrong otherwise."""
        if isinstance(error, OverflowError):
            return self._attempt(raw, action, sql, within_range(parameters))
        if not is_busy(error):
            raise translated(error, sql, self) from error
        place, deadline = self._place(), time.monotonic() + self.timeout
        self._enter(place, deadline)
        try:
            return self._until_free(lambda: action(raw, sql, parameters), sql, deadline)
        finally:
            place.gate.release()

    def _attempt(self, raw: Any, action: "Action[T]", sql: str, parameters: Parameters) -> T:
        try:
            return action(raw, sql, parameters)
        except _FAILURES as error:
            raise translated(error, sql, self) from error

    # ---- transactions -----------------------------------------------------------------------------------------------

    def begin(self, isolation: str | None = None) -> "_Transaction":
        """Start a transaction with the write lock; blocks the green thread until it has it. All are serializable."""
        place, deadline = self._place(), time.monotonic() + self.timeout
        self._enter(place, deadline)
        try:
            if place.writer is None:
                place.writer = self._open()
            raw = place.writer.raw
            if raw is None:
                raise OperationalError(f"the database {self.alias!r} was closed")
            self._until_free(lambda: raw.execute("BEGIN IMMEDIATE"), "BEGIN IMMEDIATE", deadline)
        except BaseException:
            place.gate.release()
            raise
        place.transaction = _Transaction(self, place, raw)
        return place.transaction

    def _enter(self, place: _Place, deadline: float) -> None:
        """Wait until no other green thread of this OS thread has a transaction open."""
        if place.gate.acquire(blocking=False):
            return
        holder = place.transaction
        if holder is not None and holder.owner == green.get_ident():
            raise TransactionError(
                f"this green thread has a transaction open on {self.alias!r}, and this statement runs outside of it",
                hint="It was started in another context: don't leave `with db.atomic()` half-way, as in a generator.",
            )
        if not green.running():
            raise locked(self, hint="A task of the loop cannot wait for it: do database work in green threads.")
        if not place.gate.acquire(timeout=max(0.0, deadline - time.monotonic())):
            who = place.transaction.owner if place.transaction is not None else "a green thread"
            raise locked(self, hint=f"{who!r} of this process holds it: keep transactions short, don't wait inside.")

    def _until_free(self, action: Callable[[], T], sql: str, deadline: float) -> T:
        """Repeat an action while the database is locked, up to the deadline."""
        pause = _FIRST_PAUSE
        while True:
            try:
                return action()
            except _FAILURES as error:
                if not is_busy(error):
                    raise translated(error, sql, self) from error
                if time.monotonic() >= deadline:
                    raise locked(self) from error
            _sleep(pause * (0.5 + random.random()))  # noqa: S311 - spreads out the waiters, secures nothing
            pause = min(pause * 2, _LONGEST_PAUSE)

    # ---- connections ------------------------------------------------------------------------------------------------

    def _place(self) -> _Place:
        place = self._local.place
        if place is None:
            place = self._local.place = _Place()
            self._places.add(place)
        return place

    def _open_reader(self) -> sqlite3.Connection:
        place = self._place()
        if place.reader is None or place.reader.raw is None:
            place.reader = self._open()
        raw = self._local.raw = place.reader.raw
        assert raw is not None  # noqa: S101 - it was opened a line above
        return raw

    def _open(self) -> _Handle:
        if self.memory and self._anchor is None:
            self._anchor = self._connect()
        return self._connect()

    def _connect(self) -> _Handle:
        try:
            raw = sqlite3.connect(
                self._target,
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=_STATEMENTS,
                uri=self.memory,
            )
        except sqlite3.Error as error:
            raise translated(error, "", self) from error
        handle = _Handle(raw)
        try:
            self._prepare(raw)
        except BaseException:
            handle.close()
            raise
        self._handles.add(handle)
        return handle

    def _prepare(self, raw: sqlite3.Connection) -> None:
        for name, (number, function) in functions().items():
            raw.create_function(name, number, function, deterministic=True)
        for name, spread in SPREADS.items():
            raw.create_aggregate(name, 1, spread)  # type: ignore[arg-type] # typeshed knows of whole numbers only
        deadline = time.monotonic() + self.timeout
        for setting in _SETTINGS:
            sql = f"PRAGMA {setting}"
            self._until_free(partial(fetch_rows, raw, sql, ()), sql, deadline)

    def copy_to(self, target: sqlite3.Connection, pages: int) -> None:
        """Copy the whole database to another connection, so many pages between pauses for others to write."""
        handle = self._open()
        assert handle.raw is not None  # noqa: S101 - it was opened a line above
        try:
            handle.raw.backup(target, pages=pages, sleep=_FIRST_PAUSE)
        except sqlite3.Error as error:
            raise translated(error, "", self) from error
        finally:
            handle.close()

    def stats(self) -> dict[str, int]:
        """How many connections are open, in all OS threads."""
        return {"connections": sum(handle.raw is not None for handle in list(self._handles))}

    def close(self) -> None:
        """Close every connection; no statement may be running. A database in memory is gone then."""
        for handle in list(self._handles):
            handle.close()
        self._reset()

    def forget(self) -> None:
        """In a forked child: leave the parent's connections alone."""
        for handle in list(self._handles):
            if handle.raw is not None:
                _inherited.append(handle.raw)
                handle.raw = None
        for place in list(self._places):
            if place.transaction is not None:
                place.transaction.raw = _Inherited()
        self._handles.clear()
        self._reset()


class _Transaction:
    """A transaction, with its connection to itself; ended by its owner, or for it when the owner is dead."""

    __slots__ = ("driver", "owner", "place", "raw")

    def __init__(self, driver: SQLite, place: _Place, raw: sqlite3.Connection) -> None:
        self.driver = driver
        self.place = place
        self.raw: sqlite3.Connection | _Inherited = raw
        self.owner = green.get_ident()
        if isinstance(self.owner, green.GreenThread):
            self.owner.link(self._abandoned)

    def rows(self, sql: str, parameters: Parameters, slow: bool = False) -> list[Any]:
        """The rows of a query."""
        try:
            return self.raw.execute(sql, parameters).fetchall()
        except _FAILURES as error:
            return self._again(error, fetch_rows, sql, parameters)

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        try:
            return outcome_of(self.raw, sql, parameters)
        except _FAILURES as error:
            return self._again(error, outcome_of, sql, parameters)

    def stream(self, sql: str, parameters: Parameters, size: int) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time."""
        return self.driver.step(self.raw, sql, parameters, size)

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that changes rows; return how many."""
        try:
            return self.raw.execute(sql, parameters).rowcount
        except _FAILURES as error:
            return self._again(error, count_rows, sql, parameters)

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return its number."""
        try:
            return self.raw.execute(sql, parameters).lastrowid
        except _FAILURES as error:
            return self._again(error, row_number, sql, parameters)

    def insert_many(self, sql: str, rows: list[Parameters], returns: bool) -> list[Any]:
        """Insert rows, one after another; return what each returns, or its number."""
        return [self.rows(sql, row)[0] for row in rows] if returns else [self.insert(sql, row) for row in rows]

    def _again(self, error: Exception, action: "Action[T]", sql: str, parameters: Parameters) -> T:
        if isinstance(error, OverflowError):
            return self.driver._attempt(self.raw, action, sql, within_range(parameters))
        if not is_busy(error):
            raise translated(error, sql, self.driver) from error
        deadline = time.monotonic() + self.driver.timeout
        return self.driver._until_free(lambda: action(self.raw, sql, parameters), sql, deadline)

    def commit(self) -> None:
        """Keep what was done; on an error it is rolled back."""
        try:
            deadline = time.monotonic() + self.driver.timeout
            self.driver._until_free(lambda: self.raw.execute("COMMIT"), "COMMIT", deadline)
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


def _sleep(seconds: float) -> None:
    """Let other green threads run; in plain code, just wait."""
    if isinstance(green.get_ident(), green.GreenThread):
        green.sleep(seconds)
    else:
        time.sleep(seconds)


def _read_timeout(url: URL) -> float:
    unknown = sorted(set(url.query) - {"timeout"})
    if unknown:
        raise ConfigError(
            f"{url!r} has the option {unknown[0]!r}, which SQLite has not{nearest(unknown[0], ['timeout'])}",
            hint="It has: timeout, the seconds to wait for a lock.",
        )
    text = str(url.query.get("timeout", _TIMEOUT))
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{url!r}: timeout is a number of seconds, not {text!r}") from None


def _after_fork() -> None:
    for driver in list(_drivers):
        driver.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
