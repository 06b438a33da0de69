"""The cache in a real Redis: what every cache does, several processes, a server that dies, freezes or fills up."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.cache.contract import CacheContract
from tests.real.redisprogram import redis_program

from spruce import green
from spruce.cache import Cache
from spruce.cache.caches import Caches
from spruce.errors import CacheUnavailable, ConfigError


class Server:
    """A Redis of our own, which may be stopped and started again on its port."""

    def __init__(self, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.options = options
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [redis_program(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen([*command, *self.options], stdout=subprocess.DEVNULL)
        for _ in range(1000):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.01)
        raise AssertionError("Redis did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def command(self, *words: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(" ".join(words).encode() + b"\r\n")
            return connection.recv(1000)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.kill()


@pytest.fixture
def own() -> Iterator[Callable[..., Server]]:
    """Makes servers that a test may stop and harm; they end with it, however it ends."""
    made: list[Server] = []

    def start(*options: str) -> Server:
        made.append(Server(*options))
        return made[-1]

    yield start
    for server in made:
        server.kill()


def cache_of(server: Server, **options: object) -> Cache:
    return Caches({"default": {"LOCATION": server.url, "OPTIONS": options}})["default"]


class TestRedis(CacheContract):
    @pytest.fixture
    def cache(self, server: Server) -> Iterator[Cache]:
        server.command("FLUSHALL")
        cache = cache_of(server)
        yield cache
        cache.close()


class TestNear(CacheContract):
    @pytest.fixture
    def cache(self, server: Server) -> Iterator[Cache]:
        server.command("FLUSHALL")
        cache = Caches({"default": f"near+{server.url}"})["default"]
        cache.get("so that it listens")
        wait_until(lambda: cache._raw._listening())
        yield cache
        cache.close()


def wait_until(fits: Callable[[], object]) -> None:
    """Let others run until something is so; it fails after 5 s."""
    with green.Timeout(5):
        while not fits():
            green.sleep(0.002)


def test_what_others_change_is_not_at_hand_any_more(server: Server) -> None:
    mine, others = (Caches({"default": f"near+{server.url}"})["default"] for _ in range(2))
    with contextlib.closing(mine), contextlib.closing(others):
        mine.get("key")
        wait_until(lambda: mine._raw._listening())
        others.set("key", 1)
        wait_until(lambda: mine.get("key") == 1 and mine.stats()["near"]["hits"] == 1)
        others.set("key", 2)
        wait_until(lambda: mine.get("key") == 2)
        others.clear()
        wait_until(lambda: mine.get("key") is None)


def test_nothing_is_at_hand_while_the_server_is_away(own: Callable[..., Server]) -> None:
    server = own()
    cache = Caches({"default": f"near+{server.url}"})["default"]
    with contextlib.closing(cache):
        cache.set("key", 1)
        wait_until(lambda: cache.get("key") == 1 and cache._raw._listening())
        cache.get("key")
        server.kill()
        wait_until(lambda: not cache._raw._listening())
        assert cache.get("key") is None
        server.start()
        wait_until(lambda: cache.get("key") is None and cache._raw._listening())


def test_a_dead_server_makes_values_missing_and_nothing_else(
    own: Callable[..., Server], caplog: pytest.LogCaptureFixture
) -> None:
    server = own()
    cache = cache_of(server)
    with contextlib.closing(cache):
        cache.set("key", "old")
        server.kill()
        assert cache.get("key") is None
        assert cache.get_many(["key"]) == {}
        cache.set("key", "new")
        assert cache.add("key", 1) is True
        assert cache.delete("other") is False
        assert cache.touch("key") is False
        assert cache.ttl("key") == 0
        assert cache.get_or_set("key", lambda: "made") == "made"
        with pytest.raises(ValueError, match="nothing can be added to ':1:key': the store does not answer"):
            cache.incr("key")
        with pytest.raises(CacheUnavailable):
            cache.strict.get("key")
        with pytest.raises(CacheUnavailable), cache.lock("job"):
            pass
        assert cache.stats()["open"] is True
        assert cache.stats()["trips"] == 1
        server.start()
        wait_until(lambda: not cache.stats()["open"] or cache.get("key"))
        assert cache.add("key", 1) is True
    texts = [record.message for record in caplog.records]
    assert len([text for text in texts if "does not answer, so what it keeps counts as missing" in text]) == 1
    assert texts[-1].endswith("answers again")


def test_a_frozen_server_costs_one_timeout_and_then_nothing(own: Callable[..., Server]) -> None:
    server = own()
    cache = cache_of(server, SOCKET_TIMEOUT=0.2)
    with contextlib.closing(cache):
        cache.set("key", "old")
        os.kill(server.process.pid, signal.SIGSTOP)
        waited = []
        for _ in range(20):
            start = time.perf_counter()
            assert cache.get("key") is None
            waited.append(time.perf_counter() - start >= 0.2)
        assert waited == [True] + [False] * 19
        assert cache.stats()["trips"] == 1
        cache.set("key", "new")  # can't be written
        os.kill(server.process.pid, signal.SIGCONT)
        wait_until(lambda: cache.get("probe") or not cache.stats()["open"])
        assert cache.get("key") is None  # and so the old value doesn't come back


def test_a_server_that_is_full_or_has_no_room_for_clients_fails_nobody(own: Callable[..., Server]) -> None:
    server = own("--maxmemory", "2mb", "--maxmemory-policy", "noeviction")
    cache = cache_of(server)
    with contextlib.closing(cache):
        cache.set("key", "small")
        for number in range(40):
            cache.set(f"large{number}", os.urandom(100_000))
        assert cache.stats()["failures"] > 0
        assert cache.stats()["open"] is False
        cache.clear()
        cache.set("key", "again")
        assert cache.get("key") == "again"


def test_a_server_that_may_only_be_read_fails_nobody(own: Callable[..., Server]) -> None:
    server = own()
    cache = cache_of(server)
    with contextlib.closing(cache):
        cache.set("key", "old")
        server.command("REPLICAOF", "127.0.0.1", "1")
        cache.set("key", "new")
        assert cache.get("key") is None
        assert cache.delete("other") is False
        assert cache.get_or_set("made", lambda: 5) == 5
        with pytest.raises(CacheUnavailable, match="refuses"):
            cache.strict.set("key", "new")
        assert cache.stats()["open"] is False
        server.command("REPLICAOF", "NO", "ONE")
        cache.set("other", 1)
        assert cache.get("key") is None
        assert cache.get("other") == 1


def test_processes_that_miss_the_same_key_have_it_made_once(server: Server) -> None:
    server.command("FLUSHALL")
    program = f"""
