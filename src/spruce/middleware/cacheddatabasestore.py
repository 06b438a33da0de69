"""Sessions in the database, read from a cache: what is in the database counts, and most requests don't ask it.

What is loaded from the cache may be old; saving it goes to the database, which knows by the version, and merges. A
newer version in the cache is not replaced by an older one. A cache that fails costs a query each. A log-out deletes
from both; a cache that cannot be reached then is an error, since a session that is left in it would go on. For the
same reason who puts one in looks behind it whether the row is still there.
"""

from datetime import UTC, datetime

from spruce import config
from spruce.cache import Cache, caches
from spruce.errors import CacheUnavailable, LockNotHeld
from spruce.middleware.databasestore import DatabaseStore, StoredSession
from spruce.middleware.sessions import Kept, Session, hash_of

__all__ = ["CachedDatabaseStore"]

_LOCKED_SECONDS = 10


class CachedDatabaseStore(DatabaseStore):
    """The DatabaseStore with the cache of SESSION_CACHE_ALIAS in front of it."""

    def __init__(self, settings: config.Settings) -> None:
        super().__init__(settings)
        self._alias: str = settings["SESSION_CACHE_ALIAS"]

    @property
    def _cache(self) -> Cache:
        return caches[self._alias]

    def load(self, cookie: str) -> Kept | None:
        """Return the session of a key; None for a key that was never given out, or has expired."""
        found = self._cache.get(_name(cookie))
        if isinstance(found, dict):
            if found["expires"] <= datetime.now(UTC).timestamp():
                return None
            return Kept(found["values"], datetime.fromtimestamp(found["began"], UTC), cookie, found["version"])
        row = self._row(cookie)
        if row is None:
            return None
        kept = Kept(row.values, row.began, cookie, row.version)
        self._put(kept, row.expires)
        return kept

    def save(self, session: Session, expires: datetime, *, prolong: bool) -> str | None:
        """Keep a session; return its key, or None when it was deleted meanwhile."""
        before = session.kept
        key = super().save(session, expires, prolong=prolong)
        if key is not None and session.kept is not None:
            self._put(session.kept, expires)
        elif before is not None and before.key is not None:
            self._cache.strict.delete(_name(before.key))
        return key

    def delete_hashed(self, hashed: str) -> None:
        """Forget a session in both."""
        super().delete_hashed(hashed)
        self._cache.strict.delete(f"session:{hashed}")

    def _put(self, kept: Kept, expires: datetime) -> None:
        name = _name(str(kept.key))
        value = {
            "values": kept.values,
            "began": kept.began.timestamp(),
            "version": kept.version,
            "expires": expires.timestamp(),
        }
        cache = self._cache.strict
        try:
            with cache.lock(name, _LOCKED_SECONDS):
                there = cache.get(name)
                if not isinstance(there, dict) or there["version"] <= kept.version:
                    cache.set(name, value, timeout=(expires - datetime.now(UTC)).total_seconds())
        except (CacheUnavailable, LockNotHeld):
            return  # the database has it
        if not StoredSession.objects.filter(key=hash_of(str(kept.key))).exists():
            cache.delete(name)


def _name(key: str) -> str:
    return f"session:{hash_of(key)}"
