"""Memory in front of Redis: what was read lately is at hand, and every process learns at once of what others change.

Rules:

* Each change is published, after it was made; whoever hears of it drops the key.
* A value that was asked for before a change was heard of is not kept: it may be the old one.
* Nothing is at hand while this process can't listen, because the server is away or the loop has just begun.
* A value is at hand no longer than it has left in Redis, and never longer than `seconds`, in case a message is lost.
"""

import logging
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from spruce import green
from spruce.cache.memory import MemoryStore
from spruce.cache.redisstore import RedisStore
from spruce.cache.stores import MISSING
from spruce.errors import CacheUnavailable
from spruce.green.runtime import peek_hub

__all__ = ["NearStore"]

_logger = logging.getLogger("spruce.cache")
_EVERYTHING = "*"  # is heard as "drop all"
_PING_SECONDS = 5.0
_RETRY_SECONDS = 1.0


class NearStore:
    """A RedisStore with the values that this process has read lately."""

    def __init__(self, far: RedisStore, near: MemoryStore, channel: str, seconds: float = 30.0) -> None:
        self._far = far
        self._near = near
        self._channel = channel
        self._seconds = seconds
        self._changes = 0  # that were heard of
        self._listeners: weakref.WeakKeyDictionary[Any, _Listener] = weakref.WeakKeyDictionary()

    def get(self, key: str) -> Any:
        """The value, or MISSING; doesn't block when it is at hand."""
        if not self._listening():
            return self._far.get(key)
        value = self._near.get(key)
        return self._fetch([key]).get(key, MISSING) if value is MISSING else value

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those keys that are there."""
        keys = list(keys)
        if not self._listening():
            return self._far.get_many(keys)
        found = self._near.get_many(keys)
        return found | self._fetch([key for key in keys if key not in found])

    def _fetch(self, keys: list[str]) -> dict[str, Any]:
        changes = self._changes
        found = self._far.get_with_ttl(keys) if keys else {}
        if changes == self._changes:
            for key, (value, ttl) in found.items():
                self._near.set(key, value, self._seconds if ttl is None else min(ttl, self._seconds))
        return {key: value for key, (value, _) in found.items()}

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Keep a value."""
        self._far.set(key, value, ttl)
        self._publish([key])

    def set_many(self, values: Mapping[str, Any], ttl: float | None) -> None:
        """Keep several."""
        self._far.set_many(values, ttl)
        self._publish(values)

    def add(self, key: str, value: Any, ttl: float | None) -> bool:
        """Keep a value unless the key is there."""
        return self._changed(key, self._far.add(key, value, ttl))

    def delete(self, keys: Iterable[str]) -> int:
        """Drop keys."""
        keys = list(keys)
        count = self._far.delete(keys)
        self._publish(keys)
        return count

    def delete_if(self, key: str, value: str) -> bool:
        """Drop a key if it has this value."""
        return self._changed(key, self._far.delete_if(key, value))

    def touch(self, key: str, ttl: float | None) -> bool:
        """Give a key more or less time."""
        return self._changed(key, self._far.touch(key, ttl))

    def touch_if(self, key: str, value: str, ttl: float) -> bool:
        """Give a key more time if it has this value."""
        return self._changed(key, self._far.touch_if(key, value, ttl))

    def incr(self, key: str, delta: int) -> int:
        """Add to a whole number."""
        value = self._far.incr(key, delta)
        self._publish([key])
        return value

    def ttl(self, key: str) -> float | None:
        """The seconds that a key is still kept, None for ever, or MISSING."""
        return self._far.ttl(key)

    def keys(self, pattern: str) -> list[str]:
        """The keys that fit a pattern."""
        return self._far.keys(pattern)

    def clear(self, pattern: str) -> None:
        """Drop all that fits the pattern, here and in the other processes all that is at hand."""
        self._far.clear(pattern)
        self._publish([_EVERYTHING])

    def stats(self) -> dict[str, Any]:
        """Of the server; under `near`, of what is at hand."""
        return {**self._far.stats(), "near": self._near.stats()}

    def close(self) -> None:
        """Stop listening and close this hub's connections."""
        hub = peek_hub()
        listener = None if hub is None else self._listeners.pop(hub, None)
        if listener is not None:
            green.kill(listener.thread)
        self._far.close()

    # Hearing

    def _changed(self, key: str, changed: bool) -> bool:
        if changed:
            self._publish([key])
        return changed

    def _publish(self, keys: Iterable[str]) -> None:
        keys = list(keys)
        self.drop(keys)
        self._far.publish(self._channel, keys)

    def drop(self, keys: Iterable[str]) -> None:
        """Have these keys no longer at hand: somebody has changed them."""
        self._changes += 1
        for key in keys:
            if key == _EVERYTHING:
                self._near.clear("*")
        self._near.delete(keys)

    def drop_all(self) -> None:
        """Have nothing at hand."""
        self.drop([_EVERYTHING])

    def _listening(self) -> bool:
        hub = peek_hub()
        if hub is None:
            return False
        listener = self._listeners.get(hub)
        if listener is None:
            listener = self._listeners[hub] = _Listener(self, self._far, self._channel)
        return listener.ready


class _Listener:
    """A green thread that hears of changes, for one hub; `ready` while it does."""

    def __init__(self, store: NearStore, far: RedisStore, channel: str) -> None:
        self.ready = False
        self._store = store
        self._far = far
        self._channel = channel
        self.thread = green.spawn_detached(self._run)

    def _run(self) -> None:
        while True:
            try:
                self._far.listen(self._channel, self._begin, self._store.drop, _PING_SECONDS)
            except CacheUnavailable as error:
                _logger.debug("not listening to changes: %s", error)
            finally:
                self.ready = False
                self._store.drop_all()
            green.sleep(_RETRY_SECONDS)

    def _begin(self) -> None:
        self._store.drop_all()
        self.ready = True
