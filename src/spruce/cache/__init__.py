"""The cache: Django's names over memory, Redis, or a table; a value that is missed by many is made once."""

from spruce.cache.cache import DEFAULT_TIMEOUT, Cache
from spruce.cache.caches import cache, caches
from spruce.cache.locks import CacheLock
from spruce.cache.stores import Store

__all__ = ["DEFAULT_TIMEOUT", "Cache", "CacheLock", "Store", "cache", "caches"]
