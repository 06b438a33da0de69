"""`eventlet.pools`: so many of a thing, each used by one green thread at a time."""

from spruce.green import Pool, TokenPool

__all__ = ["Pool", "TokenPool"]
