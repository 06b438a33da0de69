"""Memory in front of another store: what is at hand, and what isn't. With Redis: tests/real/test_cache_redis.py."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spruce import green
from spruce.cache.memory import MemoryStore
from spruce.cache.near import NearStore
from spruce.errors import CacheUnavailable


class Far(MemoryStore):
    """A store that can be listened to, as Redis; `asked` are the keys that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.listeners: list[Callable[[list[str]], Any]] = []
        self.before_answer: Callable[[], object] = lambda: None
        self.ended = green.Event()

    def get_with_ttl(self, keys: list[str]) -> dict[str, tuple[Any, float | None]]:
        self.asked += keys
        found = {key: (value, self.ttl(key)) for key, value in self.get_many(keys).items()}
        self.before_answer()
        return found

    def publish(self, channel: str, keys: list[str]) -> None:
        for heard in self.listeners:
            heard(keys)

    def listen(self, channel: str, begin: Callable[[], Any], heard: Callable[[list[str]], Any], ping: float) -> None:
        begin()
        self.listeners.append(heard)
        self.ended.wait()
        raise CacheUnavailable("away")


@pytest.fixture
def far() -> Far:
    return Far()


@pytest.fixture
def near(far: Far) -> Iterator[NearStore]:
    store = NearStore(far, MemoryStore(), "changes")  # type: ignore[arg-type]  # as much of a RedisStore as is used
    store.get("so that it listens")
    green.sleep(0)
    yield store
    store.close()


def test_what_was_read_is_at_hand(far: Far, near: NearStore) -> None:
    far.set("a", 1, None)
    assert [near.get("a"), near.get("a")] == [1, 1]
    assert near.get_many(["a", "b"]) == {"a": 1}
    assert far.asked == ["a", "b"]
    assert near.stats()["near"]["entries"] == 1


def test_what_somebody_changes_is_not(far: Far, near: NearStore) -> None:
    near.set("a", 1, None)
    near.get("a")
    for change in (
        lambda: near.set("a", 2, None),
        lambda: near.set_many({"a": 3}, None),
        lambda: near.incr("a", 1),
        lambda: near.touch("a", 50),
        lambda: near.delete(["a"]),
        lambda: near.add("a", 5, None),
        lambda: near.clear("*"),
        lambda: far.publish("changes", ["a"]),
    ):
        change()
        assert near.stats()["near"]["entries"] == 0
        near.get("a")


def test_a_value_that_was_asked_for_before_a_change_is_not_kept(far: Far, near: NearStore) -> None:
    far.set("a", "old", None)
    far.before_answer = lambda: far.publish("changes", ["a"])
    assert near.get("a") == "old"
    far.before_answer = lambda: None
    far.set("a", "new", None)
    assert near.get("a") == "new"


def test_a_value_is_at_hand_no_longer_than_it_is_kept(far: Far, near: NearStore) -> None:
    far.set("short", 1, 5)
    far.set("long", 1, None)
    near.get_many(["short", "long"])
    assert 4 < (near._near.ttl("short") or 0) <= 5
    assert 29 < (near._near.ttl("long") or 0) <= 30


def test_nothing_is_at_hand_when_it_cannot_listen(far: Far, near: NearStore) -> None:
    far.set("a", 1, None)
    near.get("a")
    far.ended.send()
    green.sleep(0.001)
    assert near.stats()["near"]["entries"] == 0
    far.set("a", 2, None)
    assert near.get("a") == 2
    assert near.stats()["near"]["entries"] == 0
