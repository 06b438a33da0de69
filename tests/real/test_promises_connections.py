"""Clients that are slow, silent, too many or gone: what they get, and that others don't notice."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.real.conftest import Served

from spruce.server import Limits

HEAD = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def memory(served: Served, which: str = "now") -> int:
    """Return the memory of the process, in KiB: what it uses now, or the most that it has ever used."""
    return int(json.loads(served.ask("/memory")[1])[which])


def test_the_times_of_default() -> None:
    """Those that are promised; the tests here use shorter ones."""
    limits = Limits()
    assert (limits.head_seconds, limits.body_seconds, limits.idle_seconds, limits.write_seconds) == (10, 15, 15, 60)
    assert (limits.request_line, limits.head, limits.fields, limits.body) == (8190, 65536, 100, 100 * 1024 * 1024)


@pytest.mark.parametrize(
    ("sent", "answered", "answers"),
    [
        (b"", b"HTTP/1.1 408 ", 1),
        (b"GET / HTTP/1.1\r\nHost:", b"HTTP/1.1 408 ", 1),
        (HEAD, b"HTTP/1.1 408 ", 1),
        (HEAD + b"half", b"HTTP/1.1 408 ", 1),
        (GET, b"HTTP/1.1 200 ", 1),
        (GET + b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 ", 2),
    ],
    ids=["silent", "half a head", "no body", "half a body", "idle behind an answer", "half a second head"],
)
def test_half_open_connections_end(promised: Callable[..., Served], sent: bytes, answered: bytes, answers: int) -> None:
    """With a 408 where something was begun, without a word where nothing was."""
    served = promised(head_seconds=0.5, body_seconds=0.5, idle_seconds=0.5)
    with socket.create_connection((served.host, served.port), timeout=20) as client:
        client.sendall(sent)
        came = b"".join(iter(lambda: client.recv(65536), b""))
    assert came.startswith(answered)
    assert came.count(b"HTTP/1.1 ") == answers
    assert served.ask("/") == (200, "hello")


@pytest.mark.soak
def test_half_open_connections_end_in_the_times_of_default(promised: Callable[..., Served]) -> None:
    """A head after 10 s, a body and an idle connection after 15 s, each to within a second or two."""
    served = promised()

    def seconds(sent: bytes) -> float:
        with socket.create_connection((served.host, served.port), timeout=60) as client:
            client.sendall(sent)
            start = time.monotonic()
            while client.recv(65536):
                pass
            return time.monotonic() - start

    with ThreadPoolExecutor(4) as threads:
        head, half_head, body, idle = threads.map(seconds, [b"", GET[:10], HEAD, GET])
    assert 8 < head < 13
    assert 8 < half_head < 13
    assert 13 < body < 18
    assert 13 < idle < 18


async def slow_client(served: Served, kind: str, over: asyncio.Event) -> None:
    """Send a head or a body byte by byte, or take a large response so, until it is over."""
    reader, writer = await asyncio.open_connection(served.host, served.port, limit=1024)
    try:
        if kind == "head":
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        elif kind == "body":
            writer.write(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        else:
            writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        while not over.is_set():
            if kind == "response":
                await reader.read(16)
            else:
                writer.write(b"X-a: b\r\n" if kind == "head" else b"x")
                await writer.drain()
            await asyncio.sleep(0.2)
    except ConnectionError:
        pass  # the server has had enough
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("each", [100, pytest.param(300, marks=pytest.mark.soak)])
def test_slow_clients_hold_nobody_up(promised: Callable[..., Served], each: int) -> None:
    """So many of each kind: requests of others are answered all the while, and memory stays flat."""
    served = promised()
    before = memory(served)

    async def main() -> list[Any]:
        over = asyncio.Event()
        clients = [
            asyncio.ensure_future(slow_client(served, kind, over))
            for kind in ("head", "body", "response")
            for _ in range(each)
        ]
        await asyncio.sleep(1)
        answers = [await asyncio.to_thread(served.ask, "/") for _ in range(20)]
        over.set()
        await asyncio.gather(*clients)
        return answers

    assert asyncio.run(main()) == [(200, "hello")] * 20
    assert memory(served) - before < each // 100 * 20 * 1024


def test_what_is_too_much_is_told_at_once(promised: Callable[..., Served], tmp_path: Path) -> None:
    """What was accepted is answered, the rest gets a 503 that says when to come back; then all goes on."""
    served = promised(requests=10)

    def ask(path: str) -> tuple[bytes, bytes]:
        with socket.create_connection((served.host, served.port), timeout=30) as client:
            client.sendall(b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode())
            head, _, body = b"".join(iter(lambda: client.recv(65536), b"")).partition(b"\r\n\r\n")
            return head, body

    with ThreadPoolExecutor(100) as threads:
        asked = [threads.submit(ask, "/slow") for _ in range(100)]
        while sum(one.done() for one in asked) < 90:
            pass
        refused = [one.result() for one in asked if one.done()]
        (tmp_path / "go").touch()
        accepted = [one.result() for one in asked if one.result() not in refused]
    assert len(refused) == 90
    assert all(head.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 1\r\n" in head for head, _ in refused)
    assert [body for _, body in accepted] == [b"done"] * 10
    assert served.ask("/") == (200, "hello")


def test_resets_leave_nothing_behind(promised: Callable[..., Served]) -> None:
    """Clients that cut the connection anywhere: in a head, in a body, in a response."""
    served = promised()
    descriptors = Path(f"/proc/{served.process.pid}/fd")
    served.ask("/")
    before = len(list(descriptors.iterdir()))
    requests = [GET, HEAD + b"0123456789", b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"]
    for index in range(300):
        whole = requests[index % 3]
        with socket.create_connection((served.host, served.port), timeout=20) as client:
            client.sendall(whole[: 1 + index * 7 % len(whole)])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert served.ask("/") == (200, "hello")
    while len(list(descriptors.iterdir())) > before:
        pass
