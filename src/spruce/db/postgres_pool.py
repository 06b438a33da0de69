"""The connections to a PostgreSQL server that one hub keeps: limited, handed on in the order of asking, checked.

A connection is lent to one green thread at a time. Who finds none waits in a line, up to a deadline, and is handed the
next one directly, so that nobody who comes later is faster. A connection that broke, that is too old, or that does not
answer a check is replaced by a new one by who was to get it.
"""

from collections.abc import AsyncGenerator, Sequence
from time import monotonic
from typing import Any, Protocol

import asyncpg

from spruce import green
from spruce.db.outcomes import Outcome
from spruce.db.postgres_errors import FAILURES, STARTING, lost, translated
from spruce.errors import DatabaseError, PoolTimeout
from spruce.green import TIMED_OUT, Line

__all__ = ["Limits", "Link", "Pool"]

_STATEMENTS = 200  # that each connection keeps prepared
_CHECK_SECONDS = 5.0  # for a connection's answer before it counts as broken
_PAUSE = 0.1  # between attempts to reach a server that is being restarted


class Limits:
    """How many connections there may be, and for how long: what the URL says about the pool."""

    def __init__(
        self, size: int = 10, timeout: float = 10.0, recycle: float = 3600.0, check: float = 30.0, prepared: bool = True
    ) -> None:
        self.size = size
        self.timeout = timeout
        self.recycle = recycle
        self.check = check
        self.prepared = prepared


class _Place(Protocol):
    """The database that a pool is of, and how a connection to it is made."""

    alias: str
    shown: str
    limits: Limits
    reached: bool

    async def connect(self) -> Any:
        """A new connection of asyncpg's."""
        ...


