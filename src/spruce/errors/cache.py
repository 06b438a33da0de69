"""What a cache raises: seldom, since a cache that fails should not make its users fail."""

from spruce.errors.tree import SpruceError

__all__ = ["CacheError", "CacheUnavailable", "CacheValueError", "LockNotHeld"]


class CacheError(SpruceError):
    """The base of what the cache raises."""


class CacheValueError(CacheError, TypeError):
    """A value cannot be written in the form in which the cache stores values."""


class CacheUnavailable(CacheError, ConnectionError):
    """The server behind a cache cannot be reached or refuses; only raised where doing without would be wrong.

    A view's answer is then 503.
    """

    code = 503


class LockNotHeld(CacheError, RuntimeError):
    """A lock was given back or prolonged that had run out, or that was never got."""
