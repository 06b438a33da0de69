"""A store in Redis or Valkey.

Whole numbers are written as digits, so that the server can add to them; other values as the serializer writes them.
What cannot be read (written by another program, or with another serializer) counts as missing.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from redis.exceptions import ResponseError

from spruce.cache.redisserver import RedisServer
from spruce.cache.serializers import Codec
from spruce.cache.stores import MISSING

__all__ = ["RedisStore"]

_logger = logging.getLogger("spruce.cache")

_DELETE_IF = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
_TOUCH_IF = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"
_INCR = """
if redis.call('exists', KEYS[1]) == 0 then return false end
return tostring(redis.call('incrby', KEYS[1], ARGV[1]))
"""
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[str]).decode
_BATCH = 1000  # keys that are looked at, or dropped, at one go


class RedisStore:
    """Keys in a Redis server, shared by all processes that use it."""

    def __init__(self, server: RedisServer, codec: Codec) -> None:
        self.server = server
        self._codec = codec

    def get(self, key: str) -> Any:
        """The value, or MISSING."""
        data = self.server.execute("GET", key)
        return MISSING if data is None else self._decode(key, data)

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those keys that are there, in one round trip."""
        names = list(keys)
        if not names:
            return {}
        rows = self.server.execute("MGET", *names)
        found = ((key, self._decode(key, data)) for key, data in zip(names, rows, strict=True) if data is not None)
        return {key: value for key, value in found if value is not MISSING}

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Keep a value."""
        data = self._codec.encode(value)
        self.server.execute("SET", key, data, *_kept(ttl))

    def set_many(self, values: Mapping[str, Any], ttl: float | None) -> None:
        """Keep several, in one round trip."""
        kept = _kept(ttl)
        commands = [("SET", key, self._codec.encode(value), *kept) for key, value in values.items()]
        if commands:
            self.server.execute_many(commands)

    def add(self, key: str, value: Any, ttl: float | None) -> bool:
        """Keep a value unless the key is there."""
        data = self._codec.encode(value)
        return self.server.execute("SET", key, data, *_kept(ttl), "NX") is not None

    def delete(self, keys: Iterable[str]) -> int:
        """Drop keys."""
        names = list(keys)
        return int(self.server.execute("DEL", *names)) if names else 0

    def delete_if(self, key: str, value: str) -> bool:
        """Drop a key if it has this value."""
        data = self._codec.encode(value)
        return bool(self.server.execute("EVAL", _DELETE_IF, 1, key, data))

    def touch(self, key: str, ttl: float | None) -> bool:
        """Give a key more time."""
        if ttl is not None:
            return bool(self.server.execute("PEXPIRE", key, _milliseconds(ttl)))
        return any(self.server.execute_many([("PERSIST", key), ("EXISTS", key)]))

    def touch_if(self, key: str, value: str, ttl: float) -> bool:
        """Give a key more time if it has this value."""
        data = self._codec.encode(value)
        return bool(self.server.execute("EVAL", _TOUCH_IF, 1, key, data, _milliseconds(ttl)))

    def incr(self, key: str, delta: int) -> int:
        """Add to a whole number."""
        try:
            sum_ = self.server.execute("EVAL", _INCR, 1, key, delta)
        except ResponseError as error:
            raise ValueError(f"the value of {key!r} is no whole number of 64 bits: {error}") from None
        if sum_ is None:
            raise ValueError(f"there is no key {key!r} to add to")
        return int(sum_)

    def ttl(self, key: str) -> float | None:
        """The seconds that a key is still kept, None for ever, or MISSING."""
        left = self.server.execute("PTTL", key)
        if left == -2:
            return MISSING  # type: ignore[no-any-return]  # the protocol says so
        return None if left == -1 else left / 1000

    def keys(self, pattern: str) -> list[str]:
        """The keys that fit a pattern; the server isn't stopped for it."""
        found: dict[str, None] = {}  # a scan may name a key twice
        cursor: Any = 0
        while True:
            cursor, names = self.server.execute("SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH)
            found.update(dict.fromkeys(name.decode() for name in names))
            if int(cursor) == 0:
                return list(found)

    def clear(self, pattern: str) -> None:
        """Drop all that fits the pattern."""
        names = self.keys(pattern)
        for start in range(0, len(names), _BATCH):
            self.delete(names[start : start + _BATCH])

    def get_with_ttl(self, keys: list[str]) -> dict[str, tuple[Any, float | None]]:
        """The values of those keys that are there, each with the seconds that it is still kept (None: for ever)."""
        rows = self.server.execute_many([command for key in keys for command in (("GET", key), ("PTTL", key))])
        found = {}
        for key, data, left in zip(keys, rows[::2], rows[1::2], strict=True):
            value = MISSING if data is None or left == -2 else self._decode(key, data)
            if value is not MISSING:
                found[key] = (value, None if left == -1 else left / 1000)
        return found

    # Messages

    def publish(self, channel: str, keys: list[str]) -> None:
        """Tell everybody who listens to the channel of these keys."""
        self.server.execute("PUBLISH", channel, _pack(keys))

    def listen(
        self, channel: str, begin: Callable[[], Any], heard: Callable[[list[str]], Any], ping_seconds: float
    ) -> None:
        """Call `heard(keys)` for each message, once `begin()` has been called; blocks until the server is away."""

        async def run(client: Any) -> None:
            async with client.pubsub(ignore_subscribe_messages=False) as messages:
                await messages.subscribe(channel)
                while True:
                    message = await messages.get_message(timeout=ping_seconds)
                    if message is None:
                        await asyncio.wait_for(messages.ping(), ping_seconds)
                    elif message["type"] == "subscribe":
                        begin()
                    elif message["type"] == "message":
                        heard(_unpack(message["data"]))

        self.server.listen(run)

    def stats(self) -> dict[str, Any]:
        """Of the circuit breaker and the connections; see RedisServer."""
        return self.server.stats()

    def close(self) -> None:
        """Close this hub's connections."""
        self.server.close()

    def _decode(self, key: str, data: bytes) -> Any:
        try:
            return self._codec.decode(data)
        except Exception as error:  # a pickle may raise anything
            _logger.warning(
                "the value of %r in %r cannot be read, so it counts as missing: %s", key, self.server, error
            )
            return MISSING


def _milliseconds(ttl: float) -> int:
    return max(int(ttl * 1000), 1)


def _kept(ttl: float | None) -> tuple[Any, ...]:
    return () if ttl is None else ("PX", _milliseconds(ttl))
