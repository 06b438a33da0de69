"""Databases on a server: statements park the green thread that runs them, and others run meanwhile.

Each hub has a pool of its own (see pools.py), since connections belong to the loop that they were made on. OS threads
without a hub, as those of a server with a thread for each request, share the pool of the background hub.

Outside of a transaction a query that only reads is run again when its connection breaks; whatever writes is not, since
nobody can tell whether it was done. What is each driver's own is in a subclass of `Server`.
"""

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, ClassVar, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL

from spruce import green
from spruce.db.outcomes import Outcome
from spruce.db.pools import Limits, Link, Pool, lost
from spruce.errors import ConfigError, DatabaseError, TransactionError, nearest
from spruce.green.local import OSLocal
from spruce.green.runtime import peek_hub

__all__ = ["Server", "Transaction", "level", "within_range"]

T = TypeVar("T")
Parameters = Sequence[Any]

_LEVELS: Final = ("read uncommitted", "read committed", "repeatable read", "serializable")
_WORDS: Final = {
    "yes": True,
    "on": True,
    "true": True,
    "1": True,
    "no": False,
    "off": False,
    "false": False,
    "0": False,
}
_OWN: Final = ("pool_size", "pool_timeout", "pool_recycle", "pool_check", "prepared", "connect_timeout")
_UNDONE: Final = "The transaction was not committed: nothing of it was done."
_UNSURE: Final = (
    "The transaction was just being committed, and it is not known whether it was: look for its effects before you "
    "do it again."
)
_SAVEPOINT: Final = "Put what may fail into a `with db.atomic():` of its own, which is undone alone."
_EIGHT_BYTES: Final = 1 << 63
_servers: "weakref.WeakSet[Server]" = weakref.WeakSet()
_inherited: list[Any] = []  # of the parent, in a forked child: closing them would harm the parent's


class _Local(OSLocal):
    pool: Pool | None = None


