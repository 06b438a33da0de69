"""Transactions: `with db.atomic():`, savepoints inside of it, and what to do after the commit.

A transaction belongs to the green thread that opened it, and is found as opened.py tells; what a child green thread
asks runs outside, on its own.
"""

import functools
import inspect
import random
from collections.abc import Callable
from logging import getLogger
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, overload

from spruce import green
from spruce.db.databases import Connection, Database, current
from spruce.db.opened import Open, find, innermost
from spruce.db.watched import Block, Watched, is_watched, tell_changes
from spruce.errors import ConcurrencyError, TransactionError

__all__ = [
    "Atomic",
    "atomic",
    "connection",
    "non_atomic_requests",
    "on_commit",
    "opened",
    "set_rollback",
    "watched",
]

P = ParamSpec("P")
T = TypeVar("T")
Call = Callable[[], object]

_DEFAULT = "default"
_log = getLogger("spruce.db")
_LONGEST_PAUSE = 0.05  # before a transaction is tried again


def connection(database: Database, reason: Any = None) -> Connection:
    """What runs the statements of this green thread on a database: its open transaction, or the driver itself.

    `reason` is that of a query which was reached from an object: see `QuerySet._instance`.
    """
    found = None if innermost.get() is None else find(database)
    running: Connection = database.driver if found is None else found.transaction
    if not is_watched():
        return running
    if found is not None or (reason is not None and reason[2]):
        return Watched(running, database, found, reason)
    kept: Watched | None = database.watched  # one serves all who have no transaction, and say no reason
    if kept is None or kept.inner is not running:
        kept = database.watched = Watched(running, database, None, None)
    return kept


def watched(running: Connection, database: Database, block: Block | None = None) -> Connection:
    """A connection that tells of its statements, if anybody wants to know; `block` is the transaction that it is in."""
    return Watched(running, database, block or opened(database), None) if is_watched() else running


def opened(database: Database) -> Any:
    """What this green thread has open on a database, with its `transaction` and `depth` of savepoints; or None."""
    return None if innermost.get() is None else find(database)


