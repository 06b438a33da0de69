"""Cache: what programs call, with Django's names, over any store."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, Final, cast

from spruce.cache.dependencies import Depends, Recording, current_recording, watch
from spruce.cache.locks import CacheLock
from spruce.cache.making import Maker
from spruce.cache.stores import MISSING, Envelope, Store
from spruce.cache.tags import Tags
from spruce.cache.wrappers import Forgiving, Told
from spruce.errors import CacheError
from spruce.events import cache_used, cache_waited

__all__ = ["DEFAULT_TIMEOUT", "Cache"]

DEFAULT_TIMEOUT: Final[Any] = object()
"""Stands for the timeout that the cache was set up with."""

KeyFunction = Callable[[str, str, int], str]


class Cache:
    """A cache of some alias. Calls may block the green thread; a server that fails makes values missing, no more.

    Timeouts are in seconds: None keeps a value for ever, 0 or less doesn't keep it. `version` is that of the cache
    unless given: values of another version aren't seen.
    """

    def __init__(
        self,
        store: Store,
        *,
        alias: str = "default",
        timeout: float | None = 300,
        prefix: str = "",
        version: int = 1,
        key_function: KeyFunction | None = None,
        shared: bool = False,
        fallible: bool = False,
        tracked: bool = True,
    ) -> None:
        self.alias = alias
        self.timeout = timeout
        self.prefix = prefix
        self.version = version
        self._key_function = key_function
        self._raw = store
        self._options: dict[str, Any] = {"timeout": timeout, "prefix": prefix, "version": version}
        self._options |= {"key_function": key_function, "shared": shared, "tracked": tracked}
        self._silent: Store = Forgiving(store, f"{_literal(prefix)}:*") if fallible else store
        self._told = cast("Store", Told(self._silent, alias))
        self._tags = Tags(self._silent, prefix)
        self._maker = Maker(self._silent, shared=shared)
        self._tracked = tracked  # whether every process tells it what it commits

    def __repr__(self) -> str:
        return f"<Cache {self.alias!r} in {type(self._raw).__name__}>"

    @property
    def _store(self) -> Store:
        return self._told if cache_used.subscribers else self._silent

    @property
    def strict(self) -> "Cache":
        """The same cache, but CacheUnavailable is raised when its server fails: where missing would be wrong."""
        return Cache(self._raw, alias=self.alias, **self._options)

    # Keys

    def make_key(self, key: str, version: int | None = None) -> str:
        """The key as the store has it: prefix, version and key, or what KEY_FUNCTION makes of them."""
        if version is None:
            version = self.version
        if self._key_function is not None:
            return self._key_function(key, self.prefix, version)
        return f"{self.prefix}:{version}:{key}"

    def _ttl(self, timeout: Any) -> float | None:
        return self.timeout if timeout is DEFAULT_TIMEOUT else timeout

    # One value

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the value, or `default` if it isn't there. A None that was stored is returned as such."""
        store = self._told if cache_used.subscribers else self._silent
        value = store.get(self.make_key(key, version))
        if type(value) is Envelope:
            value = self._fresh(value)
        return default if value is MISSING else value

    def set(
        self,
        key: str,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        *,
        tags: Iterable[str] = (),
    ) -> None:
        """Keep a value; it goes when its time is over, or one of its tags is given to `invalidate_tags`.

        If a tag may be invalidated while the value is made, use `get_or_set`, which notices that.
        """
        ttl, key = self._ttl(timeout), self.make_key(key, version)
        if ttl is not None and ttl <= 0:
            self._store.delete([key])
            return
        tags = _names(tags)
        if tags:
            value = Envelope(value, None, 0.0, self._tags.tokens(tags))
        self._store.set(key, value, ttl)

    def add(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value unless the key is there; whether it was kept. Of several that try at once, one does."""
        ttl, key = self._ttl(timeout), self.make_key(key, version)
        if ttl is not None and ttl <= 0:
            return not self._store.get_many([key])
        return self._store.add(key, value, ttl)

    def delete(self, key: str, version: int | None = None) -> bool:
        """Drop a key; whether it was there."""
        return self._store.delete([self.make_key(key, version)]) > 0

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Whether the key is there."""
        return self.get(key, MISSING, version) is not MISSING

    __contains__ = has_key

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a whole number and return the sum, at one go. ValueError if the key isn't there or is no number."""
        return self._store.incr(self.make_key(key, version), delta)

    def decr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Take away from a whole number, as `incr` adds."""
        return self.incr(key, -delta, version)

    # How long

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a key for `timeout` from now; whether it was there."""
        ttl, key = self._ttl(timeout), self.make_key(key, version)
        if ttl is not None and ttl <= 0:
            return self._store.delete([key]) > 0
        return self._store.touch(key, ttl)

    def expire(self, key: str, timeout: float, version: int | None = None) -> bool:
        """As `touch`; django-redis' name."""
        return self.touch(key, timeout, version)

    def persist(self, key: str, version: int | None = None) -> bool:
        """Keep a key for ever; whether it was there."""
        return self.touch(key, None, version)

    def ttl(self, key: str, version: int | None = None) -> float | None:
        """The seconds that a key is still kept; None for ever, 0 if it isn't there."""
        seconds = self._store.ttl(self.make_key(key, version))
        return 0 if seconds is MISSING else seconds

    def incr_version(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Move a value to the version that is `delta` higher, and return that. ValueError if it isn't there."""
        version = self.version if version is None else version
        old = self.make_key(key, version)
        value = self._store.get(old)
        if value is MISSING:
            raise ValueError(f"there is no key {key!r} in version {version}")
        seconds = self._store.ttl(old)
        if seconds is not MISSING:
            self._store.set(self.make_key(key, version + delta), value, seconds)
        self._store.delete([old])
        return version + delta

    def decr_version(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """As `incr_version`, downwards."""
        return self.incr_version(key, -delta, version)

    # Several values

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        """The values of those keys that are there."""
        names = {self.make_key(key, version): key for key in keys}
        found = self._store.get_many(names)
        opened = (
            (names[name], self._fresh(value) if type(value) is Envelope else value) for name, value in found.items()
        )
        return {key: value for key, value in opened if value is not MISSING}

    def set_many(
        self, values: Mapping[str, Any], timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        """Keep several values; returns the keys that could not be kept, of which there are none."""
        ttl = self._ttl(timeout)
        if ttl is not None and ttl <= 0:
            self.delete_many(values, version)
        elif values:
            self._store.set_many({self.make_key(key, version): value for key, value in values.items()}, ttl)
        return []

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> int:
        """Drop several keys; how many were there."""
        names = [self.make_key(key, version) for key in keys]
        return self._store.delete(names) if names else 0

    def keys(self, pattern: str = "*", version: int | None = None) -> list[str]:
        """The keys that fit a pattern of `*`, `?` and `[…]`. Looks at every key in the store: not for each request."""
        start = self._start(version)
        return [name[len(start) :] for name in self._store.keys(_literal(start) + pattern) if name.startswith(start)]

    def iter_keys(self, pattern: str = "*", version: int | None = None) -> Iterator[str]:
        """As `keys`; django-redis' name."""
        return iter(self.keys(pattern, version))

    def delete_pattern(self, pattern: str, version: int | None = None) -> int:
        """Drop all keys that fit a pattern; how many there were. Looks at every key in the store."""
        return self.delete_many(self.keys(pattern, version), version)

    def clear(self) -> None:
        """Drop everything that has the cache's prefix, in all versions; what others keep in the same server stays."""
        if self._key_function is not None:
            raise CacheError(
                f"the cache {self.alias!r} cannot be cleared, since it has a KEY_FUNCTION",
                hint="Nothing tells which keys are its own; raise its VERSION instead.",
            )
        self._store.clear(f"{_literal(self.prefix)}:*")

    def _start(self, version: int | None) -> str:
        if self._key_function is not None:
            raise CacheError(
                f"the cache {self.alias!r} cannot look for keys, since it has a KEY_FUNCTION",
                hint="Keys by pattern need the usual form, prefix:version:key.",
            )
        return f"{self.prefix}:{self.version if version is None else version}:"

    # Made when missing

    def get_or_set(
        self,
        key: str,
        default: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        *,
        stale: float = 0,
        early: float = 0,
        jitter: float = 0,
        negative: float | None = DEFAULT_TIMEOUT,
        tags: Iterable[str] = (),
        depends: Depends | Recording = None,
    ) -> Any:
        """Return the value; if it isn't there, `default`, or what that returns if it can be called, kept as by `set`.

        Of all who miss the same key at once, one calls it and the others wait for the result: per process, and over
        all processes where they share the store. `stale`: for so many seconds after its timeout a value is still
        returned at once, while a green thread makes a new one. `early`: the value may be made anew before its time,
        the more likely the nearer that is and the longer it takes to make (1 is usual). `jitter`: the timeout is
        shortened by up to this share of it, so that keys set together don't run out together. `negative`: the timeout
        if the result is None. `depends="auto"`: the value counts as missing as soon as something is committed that
        changes what was read from databases while it was made; see `spruce.cache.dependencies`.
        """
        name = self.make_key(key, version)
        recording = self.recording() if depends == "auto" else depends
        value = self._store.get(name)
        ttl = self._ttl(timeout)

        def make() -> Any:
            return self._make(name, default, ttl, negative, stale, jitter, bool(early), _names(tags), recording)

        def find() -> Any:
            found = self._silent.get(name)
            return self._fresh(found) if type(found) is Envelope else found

        if type(value) is Envelope and self._tags.unchanged(value):
            self._depend(value.tags)
            if not _is_due(value, early):
                return value.value
            self._maker.refresh(name, make)
            return value.value
        if value is not MISSING and type(value) is not Envelope:
            return value
        waited = self._waited(key) if cache_waited.subscribers else None
        return self._maker.make(name, make, find, waited, newest=recording is not None)

    def _make(
        self,
        name: str,
        default: Any,
        ttl: float | None,
        negative: float | None,
        stale: float,
        jitter: float,
        timed: bool,
        tags: list[str],
        recording: Recording | None,
    ) -> Any:
        tokens = self._tags.tokens(tags) if tags else {}
        start = time.perf_counter()
        with nullcontext() if recording is None else recording.running():
            value = default() if callable(default) else default
        cost = time.perf_counter() - start
        self._depend(tokens)
        if recording is not None:
            if not recording.keepable:
                return value
            tokens |= recording.tokens
        if value is None and negative is not DEFAULT_TIMEOUT:
            ttl = negative
        if ttl is not None:
            ttl *= 1 - jitter * random.random()  # noqa: S311 - spreads load, keeps no secret
            if ttl <= 0:
                return value
        stored, kept = value, ttl
        if ttl is not None and (stale > 0 or timed):
            stored, kept = Envelope(value, time.time() + ttl, cost, tokens), ttl + stale
        elif tokens:
            stored = Envelope(value, None, cost, tokens)
        self._store.set(name, stored, kept)
        return value

    def _waited(self, key: str) -> Callable[[float], None]:
        return lambda seconds: cache_waited.emit(cache=self.alias, key=key, seconds=seconds)

    def lock(self, name: str, timeout: float = 60, *, blocking_timeout: float | None = None) -> CacheLock:
        """A lock among all that share the cache, free again after `timeout` seconds; see CacheLock. Never blocks."""
        key = f"{self.prefix}:lock:{name}"
        return CacheLock(self._raw, key, name, timeout, blocking_timeout)

    # Tags

    def invalidate_tags(self, *tags: str) -> None:
        """Let every value that was stored with one of these tags count as missing."""
        self._tags.renew(tags, self._store)

    def recording(self) -> Recording:
        """A new record of what a value of this cache is made from. Raises CacheError if it isn't told of changes."""
        if not self._tracked:
            raise CacheError(
                f"values in the cache {self.alias!r} cannot depend on the database: other processes that write to it "
                "don't know of them",
                hint=f"Let every process tell the cache what it changes: CACHE_DEPENDS=[{self.alias!r}].",
            )
        watch(self)
        return Recording(self, self._tags.of_rows)

    def drop_tokens(self, tags: Iterable[str]) -> None:
        """Let the values that depend on this count as missing; called after commits."""
        self._tags.drop(tags)

    def _depend(self, tokens: Mapping[str, str]) -> None:
        """Let the value that is being made here, if any, depend on what another one depends on."""
        if tokens and (outer := current_recording()) is not None:
            outer.absorb(self, tokens)

    def _fresh(self, envelope: Envelope) -> Any:
        if (envelope.fresh is not None and time.time() >= envelope.fresh) or not self._tags.unchanged(envelope):
            return MISSING
        self._depend(envelope.tags)
        return envelope.value

    # The whole

    def stats(self) -> dict[str, Any]:
        """What the store counts, and how many values are `making`."""
        return {**self._silent.stats(), "making": len(self._maker.flights)}

    def close(self) -> None:
        """Close the connections to the cache's server; they are made again when needed."""
        self._raw.close()


def _literal(text: str) -> str:
    """The pattern that fits this text and no other."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def _names(tags: Iterable[str]) -> list[str]:
    if isinstance(tags, str):
        raise CacheError(f"tags={tags!r} is one text, and tags are several", hint=f"Write tags=[{tags!r}].")
    return list(tags)


def _is_due(envelope: Envelope, early: float) -> bool:
    """Whether to make it anew: its time is over, or near enough (Vattani and others, XFetch, VLDB 2015)."""
    if envelope.fresh is None:
        return False
    ahead = early and envelope.cost * early * random.expovariate(1)  # as XFetch's -log of a uniform number
    return time.time() + ahead >= envelope.fresh
