"""The cache in memory."""

import threading

import pytest
from tests.cache.contract import CacheContract

from spruce.cache import Cache
from spruce.cache.memory import MemoryStore
from spruce.cache.stores import MISSING
from spruce.errors import CacheValueError


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class TestMemory(CacheContract):
    @pytest.fixture
    def cache(self) -> Cache:
        return Cache(MemoryStore())


def test_a_value_goes_when_its_time_is_over() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    store.set("key", 1, 10)
    clock.now = 9.9
    assert store.get("key") == 1
    clock.now = 10
    assert store.get("key") is MISSING
    assert store.ttl("key") is MISSING
    assert store.keys("*") == []
    assert store.stats()["entries"] == 0
    assert store.add("key", 2, 1) is True


def test_the_least_recently_used_leaves_first() -> None:
    store = MemoryStore(max_entries=3)
    for key in "abc":
        store.set(key, key, None)
    store.get("a")
    store.set("d", "d", None)
    assert store.keys("*") == ["c", "a", "d"]
    assert store.stats() == {"entries": 3, "bytes": 3 * 202, "hits": 1, "misses": 0, "evicted": 1}


def test_bytes_are_bounded_and_counted_right_after_every_change() -> None:
    store = MemoryStore(max_bytes=1000)
    store.set("a", "x" * 300, None)
    store.set("b", "x" * 300, None)
    assert store.keys("*") == ["b"]
    store.set("b", "x", None)
    assert store.stats()["bytes"] == 202
    store.set("huge", "x" * 2000, None)
    assert store.get("huge") is MISSING
    store.delete(["b", "b"])
    assert store.stats()["bytes"] == 0


def test_a_value_that_is_too_large_takes_the_old_one_with_it() -> None:
    store = MemoryStore(max_bytes=1000)
    store.set("key", "old", None)
    store.set("key", "x" * 2000, None)
    assert store.get("key") is MISSING


def test_what_cannot_be_copied_is_refused() -> None:
    with pytest.raises(CacheValueError) as caught:
        MemoryStore().set("key", lambda: 1, None)
    assert str(caught.value).startswith("a value of the type function cannot be cached under 'key': ")
    assert caught.value.hint == "Cache plain data: texts, numbers, lists, dicts, dataclasses."


def test_several_os_threads_count_right() -> None:
    cache = Cache(MemoryStore())
    cache.set("n", 0)
    threads = [threading.Thread(target=lambda: [cache.incr("n") for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.get("n") == 2000


def test_os_threads_that_miss_the_same_key_have_it_made_once() -> None:
    cache, calls, found = Cache(MemoryStore()), [], []
    begin = threading.Barrier(4)
    made = threading.Event()

    def make() -> str:
        calls.append(1)
        made.wait(5)
        return "made"

    def ask() -> None:
        begin.wait()
        found.append(cache.get_or_set("key", make))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    begin.wait()
    made.set()
    for thread in threads:
        thread.join()
    assert found == ["made"] * 3
    assert calls == [1]
