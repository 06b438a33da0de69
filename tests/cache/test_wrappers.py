"""What is forgiven, and what is made up for when the store answers again."""

from collections.abc import Iterable
from typing import Any

import pytest

from spruce import events
from spruce.cache.memory import MemoryStore
from spruce.cache.stores import MISSING
from spruce.cache.wrappers import Forgiving, Told
from spruce.errors import CacheUnavailable


class Fallible(MemoryStore):
    """A store that fails while `away`."""

    away = False

    def _check(self) -> None:
        if self.away:
            raise CacheUnavailable("away")

    def get(self, key: str) -> Any:
        self._check()
        return super().get(key)

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        self._check()
        super().set(key, value, ttl)

    def incr(self, key: str, delta: int) -> int:
        self._check()
        return super().incr(key, delta)

    def delete(self, keys: Iterable[str]) -> int:
        self._check()
        return super().delete(keys)

    def clear(self, pattern: str) -> None:
        self._check()
        super().clear(pattern)


@pytest.fixture
def far() -> Fallible:
    return Fallible()


@pytest.fixture
def store(far: Fallible) -> Forgiving:
    return Forgiving(far, "*")


def test_old_values_do_not_come_back_after_a_failure(far: Fallible, store: Forgiving) -> None:
    for key in ("set", "many", "deleted", "kept"):
        store.set(key, "old", None)
    store.set("number", 1, None)
    far.away = True
    store.set("set", "new", None)
    store.set_many({"many": "new"}, None)
    assert store.delete(["deleted"]) == 0
    with pytest.raises(ValueError, match="nothing can be added to 'number': the store does not answer"):
        store.incr("number", 1)
    assert store.get("kept") is MISSING
    assert store.stats()["pending"] == 4
    assert store.stats()["failures"] == 5
    far.away = False
    assert store.get("set") is MISSING
    assert store.get_many(["set", "many", "deleted", "number", "kept"]) == {"kept": "old"}
    assert store.stats()["pending"] == 0


def test_a_key_that_fails_again_while_it_is_made_up_for_stays_pending(far: Fallible, store: Forgiving) -> None:
    far.away = True
    store.set("key", "new", None)

    original = far.delete

    def delete(keys: Iterable[str]) -> int:
        count = original(keys)
        far.delete = original  # type: ignore[method-assign]  # once
        far.away = True
        store.set("key", "newer", None)
        far.away = False
        return count

    far.away = False
    far.delete = delete  # type: ignore[method-assign]  # for one call
    store.get("other")
    assert store.stats()["pending"] == 1


def test_a_clear_that_failed_is_made_up_for(far: Fallible, store: Forgiving) -> None:
    store.set("key", 1, None)
    far.away = True
    store.clear("*")
    far.away = False
    assert store.get("key") is MISSING
    store.set("key", 2, None)
    assert store.get("key") == 2


def test_when_too_much_is_pending_everything_goes(
    far: Fallible, store: Forgiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Forgiving, "PENDING", 3)
    store.set("untouched", 1, None)
    far.away = True
    for number in range(5):
        store.set(str(number), number, None)
    far.away = False
    assert store.get("untouched") is MISSING


def test_what_is_not_told_of_is_passed_on() -> None:
    store = Told(MemoryStore(), "default")
    told: list[Any] = []
    end = events.cache_used.subscribe(told.append)
    assert store.keys("*") == []
    end()
    assert told == []
