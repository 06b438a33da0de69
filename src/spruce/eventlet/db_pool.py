"""`eventlet.db_pool`: pools of connections of any DB-API 2.0 module, which end when they are old or idle for long.

`RawConnectionPool` is for drivers that let others run while they wait (written in Python, and patched);
`TpooledConnectionPool`, which is `ConnectionPool`, runs each call of a driver in an OS thread.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final

from spruce.green import Pool, Timeout, get_hub, tpool
from spruce.green.greenthread import Timer

__all__ = [
    "BaseConnectionPool",
    "ConnectTimeout",
    "ConnectionPool",
    "DatabaseConnector",
    "GenericConnectionWrapper",
    "PooledConnectionWrapper",
    "RawConnectionPool",
    "TpooledConnectionPool",
    "cleanup_rollback",
]

logger = logging.getLogger("spruce.eventlet")
_DEFAULT: Final[Any] = object()


class ConnectTimeout(Exception):
    """A connection was not made in time."""


def cleanup_rollback(connection: Any) -> None:
    """What a pool does with a connection that comes back, unless told otherwise."""
    connection.rollback()


class GenericConnectionWrapper:
    """Stands for a connection: what it hasn't itself it has from there."""

    def __init__(self, baseconn: Any) -> None:
        self._base = baseconn

    def __getattr__(self, name: str) -> Any:
        if name == "_base":
            raise AttributeError(name)
        return getattr(self._base, name)

    def __enter__(self) -> Any:
        return self._base.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> Any:
        return self._base.__exit__(kind, value, traceback)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._base!r}>"


class PooledConnectionWrapper(GenericConnectionWrapper):
    """A connection whose `close` gives it back to its pool; so does dropping it. False once that has happened."""

    def __init__(self, baseconn: Any, pool: "BaseConnectionPool") -> None:
        super().__init__(baseconn)
        self._pool: BaseConnectionPool | None = pool
        self._created_at = 0.0

    def __bool__(self) -> bool:
        return hasattr(self, "_base") and bool(self._base)

    def _destroy(self) -> None:
        self._pool = None
        self.__dict__.pop("_base", None)

    def close(self) -> None:
        """Give the connection back; nothing if it has been."""
        pool = self._pool
        if pool is not None and self:
            pool.put(self)
        self._destroy()

    def __del__(self) -> None:
        self.close()


