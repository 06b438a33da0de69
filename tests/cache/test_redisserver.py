"""Servers that are not there, and URLs. With a server: tests/real/test_cache_redis.py."""

import socket
import threading

import pytest

from spruce.cache.redisserver import RedisServer
from spruce.errors import CacheUnavailable, ConfigError


def test_a_server_that_is_not_there_is_asked_once(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = RedisServer(f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
        for _ in range(3):
            with pytest.raises(CacheUnavailable, match="does not answer"):
                server.execute("GET", "key")
        assert server.stats() == {"open": True, "trips": 1, "waiting": 0}
        server.close()
    assert len(caplog.records) == 1


def test_what_is_closed_is_closed_when_close_returns() -> None:
    """And not some turns of a loop later, which may never come."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = threading.Event()

        def serve() -> None:
            with listener.accept()[0] as client:
                while client.recv(65536):
                    client.sendall(b"+OK\r\n")
            gone.set()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        server = RedisServer(f"redis://127.0.0.1:{listener.getsockname()[1]}/0?protocol=2")
        server.execute("SET", "key", "1")
        server.close()
        assert gone.wait(10)  # in which this OS thread, and so the loop, stands still
        thread.join()


def test_passwords_are_not_shown() -> None:
    server = RedisServer("redis://user:secret@127.0.0.1:6379/0")
    assert repr(server) == "<RedisServer redis://***@127.0.0.1:6379/0>"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("redis://:secret@host:port/0", "redis://***@host:port/0"),
        ("redis+sentinel://one,two", "after the hosts, a sentinel's URL has the name of the master"),
        ("http://host", "Redis URL must specify one of the following schemes"),
    ],
)
def test_a_wrong_url_is_refused_at_once(url: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RedisServer(url)
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.hint == "An example: redis://:password@127.0.0.1:6379/0"


def test_a_sentinels_url_names_its_hosts_the_master_and_the_database() -> None:
    client = RedisServer("redis+sentinel://:pass@one,two:26380/mymaster/3")._make_client()
    pool = client.connection_pool
    assert pool.service_name == "mymaster"
    assert pool.connection_kwargs["db"] == 3
    assert pool.connection_kwargs["password"] == "pass"
    hosts = [one.connection_pool.connection_kwargs for one in pool.sentinel_manager.sentinels]
    assert [(host["host"], host["port"]) for host in hosts] == [("one", 26379), ("two", 26380)]
