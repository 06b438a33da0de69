"""How commands reach a Redis or Valkey server: a connection for each hub, and a circuit breaker."""

import asyncio
import logging
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

import hiredis
import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from spruce import green
from spruce.cache.breaker import Breaker
from spruce.cache.places import on_a_hub, spawn
from spruce.cache.rediswire import Wire, connect
from spruce.errors import CacheUnavailable, ConfigError
from spruce.green.runtime import peek_hub

__all__ = ["RedisServer"]

_logger = logging.getLogger("spruce.cache")


class RedisServer:
    """A server by its URL: `redis://`, `rediss://` (TLS), `unix://`, or `redis+sentinel://host:port,host:port/name/db`.

    `timeout` is for connecting, and for each answer. Each hub has one connection, which all of its green threads use at
    once. After a failure every call fails at once while a green thread of its own tries, each second, whether the
    server is back.
    """

    def __init__(self, url: str, *, timeout: float = 1.0, **options: Any) -> None:
        self.url = url
        self.breaker = Breaker()
        self._timeout = timeout
        self._options = options
        self._links: weakref.WeakKeyDictionary[Any, _Link] = weakref.WeakKeyDictionary()
        self._last: _Link | None = None  # that was used
        self._end_trial: Callable[[], Any] | None = None
        self._make_client()  # a wrong URL or option is told of at once; nothing is opened

    def __repr__(self) -> str:
        return f"<RedisServer {_without_password(self.url)}>"

    def execute(self, *command: Any) -> Any:
        """Return what the server answers to a command; blocks. Raises CacheUnavailable.

        What it answers as an error of the command itself is raised as redis' ResponseError.
        """
        answer = self._run(Wire.ask, command)
        if type(answer) is hiredis.ReplyError:
            _raise(self, str(answer))
        return answer

    def execute_many(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The answers to several commands that are sent at one go; as `execute`, for the first that is an error."""
        answers = self._run(Wire.ask_many, commands) if len(commands) > 1 else [self.execute(*commands[0])]
        for answer in answers:
            if type(answer) is hiredis.ReplyError:
                _raise(self, str(answer))
        return answers

    def _run(self, ask: Callable[..., Any], asked: Any) -> Any:
        if self.breaker.open:
            self._fail_fast()
        hub = peek_hub()
        link = self._last
        if hub is None or link is None or link.hub() is not hub:
            return on_a_hub(self._run_on_hub, ask, asked)
        return self._run_on(link, ask, asked)

    def _run_on_hub(self, ask: Callable[..., Any], asked: Any) -> Any:
        link = self._last = self._links.get(hub := green.get_hub()) or self._open(hub)
        return self._run_on(link, ask, asked)

    def _run_on(self, link: "_Link", ask: Callable[..., Any], asked: Any) -> Any:
        wire = link.wire
        try:
            if wire is None or wire.error is not None:
                wire = link.connect()
            answer = ask(wire, asked)
        except ResponseError as error:
            raise CacheUnavailable(f"{self!r} refuses to log us in: {error}") from error
        except (RedisError, OSError) as error:
            if self.breaker.failed(error):
                _logger.warning("%r does not answer, so what it keeps counts as missing: %s", self, error)
            raise CacheUnavailable(f"{self!r} does not answer: {error}") from error
        if self.breaker.open:
            self._back()
        return answer

    def listen(self, command: Callable[[Any], Awaitable[None]]) -> None:
        """Wait for what `command` does with redis' own client until the server is away. Raises CacheUnavailable.

        It has a connection of its own, and doesn't open the breaker.
        """
        link = self._links.get(hub := green.get_hub()) or self._open(hub)
        try:
            green.await_(command(link.client))
        except (RedisError, OSError, TimeoutError) as error:
            raise CacheUnavailable(f"{self!r} does not answer: {error}") from error

    def _fail_fast(self) -> None:
        if self.breaker.may_try():
            self._end_trial = spawn(self._try)
        raise CacheUnavailable(f"{self!r} does not answer: {self.breaker.reason}")

    def _try(self) -> None:
        try:
            self._run_on_hub(Wire.ask, ("PING",))
        except (CacheUnavailable, ResponseError):
            pass  # it stays open, and is tried again when somebody asks

    def _back(self) -> None:
        if self.breaker.succeeded():
            _logger.warning("%r answers again", self)

    def stats(self) -> dict[str, Any]:
        """Whether the breaker is `open`, how often it has opened; how many wait for an answer, in this hub."""
        link = self._links.get(peek_hub()) if peek_hub() is not None else None
        waiting = 0 if link is None or link.wire is None else len(link.wire)
        return {"open": self.breaker.open, "trips": self.breaker.trips, "waiting": waiting}

    def close(self) -> None:
        """Close the connections of this OS thread's hub; they are made again when needed. Blocks for a moment."""
        if self._end_trial is not None:
            self._end_trial()
        on_a_hub(self._close)

    def _close(self) -> None:
        hub = peek_hub()
        link = None if hub is None else self._links.pop(hub, None)
        self._last = None
        if link is not None:
            green.await_(link.ending.aclose())

    def _open(self, hub: Any) -> "_Link":
        link = self._links[hub] = _Link(hub, self._make_client(), self._timeout)
        _apart(anext(link.ending))
        return link

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


def _apart(awaitable: Awaitable[Any]) -> Any:
    """Await in a green thread of its own: one that has awaited anything is a little slower from then on."""
    thread = green.spawn(green.await_, awaitable)
    try:
        return thread.wait()
    except BaseException:
        thread.kill()  # who waits was interrupted
        raise


class _Link:
    """What one hub has of a server: redis' client, and the connection; both are closed with the loop."""

    def __init__(self, hub: Any, client: Any, timeout: float) -> None:
        self.hub = weakref.ref(hub)
        self.client = client
        self.wire: Wire | None = None
        self.ending = self._until_the_loop_ends()
        self._timeout = timeout
        self._connecting = green.Semaphore(1)

    def connect(self) -> Wire:
        """A connection that works, made anew by the first who needs it."""
        with self._connecting:
            if self.wire is None or self.wire.error is not None:
                self.wire = None
                self.wire = _apart(connect(self.client, self._timeout))
            return self.wire

    async def _until_the_loop_ends(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            if self.wire is not None:
                self.wire.give_up(RedisConnectionError("it was closed"))
                await asyncio.sleep(0)  # in the next turn the loop closes its socket
            await self.client.aclose()


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


_REFUSALS = ("OOM", "READONLY", "NOPERM", "NOAUTH", "WRONGPASS", "LOADING", "MISCONF", "MASTERDOWN")


def _raise(server: RedisServer, answer: str) -> NoReturn:
    """Raise what an error that was answered means: that the server works but won't do this, or that it is wrong."""
    if answer.startswith(_REFUSALS) or "max number of clients" in answer:
        raise CacheUnavailable(f"{server!r} refuses: {answer}")
    raise ResponseError(answer)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))
