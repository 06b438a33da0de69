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
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL

from spruce import green
from spruce.db.outcomes import Outcome
from spruce.db.sqlite_actions import count_rows, fetch_rows, outcome_of, row_number, within_range
from spruce.db.sqlite_errors import is_busy, locked, translated
from spruce.db.sqlite_functions import SPREADS, functions
from spruce.db.sqlite_sql import Dialect
from spruce.db.sqlite_transactions import Handle, Inherited, Place, Transaction
from spruce.db.sqlite_waiting import FAILURES, Action, Parameters, attempt, stepped, until_free
from spruce.errors import ConfigError, OperationalError, TransactionError, nearest
from spruce.green import tpool
from spruce.green.local import OSLocal

__all__ = ["SQLite"]

T = TypeVar("T")

_TIMEOUT = 5.0
_SETTINGS = (
    "foreign_keys = ON",
    "synchronous = NORMAL",
    "journal_mode = WAL",
)
_CHECKPOINT = 8000  # pages of the log, 32 MB: it is copied back, with an fsync, by who commits
_OPTIONS = {
    "timeout": "a number of seconds to wait for a lock",
    "wal_autocheckpoint": "a number of pages after which the log is copied back, 0 for never",
}
_COPY_PAUSE = 0.001  # seconds
_STATEMENTS = 500  # that each connection keeps prepared
_numbers = itertools.count(1)
_drivers: "weakref.WeakSet[SQLite]" = weakref.WeakSet()
_inherited: list[sqlite3.Connection] = []  # of the parent, in a forked child: closing them would harm the parent's


class _Local(OSLocal):
    raw: sqlite3.Connection | None = None  # of the place's reader
    place: Place | None = None