class Server:
    """The driver of one database on a server."""

    failures: ClassVar[tuple[type[Exception], ...]]  # what is raised when something is wrong
    of_the_driver: ClassVar[tuple[str, ...]]  # the options that it knows; others are settings of the server
    dialect: sa.Dialect

    def __init__(self, url: URL, alias: str) -> None:
        self.alias = alias
        self.url = url
        options = dict(url.query)
        self.limits = Limits(
            size=_number(url, options, "pool_size", int, 10),
            timeout=_number(url, options, "pool_timeout", float, 10.0),
            recycle=_number(url, options, "pool_recycle", float, 3600.0),
            check=_number(url, options, "pool_check", float, 30.0),
            prepared=_truth(url, options, "prepared"),
        )
        self.connect_timeout = _number(url, options, "connect_timeout", float, 10.0)
        _check_options(url, options, self.of_the_driver)
        self.options = options
        self.shown = f"{url.query.get('host') or url.host or 'localhost'}/{url.database or ''}"
        self.reached = False  # whether a connection was ever made
        self._reset()
        _servers.add(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.shown}>"

    def _reset(self) -> None:
        self._local = _Local()
        self._pools: dict[object, Pool] = {}  # by hub

    # ---- what each driver has of its own ----------------------------------------------------------------------------

    async def connect(self) -> Any:
        """A new connection of the driver's, whose times are in UTC."""
        raise NotImplementedError

    def open(self) -> Link:
        """A new connection."""
        raise NotImplementedError

    def translated(self, error: BaseException, sql: str) -> DatabaseError:
        """The error of ours that says what `error` means."""
        raise NotImplementedError

    def is_lost(self, error: BaseException) -> bool:
        """Whether an error tells of a connection that is gone."""
        raise NotImplementedError

    def may_come_back(self, error: BaseException) -> bool:
        """Whether an error is one that a server gives which is being restarted."""
        raise NotImplementedError

    def is_stale(self, error: BaseException) -> bool:
        """Whether a prepared statement no longer fits its tables."""
        return False

    def is_unfit(self, error: BaseException) -> bool:
        """Whether the driver refused a value, and sent nothing."""
        return False

    def has_undone(self, error: BaseException) -> bool:
        """Whether the server undid the whole transaction, and forgot that there was one."""
        return False

    def beginning(self, isolation: str | None) -> tuple[str, ...]:
        """The statements that begin a transaction."""
        return ("BEGIN",) if isolation is None else (f"BEGIN ISOLATION LEVEL {level(isolation)}",)

    def why_not(self, error: BaseException) -> DatabaseError:
        """The error for a connection that cannot be made."""
        return lost(error, self) if self.is_lost(error) else self.translated(error, "")

    # ---- pools ------------------------------------------------------------------------------------------------------

    def pool(self) -> Pool | None:
        """The pool of the hub that runs here; None in an OS thread that has no hub and is not the main one."""
        pool = self._local.pool
        if pool is not None and pool.hub is peek_hub() and not pool.closed:
            return pool
        if peek_hub() is None and threading.current_thread() is not threading.main_thread():
            return None
        hub = green.get_hub()
        pool = self._pools.get(hub)
        if pool is None or pool.closed:
            self._pools = {other: pool for other, pool in self._pools.items() if not pool.closed}
            pool = self._pools[hub] = Pool(self)
        self._local.pool = pool
        return pool

    # ---- statements outside of transactions -------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Parameters, slow: bool = False) -> list[Any]:
        """The rows of a query; `slow` makes no difference, as other green threads run meanwhile anyway."""
        rows: list[Any] = self._run("rows", sql, parameters)
        return rows

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        found: Outcome = self._run("outcome", sql, parameters)
        return found

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that changes rows; return how many."""
        changed: int = self._run("change", sql, parameters)
        return changed

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return the key that the database gave it."""
        return self._run("insert", sql, parameters)

    def insert_many(self, sql: str, rows: list[Parameters], returns: bool) -> list[Any]:
        """Insert rows; return what each returns, or the keys that they were given where those are known."""
        made: list[Any] = self._run("insert_many", sql, rows)
        return made

    def _run(self, action: str, sql: str, parameters: Parameters) -> Any:
        pool = self.pool()
        if pool is None:
            return green.in_background(self._run, action, sql, parameters)
        link = pool.take()
        try:
            return getattr(link, action)(sql, parameters)
        except self.failures as error:
            failure: Exception = error
        except BaseException:
            link.doubtful = True
            raise
        finally:
            pool.give(link)
        return self._again(pool, failure, link, action, sql, parameters)

    def _again(self, pool: Pool, error: Exception, link: Link, action: str, sql: str, parameters: Parameters) -> Any:
        """Go on after a statement failed: run it again where that is safe, raise what is wrong otherwise."""
        deadline = monotonic() + self.limits.timeout
        while True:
            parameters = self.remedy(error, link, sql, parameters, deadline)
            link = pool.take()
            try:
                return getattr(link, action)(sql, parameters)
            except self.failures as failure:
                error = failure
            except BaseException:
                link.doubtful = True
                raise
            finally:
                pool.give(link)

    def remedy(self, error: Exception, link: Link, sql: str, parameters: Parameters, deadline: float) -> Parameters:
        """The parameters for another attempt; raises our error where there should be none."""
        fitting = within_range(parameters) if self.is_unfit(error) else parameters
        if fitting is not parameters:
            return fitting
        if self.is_stale(error) and monotonic() < deadline:
            link.forget_statements()
            return parameters
        if not (self.is_lost(error) or link.closed):
            raise self.translated(error, sql) from error
        if not sql.startswith("SELECT") or monotonic() > deadline or not self.limits.patient:
            raise lost(
                error, self, hint="It is not known whether the statement was done; the next one gets a new connection."
            ) from error
        return parameters

    def stream(self, sql: str, parameters: Parameters, size: int) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time, in a transaction of their own."""
        transaction = self.begin()
        try:
            yield from transaction.stream(sql, parameters, size, alone=True)
        finally:
            transaction.rollback()

    # ---- transactions -----------------------------------------------------------------------------------------------

    def begin(self, isolation: str | None = None) -> "Transaction":
        """Start a transaction; blocks the green thread until there is a connection."""
        statements = self.beginning(isolation)
        pool, owner = self.pool(), green.get_ident()
        if pool is None:
            return green.in_background(self._begin, statements, owner)
        return self._begin(statements, owner)

    def _begin(self, statements: tuple[str, ...], owner: object) -> "Transaction":
        pool: Any = self.pool()
        deadline = monotonic() + self.limits.timeout
        while True:
            link = pool.take()
            try:
                for sql in statements:
                    link.change(sql, ())
                return Transaction(self, pool, link, owner)
            except self.failures as error:
                pool.give(link)
                self.remedy(error, link, "SELECT", (), deadline)  # nothing was done yet, so it is as good as a query
            except BaseException:
                link.doubtful = True
                pool.give(link)
                raise

    # ---- connections ------------------------------------------------------------------------------------------------

    def stats(self) -> dict[str, int]:
        """What the pools of all hubs count, added up."""
        total = {"connections": 0, "free": 0, "waiting": 0, "waited": 0, "timeouts": 0, "opened": 0}
        for pool in list(self._pools.values()):
            for name, number in pool.stats().items():
                total[name] += number
        return total

    def close(self) -> None:
        """Close every connection; no statement may be running."""
        pools = [pool for pool in self._pools.values() if not pool.closed]
        self._reset()
        here = peek_hub()
        for pool in pools:
            if pool.hub is here and green.running():
                green.await_(pool.close())
            elif not pool.hub.loop.is_closed():
                pool.hub.loop.call_soon_threadsafe(pool.abort)

    def abort(self) -> None:
        """Break every connection, whatever runs on it; the next statement gets a new one."""
        for pool in list(self._pools.values()):
            if not pool.closed and not pool.hub.loop.is_closed():
                pool.hub.loop.call_soon_threadsafe(pool.abort)

    def forget(self) -> None:
        """In a forked child: leave the parent's connections alone."""
        _inherited.extend((pool, pool.forget()) for pool in list(self._pools.values()))
        self._reset()


