"""Sessions in a cache, such as Redis: as those in the database, and gone when the cache loses them.

The cache of SESSION_CACHE_ALIAS. A cache that cannot be reached is an error and not an empty session, so that nobody
is nobody for a moment. A cache in the memory of each process is for one worker only. Who saves a session holds a lock
on it for that moment, so that requests at one time put their changes together as described in `merging`.
"""

from datetime import UTC, datetime
from typing import Any

from spruce import config
from spruce.cache import Cache, caches
from spruce.middleware.merging import merge
from spruce.middleware.packing import pack, unpack
from spruce.middleware.sessions import Kept, Session, hash_of, new_key

__all__ = ["CacheStore"]

_LOCKED_SECONDS = 10


class CacheStore:
    """Keeps each session under `session:` and the hash of its key, until it expires."""

    def __init__(self, settings: config.Settings) -> None:
        self._alias: str = settings["SESSION_CACHE_ALIAS"]

    @property
    def _cache(self) -> Cache:
        return caches[self._alias].strict

    def load(self, cookie: str) -> Kept | None:
        """Return the session of a key; None for a key that was never given out, or has expired."""
        found = self._cache.get(_name(cookie))
        return _kept(found, cookie) if isinstance(found, dict) else None

    def save(self, session: Session, expires: datetime, *, prolong: bool) -> str | None:
        """Keep a session; return its key, or None when it was deleted meanwhile."""
        if session.dropped is not None:
            self.delete(session.dropped)
        if session.kept is None or session.kept.key is None:
            made = Kept(pack(session.values_now), datetime.now(UTC), new_key())
            return self._put(session, made, expires)
        kept = session.kept
        with self._cache.lock(_name(str(kept.key)), _LOCKED_SECONDS):
            now = self.load(str(kept.key))
            if now is None:
                return None
            values = session.values_now
            if now.version != kept.version:
                values = merge(unpack(kept.values), values, unpack(now.values))
            return self._put(session, Kept(pack(values), kept.began, kept.key, now.version + 1), expires)

    def delete(self, kept: Kept) -> None:
        """Forget a session."""
        if kept.key is not None:
            self._cache.delete(_name(kept.key))

    def clear_expired(self) -> int:
        """Do nothing: the cache does it."""
        return 0

    def _put(self, session: Session, kept: Kept, expires: datetime) -> str | None:
        seconds = (expires - datetime.now(UTC)).total_seconds()
        self._cache.set(_name(str(kept.key)), _plain(kept), timeout=seconds)
        session.kept = kept
        return kept.key


def _name(key: str) -> str:
    return f"session:{hash_of(key)}"


def _plain(kept: Kept) -> dict[str, Any]:
    return {"values": kept.values, "began": kept.began.timestamp(), "version": kept.version}


def _kept(found: dict[str, Any], key: str) -> Kept:
    return Kept(found["values"], datetime.fromtimestamp(found["began"], UTC), key, found["version"])
