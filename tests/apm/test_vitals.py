"""How a worker is."""

import os
from pathlib import Path

from spruce import cache, config, green
from spruce.apm import Client
from spruce.apm.flights import Flights
from spruce.apm.history import History
from spruce.apm.vitals import Vitals
from spruce.config import Settings


def settings(tmp_path: Path) -> Settings:
    return Settings({"DATABASES": {"default": f"sqlite:///{tmp_path / 'a.db'}"}, "CACHES": {"default": "memory://"}})


def test_memory_pools_and_caches_are_told(tmp_path: Path) -> None:
    known = settings(tmp_path)

    def main() -> None:
        vitals = Vitals(known, lambda: 0)
        token = config.use(known)
        try:
            cache.set("a", 1)
            cache.get("a")
            cache.get("b")
        finally:
            config.leave(token)
        found = vitals.read()
        assert found["memory"] > 1_000_000
        assert found["caches"]["default"]["hits"] == found["caches"]["default"]["misses"] == 1
        assert found["threads"] >= 1

    green.run(lambda: green.spawn(main).wait())


def test_rates_are_since_the_last_reading_and_the_worst_lag_is_told(tmp_path: Path) -> None:
    vitals = Vitals(settings(tmp_path), lambda: ended)
    ended = 0
    assert vitals.read()["lag"] == 0.0
    for late in (0.01, 0.2, -0.1):
        vitals.was_late(late)
    ended = 5
    found = vitals.read()
    assert (found["lag"], found["rate"] > 0) == (0.2, True)
    assert vitals.read()["rate"] == 0.0
    for _ in range(10):
        vitals.was_late(0.0)
    assert vitals.read()["lag"] == 0.0


def test_a_cache_that_cannot_be_made_is_left_out() -> None:
    assert Vitals(Settings({"CACHES": {"default": "nonsense://"}}), lambda: 0).read()["caches"] == {}


def test_a_snapshot_has_them(client: Client, tmp_path: Path) -> None:
    flights = Flights(History(tmp_path / "viewer.db"), Vitals(settings(tmp_path), lambda: 0))
    snapshot = flights.snapshot()
    assert (snapshot["pid"], snapshot["vitals"]["pools"]) == (os.getpid(), snapshot["vitals"]["pools"])
    assert set(snapshot["vitals"]) == {"memory", "cpu", "rate", "lag", "threads", "ready", "pools", "caches"}
