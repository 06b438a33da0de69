"""The connections to a database server that one hub keeps: limited, handed on in the order of asking, checked.

A connection is lent to one green thread at a time. Who finds none waits in a line, up to a deadline, and is handed the
next one directly, so that nobody who comes later is faster. A connection that broke, that is too old, or that does not
answer a check is replaced by a new one by who was to get it. Which driver makes the connections is no matter here.
"""

from collections.abc import AsyncGenerator, Sequence
from time import monotonic
from typing import Any, ClassVar, Protocol

from spruce import green
from spruce.db.outcomes import Outcome
from spruce.errors import ConnectionLost, DatabaseError, PoolTimeout
from spruce.green import TIMED_OUT, Line

__all__ = ["Limits", "Link", "Pool", "lost"]

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
        self.patient = True  # whether a server that was reached before is given time to come back


class Link(Protocol):
    """A connection with the statements that were prepared on it; what its methods raise is its driver's."""

    born: float
    used: float
    doubtful: bool  # whether it was left in the middle of something
    statements: dict[str, Any]

    @property
    def closed(self) -> bool:
        """Whether it can be used no more."""
        ...

    def rows(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement."""
        ...

    def outcome(self, sql: str, parameters: Sequence[Any]) -> Outcome:
        """All that a statement gives."""
        ...

    def change(self, sql: str, parameters: Sequence[Any]) -> int:
        """Run a statement; return how many rows it touched."""
        ...

    def insert(self, sql: str, parameters: Sequence[Any]) -> Any:
        """Insert a row; return the key that the database gave it."""
        ...

    def insert_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Insert rows; for each, what it returns, or the key that the database gave it if that is known."""
        ...

    def cursor(self, sql: str, parameters: Sequence[Any]) -> Any:
        """What `fetch` takes the rows of a query from, inside of a transaction."""
        ...

    def lone_cursor(self, sql: str, parameters: Sequence[Any]) -> Any:
        """The same, when no other statement runs before its last row was fetched, or the transaction ends."""
        ...

    def fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The next rows of a cursor; `parameters` are the cursor and how many."""
        ...

    def commit(self, sql: str, parameters: Sequence[Any]) -> bool:
        """Run COMMIT; return whether it was one, and no rollback because a statement before it had failed."""
        ...

    def check(self) -> None:
        """Ask the server whether it is there; end what the connection was left in the middle of."""
        ...

    def forget_statements(self) -> None:
        """Prepare everything anew, since tables have changed."""
        ...

    async def close(self) -> None:
        """Take leave of the server."""
        ...

    def terminate(self) -> None:
        """Close it at once, whatever it does."""
        ...


class Place(Protocol):
    """The database that a pool is of, and how a connection to it is made."""

    alias: str
    shown: str
    limits: Limits
    reached: bool
    failures: ClassVar[tuple[type[Exception], ...]]

    def open(self) -> Link:
        """A new connection."""
        ...

    def may_come_back(self, error: BaseException) -> bool:
        """Whether an error is one that a server gives which is being restarted."""
        ...

    def why_not(self, error: BaseException) -> DatabaseError:
        """The error for a connection that cannot be made."""
        ...


def lost(error: BaseException | str, place: Any, *, hint: str = "") -> ConnectionLost:
    """The error for a connection that broke, or that cannot be made."""
    text = str(error) or type(error).__name__
    return ConnectionLost(
        f"the connection to the database {place.alias!r} ({place.shown}) failed: {text}",
        hint=hint or "Is the server running, and does the URL name its host and port?",
    )


class Pool:
    """The connections of one hub to one database; used in the hub's OS thread only."""

    def __init__(self, place: Place) -> None:
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
            broke = link.closed
            self._drop(link)
            if broke and not self.limits.patient:
                self._say_that_it_broke()
        self._check_open()
        if self.open < self.limits.size:
            self.open += 1
            return self._connect()
        return self._wait()

    def _say_that_it_broke(self) -> None:
        """Tell that the server has ended a connection: it may have started anew, and be where it was before."""
        for link in [each for each in self.free if each.closed]:
            self.free.remove(link)
            self._drop(link)
        raise lost("the server has ended the connection", self.place)

    def _check_open(self) -> None:
        if self.closed:
            raise lost("it was closed", self.place, hint="Ask db.configure()'s new one.")

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
        if self.closed or link.closed:
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
        if link.closed or now - link.born > self.limits.recycle:
            return False
        if not link.doubtful and now - link.used < self.limits.check:
            return True
        answered = False
        try:
            with green.Timeout(_CHECK_SECONDS, False):
                link.check()
                answered = True
        except self.place.failures:
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
        if not self._line.serve(None) and not self.closed:
            self.open -= 1

    def _connect(self, deadline: float | None = None) -> Link:
        """A new connection; a server that had been reached before is given time to come back."""
        deadline = deadline or monotonic() + self.limits.timeout
        try:
            while True:
                self._check_open()
                try:
                    link = self.place.open()
                    break
                except self.place.failures as error:
                    comes_back = self.limits.patient and self.place.reached and self.place.may_come_back(error)
                    if not comes_back or monotonic() > deadline:
                        raise self.place.why_not(error) from error
                green.sleep(_PAUSE)
        except BaseException:
            self._give_place()
            raise
        self.place.reached = True
        self.opened += 1
        self.links.add(link)
        return link

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
                await link.close()
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
