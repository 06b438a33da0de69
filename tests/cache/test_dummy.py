"""The cache that keeps nothing."""

import pytest

from spruce.cache import Cache
from spruce.cache.dummy import DummyStore


def test_it_takes_everything_and_has_nothing() -> None:
    cache = Cache(DummyStore())
    cache.set("key", 1)
    cache.set_many({"key": 1})
    assert cache.add("key", 1) is True
    assert cache.get("key") is None
    assert cache.get_many(["key"]) == {}
    assert cache.get_or_set("key", lambda: 5) == 5
    assert cache.delete("key") is False
    assert cache.touch("key") is False
    assert cache.ttl("key") == 0
    assert cache.keys() == []
    cache.clear()
    with pytest.raises(ValueError, match="there is no key ':1:key' to add to"):
        cache.incr("key")
    assert cache.stats() == {"making": 0}
    cache.close()


def test_a_lock_can_be_taken_and_given_back() -> None:
    with Cache(DummyStore()).lock("job") as lock:
        lock.extend()
