"""A store whose server is not there. With a server: tests/real/test_cache_redis.py."""

import socket
from collections.abc import Callable, Iterator

import pytest

from spruce.cache.redisserver import RedisServer
from spruce.cache.redisstore import RedisStore
from spruce.cache.serializers import Codec, MsgpackSerializer
from spruce.errors import CacheUnavailable, CacheValueError


@pytest.fixture
def store() -> Iterator[RedisStore]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{unused.getsockname()[1]}/0"
        store = RedisStore(RedisServer(url), Codec(MsgpackSerializer()))
        yield store
        store.close()


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.get("key"),
        lambda store: store.get_many(["key"]),
        lambda store: store.set("key", 1, None),
        lambda store: store.set_many({"key": 1}, 5),
        lambda store: store.add("key", 1, 5),
        lambda store: store.delete(["key"]),
        lambda store: store.delete_if("key", "x"),
        lambda store: store.touch("key", None),
        lambda store: store.touch_if("key", "x", 5),
        lambda store: store.incr("key", 1),
        lambda store: store.ttl("key"),
        lambda store: store.keys("*"),
        lambda store: store.clear("*"),
        lambda store: store.get_with_ttl(["key"]),
        lambda store: store.publish("channel", ["key"]),
    ],
)
def test_every_call_says_that_the_server_does_not_answer(
    store: RedisStore, use: Callable[[RedisStore], object]
) -> None:
    with pytest.raises(CacheUnavailable, match="does not answer"):
        use(store)


def test_nothing_is_asked_for_no_keys_or_for_what_has_no_form(store: RedisStore) -> None:
    assert store.get_many([]) == {}
    assert store.delete([]) == 0
    with pytest.raises(CacheValueError):
        store.set("key", object(), None)
