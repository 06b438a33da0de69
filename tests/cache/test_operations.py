"""What the cache does beside keeping: jitter, early and stale values, what it tells of, keys of one's own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spruce import events, green
from spruce.cache import Cache
from spruce.cache.memory import MemoryStore
from spruce.errors import CacheError


@pytest.fixture
def cache() -> Cache:
    return Cache(MemoryStore())


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What the hooks of the cache tell."""
    heard: list[dict[str, Any]] = []
    ends: list[Callable[[], None]] = [
        hook.subscribe(lambda event: heard.append({"event": event.name, **event.attributes}))
        for hook in (events.cache_used, events.cache_waited)
    ]
    yield heard
    for end in ends:
        end()


def test_each_operation_is_told_of(cache: Cache, told: list[dict[str, Any]]) -> None:
    cache.set("a", 1)
    cache.get("a")
    cache.get("b")
    cache.get_many(["a", "b"])
    cache.delete("a")
    cache.add("a", 1)
    cache.incr("a")
    cache.touch("a")
    cache.set_many({"c": 1})
    cache.clear()
    assert [(one["operation"], one["keys"], one["hits"]) for one in told] == [
        ("set", (":1:a",), None),
        ("get", (":1:a",), 1),
        ("get", (":1:b",), 0),
        ("get_many", (":1:a", ":1:b"), 1),
        ("delete", (":1:a",), 1),
        ("add", (":1:a",), 0),
        ("incr", (":1:a",), 1),
        ("touch", (":1:a",), 1),
        ("set_many", (":1:c",), None),
        ("clear", (":*",), None),
    ]
    assert {one["cache"] for one in told} == {"default"}


def test_who_waits_for_a_value_is_told_of(cache: Cache, told: list[dict[str, Any]]) -> None:
    green.gather(*[lambda: cache.get_or_set("key", lambda: green.sleep(0.01) or "made")] * 3)
    assert [(one["event"], one["key"]) for one in told if "key" in one] == [("cache.waited", "key")] * 2


def test_jitter_shortens_timeouts_each_a_little_differently(cache: Cache) -> None:
    for number in range(20):
        cache.get_or_set(f"key{number}", "value", timeout=100, jitter=0.5)
    times = [cache.ttl(f"key{number}") or 0 for number in range(20)]
    assert all(49 < seconds <= 100 for seconds in times)
    assert max(times) - min(times) > 1


def test_a_value_is_made_anew_early_when_that_pays(cache: Cache) -> None:
    calls: list[int] = []

    def make() -> int:
        calls.append(1)
        green.sleep(0.002)
        return len(calls)

    assert cache.get_or_set("key", make, timeout=100, early=1) == 1
    assert cache.get_or_set("key", make, timeout=100, early=1) == 1
    assert len(calls) == 1
    assert cache.get_or_set("key", make, timeout=100, early=1e9) == 1  # what is there, while it is made anew
    green.sleep(0.01)
    assert cache.get("key") == 2


def test_a_key_function_makes_the_keys_and_takes_away_patterns() -> None:
    store = MemoryStore()
    cache = Cache(store, prefix="app", key_function=lambda key, prefix, version: f"{key}@{prefix}.{version}")
    cache.set("key", 1)
    assert store.keys("*") == ["key@app.1"]
    with pytest.raises(CacheError) as cleared:
        cache.clear()
    assert str(cleared.value) == (
        "the cache 'default' cannot be cleared, since it has a KEY_FUNCTION. Nothing tells which keys are its own; "
        "raise its VERSION instead."
    )
    with pytest.raises(CacheError) as looked:
        cache.keys()
    assert str(looked.value) == (
        "the cache 'default' cannot look for keys, since it has a KEY_FUNCTION. Keys by pattern need the usual form, "
        "prefix:version:key."
    )


def test_clear_leaves_what_has_another_prefix() -> None:
    store = MemoryStore()
    one, other = Cache(store, prefix="a"), Cache(store, prefix="a:")
    literal = Cache(store, prefix="*")
    for cache in (one, other, literal):
        cache.set("key", 1)
    literal.clear()
    assert "key" in one
    assert "key" in other


def test_a_hit_in_memory_costs_few_calls(cache: Cache) -> None:
    import sys

    cache.set("key", "value")
    calls = []

    def count(frame: Any, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            calls.append(event)

    sys.setprofile(count)
    cache.get("key")
    sys.setprofile(None)
    assert len(calls) <= 9
