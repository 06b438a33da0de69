"""Databases on a server: statements park the green thread that runs them, and others run meanwhile.

Each hub has a pool of its own (see pools.py), since connections belong to the loop that they were made on. OS threads
without a hub, as those of a server with a thread for each request, share the pool of the background hub.

Outside of a transaction a query that only reads is run again when its connection breaks; whatever writes is not, since
nobody can tell whether it was done. What is each driver's own is in a subclass of `Server`.
"""

import os
import threading
import weakref
from collections.abc import Iterator
from time import monotonic
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.engine import URL

from spruce import green
from spruce.db.pools import Limits, Link, Pool, lost
from spruce.db.servertransactions import Transaction, level
from spruce.db.statements import Parameters, Statements, within_range
from spruce.db.urloptions import check_options, number, truth
from spruce.errors import DatabaseError
from spruce.green.local import OSLocal
from spruce.green.runtime import peek_hub

__all__ = ["Server"]

_servers: "weakref.WeakSet[Server]" = weakref.WeakSet()
_inherited: list[Any] = []  # of the parent, in a forked child: closing them would harm the parent's


class _Local(OSLocal):
    pool: Pool | None = None


class Server(Statements):
    """The driver of one database on a server."""

    failures: ClassVar[tuple[type[Exception], ...]]  # what is raised when something is wrong
    of_the_driver: ClassVar[tuple[str, ...]]  # the options that it knows; others are settings of the server
    dialect: sa.Dialect

    def __init__(self, url: URL, alias: str) -> None:
        self.alias = alias
        self.url = url
        options = dict(url.query)
        self.limits = Limits(
            size=number(url, options, "pool_size", int, 10),
            timeout=number(url, options, "pool_timeout", float, 10.0),
            recycle=number(url, options, "pool_recycle", float, 3600.0),
            check=number(url, options, "pool_check", float, 30.0),
            prepared=truth(url, options, "prepared"),
        )
        self.connect_timeout = number(url, options, "connect_timeout", float, 10.0)
        check_options(url, options, self.of_the_driver)
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

    def run(self, action: str, sql: str, parameters: Parameters) -> Any:
        """Run a statement on a connection of the pool; again where that is safe after it failed."""
        pool = self.pool()
        if pool is None:
            return green.in_background(self.run, action, sql, parameters)
        deadline = 0.0
        while True:
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
            deadline = deadline or monotonic() + self.limits.timeout
            parameters = self.remedy(failure, link, sql, parameters, deadline)

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

    def begin(self, isolation: str | None = None) -> Transaction:
        """Start a transaction; blocks the green thread until there is a connection."""
        statements = self.beginning(isolation)
        pool, owner = self.pool(), green.get_ident()
        if pool is None:
            return green.in_background(self._begin, statements, owner)
        return self._begin(statements, owner)

    def _begin(self, statements: tuple[str, ...], owner: object) -> Transaction:
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
            for name, count in pool.stats().items():
                total[name] += count
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


def _after_fork() -> None:
    for driver in list(_servers):
        driver.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
