"""Every store has every operation, with the same parameters."""

from inspect import isfunction, signature

import pytest

from spruce.cache.database import DatabaseStore
from spruce.cache.dummy import DummyStore
from spruce.cache.memory import MemoryStore
from spruce.cache.near import NearStore
from spruce.cache.redisstore import RedisStore
from spruce.cache.stores import Store
from spruce.cache.wrappers import Forgiving

OPERATIONS = [name for name, value in vars(Store).items() if isfunction(value) and not name.startswith("_")]


@pytest.mark.parametrize("store", [DatabaseStore, DummyStore, MemoryStore, NearStore, RedisStore, Forgiving])
@pytest.mark.parametrize("name", OPERATIONS)
def test_stores_are_alike(store: type, name: str) -> None:
    assert signature(getattr(store, name)) == signature(getattr(Store, name))
