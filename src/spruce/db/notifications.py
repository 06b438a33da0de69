"""Messages between programs that share a PostgreSQL database: LISTEN and NOTIFY.

    db.notify("orders", str(order.pk))                   # sent when the transaction is committed, if one is open

    with db.listen("orders") as messages:
        for message in messages: ...                     # waits in the green thread

A listener has a connection to itself, outside of the pool. When that breaks it makes another one; since messages may
have been missed meanwhile, it then gives one whose `missed` is true: look for yourself what has changed.
"""

from collections.abc import Iterator
from time import monotonic
from types import TracebackType
from typing import Any, NamedTuple

from spruce import green
from spruce.db import transactions
from spruce.db.databases import Database, current
from spruce.errors import ConfigError, DatabaseError

__all__ = ["Listener", "Notification", "listen", "notify"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # between attempts to reach the server again


class Notification(NamedTuple):
    """A message: its channel and text, and the number of the server's process that sent it.

    With `missed`, it is none: the connection was broken for a while.
    """

    channel: str
    payload: str
    pid: int
    missed: bool = False


_MISSED = Notification("", "", 0, missed=True)


class Listener:
    """The messages of some channels, in their order, from entering to leaving the `with`."""

    def __init__(self, database: Database, channels: tuple[str, ...]) -> None:
        self._database = database
        self._channels = channels
        self._connection: Any = None
        self._messages: green.LightQueue[Notification | None] = green.LightQueue()  # None: the connection broke

    def __enter__(self) -> "Listener":
        self._connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Notification]:
        """The messages; blocks until the next one comes, for ever."""
        while True:
            message = self.get()
            if message is not None:
                yield message

    def get(self, timeout: float | None = None) -> Notification | None:
        """The next message; None when none comes within so many seconds. Blocks."""
        deadline = None if timeout is None else monotonic() + timeout
        try:
            message = self._messages.get(timeout=timeout)
        except green.Empty:
            return None
        if message is not None:
            return message
        return _MISSED if self._connect_again(deadline) else None

    def close(self) -> None:
        """Hear nothing more."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.remove_termination_listener(self._broken)
            connection.terminate()

    def _connect(self) -> None:
        driver: Any = self._database.driver
        try:
            connection = green.await_(driver.connect())
            connection.add_termination_listener(self._broken)
            self._connection = connection
            for channel in self._channels:
                green.await_(connection.add_listener(channel, self._take))
        except (*driver.failures, TimeoutError) as error:
            self.close()
            raise driver.why_not(error) from error

    def _connect_again(self, deadline: float | None) -> bool:
        """Make another connection, however long that takes; False when the deadline comes first."""
        pause = _FIRST_PAUSE
        while True:
            try:
                self._connect()
                return True
            except DatabaseError:
                if deadline is not None and monotonic() + pause > deadline:
                    self._messages.put(None)
                    return False
            green.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _take(self, connection: Any, pid: int, channel: str, payload: str) -> None:
        self._messages.put(Notification(channel, payload, pid))

    def _broken(self, connection: Any) -> None:
        self._connection = None
        self._messages.put(None)


def listen(*channels: str, using: str = "default") -> Listener:
    """Hear what is sent on channels of a PostgreSQL database. Raises ConfigError for other databases."""
    database = _checked(using)
    if not channels or any(not 0 < len(channel.encode()) < 64 for channel in channels):
        raise ConfigError(f"listen() takes the names of channels, of up to 63 bytes, not {channels!r}")
    return Listener(database, channels)


def notify(channel: str, payload: str = "", using: str = "default") -> None:
    """Send a text of less than 8,000 bytes to all who listen; when the transaction that is open here is committed.

    The same text is sent once in a transaction. Raises ConfigError for databases other than PostgreSQL.
    """
    transactions.connection(_checked(using)).rows("SELECT pg_notify($1, $2)", (channel, payload))


def _checked(using: str) -> Database:
    database = current()[using]
    if not hasattr(database.driver, "listens"):
        raise ConfigError(
            f"DATABASES[{using!r}] cannot send messages: LISTEN and NOTIFY are PostgreSQL's, through asyncpg",
            hint="On one machine, a task or a green.Event may do.",
        )
    return database
