"""The cache: Django's names over memory, Redis, or a table; a value that is missed by many is made once.

`from spruce import cache`, then `cache.get("key")`: what the default cache can do, this package can.
"""

from typing import TYPE_CHECKING

from spruce.cache.caches import OPERATIONS, cache, caches
from spruce.cache.locks import CacheLock
from spruce.cache.operations import DEFAULT_TIMEOUT, Cache
from spruce.cache.stores import Store

if TYPE_CHECKING:
    add = cache.add
    clear = cache.clear
    decr = cache.decr
    decr_version = cache.decr_version
    delete = cache.delete
    delete_many = cache.delete_many
    delete_pattern = cache.delete_pattern
    expire = cache.expire
    get = cache.get
    get_many = cache.get_many
    get_or_set = cache.get_or_set
    has_key = cache.has_key
    incr = cache.incr
    incr_version = cache.incr_version
    invalidate_tags = cache.invalidate_tags
    iter_keys = cache.iter_keys
    keys = cache.keys
    lock = cache.lock
    make_key = cache.make_key
    persist = cache.persist
    set = cache.set  # noqa: A001 - the name is Django's
    set_many = cache.set_many
    stats = cache.stats
    touch = cache.touch
    ttl = cache.ttl

__all__ = ["DEFAULT_TIMEOUT", "Cache", "CacheLock", "Store", "cache", "caches"]


globals().update({name: getattr(cache, name) for name in OPERATIONS})