class Transaction:
    """A transaction, with its connection to itself; ended by its owner, or for it when the owner is dead."""

    __slots__ = ("driver", "link", "open", "owner", "pool", "process", "undone")

    def __init__(self, driver: Server, pool: Pool, link: Link, owner: object) -> None:
        self.driver = driver
        self.pool = pool
        self.link = link
        self.owner = owner
        self.open = True
        self.undone = ""  # by the server: what it said
        self.process = os.getpid()
        if isinstance(owner, green.GreenThread):
            owner.link(self._abandoned)

    def rows(self, sql: str, parameters: Parameters, slow: bool = False) -> list[Any]:
        """The rows of a query."""
        rows: list[Any] = self._run("rows", sql, parameters)
        return rows

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        found: Outcome = self._run("outcome", sql, parameters)
        return found

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that changes rows; return how many."""
        changed: int = self._run("change", sql, parameters)
        return changed

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return the key that the database gave it."""
        return self._run("insert", sql, parameters)

    def insert_many(self, sql: str, rows: list[Parameters], returns: bool) -> list[Any]:
        """Insert rows; return what each returns, or the keys that they were given where those are known."""
        made: list[Any] = self._run("insert_many", sql, rows)
        return made

    def _run(self, action: str, sql: str, parameters: Parameters) -> Any:
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
        return green.in_background(self._run, action, sql, parameters)

    def _again(self, error: Exception, action: str, sql: str, parameters: Parameters) -> Any:
        fitting = within_range(parameters) if self.driver.is_unfit(error) else parameters
        if fitting is not parameters:  # it was the driver that refused them, so the transaction goes on
            return self._run(action, sql, fitting)
        if self.driver.is_lost(error) or self.link.closed:
            raise lost(error, self.driver, hint=_UNSURE if sql == "COMMIT" else _UNDONE) from error
        if self.driver.is_stale(error):
            self.link.forget_statements()
        if self.driver.has_undone(error):
            self.undone = str(error)
        raise self.driver.translated(error, sql) from error

    def stream(self, sql: str, parameters: Parameters, size: int, alone: bool = False) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time, by a cursor; `alone` if nothing else runs in the transaction."""
        cursor = self._run("lone_cursor" if alone else "cursor", sql, parameters)
        while rows := self._run("fetch", sql, (cursor, size)):
            yield rows
            if len(rows) < size:
                return

    def commit(self) -> None:
        """Keep what was done; on an error it is rolled back."""
        try:
            kept = not self.undone and self._run("commit", "COMMIT", ())
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


def within_range(parameters: Parameters) -> Parameters:
    """The parameters with integers of more than 64 bits as the largest and smallest of 64; themselves if all fit."""
    least, limit = -_EIGHT_BYTES, _EIGHT_BYTES - 1
    if all(not isinstance(value, int) or least <= value <= limit for value in parameters):
        return parameters
    return [min(max(value, least), limit) if isinstance(value, int) else value for value in parameters]


def level(isolation: str) -> str:
    """The isolation level as SQL has it. Raises TransactionError for one that does not exist."""
    name = isolation.lower().replace("_", " ")
    if name not in _LEVELS:
        raise TransactionError(
            f"there is no isolation level {isolation!r}{nearest(name, _LEVELS)}", hint=f"Levels: {', '.join(_LEVELS)}."
        )
    return name.upper()


def _number(url: URL, options: dict[str, Any], name: str, kind: Callable[[str], T], default: T) -> T:
    text = options.pop(name, None)
    if text is None:
        return default
    try:
        made = kind(text)
        if not made > 0:  # type: ignore[operator] # kinds are int and float
            raise ValueError
    except ValueError:
        raise ConfigError(f"{url!r}: {name} is a number above 0, not {text!r}") from None
    return made


def _truth(url: URL, options: dict[str, Any], name: str) -> bool:
    text = str(options.pop(name, "yes"))
    if text.lower() not in _WORDS:
        raise ConfigError(f"{url!r}: {name} is yes or no, not {text!r}")
    return _WORDS[text.lower()]


def _check_options(url: URL, options: dict[str, Any], others: tuple[str, ...]) -> None:
    """Refuse what looks like a slip. Other names are settings of the server, which knows whether it has them."""
    known = (*_OWN, *others)
    for name in options:
        if name not in known and (near := nearest(name, known)):
            raise ConfigError(
                f"{url!r} has the option {name!r}, which is unknown{near}", hint=f"Spruce's own: {', '.join(_OWN)}."
            )


def _after_fork() -> None:
    for driver in list(_servers):
        driver.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
