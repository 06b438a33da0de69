"""How commands reach a Redis or Valkey server: a client for each hub, a limit of connections, a circuit breaker."""

import logging
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError

from spruce import green
from spruce.cache.breaker import Breaker
from spruce.cache.places import on_a_hub, spawn
from spruce.errors import CacheUnavailable, ConfigError
from spruce.green.runtime import peek_hub

__all__ = ["RedisServer"]

T = TypeVar("T")
_logger = logging.getLogger("spruce.cache")


class RedisServer:
    """A server by its URL: `redis://`, `rediss://` (TLS), `unix://`, or `redis+sentinel://host:port,host:port/name/db`.

    `timeout` is for connecting, and for each answer. At most `connections` are open per hub; who wants more waits in
    order. After a failure every call fails at once while a green thread of its own tries, each second, whether the
    server is back.
    """

    def __init__(self, url: str, *, timeout: float = 1.0, connections: int = 64, **options: Any) -> None:
        self.url = url
        self.breaker = Breaker()
        self._timeout = timeout
        self._connections = connections
        self._options = options
        self._clients: weakref.WeakKeyDictionary[Any, _Client] = weakref.WeakKeyDictionary()
        self._make_client()  # a wrong URL or option is told of at once; nothing is opened

    def __repr__(self) -> str:
        return f"<RedisServer {_without_password(self.url)}>"

    def call(self, command: Callable[[Any], Awaitable[T]]) -> T:
        """Return what the awaitable that `command(client)` gives comes to; blocks. Raises CacheUnavailable.

        What the server answers as an error of the command itself is raised as redis' ResponseError.
        """
        if self.breaker.open:
            self._fail_fast()
        value: T = on_a_hub(self._call, command)
        return value

    def listen(self, command: Callable[[Any], Awaitable[None]]) -> None:
        """As `call`, for what goes on until the server is away: it takes no slot, and doesn't open the breaker."""
        client = self._clients.get(hub := green.get_hub()) or self._open(hub)
        try:
            green.await_(command(client.redis))
        except (RedisError, OSError, TimeoutError) as error:
            raise CacheUnavailable(f"{self!r} does not answer: {error}") from error

    def _call(self, command: Callable[[Any], Awaitable[T]]) -> T:
        client = self._clients.get(hub := green.get_hub()) or self._open(hub)
        try:
            with client.slots:
                value = green.await_(command(client.redis))
        except ResponseError as error:
            if _is_refusal(error):
                raise CacheUnavailable(f"{self!r} refuses: {error}") from error
            raise
        except (RedisError, OSError) as error:
            if self.breaker.failed(error):
                _logger.warning("%r does not answer, so what it keeps counts as missing: %s", self, error)
            raise CacheUnavailable(f"{self!r} does not answer: {error}") from error
        if self.breaker.open:
            self._back()
        return value

    def _fail_fast(self) -> None:
        if self.breaker.may_try():
            spawn(self._try)
        raise CacheUnavailable(f"{self!r} does not answer: {self.breaker.reason}")

    def _try(self) -> None:
        try:
            self._call(lambda client: client.ping())
        except CacheUnavailable:
            pass  # it stays open, and is tried again when somebody asks

    def _back(self) -> None:
        if self.breaker.succeeded():
            _logger.warning("%r answers again", self)

    def stats(self) -> dict[str, Any]:
        """Whether the breaker is `open`, how often it has opened; free slots and who waits, in this hub."""
        client = self._clients.get(peek_hub()) if peek_hub() is not None else None
        slots = {"free": self._connections, "waiting": 0} if client is None else client.slots.stats()
        return {"open": self.breaker.open, "trips": self.breaker.trips, **slots}

    def close(self) -> None:
        """Close the connections of this OS thread's hub; they are made again when needed. Blocks for a moment."""
        on_a_hub(self._close)

    def _close(self) -> None:
        hub = peek_hub()
        client = None if hub is None else self._clients.pop(hub, None)
        if client is not None:
            green.await_(client.ending.aclose())

    def _open(self, hub: Any) -> "_Client":
        client = self._clients[hub] = _Client(self._make_client(), self._connections)
        green.await_(anext(client.ending))
        return client

    def _make_client(self) -> Any:
        options = {
            "socket_timeout": self._timeout,
            "socket_connect_timeout": self._timeout,
            "retry": Retry(NoBackoff(), 0),
            **self._options,
        }
        try:
            if self.url.startswith("redis+sentinel://"):
                return _sentinel(self.url, options)
            return aioredis.Redis.from_url(self.url.replace("valkey", "redis", 1), **options)
        except (ValueError, TypeError) as error:
            raise ConfigError(
                f"{_without_password(self.url)!r} cannot be used for Redis: {error}",
                hint="An example: redis://:password@127.0.0.1:6379/0",
            ) from error


class _Client:
    """redis' client on one hub, closed with the loop."""

    def __init__(self, client: Any, connections: int) -> None:
        self.redis = client
        self.slots = green.Semaphore(connections)
        self.ending = self._until_the_loop_ends()

    async def _until_the_loop_ends(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.redis.aclose()


def _sentinel(url: str, options: dict[str, Any]) -> Any:
    parts = urlsplit(url)
    credentials, _, places = parts.netloc.rpartition("@")
    name, _, database = parts.path.strip("/").partition("/")
    hosts = [(host, int(port or 26379)) for host, _, port in (place.partition(":") for place in places.split(","))]
    if not name:
        raise ValueError("after the hosts, a sentinel's URL has the name of the master")
    password = credentials.partition(":")[2] or None
    sentinel = Sentinel(hosts, **options)  # type: ignore[no-untyped-call]  # redis has no annotation there
    return sentinel.master_for(name, db=int(database or 0), password=password, **options)


def _is_refusal(error: ResponseError) -> bool:
    """Whether the server works but won't do this: out of memory, read-only, no permission."""
    return isinstance(error, OutOfMemoryError | ReadOnlyError | NoPermissionError) or str(error).startswith(
        ("MISCONF", "MASTERDOWN", "max number of clients")
    )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))
