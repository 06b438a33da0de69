"""What a cache is kept in: the few operations that every store has, on whole keys and values.

A store knows neither prefixes nor versions nor single flight; the `Cache` in front of it does. Keys are texts as they
are stored. `ttl` is in seconds, a fraction if need be, and None for ever; a store is never given one that is not
positive.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol

__all__ = ["MISSING", "Envelope", "Store"]

MISSING: Final[Any] = object()
"""What `get` and `ttl` return for a key that is not there, since None is a value like others."""


class Envelope(NamedTuple):
    """A value that is stored with what decides whether it still counts."""

    value: Any
    fresh: float | None
    """Until when (seconds since the epoch) it is fresh; None: as long as it is there."""
    cost: float
    """The seconds that it took to make."""
    tags: dict[str, str]
    """The token that each of its tags had when it was made."""


class Store(Protocol):
    """Where values are kept. Calls may block the green thread, and raise CacheUnavailable when they can't be done."""

    def get(self, key: str) -> Any:
        """The value, or MISSING."""
        ...

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those keys that are there."""
        ...

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Keep a value, in the place of one that is there."""
        ...

    def set_many(self, values: Mapping[str, Any], ttl: float | None) -> None:
        """Keep several."""
        ...

    def add(self, key: str, value: Any, ttl: float | None) -> bool:
        """Keep a value unless the key is there; whether it was kept. Of several that try at once, one does."""
        ...

    def delete(self, keys: Iterable[str]) -> int:
        """Drop keys; how many were there."""
        ...

    def delete_if(self, key: str, value: str) -> bool:
        """Drop a key if it has this value; whether it had."""
        ...

    def touch_if(self, key: str, value: str, ttl: float) -> bool:
        """Give a key this many seconds more if it has this value; whether it had."""
        ...

    def touch(self, key: str, ttl: float | None) -> bool:
        """Give a key this many seconds more; whether it was there."""
        ...

    def incr(self, key: str, delta: int) -> int:
        """Add to a whole number and return the sum; how long it is kept stays. ValueError if it isn't there or none."""
        ...

    def ttl(self, key: str) -> float | None:
        """The seconds that a key is still kept, None for ever, or MISSING."""
        ...

    def keys(self, pattern: str) -> list[str]:
        """The keys that fit a pattern of `*`, `?` and `[…]`; looks at every key."""
        ...

    def clear(self, pattern: str) -> None:
        """Drop all that fits the pattern, at one go where that is possible."""
        ...

    def stats(self) -> dict[str, Any]:
        """What it counts."""
        ...

    def close(self) -> None:
        """End what it has open; it may be used again."""
        ...