class Atomic:
    """What `atomic()` gives: a context manager, and a decorator that opens a block of its own for each call."""

    __slots__ = ("_blocks", "durable", "isolation", "retry", "savepoint", "using")

    def __init__(
        self,
        using: str | None = None,
        *,
        savepoint: bool = True,
        durable: bool = False,
        isolation: str | None = None,
        retry: int = 0,
    ) -> None:
        self.using = using
        self.savepoint = savepoint
        self.durable = durable
        self.isolation = isolation
        self.retry = retry
        # of each entry: the transaction, its savepoint ("" for the outermost, None where there is none), what waits
        self._blocks: list[tuple[Open, str | None, int]] = []

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """Wrap a function in a block. Raises TransactionError for one whose body runs after the call."""
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise TransactionError(
                f"atomic cannot decorate {function.__qualname__}(), whose body runs after the call has returned",
                hint="Write `with db.atomic():` inside of it.",
            )

        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
            left = 0 if self.retry and find(current()[self.using or _DEFAULT]) is not None else self.retry
            while True:
                try:
                    with Atomic(self.using, savepoint=self.savepoint, durable=self.durable, isolation=self.isolation):
                        return function(*args, **kwargs)
                except ConcurrencyError:
                    if not left:
                        raise
                left -= 1
                green.sleep(random.random() * _LONGEST_PAUSE)  # noqa: S311 - spreads out the others, secures nothing

        return wrapped

    def __enter__(self) -> None:
        database = current()[self.using or _DEFAULT]
        if self.retry:
            raise TransactionError(
                f"atomic(retry={self.retry}) cannot run the block of a `with` again",
                hint="Put the block into a function, and decorate that.",
            )
        found = find(database)
        if found is None:
            found = Open(database, database.driver.begin(self.isolation), innermost.get(), self.isolation)
            innermost.set(found)
            self._blocks.append((found, "", 0))
            return
        self._check_inside(database)
        if not self.savepoint:
            self._blocks.append((found, None, 0))
            return
        name = f"spruce_{found.depth + 1}"
        found.transaction.savepoint(name)
        found.depth += 1
        self._blocks.append((found, name, len(found.after)))

    def _check_inside(self, database: Database) -> None:
        """Refuse what only the outermost block can promise."""
        where = f"there is a transaction open on {database.alias!r}"
        if self.durable:
            raise TransactionError(
                f"a durable block cannot be inside of another: {where}",
                hint="Leave out durable=True, or call this outside of `with db.atomic()`.",
            )
        if self.isolation is not None:
            raise TransactionError(
                f"isolation={self.isolation!r} is for the outermost block: {where}",
                hint="Leave it out here, or give it to the outer one.",
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        opened, name, waiting = self._blocks.pop()
        if name is None:
            if kind is not None:
                opened.break_off()
            return
        failed = kind is not None or opened.doomed
        opened.mend()
        if name:
            _leave_savepoint(opened, name, waiting, failed=failed)
            return
        innermost.set(opened.outer)
        if failed:
            opened.transaction.rollback()
            return
        opened.transaction.commit()
        if opened.changes:
            tell_changes(opened.database, opened.changes)
        for call in opened.after:
            call()


def _leave_savepoint(opened: Open, name: str, waiting: int, *, failed: bool) -> None:
    opened.depth -= 1
    if failed:
        del opened.after[waiting:]
        opened.transaction.rollback_to(name)
    else:
        opened.transaction.release(name)


@overload
def atomic(using: Callable[P, T]) -> Callable[P, T]: ...
@overload
def atomic(
    using: str | None = None,
    *,
    savepoint: bool = True,
    durable: bool = False,
    isolation: str | None = None,
    retry: int = 0,
) -> Atomic: ...
def atomic(
    using: Any = None,
    *,
    savepoint: bool = True,
    durable: bool = False,
    isolation: str | None = None,
    retry: int = 0,
) -> Any:
    """Do all of a block or nothing of it: commit at its end, roll back if it raises. Also a decorator.

    `using` is the alias of the database. Inside of another block of the same database it is a savepoint, unless it is
    `durable`, which allows that nowhere, or has `savepoint=False`: then it is a part of the other, and undoes all of
    that when it fails. It blocks until the database lets it write. `isolation` is one of the levels
    of SQL, as "serializable"; SQLite's transactions always are. A function that is decorated with `retry=3` is called
    up to 3 times more when the database undid it because of others (ConcurrencyError); not inside of another block.
    """
    if callable(using):
        return Atomic()(using)
    return Atomic(using, savepoint=savepoint, durable=durable, isolation=isolation, retry=retry)


def on_commit(call: Call, using: str | None = None, robust: bool = False) -> None:
    """Call `call()` once the transaction that is open here has been committed; at once when there is none.

    Calls are made in order, outside of the transaction. What was registered in a block that is rolled back is dropped.
    What a call raises is raised behind the commit, and keeps later ones from being made, unless it is `robust`: then
    it is logged.
    """
    if not callable(call):
        raise TypeError(f"on_commit() takes a function to call, not {call!r}")
    if robust:
        call = functools.partial(_call_robustly, call)
    found = find(current()[using or _DEFAULT])
    if found is None:
        call()
    else:
        found.after.append(call)


def _call_robustly(call: Call) -> None:
    try:
        call()
    except Exception:
        _log.exception("what was to be called behind a commit failed: %r", call)


def set_rollback(rollback: bool = True, using: str | None = None) -> None:
    """Let the innermost block that is open here be rolled back at its end, though nothing raises, or not after all.

    Raises TransactionError outside of any block.
    """
    found = find(current()[using or _DEFAULT])
    if found is None:
        raise TransactionError(
            f"there is no transaction open on {using or _DEFAULT!r} that could be rolled back",
            hint="Call it inside of `with db.atomic():`.",
        )
    found.doomed = rollback


def non_atomic_requests(using: Any = None) -> Any:
    """Leave a view out of ATOMIC_REQUESTS, for the database `using` or for all: `@db.non_atomic_requests`."""
    if callable(using):
        return non_atomic_requests()(using)

    def mark(view: Callable[P, T]) -> Callable[P, T]:
        marked: Any = view
        marked.non_atomic_requests = {*getattr(view, "non_atomic_requests", ()), using}
        return view

    return mark
