"""A value is made once, also where several processes share a store; here each has a Maker of its own."""

import pytest

from spruce import green
from spruce.cache.making import LEASE_SECONDS, Maker
from spruce.cache.memory import MemoryStore


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def making(store: MemoryStore, maker: Maker, calls: list[int], seconds: float = 0.01) -> str:
    def make() -> str:
        calls.append(1)
        green.sleep(seconds)
        store.set("key", "made", None)
        return "made"

    found: str = maker.make("key", make, lambda: store.get("key"))
    return found


def test_of_several_makers_with_one_store_one_makes() -> None:
    store, calls = MemoryStore(), []  # type: ignore[var-annotated]  # of ints
    makers = [Maker(store, shared=True) for _ in range(3)]
    jobs = [lambda maker=maker: making(store, maker, calls) for maker in makers for _ in range(3)]
    assert green.gather(*jobs) == ["made"] * 9
    assert calls == [1]
    assert store.keys("*") == ["key"]


def test_where_nobody_shares_the_store_there_is_no_lease() -> None:
    store, calls = MemoryStore(), []  # type: ignore[var-annotated]  # of ints
    seen = green.spawn(lambda: green.sleep(0.001) or store.keys("*"))
    assert making(store, Maker(store, shared=False), calls) == "made"
    assert seen.wait() == []


def test_the_lease_of_one_that_died_runs_out() -> None:
    clock = Clock()
    store, calls = MemoryStore(clock=clock), []  # type: ignore[var-annotated]  # of ints
    store.add("key:lease", "of one that died", LEASE_SECONDS)
    waiting = green.spawn(making, store, Maker(store, shared=True), calls)
    green.sleep(0.02)
    assert calls == []
    clock.now = LEASE_SECONDS
    assert waiting.wait() == "made"
    assert calls == [1]


def test_a_refresh_that_fails_is_logged_and_leaves_no_lease(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    maker = Maker(store, shared=True)
    maker.refresh("key", lambda: 1 / 0)
    while not caplog.records:
        green.sleep(0)
    assert caplog.records[0].message == "'key' could not be made anew; the stale value is used on"
    while maker.flights.busy("key"):
        green.sleep(0)
    assert store.keys("*") == []


def test_a_refresh_happens_once_at_a_time() -> None:
    calls: list[int] = []
    maker = Maker(MemoryStore(), shared=False)
    for _ in range(3):
        maker.refresh("key", lambda: calls.append(1) or green.sleep(0.005))
        green.sleep(0)
    while maker.flights.busy("key"):
        green.sleep(0.001)
    assert calls == [1]