class BaseConnectionPool(Pool[Any]):
    """At most `max_size` connections of a DB-API module; `min_size` of them are made at once.

    One that wasn't used for `max_idle` seconds, or is `max_age` seconds old, is closed; 0 of either closes each at its
    return. `cleanup` is called with each that comes back (None: nothing is). The other arguments are for `connect`.
    """

    def __init__(
        self,
        db_module: Any,
        min_size: int = 0,
        max_size: int = 4,
        max_idle: float = 10,
        max_age: float = 30,
        connect_timeout: float = 5,
        cleanup: Callable[[Any], object] | None = cleanup_rollback,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if min_size < 0 or max_size < 1:
            raise ValueError(f"a pool has 0 connections or more, and at most 1 or more, not {min_size} and {max_size}")
        self._db_module, self._args, self._kwargs = db_module, args, kwargs
        self.max_idle, self.max_age = max_idle, max_age
        self.connect_timeout, self.cleanup = connect_timeout, cleanup
        self._expiration_timer: Timer | None = None
        super().__init__(min_size=min_size, max_size=max_size, order_as_stack=True)

    @classmethod
    def connect(cls, db_module: Any, connect_timeout: float, *args: Any, **kwargs: Any) -> Any:
        """Make a connection; ConnectTimeout if that takes too long."""
        raise NotImplementedError(f"{cls.__name__} is a base; use RawConnectionPool or TpooledConnectionPool")

    def create(self) -> tuple[float, float, Any]:
        """A new connection, with the times of its last use and of its birth."""
        now = time.time()
        return now, now, self.connect(self._db_module, self.connect_timeout, *self._args, **self._kwargs)

    def get(self) -> PooledConnectionWrapper:
        """A connection. Blocks while all are in use."""
        last_used, created, connection = super().get()
        if self._is_expired(time.time(), last_used, created):
            self._safe_close(connection, quiet=True)
            try:
                last_used, created, connection = self.create()
            except BaseException:
                self.current_size -= 1
                raise
        wrapped = PooledConnectionWrapper(connection, self)
        wrapped._created_at = created
        return wrapped

    def put(self, conn: Any, cleanup: Any = _DEFAULT) -> None:
        """Take a connection back, closed if it is no good any more; `cleanup` in the place of the pool's own."""
        if type(conn) is tuple:  # from who was interrupted when it was about to get it
            super().put(conn)
            return
        created = getattr(conn, "_created_at", 0.0)
        base = self._cleaned(conn, self.cleanup if cleanup is _DEFAULT else cleanup)
        if isinstance(conn, PooledConnectionWrapper):
            conn._destroy()
        now = time.time()
        too_many = self.current_size > self.max_size or self.max_idle <= 0 or self.max_age <= 0
        if base is None or too_many or self._is_expired(now, now, created):
            if base is not None:
                self._safe_close(base, quiet=True)
            self.current_size -= 1
            if self.waiting():
                super().put(self._new_for_waiter())
            return
        super().put((now, created, base))
        self._schedule_expiration()

    def _new_for_waiter(self) -> tuple[float, float, Any]:
        item = self.create()
        self.current_size += 1
        return item

    def _cleaned(self, conn: Any, cleanup: Callable[[Any], object] | None) -> Any:
        """The connection itself, ready for the next; None if it is no good."""
        try:
            if not conn:
                return None
            base = conn._base if isinstance(conn, PooledConnectionWrapper) else conn
            if cleanup is not None:
                cleanup(base)
        except Exception as exc:
            if str(exc).lower() != "lost connection to mysql server":
                logger.debug("a connection could not be cleaned up", exc_info=exc)
            return None
        except BaseException:
            return None
        return base

    @contextmanager
    def item(self, cleanup: Any = _DEFAULT) -> Iterator[PooledConnectionWrapper]:
        """A block with a connection, which goes back at its end."""
        connection = self.get()
        try:
            yield connection
        finally:
            self.put(connection, cleanup=cleanup)

    def clear(self) -> None:
        """Close the connections that nobody uses."""
        if self._expiration_timer is not None:
            self._expiration_timer.cancel()
            self._expiration_timer = None
        free, self.free_items = self.free_items, deque()
        for _, _, connection in free:
            self._safe_close(connection, quiet=True)
            self.current_size -= 1

    # ---- age -------------------------------------------------------------------------------------------------------

    def _is_expired(self, now: float, last_used: float, created: float) -> bool:
        return 0 < self.max_idle < now - last_used or 0 < self.max_age < now - created

    def _schedule_expiration(self) -> None:
        """Look again when the first of the free ones comes of age."""
        if self.max_idle <= 0 or self.max_age <= 0 or self._expiration_timer is not None or not self.free_items:
            return
        now = time.time()
        soonest = min(min(used + self.max_idle, born + self.max_age) - now for used, born, _ in self.free_items)
        self._expiration_timer = get_hub().call_later(max(0.001, soonest), self._expire)

    def _expire(self) -> None:
        self._expiration_timer = None
        now = time.time()
        kept: deque[tuple[float, float, Any]] = deque()
        for last_used, created, connection in self.free_items:
            if self._is_expired(now, last_used, created):
                self._safe_close(connection, quiet=True)
                self.current_size -= 1
            else:
                kept.append((last_used, created, connection))
        self.free_items = kept
        self._schedule_expiration()

    def _safe_close(self, connection: Any, quiet: bool = False) -> None:
        try:
            connection.close()
        except Exception:
            if not quiet:
                logger.warning("a connection could not be closed", exc_info=True)


class TpooledConnectionPool(BaseConnectionPool):
    """Connections whose methods run in OS threads."""

    @classmethod
    def connect(cls, db_module: Any, connect_timeout: float, *args: Any, **kwargs: Any) -> Any:
        """Make a connection in an OS thread; ConnectTimeout if that takes too long."""
        with Timeout(connect_timeout, ConnectTimeout()):
            connection = tpool.execute(db_module.connect, *args, **kwargs)
        return tpool.Proxy(connection, autowrap_names=("cursor",))


class RawConnectionPool(BaseConnectionPool):
    """Connections as they are."""

    @classmethod
    def connect(cls, db_module: Any, connect_timeout: float, *args: Any, **kwargs: Any) -> Any:
        """Make a connection; ConnectTimeout if that takes too long."""
        with Timeout(connect_timeout, ConnectTimeout()):
            return db_module.connect(*args, **kwargs)


ConnectionPool = TpooledConnectionPool


class DatabaseConnector:
    """A pool for each host and database; `credentials` has arguments of `connect` by host, `default` for others."""

    def __init__(
        self,
        module: Any,
        credentials: dict[str, dict[str, Any]],
        conn_pool: type[BaseConnectionPool] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self._conn_pool_class = conn_pool or ConnectionPool
        self._module, self._args, self._kwargs = module, args, kwargs
        self._credentials = credentials
        self._databases: dict[tuple[str, str], BaseConnectionPool] = {}

    def credentials_for(self, host: str) -> dict[str, Any]:
        """The arguments for a host."""
        return self._credentials.get(host) or self._credentials.get("default") or {}

    def get(self, host: str, dbname: str) -> BaseConnectionPool:
        """The pool of a database."""
        key = host, dbname
        if key not in self._databases:
            options = {**self._kwargs, **self.credentials_for(host), "host": host, "db": dbname}
            self._databases[key] = self._conn_pool_class(self._module, *self._args, **options)
        return self._databases[key]
