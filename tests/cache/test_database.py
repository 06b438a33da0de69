"""The cache in a table."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cache.contract import CacheContract

from spruce import config, db
from spruce.cache import Cache
from spruce.cache.database import CacheEntry, DatabaseStore
from spruce.cache.serializers import Codec, MsgpackSerializer
from spruce.cache.stores import MISSING


@pytest.fixture(autouse=True)
def _database(tmp_path: Path) -> Iterator[None]:
    """A database without any table."""
    settings = config.Settings(DATABASES={"default": f"sqlite:///{tmp_path / 'cache.db'}"})
    token = config.use(settings)
    yield
    db.databases.current().close()
    config.leave(token)


def store() -> DatabaseStore:
    return DatabaseStore(Codec(MsgpackSerializer()), "default")


class TestDatabase(CacheContract):
    @pytest.fixture
    def cache(self) -> Cache:
        return Cache(store(), shared=True)


def test_a_rollback_takes_back_what_was_written_and_the_table_too() -> None:
    cache = Cache(store())

    @db.atomic()
    def fail() -> None:
        cache.set("key", 1)
        assert cache.get("key") == 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert cache.get("key") is None
    cache.set("key", 2)
    assert cache.get("key") == 2


def test_a_value_goes_when_its_time_is_over() -> None:
    kept = store()
    kept.set("key", 1, 10)
    CacheEntry.objects.update(expires=1.0)
    assert kept.get("key") is MISSING
    assert kept.stats() == {"entries": 0}
    assert kept.add("key", 2, None) is True
    assert kept.get("key") == 2


def test_what_is_over_and_what_is_too_much_leaves_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spruce.cache.database._CULL_EVERY", 1)
    kept = DatabaseStore(Codec(MsgpackSerializer()), "default", max_entries=10)
    kept.set("over", 1, 0.0001)
    for number in range(15):
        kept.set(f"key{number:02}", number, 100 + number)
    names = kept.keys("*")
    assert "over" not in names
    assert len(names) <= 11
    assert names[-1] == "key14"
