"""A store in the memory of this process: bounded in entries and bytes, least recently used out first.

Values are copies: what a program changes after `set` or `get` doesn't change what is stored. Texts, numbers, bytes, and
tuples of these, which can't change, are kept as they are; anything else is pickled, which is safe here since nobody
else can write it.
Green threads and OS threads may share a store.
"""

import pickle
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from fnmatch import translate
from re import compile as compile_pattern
from threading import Lock
from typing import Any

from spruce.cache.stores import MISSING
from spruce.errors import CacheValueError

__all__ = ["MemoryStore"]

_PLAIN = frozenset({str, int, float, bool, bytes, type(None), complex})
_OVERHEAD = 200  # bytes that an entry takes beside its key and value, measured with sys.getsizeof
_NEVER = float("inf")


class MemoryStore:
    """At most `max_entries` and `max_bytes` of keys and values (an estimate, a little too high). Never blocks."""

    def __init__(
        self,
        max_entries: int = 10_000,
        max_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, tuple[Any, bool, float, int]] = OrderedDict()  # value, pickled, expires, size
        self._bytes = 0
        self._lock = Lock()
        self._hits = self._misses = self._evicted = 0

    def get(self, key: str) -> Any:
        """The value, or MISSING."""
        entry = self._entries.get(key)
        if entry is None:
            self._misses += 1
            return MISSING
        value, pickled, expires, _ = entry
        if expires <= self._clock():
            self._misses += 1
            self._drop_expired(key)
            return MISSING
        try:
            self._entries.move_to_end(key)
        except KeyError:
            pass  # another OS thread has dropped it in between
        self._hits += 1
        return pickle.loads(value) if pickled else value  # noqa: S301 - made below, in this process

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those keys that are there."""
        found = ((key, self.get(key)) for key in keys)
        return {key: value for key, value in found if value is not MISSING}

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Keep a value; what is too large for the whole store is not kept."""
        entry = self._entry(key, value, ttl)
        with self._lock:
            self._put(key, entry)

    def set_many(self, values: Mapping[str, Any], ttl: float | None) -> None:
        """Keep several."""
        for key, value in values.items():
            self.set(key, value, ttl)

    def add(self, key: str, value: Any, ttl: float | None) -> bool:
        """Keep a value unless the key is there."""
        entry = self._entry(key, value, ttl)
        with self._lock:
            if self._find(key) is not None:
                return False
            self._put(key, entry)
        return True

    def delete(self, keys: Iterable[str]) -> int:
        """Drop keys; how many were there."""
        with self._lock:
            return sum(self._find(key) is not None and self._remove(key) for key in keys)

    def delete_if(self, key: str, value: str) -> bool:
        """Drop a key if it has this value."""
        with self._lock:
            entry = self._find(key)
            return entry is not None and entry[0] == value and self._remove(key)

    def touch(self, key: str, ttl: float | None) -> bool:
        """Give a key this many seconds more."""
        with self._lock:
            return self._prolong(key, self._find(key), ttl)

    def touch_if(self, key: str, value: str, ttl: float) -> bool:
        """Give a key this many seconds more if it has this value."""
        with self._lock:
            entry = self._find(key)
            return entry is not None and entry[0] == value and self._prolong(key, entry, ttl)

    def incr(self, key: str, delta: int) -> int:
        """Add to a whole number."""
        with self._lock:
            entry = self._find(key)
            if entry is None:
                raise ValueError(f"there is no key {key!r} to add to")
            value, _, expires, size = entry
            if type(value) is not int:
                raise ValueError(f"the value of {key!r} is no whole number")
            self._entries[key] = (value + delta, False, expires, size)
        return value + delta

    def ttl(self, key: str) -> float | None:
        """The seconds that a key is still kept, None for ever, or MISSING."""
        with self._lock:
            entry = self._find(key)
        if entry is None:
            return MISSING  # type: ignore[no-any-return]  # the protocol says so
        return None if entry[2] == _NEVER else entry[2] - self._clock()

    def keys(self, pattern: str) -> list[str]:
        """The keys that fit a pattern."""
        fits = compile_pattern(translate(pattern)).match
        with self._lock:
            now = self._clock()
            return [key for key, entry in self._entries.items() if fits(key) and entry[2] > now]

    def clear(self, pattern: str) -> None:
        """Drop all that fits the pattern."""
        self.delete(self.keys(pattern))

    def stats(self) -> dict[str, Any]:
        """The `entries` and `bytes` that it holds; `hits`, `misses`, and what was `evicted` for want of room."""
        return {
            "entries": len(self._entries),
            "bytes": self._bytes,
            "hits": self._hits,
            "misses": self._misses,
            "evicted": self._evicted,
        }

    def close(self) -> None:
        """Nothing is open; what is stored stays."""

    def _entry(self, key: str, value: Any, ttl: float | None) -> tuple[Any, bool, float, int]:
        pickled = not _is_unchangeable(value)
        if pickled:
            try:
                value = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            except Exception as error:
                raise CacheValueError(
                    f"a value of the type {type(value).__name__} cannot be cached under {key!r}: {error}",
                    hint="Cache plain data: texts, numbers, lists, dicts, dataclasses.",
                ) from error
        size = _OVERHEAD + len(key) + _size(value)
        return value, pickled, _NEVER if ttl is None else self._clock() + ttl, size

    # What follows is called with the lock held.

    def _find(self, key: str) -> tuple[Any, bool, float, int] | None:
        entry = self._entries.get(key)
        if entry is not None and entry[2] <= self._clock():
            self._remove(key)
            return None
        return entry

    def _put(self, key: str, entry: tuple[Any, bool, float, int]) -> None:
        self._remove(key)
        if entry[3] > self.max_bytes:
            self._evicted += 1
            return
        self._entries[key] = entry
        self._bytes += entry[3]
        while self._bytes > self.max_bytes or len(self._entries) > self.max_entries:
            self._remove(next(iter(self._entries)))
            self._evicted += 1

    def _prolong(self, key: str, entry: tuple[Any, bool, float, int] | None, ttl: float | None) -> bool:
        if entry is None:
            return False
        value, pickled, _, size = entry
        self._entries[key] = (value, pickled, _NEVER if ttl is None else self._clock() + ttl, size)
        return True

    def _remove(self, key: str) -> bool:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry[3]
        return entry is not None

    def _drop_expired(self, key: str) -> None:
        with self._lock:
            self._find(key)


def _is_unchangeable(value: Any) -> bool:
    """Whether nobody can change the value, nor anything in it."""
    kind = type(value)
    return kind in _PLAIN or (kind in (tuple, frozenset) and all(map(_is_unchangeable, value)))


def _size(value: Any) -> int:
    """About how many bytes the value takes."""
    if isinstance(value, str | bytes):
        return len(value)
    return 32 + sum(32 + _size(one) for one in value) if isinstance(value, tuple | frozenset) else 32
