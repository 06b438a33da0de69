"""What every cache must do, whatever it is kept in; test modules subclass it and give the fixture `cache`."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from spruce import green
from spruce.cache import Cache
from spruce.errors import CacheError, LockNotHeld

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -17,
    10**30,
    1.5,
    "",
    "17",
    "熊猫",
    b"",
    b"\xc1\x00",
    [1, [2, {"a": None}]],
    {"key": (1, 2), 3: {4}, ("a", 1): "tuple"},
    frozenset({1, 2}),
    Decimal("1.50"),
    uuid.UUID(int=7),
    dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
    dt.date(2026, 1, 2),
    dt.time(3, 4),
    dt.timedelta(days=1, microseconds=2),
]


class CacheContract:
    """The tests."""

    @pytest.mark.parametrize("value", VALUES, ids=repr)
    def test_a_value_comes_back_equal_and_of_the_same_type(self, cache: Cache, value: Any) -> None:
        cache.set("key", value)
        found = cache.get("key", "missing")
        assert found == value
        assert type(found) is type(value)

    def test_a_missing_key_is_none_or_the_default(self, cache: Cache) -> None:
        assert cache.get("missing") is None
        assert cache.get("missing", 5) == 5

    def test_a_stored_none_differs_from_a_miss(self, cache: Cache) -> None:
        cache.set("none", None)
        assert cache.get("none", "default") is None
        assert "none" in cache
        assert not cache.has_key("missing")

    def test_what_is_changed_afterwards_does_not_change_what_is_stored(self, cache: Cache) -> None:
        value = [1]
        cache.set("list", value)
        value.append(2)
        cache.get("list").append(3)
        assert cache.get("list") == [1]

    def test_add_keeps_what_is_there(self, cache: Cache) -> None:
        assert cache.add("key", 1) is True
        assert cache.add("key", 2) is False
        assert cache.get("key") == 1

    def test_delete_says_whether_the_key_was_there(self, cache: Cache) -> None:
        cache.set("key", 1)
        assert cache.delete("key") is True
        assert cache.delete("key") is False

    def test_several_at_once(self, cache: Cache) -> None:
        assert cache.set_many({"a": 1, "b": None, "c": "3"}) == []
        assert cache.get_many(["a", "b", "c", "d"]) == {"a": 1, "b": None, "c": "3"}
        assert cache.delete_many(["a", "d"]) == 1
        assert cache.get_many(["a"]) == {}
        assert cache.delete_many([]) == 0

    def test_a_timeout_that_is_not_positive_does_not_keep(self, cache: Cache) -> None:
        cache.set("key", 1)
        cache.set("key", 2, timeout=0)
        assert "key" not in cache
        assert cache.add("key", 3, timeout=-1) is True
        cache.set_many({"key": 4}, timeout=0)
        assert "key" not in cache
        cache.set("key", 5)
        assert cache.touch("key", 0) is True
        assert "key" not in cache

    def test_times_to_live(self, cache: Cache) -> None:
        cache.set("short", 1, timeout=100)
        cache.set("for ever", 1, timeout=None)
        cache.set("default", 1)
        assert 98 < (cache.ttl("short") or 0) <= 100
        assert cache.ttl("for ever") is None
        assert 298 < (cache.ttl("default") or 0) <= 300
        assert cache.ttl("missing") == 0

    def test_touch_expire_and_persist(self, cache: Cache) -> None:
        cache.set("key", 1, timeout=10)
        assert cache.touch("key", 100) is True
        assert 98 < (cache.ttl("key") or 0) <= 100
        assert cache.expire("key", 50) is True
        assert 48 < (cache.ttl("key") or 0) <= 50
        assert cache.persist("key") is True
        assert cache.persist("key") is True
        assert cache.ttl("key") is None
        assert cache.touch("missing") is False
        assert cache.persist("missing") is False

    def test_whole_numbers_are_added_to_and_keep_their_time(self, cache: Cache) -> None:
        cache.set("n", 40, timeout=50)
        assert cache.incr("n") == 41
        assert cache.incr("n", 10) == 51
        assert cache.decr("n", 60) == -9
        assert cache.get("n") == -9
        assert 48 < (cache.ttl("n") or 0) <= 50

    def test_adding_to_what_is_missing_or_no_number_is_an_error(self, cache: Cache) -> None:
        with pytest.raises(ValueError, match="there is no key ':1:missing' to add to"):
            cache.incr("missing")
        cache.set("text", "x")
        with pytest.raises(ValueError, match="the value of ':1:text' is no whole number"):
            cache.incr("text")

    def test_versions_do_not_see_each_other(self, cache: Cache) -> None:
        cache.set("key", "one")
        cache.set("key", "two", version=2)
        assert (cache.get("key"), cache.get("key", version=2)) == ("one", "two")
        assert cache.incr_version("key", 4) == 5
        assert (cache.get("key"), cache.get("key", version=5)) == (None, "one")
        assert cache.decr_version("key", version=5) == 4
        assert cache.get("key", version=4) == "one"
        with pytest.raises(ValueError, match="there is no key 'key' in version 9"):
            cache.incr_version("key", version=9)

    def test_keys_by_pattern(self, cache: Cache) -> None:
        cache.set_many({"user:1": 1, "user:2": 2, "other": 3, "a*b": 4, "axb": 5})
        cache.set("user:3", 3, version=2)
        assert sorted(cache.keys("user:*")) == ["user:1", "user:2"]
        assert sorted(cache.iter_keys("a[*]b")) == ["a*b"]
        assert cache.delete_pattern("user:?") == 2
        assert sorted(cache.keys()) == ["a*b", "axb", "other"]

    def test_clear_empties_all_versions(self, cache: Cache) -> None:
        cache.set("key", 1)
        cache.set("key", 1, version=2)
        cache.clear()
        assert (cache.get("key"), cache.get("key", version=2)) == (None, None)

    def test_long_and_odd_keys(self, cache: Cache) -> None:
        for number, key in enumerate(["x" * 1000, "with space", "熊猫", "", "new\nline"]):
            cache.set(key, number)
            assert cache.get(key) == number
        assert cache.delete("x" * 1000) is True

    # Made when missing

    def test_get_or_set_makes_what_is_missing_and_nothing_else(self, cache: Cache) -> None:
        calls: list[int] = []
        assert cache.get_or_set("key", lambda: calls.append(1) or "made") == "made"
        assert cache.get_or_set("key", lambda: calls.append(1) or "again") == "made"
        assert cache.get_or_set("plain", 5) == 5
        assert calls == [1]

    def test_a_none_that_was_made_is_kept_as_long_as_negative_says(self, cache: Cache) -> None:
        calls: list[int] = []
        for _ in range(2):
            assert cache.get_or_set("none", lambda: calls.append(1), timeout=300, negative=50) is None
        assert calls == [1]
        assert 48 < (cache.ttl("none") or 0) <= 50

    def test_many_that_miss_a_key_have_it_made_once(self, cache: Cache) -> None:
        calls: list[int] = []

        def make() -> list[int]:
            calls.append(1)
            green.sleep(0.02)
            return [1, 2]

        found = green.gather(*[lambda: cache.get_or_set("key", make) for _ in range(50)])
        assert found == [[1, 2]] * 50
        assert calls == [1]
        assert len({id(value) for value in found}) == 50  # nobody shares a list with anybody

    def test_an_error_while_making_reaches_all_who_wait_and_nothing_is_kept(self, cache: Cache) -> None:
        def fail() -> None:
            green.sleep(0.01)
            raise LookupError("no such page")

        def ask() -> str:
            with pytest.raises(LookupError, match="no such page"):
                cache.get_or_set("key", fail)
            return "failed"

        assert green.gather(*[ask] * 5) == ["failed"] * 5
        assert cache.get_or_set("key", 1) == 1

    def test_when_the_maker_is_killed_another_takes_over(self, cache: Cache) -> None:
        started = green.Event()

        def never() -> None:
            started.send()
            green.sleep(100)

        maker = green.spawn(cache.get_or_set, "key", never)
        started.wait()
        waiting = green.spawn(cache.get_or_set, "key", lambda: "by another")
        green.sleep(0.01)
        maker.kill()
        assert waiting.wait() == "by another"

    def test_a_value_that_needs_itself_is_made_in_a_detour(self, cache: Cache) -> None:
        assert cache.get_or_set("key", lambda: cache.get_or_set("key", lambda: 1)) == 1

    def test_tags(self, cache: Cache) -> None:
        cache.set("page", "text", tags=["product:1", "home"])
        cache.set("other", "text", tags=["home"])
        cache.set("plain", "text")
        cache.invalidate_tags("product:1")
        assert cache.get_many(["page", "other", "plain"]) == {"other": "text", "plain": "text"}
        assert cache.get("page") is None
        assert cache.get_or_set("page", "new", tags=["product:1"]) == "new"
        assert cache.get_or_set("page", "newer") == "new"
        cache.invalidate_tags("product:1", "home")
        assert cache.get_many(["page", "other"]) == {}

    def test_a_tag_that_is_invalidated_while_the_value_is_made_counts(self, cache: Cache) -> None:
        def make() -> str:
            cache.invalidate_tags("product:1")
            return "of old data"

        assert cache.get_or_set("page", make, tags=["product:1"]) == "of old data"
        assert cache.get("page") is None

    def test_one_text_as_tags_is_refused(self, cache: Cache) -> None:
        with pytest.raises(CacheError) as caught:
            cache.set("key", 1, tags="home")
        assert str(caught.value) == "tags='home' is one text, and tags are several. Write tags=['home']."

    # Locks

    def test_a_lock_has_one_holder(self, cache: Cache) -> None:
        inside: list[int] = []

        def work(number: int) -> None:
            with cache.lock("job"):
                assert inside == []
                inside.append(number)
                green.sleep(0.002)
                inside.remove(number)

        green.gather(*[lambda number=number: work(number) for number in range(5)])
        assert not cache.lock("job").locked()

    def test_a_lock_that_is_not_got_in_time(self, cache: Cache) -> None:
        with cache.lock("job", timeout=50) as held:
            assert held.locked()
            assert held.owned()
            assert cache.lock("job").acquire(blocking=False) is False
            assert cache.lock("job", blocking_timeout=0.01).acquire() is False
            with pytest.raises(LockNotHeld) as caught, cache.lock("job", blocking_timeout=0.01):
                pass
            held.extend()
        assert str(caught.value) == (
            "the lock 'job' was not got within 0.01 s. Who holds it takes longer; raise blocking_timeout, or do "
            "without and try later."
        )

    def test_a_lock_that_was_lost_says_so_when_it_is_given_back(self, cache: Cache) -> None:
        lock = cache.lock("job", timeout=30)
        lock.acquire()
        cache.lock("job")._store.delete([f"{cache.prefix}:lock:job"])
        assert not lock.owned()
        with pytest.raises(LockNotHeld, match="the lock 'job' was prolonged but is not held here"):
            lock.extend()
        with pytest.raises(LockNotHeld) as caught:
            lock.release()
        assert str(caught.value) == (
            "the lock 'job' was given back but is not held here. It may have run out after 30 s: give it a longer "
            "timeout, or extend() it on the way."
        )
