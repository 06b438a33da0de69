"""The setting CACHES: what it takes, and what it says of what it doesn't."""

from typing import Any

import pytest

from spruce import config
from spruce.cache import cache, caches
from spruce.cache.caches import Caches
from spruce.cache.database import DatabaseStore
from spruce.cache.dummy import DummyStore
from spruce.cache.memory import MemoryStore
from spruce.cache.near import NearStore
from spruce.cache.redisstore import RedisStore
from spruce.errors import ConfigError


@pytest.mark.parametrize(
    ("described", "store"),
    [
        ("memory://", MemoryStore),
        ("dummy://", DummyStore),
        ("database://default", DatabaseStore),
        ("redis://127.0.0.1:6379/1", RedisStore),
        ("rediss://127.0.0.1:6379/1", RedisStore),
        ("valkey://127.0.0.1:6379/1", RedisStore),
        ("unix:///run/redis.sock", RedisStore),
        ("redis+sentinel://one,two:26380/mymaster/0", RedisStore),
        ("near+redis://127.0.0.1:6379/1", NearStore),
        ({"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "x"}, MemoryStore),
        ({"BACKEND": "django.core.cache.backends.dummy.DummyCache"}, DummyStore),
        ({"BACKEND": "django.core.cache.backends.db.DatabaseCache"}, DatabaseStore),
        (
            {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": ["redis://a", "redis://b"]},
            RedisStore,
        ),
        (
            {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://a", "OPTIONS": {"PASSWORD": "x"}},
            RedisStore,
        ),
    ],
    ids=str,
)
def test_urls_and_dicts_make_stores(described: Any, store: type) -> None:
    assert type(Caches({"default": described})["default"]._raw) is store


@pytest.mark.parametrize("about", [{"PASSWORD": "p@ss"}, {"OPTIONS": {"PASSWORD": "p@ss"}}])
def test_a_password_may_be_at_the_top_or_among_the_options(about: dict[str, Any]) -> None:
    made = Caches({"default": {"LOCATION": "redis://127.0.0.1:6379/1", **about}})["default"]
    assert made._raw.server.url == "redis://:p%40ss@127.0.0.1:6379/1"  # type: ignore[attr-defined]  # of this kind of store
    assert "p%40ss" not in repr(made._raw.server)  # type: ignore[attr-defined]  # of this kind of store


def test_a_dict_sets_all_that_djangos_does() -> None:
    made = Caches(
        {
            "default": {
                "LOCATION": "memory://",
                "TIMEOUT": None,
                "KEY_PREFIX": "shop",
                "VERSION": 3,
                "OPTIONS": {"MAX_ENTRIES": 5},
            }
        }
    )["default"]
    assert (made.timeout, made.prefix, made.version) == (None, "shop", 3)
    assert made.make_key("key") == "shop:3:key"
    assert made._raw.max_entries == 5  # type: ignore[attr-defined]  # of this kind of store


@pytest.mark.parametrize(
    ("described", "text"),
    [
        (5, "CACHES['default'] is 5. Write a URL, as \"redis://127.0.0.1:6379/0\", or a dict."),
        (
            "redsi://host",
            "CACHES['default'] is 'redsi://host', which is no URL of a cache; did you mean 'redis'? Examples: "
            "memory://, redis://127.0.0.1:6379/0, near+redis://…, database://default, dummy://",
        ),
        (
            {"BACKEND": "x.LocmemCache"},
            "CACHES['default'] has the BACKEND 'x.LocmemCache', which Spruce doesn't know; did you mean 'LocMemCache'? "
            "Names: LocMemCache, MemoryCache, DummyCache, DatabaseCache, RedisCache, NearCache; or leave BACKEND out "
            "and write a URL as LOCATION.",
        ),
        (
            {"LOCATION": "memory://", "TIMEOUTS": 5},
            "CACHES['default'] has 'TIMEOUTS'; did you mean 'TIMEOUT'? Keys: BACKEND, LOCATION, TIMEOUT, KEY_PREFIX, "
            "VERSION, KEY_FUNCTION, OPTIONS, PASSWORD.",
        ),
        (
            {"LOCATION": "memory://", "OPTIONS": {"MAX_ENTRY": 5}},
            "CACHES['default'] has the option 'MAX_ENTRY'; did you mean 'MAX_ENTRIES'? Options: MAX_ENTRIES, "
            "MAX_BYTES, SERIALIZER.",
        ),
        (
            {"LOCATION": "redis://host", "OPTIONS": {"SERIALIZER": "no.such.Thing"}},
            "CACHES['default'] names 'no.such.Thing', which cannot be imported: No module named 'no'",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(described: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _ = Caches({"default": described})["default"]
    assert str(caught.value) == text


def test_an_unknown_alias_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        _ = Caches({"pages": "memory://"})["page"]
    assert str(caught.value) == ("there is no cache 'page' in CACHES; did you mean 'pages'? Aliases: default, pages.")


def test_cache_and_caches_are_those_of_the_settings_that_hold() -> None:
    for number in (1, 2):
        token = config.use(config.Settings(CACHES={"other": "dummy://"}))
        assert "key" not in cache
        cache.set("key", number)
        assert cache.get("key") == caches["default"].get("key") == number
        assert list(caches) == ["default", "other"]
        assert repr(cache) == "<cache: <Cache 'default' in MemoryStore>>"
        caches.close_all()
        config.leave(token)


def test_the_package_does_what_the_default_cache_does() -> None:
    from spruce import cache as package

    package.set("key", 5)
    assert package.get("key") == cache.get("key") == 5
