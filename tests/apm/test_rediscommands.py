"""Commands to Redis as spans; against redis-py with a server of our own making, that answers what the test says."""

import socket
import threading
from collections.abc import Iterator

import pytest
import redis
from redis import asyncio as aioredis
from tests.apm.conftest import Records

from spruce import App, apm, cache, green
from spruce.apm import Client


@pytest.fixture
def url() -> Iterator[str]:
    """Where a server answers PONG to everything, twice to EXEC, and an error to GET."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()
        threads: list[threading.Thread] = []

        def serve(client: socket.socket) -> None:
            with client:
                while data := client.recv(65536):
                    client.sendall(b"".join(_answers(data)))

        def accept() -> None:
            while not done.is_set():
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=serve, args=(client,), daemon=True))
                threads[-1].start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}?protocol=2"
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(30)  # it may have begun another one meanwhile
        for one in threads:
            one.join(30)


def _answers(data: bytes) -> Iterator[bytes]:
    for command in data.split(b"*")[1:]:
        word = command.split(b"\r\n")[2].upper()
        yield b"-ERR no\r\n" if word == b"GET" else b"*1\r\n+PONG\r\n" if word == b"EXEC" else b"+OK\r\n"


def test_plain_commands(client: Client, records: Records, url: str) -> None:
    """And pipelines; what fails has failed."""
    apm.instrument()
    with redis.Redis.from_url(url) as connection:
        client.begin_transaction("job")
        connection.execute_command("PING")
        with pytest.raises(redis.ResponseError):
            connection.get("a")
        connection.pipeline().set("a", 1).execute()
        client.end_transaction()
    told = [(span.name, span.type, span.subtype, span.action, span.outcome) for span in records.last.spans]
    assert told == [
        ("PING", "db", "redis", "query", "success"),
        ("GET", "db", "redis", "query", "failure"),
        ("PIPELINE", "db", "redis", "query", "success"),
    ]
    assert records.last.spans[0].context is not None
    assert records.last.spans[0].context["destination"]["address"] == "127.0.0.1"


def test_async_commands(client: Client, records: Records, url: str) -> None:
    """The same."""
    apm.instrument()

    async def work() -> None:
        connection = aioredis.Redis.from_url(url)
        try:
            await connection.execute_command("PING")
            with pytest.raises(redis.ResponseError):
                await connection.get("a")
        finally:
            await connection.aclose()

    client.begin_transaction("job")
    green.await_(work())
    client.end_transaction()
    assert [(span.name, span.outcome) for span in records.last.spans] == [("PING", "success"), ("GET", "failure")]


def test_outside_of_a_transaction(client: Client, records: Records, url: str) -> None:
    """Nothing is noted."""
    apm.instrument()
    with redis.Redis.from_url(url) as connection:
        connection.execute_command("PING")
    assert records == []


def test_what_a_cache_sends_is_its_own(client: Client, records: Records, url: str) -> None:
    """The operation of the cache is a span, and not the command too."""
    apm.instrument()
    app = App(__name__, CACHES={"default": url})
    with app.app_context():
        client.begin_transaction("job")
        cache.set("a", 1)
        client.end_transaction()
        cache.close()
    assert [span.name for span in records.last.spans] == ["set default"]
