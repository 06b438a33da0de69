"""Stores around stores: one that forgives failures, one that tells the hook `cache_used` what is done."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from spruce.cache.stores import MISSING, Store
from spruce.errors import CacheUnavailable
from spruce.events import cache_used

__all__ = ["Forgiving", "Told"]


class Forgiving:
    """What can't be read is missing: a cache that fails makes its users slower, no more.

    A key that could not be written or dropped may still have an old value in the store. It counts as missing here,
    and is dropped there as soon as the store answers again; after more than `PENDING` of them, everything is.
    """

    PENDING = 10_000

    def __init__(self, store: Store, everything: str) -> None:
        self._store = store
        self._everything = everything
        self._pending: dict[str, int] = {}  # with the number of the failure
        self._all_pending = False
        self._behind = False  # whether there is anything pending
        self._failures = 0

    def get(self, key: str) -> Any:
        """The value, or MISSING."""
        try:
            if self._behind:
                self._catch_up()
            return self._store.get(key)
        except CacheUnavailable:
            self._failures += 1
            return MISSING

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those keys that are there."""
        return self._try({}, self._store.get_many, keys)  # type: ignore[no-any-return]  # what the store returns

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Keep a value, if that is possible."""
        self._try(None, self._store.set, key, value, ttl, keys=(key,))

    def set_many(self, values: Mapping[str, Any], ttl: float | None) -> None:
        """Keep several, if that is possible."""
        self._try(None, self._store.set_many, values, ttl, keys=tuple(values))

    def add(self, key: str, value: Any, ttl: float | None) -> bool:
        """Keep a value; true when it can't be known whether the key is there, so that who asks goes on."""
        return self._try(True, self._store.add, key, value, ttl)  # type: ignore[no-any-return]  # as above

    def delete(self, keys: Iterable[str]) -> int:
        """Drop keys; 0 when that has to wait."""
        keys = tuple(keys)
        return self._try(0, self._store.delete, keys, keys=keys)  # type: ignore[no-any-return]  # as above

    def delete_if(self, key: str, value: str) -> bool:
        """Drop a key if it has this value; true when that can't be known."""
        return self._try(True, self._store.delete_if, key, value)  # type: ignore[no-any-return]  # as above

    def touch(self, key: str, ttl: float | None) -> bool:
        """Give a key more time."""
        return self._try(False, self._store.touch, key, ttl)  # type: ignore[no-any-return]  # as above

    def touch_if(self, key: str, value: str, ttl: float) -> bool:
        """Give a key more time if it has this value; true when that can't be known."""
        return self._try(True, self._store.touch_if, key, value, ttl)  # type: ignore[no-any-return]  # as above

    def incr(self, key: str, delta: int) -> int:
        """Add to a whole number; when that isn't possible, the key isn't there: ValueError."""
        value = self._try(None, self._store.incr, key, delta, keys=(key,))
        if value is None:
            raise ValueError(f"nothing can be added to {key!r}: the store does not answer")
        return value  # type: ignore[no-any-return]  # as above

    def ttl(self, key: str) -> float | None:
        """The seconds that a key is still kept, None for ever, or MISSING."""
        return self._try(MISSING, self._store.ttl, key)  # type: ignore[no-any-return]  # as above

    def keys(self, pattern: str) -> list[str]:
        """The keys that fit a pattern."""
        return self._try([], self._store.keys, pattern)  # type: ignore[no-any-return]  # as above

    def clear(self, pattern: str) -> None:
        """Drop all that fits the pattern, now or when the store answers again."""
        try:
            self._store.clear(pattern)
        except CacheUnavailable:
            self._failures += 1
            self._all_pending = self._behind = True

    def stats(self) -> dict[str, Any]:
        """What the store counts, its `failures` that were forgiven, and the keys that are `pending` to be dropped."""
        return {**self._store.stats(), "failures": self._failures, "pending": len(self._pending)}

    def close(self) -> None:
        """End what the store has open."""
        self._store.close()

    def _try(self, otherwise: Any, operation: Callable[..., Any], *args: Any, keys: tuple[str, ...] = ()) -> Any:
        """What the operation returns; after a failure `otherwise`, and the `keys` that it was to change are pending."""
        try:
            if self._behind:
                self._catch_up()
            return operation(*args)
        except CacheUnavailable:
            self._failures += 1
            if keys:
                self._remember(keys)
            return otherwise

    def _remember(self, keys: tuple[str, ...]) -> None:
        self._pending.update(dict.fromkeys(keys, self._failures))
        self._all_pending = self._all_pending or len(self._pending) > self.PENDING
        self._behind = True
        if self._all_pending:
            self._pending.clear()

    def _catch_up(self) -> None:
        if self._all_pending:
            self._store.clear(self._everything)
            self._all_pending = False
        elif pending := dict(self._pending):
            self._store.delete(pending)
            for key, failure in pending.items():
                if self._pending.get(key) == failure:  # else it has failed again meanwhile
                    del self._pending[key]
        self._behind = self._all_pending or bool(self._pending)


class Told:
    """Tells `cache_used` of each operation; the Cache uses it only while somebody listens."""

    def __init__(self, store: Store, alias: str) -> None:
        self._store = store
        self._alias = alias

    def _tell(self, operation: str, keys: tuple[str, ...], hits: int | None, start: float) -> None:
        cache_used.emit(
            cache=self._alias, operation=operation, keys=keys, hits=hits, seconds=time.perf_counter() - start
        )

    def get(self, key: str) -> Any:
        """The value, or MISSING."""
        start = time.perf_counter()
        value = self._store.get(key)
        self._tell("get", (key,), int(value is not MISSING), start)
        return value

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those keys that are there."""
        start, keys = time.perf_counter(), tuple(keys)
        values = self._store.get_many(keys)
        self._tell("get_many", keys, len(values), start)
        return values

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Keep a value."""
        start = time.perf_counter()
        self._store.set(key, value, ttl)
        self._tell("set", (key,), None, start)

    def set_many(self, values: Mapping[str, Any], ttl: float | None) -> None:
        """Keep several."""
        start = time.perf_counter()
        self._store.set_many(values, ttl)
        self._tell("set_many", tuple(values), None, start)

    def add(self, key: str, value: Any, ttl: float | None) -> bool:
        """Keep a value unless the key is there."""
        start = time.perf_counter()
        added = self._store.add(key, value, ttl)
        self._tell("add", (key,), int(not added), start)
        return added

    def delete(self, keys: Iterable[str]) -> int:
        """Drop keys."""
        start, keys = time.perf_counter(), tuple(keys)
        count = self._store.delete(keys)
        self._tell("delete", keys, count, start)
        return count

    def touch(self, key: str, ttl: float | None) -> bool:
        """Give a key more time."""
        start = time.perf_counter()
        there = self._store.touch(key, ttl)
        self._tell("touch", (key,), int(there), start)
        return there

    def incr(self, key: str, delta: int) -> int:
        """Add to a whole number."""
        start = time.perf_counter()
        value = self._store.incr(key, delta)
        self._tell("incr", (key,), 1, start)
        return value

    def clear(self, pattern: str) -> None:
        """Drop all that fits the pattern."""
        start = time.perf_counter()
        self._store.clear(pattern)
        self._tell("clear", (pattern,), None, start)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)  # what is not told of: locks, times, patterns