from spruce import green
from spruce.cache.caches import Caches
cache = Caches({{"default": {server.url!r}}})["default"]
def make():
    cache.strict._raw.server.execute("INCR", "calls")
    green.sleep(0.3)
    return [1]
assert green.gather(*[lambda: cache.get_or_set("key", make) for _ in range(50)]) == [[1]] * 50
cache.close()
"""
    processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [process.wait(30) for process in processes] == [0, 0]
    assert b"\r\n1\r\n" in server.command("GET", "calls")


def test_a_maker_that_was_killed_is_replaced(server: Server) -> None:
    server.command("FLUSHALL")
    program = f"""
import time
from spruce.cache.caches import Caches
cache = Caches({{"default": {server.url!r}}})["default"]
def make():
    print("making", flush=True)
    time.sleep(100)
cache.get_or_set("key", make)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"making\n"
        process.kill()
    cache = cache_of(server)
    with contextlib.closing(cache):
        assert cache.get_or_set("key", lambda: "by another") == "by another"


def test_a_stale_value_is_served_while_it_is_made_anew(server: Server) -> None:
    server.command("FLUSHALL")
    cache = cache_of(server)
    with contextlib.closing(cache):
        calls = []

        def make() -> int:
            calls.append(1)
            return len(calls)

        def ask() -> int:
            value: int = cache.get_or_set("key", make, timeout=0.05, stale=60)
            return value

        assert ask() == 1
        green.sleep(0.06)
        assert cache.get("key") is None
        assert ask() == 1
        wait_until(lambda: ask() == 2)
        assert len(calls) <= 3
        wait_until(lambda: not cache.stats()["making"])


def test_an_error_while_a_stale_value_is_made_anew_is_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.command("FLUSHALL")
    cache = cache_of(server)
    with contextlib.closing(cache):
        cache.get_or_set("key", "first", timeout=0.01, stale=60)
        green.sleep(0.02)
        assert cache.get_or_set("key", lambda: 1 / 0, timeout=0.01, stale=60) == "first"
        wait_until(lambda: caplog.records and not cache.stats()["making"])
    assert caplog.records[0].message == "':1:key' could not be made anew; the stale value is used on"


def test_what_another_program_wrote_counts_as_missing(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.command("SET", ":1:key", "text")
    cache = cache_of(server)
    with contextlib.closing(cache):
        assert cache.get("key", "missing") == "missing"
    assert caplog.records[0].message.startswith("the value of ':1:key' in <RedisServer redis://127.0.0.1:")


def test_threads_without_a_loop_use_it_too(server: Server) -> None:
    server.command("FLUSHALL")
    cache = cache_of(server)
    found = []

    def ask() -> None:
        found.append(cache.get_or_set("key", lambda: "made"))

    for job in (ask, ask, ask, cache.close):
        thread = threading.Thread(target=job)
        thread.start()
        thread.join()
    assert found == ["made"] * 3


def test_a_wrong_url_or_option_is_told_of_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError) as caught:
        _ = Caches({"default": "redis://127.0.0.1:notaport/0"})["default"]
    assert "cannot be used for Redis" in str(caught.value)