class SQLite:
    """The driver of one SQLite database."""

    def __init__(self, url: URL, alias: str) -> None:
        self.alias = alias
        self.dialect: sa.Dialect = Dialect()
        self.memory = url.database in (None, "", ":memory:")
        self.path = "memory" if self.memory else str(Path(str(url.database)).absolute())
        _check_options(url)
        self.timeout = _option(url, "timeout", float, _TIMEOUT)
        pages = _option(url, "wal_autocheckpoint", int, _CHECKPOINT)
        self._settings = (*_SETTINGS, f"wal_autocheckpoint = {pages}")
        self._handles: weakref.WeakSet[Handle] = weakref.WeakSet()
        self._places: weakref.WeakSet[Place] = weakref.WeakSet()
        self._reset()
        _drivers.add(self)

    def __repr__(self) -> str:
        return f"<SQLite {self.path}>"

    def _reset(self) -> None:
        self._local = _Local()
        self._anchor: Handle | None = None
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
        except FAILURES as error:
            return self._again(error, raw, fetch_rows, sql, parameters)

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        raw = self._local.raw
        if raw is None:
            raw = self._open_reader()
        try:
            return outcome_of(raw, sql, parameters)
        except FAILURES as error:
            return self._again(error, raw, outcome_of, sql, parameters)

    def stream(self, sql: str, parameters: Parameters, size: int) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time, by a connection of its own: the others go on to see what is new."""
        if self.memory:  # whose tables would stay locked meanwhile
            rows = self.rows(sql, parameters)
            yield from (rows[start : start + size] for start in range(0, len(rows), size))
            return
        handle = self._connect()
        try:
            yield from stepped(self, handle.raw, sql, parameters, size)
        finally:
            handle.close()

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that changes rows; return how many."""
        raw = self._local.raw
        if raw is None:
            raw = self._open_reader()
        try:
            return raw.execute(sql, parameters).rowcount
        except FAILURES as error:
            return self._again(error, raw, count_rows, sql, parameters)

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return its number."""
        raw = self._local.raw
        if raw is None:
            raw = self._open_reader()
        try:
            return raw.execute(sql, parameters).lastrowid
        except FAILURES as error:
            return self._again(error, raw, row_number, sql, parameters)

    def insert_many(self, sql: str, rows: list[Parameters], returns: bool) -> list[Any]:
        """Insert rows, one after another; return what each returns, or its number."""
        return [self.rows(sql, row)[0] for row in rows] if returns else [self.insert(sql, row) for row in rows]

    def _again(
        self, error: Exception, raw: sqlite3.Connection, action: "Action[T]", sql: str, parameters: Parameters
    ) -> T:
        """Go on after a statement failed: wait while the database is locked, raise what is wrong otherwise."""
        if isinstance(error, OverflowError):
            return attempt(self, raw, action, sql, within_range(parameters))
        if not is_busy(error):
            raise translated(error, sql, self) from error
        place, deadline = self._place(), time.monotonic() + self.timeout
        self._enter(place, deadline)
        try:
            return until_free(self, lambda: action(raw, sql, parameters), sql, deadline)
        finally:
            place.gate.release()

    # ---- transactions -----------------------------------------------------------------------------------------------

    def begin(self, isolation: str | None = None) -> "Transaction":
        """Start a transaction with the write lock; blocks the green thread until it has it. All are serializable."""
        place, deadline = self._place(), time.monotonic() + self.timeout
        self._enter(place, deadline)
        try:
            if place.writer is None:
                place.writer = self._open()
            raw = place.writer.raw
            if raw is None:
                raise OperationalError(f"the database {self.alias!r} was closed")
            until_free(self, lambda: raw.execute("BEGIN IMMEDIATE"), "BEGIN IMMEDIATE", deadline)
        except BaseException:
            place.gate.release()
            raise
        place.transaction = Transaction(self, place, raw)
        return place.transaction

    def _enter(self, place: Place, deadline: float) -> None:
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

    # ---- connections ------------------------------------------------------------------------------------------------

    def _place(self) -> Place:
        place = self._local.place
        if place is None:
            place = self._local.place = Place()
            self._places.add(place)
        return place

    def _open_reader(self) -> sqlite3.Connection:
        place = self._place()
        if place.reader is None or place.reader.raw is None:
            place.reader = self._open()
        raw = self._local.raw = place.reader.raw
        assert raw is not None  # noqa: S101 - it was opened a line above
        return raw

    def _open(self) -> Handle:
        if self.memory and self._anchor is None:
            self._anchor = self._connect()
        return self._connect()

    def _connect(self) -> Handle:
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
        handle = Handle(raw)
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
        for setting in self._settings:
            sql = f"PRAGMA {setting}"
            until_free(self, partial(fetch_rows, raw, sql, ()), sql, deadline)

    def copy_to(self, target: sqlite3.Connection, pages: int) -> None:
        """Copy the whole database to another connection, so many pages between pauses for others to write."""
        handle = self._open()
        assert handle.raw is not None  # noqa: S101 - it was opened a line above
        try:
            handle.raw.backup(target, pages=pages, sleep=_COPY_PAUSE)
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
                place.transaction.raw = Inherited()
        self._handles.clear()
        self._reset()


def _option(url: URL, name: str, kind: Callable[[str], T], default: T) -> T:
    """An option of the URL, a number of 0 or more. Raises ConfigError."""
    text = str(url.query.get(name, default))
    try:
        made = kind(text)
        if not made >= 0:  # type: ignore[operator] # kinds are int and float
            raise ValueError
    except ValueError:
        raise ConfigError(f"{url!r}: {name} is {_OPTIONS[name]}, not {text!r}") from None
    return made


def _check_options(url: URL) -> None:
    unknown = sorted(set(url.query) - set(_OPTIONS))
    if unknown:
        raise ConfigError(
            f"{url!r} has the option {unknown[0]!r}, which SQLite has not{nearest(unknown[0], _OPTIONS)}",
            hint=f"It has: {'; '.join(f'{name}, {what}' for name, what in _OPTIONS.items())}.",
        )


def _after_fork() -> None:
    for driver in list(_drivers):
        driver.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