class Link:
    """A connection with the statements that were prepared on it; what it raises is asyncpg's."""

    __slots__ = ("born", "doubtful", "prepares", "raw", "statements", "used")

    def __init__(self, raw: Any, prepares: bool) -> None:
        self.raw = raw
        self.prepares = prepares
        self.statements: dict[str, Any] = {}
        self.born = self.used = monotonic()
        self.doubtful = False  # whether it was left in the middle of something

    def rows(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement."""
        statement = self.statements.get(sql)
        if statement is None:
            if not self.prepares:
                found: list[Any] = green.await_(self.raw.fetch(sql, *parameters))
                return found
            statement = self.prepare(sql)
        rows: list[Any] = green.await_(statement.fetch(*parameters))
        return rows

    def outcome(self, sql: str, parameters: Sequence[Any]) -> Outcome:
        """All that a statement gives."""
        if self.prepares:
            statement = self.statements.get(sql) or self.prepare(sql)
        else:
            statement = green.await_(self.raw.prepare(sql))
        rows: list[Any] = green.await_(statement.fetch(*parameters))
        names = [attribute.name for attribute in statement.get_attributes()]
        return Outcome(names, rows, _count(statement.get_statusmsg()))

    def change(self, sql: str, parameters: Sequence[Any]) -> int:
        """Run a statement; return how many rows it touched."""
        statement = self.statements.get(sql)
        if statement is None:
            if not self.prepares or not parameters:
                return _count(green.await_(self.raw.execute(sql, *parameters)))
            statement = self.prepare(sql)
        green.await_(statement.fetch(*parameters))
        return _count(statement.get_statusmsg())

    def insert(self, sql: str, parameters: Sequence[Any]) -> Any:
        """Insert a row; return the key that the database gave it, if the statement asks for it."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def insert_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Run a statement for each of the rows, sent together; return what each returns."""
        if not self.prepares:
            return [row for parameters in rows for row in self.rows(sql, parameters)]
        statement = self.statements.get(sql) or self.prepare(sql)
        found: list[Any] = green.await_(statement.fetchmany(rows))
        return found

    def cursor(self, sql: str, parameters: Sequence[Any]) -> Any:
        """A cursor of asyncpg's over the rows of a query, inside of a transaction."""
        if not self.prepares:
            return green.await_(self.raw.cursor(sql, *parameters))
        statement = self.statements.get(sql) or self.prepare(sql)
        return green.await_(statement.cursor(*parameters))

    def commit(self, sql: str, parameters: Sequence[Any]) -> str:
        """Run COMMIT; return what it became, which is ROLLBACK when a statement before it had failed."""
        status: str = green.await_(self.raw.execute(sql))
        return status

    def prepare(self, sql: str) -> Any:
        """The statement, prepared and kept; the oldest one goes when there are too many."""
        statement = green.await_(self.raw.prepare(sql))
        if len(self.statements) >= _STATEMENTS:
            del self.statements[next(iter(self.statements))]
        self.statements[sql] = statement
        return statement

    def forget_statements(self) -> None:
        """Prepare everything anew, since tables have changed."""
        self.statements.clear()

    def terminate(self) -> None:
        """Close it at once, whatever it does."""
        self.raw.terminate()


def _count(status: str) -> int:
    """The number at the end of a status as `UPDATE 3`."""
    number = status.rpartition(" ")[2]
    return int(number) if number.isdigit() else 0


class Pool:
    """The connections of one hub to one database; used in the hub's OS thread only."""

    def __init__(self, place: _Place) -> None:
        self.place = place
        self.limits = place.limits
        self.hub = green.get_hub()
        self.free: list[Link] = []
        self.links: set[Link] = set()
        self.open = 0  # connections that there are or that are being made
        self.closed = False
        self.waited = self.timeouts = self.opened = 0
        self._line = Line()
        self._guard = self._close_with_the_loop()
        self.hub.loop.call_soon(self._begin_guard)

    def __repr__(self) -> str:
        return f"<Pool of {self.place.alias!r}: {self.open} connections, {len(self.free)} free>"

    def stats(self) -> dict[str, int]:
        """What there is now, and what was counted."""
        return {
            "connections": self.open,
            "free": len(self.free),
            "waiting": len(self._line),
            "waited": self.waited,
            "timeouts": self.timeouts,
            "opened": self.opened,
        }

    # ---- lending ----------------------------------------------------------------------------------------------------

    def take(self) -> Link:
        """A connection for this green thread. Raises PoolTimeout, and OperationalError where none can be made."""
        while self.free:
            link = self.free.pop()
            if self._is_usable(link):
                return link
            self._drop(link)
        if self.closed:
            raise lost(asyncpg.InterfaceError("it was closed"), self.place, hint="Ask db.configure()'s new one.")
        if self.open < self.limits.size:
            self.open += 1
            return self._connect()
        return self._wait()

    def _wait(self) -> Link:
        self.waited += 1
        deadline = monotonic() + self.limits.timeout
        got = self._line.wait(self.limits.timeout, self._pass_on)
        if got is TIMED_OUT:
            self.timeouts += 1
            raise self._timeout()
        if got is not None and self._is_usable(got):
            link: Link = got
            return link
        if got is not None:
            self._discard(got)
        return self._connect(deadline)

    def _timeout(self) -> PoolTimeout:
        size, seconds = self.limits.size, self.limits.timeout
        return PoolTimeout(
            f"no connection to {self.place.alias!r} became free within {seconds:g} s: all {size} are in use and "
            f"{len(self._line)} more green threads wait",
            hint="Keep transactions short, or raise ?pool_size=… in the URL.",
        )

    def _pass_on(self, link: Link | None) -> None:
        """Give to the next what was handed to a green thread that has been interrupted."""
        if link is None:
            self._give_place()
        else:
            self.give(link)

    def give(self, link: Link) -> None:
        """Take a connection back."""
        if self.closed or link.raw.is_closed():
            self._drop(link)
        elif self._line.serve(link):
            pass
        elif link.doubtful:
            green.spawn_detached(self._mend, link)
        else:
            link.used = monotonic()
            self.free.append(link)

    def _mend(self, link: Link) -> None:
        """End what a connection was left in the middle of, so that no transaction stays open while it is free."""
        if self._is_usable(link):
            self.give(link)
        else:
            self._drop(link)

    def _is_usable(self, link: Link) -> bool:
        """Whether a connection works; it is asked when it was left half-way or has not been used for long."""
        now = monotonic()
        if link.raw.is_closed() or now - link.born > self.limits.recycle:
            return False
        if not link.doubtful and now - link.used < self.limits.check:
            return True
        answered = False
        try:
            with green.Timeout(_CHECK_SECONDS, False):
                green.await_(link.raw.execute("ROLLBACK" if link.doubtful else "SELECT 1"))
                answered = True
        except FAILURES:
            return False
        except BaseException:
            self._drop(link)
            raise
        link.doubtful = not answered
        return answered

    def _discard(self, link: Link) -> None:
        self.links.discard(link)
        link.terminate()

    def _drop(self, link: Link) -> None:
        self._discard(link)
        self._give_place()

    def _give_place(self) -> None:
        """Let who waits longest make a connection, in the place of one that is gone."""
        if not self._line.serve(None):
            self.open -= 1

    def _connect(self, deadline: float | None = None) -> Link:
        """A new connection; a server that had been reached before is given time to come back."""
        deadline = deadline or monotonic() + self.limits.timeout
        try:
            while True:
                try:
                    link = Link(green.await_(self.place.connect()), self.limits.prepared)
                    break
                except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, EOFError, TimeoutError) as error:
                    comes_back = isinstance(error, STARTING) and self.place.reached
                    if not comes_back or monotonic() > deadline:
                        raise self._why(error) from error
                green.sleep(_PAUSE)
        except BaseException:
            self._give_place()
            raise
        self.place.reached = True
        self.opened += 1
        self.links.add(link)
        return link

    def _why(self, error: Exception) -> DatabaseError:
        unreachable = isinstance(error, STARTING) and not isinstance(error, asyncpg.PostgresError)
        return lost(error, self.place) if unreachable else translated(error, "", self.place)

    # ---- the end ----------------------------------------------------------------------------------------------------

    def _begin_guard(self) -> None:
        try:
            self._guard.__anext__().send(None)
        except StopIteration:
            pass  # it has yielded, and the loop knows it

    async def _close_with_the_loop(self) -> AsyncGenerator[None, None]:
        """Wait inside `yield` until `loop.shutdown_asyncgens()`, the one moment at which a loop says that it ends."""
        try:
            yield
        finally:
            await self._close_links()

    async def close(self) -> None:
        """Close all connections: those that are free in good order, the others at once."""
        await self._close_links()
        await self._guard.aclose()

    async def _close_links(self) -> None:
        self.closed = True
        free, self.free = self.free, []
        for link in free:
            try:
                await link.raw.close(timeout=1.0)
            except Exception:  # the server is gone, or does not answer
                link.terminate()
        self.abort()

    def abort(self) -> None:
        """Close all connections at once."""
        self.closed = True
        self.free.clear()
        for link in list(self.links):
            link.terminate()
        self.links.clear()
        self.open = 0

    def forget(self) -> list[Link]:
        """In a forked child: what is the parent's, to be kept untouched."""
        return list(self.links)
