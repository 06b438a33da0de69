"""A store in a table of one of the app's databases: slower than Redis, but with nothing to install.

The table is made when it is first missed. Inside of `db.atomic()` the cache takes part in the transaction: others see
what was written when it is committed, and a rollback undoes it.
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from spruce import db
from spruce.cache.serializers import Codec
from spruce.cache.stores import MISSING
from spruce.errors import IntegrityError, OperationalError

__all__ = ["CacheEntry", "DatabaseStore"]

_LONGEST_KEY = 250
_CULL_EVERY = 100  # writes, on average
_AT_ONCE = 500  # keys in one statement


class CacheEntry(db.Model):
    """A value in the cache."""

    key = db.CharField(max_length=_LONGEST_KEY, primary_key=True)
    value = db.BinaryField()
    expires = db.FloatField(null=True, db_index=True)  # seconds since the epoch

    class Meta:
        """Its table."""

        db_table = "spruce_cache"


class DatabaseStore:
    """Keys in the database `alias`. At most about `max_entries`: those that run out soonest leave first."""

    def __init__(
        self, codec: Codec, alias: str, max_entries: int = 100_000, clock: Callable[[], float] = time.time
    ) -> None:
        self.max_entries = max_entries
        self._alias = alias
        self._codec = codec
        self._clock = clock
        self._made = False

    def get(self, key: str) -> Any:
        """The value, or MISSING."""
        return self.get_many((key,)).get(key, MISSING)

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those keys that are there."""
        names = {_short(key): key for key in keys}
        rows = self._try(lambda: list(self._live().filter(key__in=list(names)).values_list("key", "value")))
        return {names[name]: self._codec.decode(bytes(data)) for name, data in rows}

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Keep a value."""
        self.set_many({key: value}, ttl)

    def set_many(self, values: Mapping[str, Any], ttl: float | None) -> None:
        """Keep several."""
        rows = [self._row(key, value, ttl) for key, value in values.items()]
        self._try(
            lambda: CacheEntry.objects.using(self._alias).bulk_create(
                rows, update_conflicts=True, update_fields=["value", "expires"], unique_fields=["key"]
            )
        )
        self._cull()

    def add(self, key: str, value: Any, ttl: float | None) -> bool:
        """Keep a value unless the key is there."""
        row = self._row(key, value, ttl)
        self._try(lambda: self._all().filter(key=row.key, expires__lte=self._clock()).delete())
        try:
            with db.atomic(using=self._alias):
                row.save(force_insert=True, using=self._alias)
        except IntegrityError:
            return False
        self._cull()
        return True

    def delete(self, keys: Iterable[str]) -> int:
        """Drop keys."""
        names = [_short(key) for key in keys]
        count: int = self._try(lambda: sum(self._live().filter(key__in=part).delete()[0] for part in _parts(names)))
        return count

    def delete_if(self, key: str, value: str) -> bool:
        """Drop a key if it has this value."""
        data = self._codec.encode(value)
        return bool(self._try(lambda: self._live().filter(key=_short(key), value=data).delete()[0] > 0))

    def touch(self, key: str, ttl: float | None) -> bool:
        """Give a key more time."""
        return bool(self._try(lambda: self._live().filter(key=_short(key)).update(expires=self._expires(ttl)) > 0))

    def touch_if(self, key: str, value: str, ttl: float) -> bool:
        """Give a key more time if it has this value."""
        query = self._live().filter(key=_short(key), value=self._codec.encode(value))
        return bool(self._try(lambda: query.update(expires=self._expires(ttl)) > 0))

    def incr(self, key: str, delta: int) -> int:
        """Add to a whole number; tried again while others change it meanwhile."""
        while True:
            value = self.get(key)
            if value is MISSING:
                raise ValueError(f"there is no key {key!r} to add to")
            if type(value) is not int:
                raise ValueError(f"the value of {key!r} is no whole number")
            old, new = self._codec.encode(value), self._codec.encode(value + delta)
            if self._live().filter(key=_short(key), value=old).update(value=new):
                return value + delta

    def ttl(self, key: str) -> float | None:
        """The seconds that a key is still kept, None for ever, or MISSING."""
        found = self._try(lambda: list(self._live().filter(key=_short(key)).values_list("expires", flat=True)))
        if not found:
            return MISSING  # type: ignore[no-any-return]  # the protocol says so
        return None if found[0] is None else found[0] - self._clock()

    def keys(self, pattern: str) -> list[str]:
        """The keys that fit a pattern; those of more than 250 letters are stored as hashes and don't."""
        names = self._try(lambda: list(self._live().values_list("key", flat=True)))
        return [name for name in names if fnmatchcase(name, pattern)]

    def clear(self, pattern: str) -> None:
        """Drop all that fits the pattern, and all hashed keys."""
        names = self._try(lambda: list(self._all().values_list("key", flat=True)))
        gone = [name for name in names if name.startswith(_HASHED) or fnmatchcase(name, pattern)]
        for part in _parts(gone):
            self._all().filter(key__in=part).delete()

    def stats(self) -> dict[str, Any]:
        """The `entries` that it holds."""
        return {"entries": self._try(lambda: self._live().count())}

    def close(self) -> None:
        """Nothing is open but the app's own database."""

    def _all(self) -> Any:
        return CacheEntry.objects.using(self._alias).order_by()

    def _live(self) -> Any:
        return self._all().filter(db.Q(expires=None) | db.Q(expires__gt=self._clock()))

    def _row(self, key: str, value: Any, ttl: float | None) -> CacheEntry:
        return CacheEntry(key=_short(key), value=self._codec.encode(value), expires=self._expires(ttl))

    def _expires(self, ttl: float | None) -> float | None:
        return None if ttl is None else self._clock() + ttl

    def _try(self, query: Callable[[], Any]) -> Any:
        """What a query returns; the table is made first, and again if a rollback has undone that."""
        if not self._made:
            self._make()
        try:
            return query()
        except OperationalError as error:
            if CacheEntry._meta.db_table not in str(error):
                raise
            self._make()
            return query()

    def _make(self) -> None:
        db.create_all(self._alias, models=[CacheEntry])
        self._made = True

    def _cull(self) -> None:
        if random.randrange(_CULL_EVERY):  # noqa: S311 - spreads work, keeps no secret
            return
        self._all().filter(expires__lte=self._clock()).delete()
        over = self._all().count() - self.max_entries
        if over > 0:
            soonest = self._all().order_by("expires").values_list("key", flat=True)[: over + self.max_entries // 10]
            for part in _parts(list(soonest)):
                self._all().filter(key__in=part).delete()


_HASHED = "sha256:"


def _short(key: str) -> str:
    """The key as the column holds it: long ones as their hash."""
    return key if len(key) <= _LONGEST_KEY else _HASHED + sha256(key.encode()).hexdigest()


def _parts(names: list[str]) -> Iterable[list[str]]:
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
