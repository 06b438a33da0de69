"""A store that keeps nothing: for development, and to see what a cache brings."""

from collections.abc import Iterable, Mapping
from typing import Any

from spruce.cache.stores import MISSING

__all__ = ["DummyStore"]


class DummyStore:
    """Takes everything and has nothing. Never blocks."""

    def get(self, key: str) -> Any:
        """Always MISSING."""
        return MISSING

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Always empty."""
        return {}

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Does nothing."""

    def set_many(self, values: Mapping[str, Any], ttl: float | None) -> None:
        """Does nothing."""

    def add(self, key: str, value: Any, ttl: float | None) -> bool:
        """Always true: nothing was there."""
        return True

    def delete(self, keys: Iterable[str]) -> int:
        """Always 0."""
        return 0

    def delete_if(self, key: str, value: str) -> bool:
        """Always true, so that locks can be given back."""
        return True

    def touch(self, key: str, ttl: float | None) -> bool:
        """Always false."""
        return False

    def touch_if(self, key: str, value: str, ttl: float) -> bool:
        """Always true, so that locks can be kept."""
        return True

    def incr(self, key: str, delta: int) -> int:
        """Always a ValueError."""
        raise ValueError(f"there is no key {key!r} to add to")

    def ttl(self, key: str) -> float | None:
        """Always MISSING."""
        return MISSING  # type: ignore[no-any-return]  # the protocol says so

    def keys(self, pattern: str) -> list[str]:
        """Always empty."""
        return []

    def clear(self, pattern: str) -> None:
        """Does nothing."""

    def stats(self) -> dict[str, Any]:
        """Nothing to count."""
        return {}

    def close(self) -> None:
        """Nothing is open."""
