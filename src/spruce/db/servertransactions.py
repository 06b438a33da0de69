"""Transactions on a server: each has a connection to itself until it ends."""

import os
from collections.abc import Iterator
from typing import Any, ClassVar, Final, Protocol

from spruce import green
from spruce.db.pools import Link, Pool, lost
from spruce.db.statements import Parameters, Statements, within_range
from spruce.errors import DatabaseError, TransactionError, nearest
from spruce.green.runtime import peek_hub

__all__ = ["Transaction", "level"]

_LEVELS: Final = ("read uncommitted", "read committed", "repeatable read", "serializable")
_UNDONE: Final = "The transaction was not committed: nothing of it was done."
_UNSURE: Final = (
    "The transaction was just being committed, and it is not known whether it was: look for its effects before you "
    "do it again."
)
_SAVEPOINT: Final = "Put what may fail into a `with db.atomic():` of its own, which is undone alone."


class Driver(Protocol):
    """What a transaction asks of its database: what an error means."""

    alias: str
    shown: str
    failures: ClassVar[tuple[type[Exception], ...]]

    def translated(self, error: BaseException, sql: str) -> DatabaseError:
        """The error of ours that says what `error` means."""
        ...

    def is_lost(self, error: BaseException) -> bool:
        """Whether an error tells of a connection that is gone."""
        ...

    def is_stale(self, error: BaseException) -> bool:
        """Whether a prepared statement no longer fits its tables."""
        ...

    def is_unfit(self, error: BaseException) -> bool:
        """Whether the driver refused a value, and sent nothing."""
        ...

    def has_undone(self, error: BaseException) -> bool:
        """Whether the server undid the whole transaction, and forgot that there was one."""
        ...


class Transaction(Statements):
    """A transaction, with its connection to itself; ended by its owner, or for it when the owner is dead."""

    __slots__ = ("driver", "link", "open", "owner", "pool", "process", "undone")

    def __init__(self, driver: Driver, pool: Pool, link: Link, owner: object) -> None:
        self.driver = driver
        self.pool = pool
        self.link = link
        self.owner = owner
        self.open = True
        self.undone = ""  # by the server: what it said
        self.process = os.getpid()
        if isinstance(owner, green.GreenThread):
            owner.link(self._abandoned)

    def run(self, action: str, sql: str, parameters: Parameters) -> Any:
        """Run a statement on the connection. Raises TransactionError when the transaction is over, or failed."""
        if peek_hub() is not self.pool.hub:
            return self._elsewhere(action, sql, parameters)
        if not self.open:
            raise TransactionError(f"the transaction on {self.driver.alias!r} has ended already")
        if self.undone:
            raise TransactionError(f"an earlier statement of this transaction failed: {self.undone}", hint=_SAVEPOINT)
        try:
            return getattr(self.link, action)(sql, parameters)
        except self.driver.failures as error:
            return self._again(error, action, sql, parameters)
        except BaseException:
            self.link.doubtful = True
            raise

    def _elsewhere(self, action: str, sql: str, parameters: Parameters) -> Any:
        if self.process != os.getpid():
            raise TransactionError(
                "this transaction was begun before os.fork() and belongs to the parent process",
                hint="Fork outside of `with db.atomic()`.",
            )
        return green.in_background(self.run, action, sql, parameters)

    def _again(self, error: Exception, action: str, sql: str, parameters: Parameters) -> Any:
        fitting = within_range(parameters) if self.driver.is_unfit(error) else parameters
        if fitting is not parameters:  # it was the driver that refused them, so the transaction goes on
            return self.run(action, sql, fitting)
        if self.driver.is_lost(error) or self.link.closed:
            raise lost(error, self.driver, hint=_UNSURE if sql == "COMMIT" else _UNDONE) from error
        if self.driver.is_stale(error):
            self.link.forget_statements()
        if self.driver.has_undone(error):
            self.undone = str(error)
        raise self.driver.translated(error, sql) from error

    def stream(self, sql: str, parameters: Parameters, size: int, alone: bool = False) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time, by a cursor; `alone` if nothing else runs in the transaction."""
        cursor = self.run("lone_cursor" if alone else "cursor", sql, parameters)
        while rows := self.run("fetch", sql, (cursor, size)):
            yield rows
            if len(rows) < size:
                return

    def commit(self) -> None:
        """Keep what was done; on an error it is rolled back."""
        try:
            kept = not self.undone and self.run("commit", "COMMIT", ())
        except BaseException:
            self.rollback()
            raise
        self._end()
        if not kept:
            raise TransactionError(
                f"the transaction on {self.driver.alias!r} was rolled back at its end, as a statement in it had failed",
                hint=_SAVEPOINT,
            )

    def rollback(self) -> None:
        """Undo what was done; an error of the database is no error here, as it undoes it by itself."""
        if not self.open:
            return
        if peek_hub() is not self.pool.hub:
            if self.process == os.getpid():
                green.in_background(self.rollback)
            return
        try:
            if not self.link.closed:
                self.link.change("ROLLBACK", ())
                self.link.doubtful = False
        except self.driver.failures:
            self.link.terminate()
        except BaseException:
            self.link.terminate()
            raise
        finally:
            self._end()

    def _end(self) -> None:
        if not self.open:
            return
        self.open = False
        if isinstance(self.owner, green.GreenThread):
            self.owner.unlink(self._abandoned)
        if peek_hub() is self.pool.hub:
            self.pool.give(self.link)
        else:
            self.pool.hub.loop.call_soon_threadsafe(self.pool.give, self.link)

    def _abandoned(self, thread: object) -> None:
        if self.open:
            green.spawn_detached(self.rollback)

    def savepoint(self, name: str) -> None:
        """Mark a place to go back to."""
        self.change(f"SAVEPOINT {name}", ())

    def release(self, name: str) -> None:
        """Forget a savepoint."""
        self.change(f"RELEASE SAVEPOINT {name}", ())

    def rollback_to(self, name: str) -> None:
        """Undo what was done since a savepoint, and forget it."""
        if self.open and not self.link.closed and not self.undone:
            self.change(f"ROLLBACK TO SAVEPOINT {name}", ())
            self.change(f"RELEASE SAVEPOINT {name}", ())


def level(isolation: str) -> str:
    """The isolation level as SQL has it. Raises TransactionError for one that does not exist."""
    name = isolation.lower().replace("_", " ")
    if name not in _LEVELS:
        raise TransactionError(
            f"there is no isolation level {isolation!r}{nearest(name, _LEVELS)}", hint=f"Levels: {', '.join(_LEVELS)}."
        )
    return name.upper()
