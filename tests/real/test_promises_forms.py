"""Form bombs: refused while they arrive, with a 413 or a 400, and without filling the memory."""

import json
import socket
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest
from tests.real.conftest import Served

PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n'
GIGABYTE = 1024**3
MULTIPART = b"multipart/form-data; boundary=b"
URLENCODED = b"application/x-www-form-urlencoded"

BOMBS: dict[str, tuple[bytes, Callable[[], Iterator[bytes]], set[int]]] = {
    "100,000 parts": (MULTIPART, lambda: chain(repeat(PART, 100_000), [b"--b--"]), {413}),
    "100,000 files": (MULTIPART, lambda: chain(repeat(FILE + b"\r\n", 100_000), [b"--b--"]), {413}),
    "1,000,000 fields": (URLENCODED, lambda: repeat(b"a=b&" * 1000, 1000), {413}),
    "fields without a name": (URLENCODED, lambda: repeat(b"&" * 65536, 100), {413, 200}),
    "endless preamble": (MULTIPART, lambda: repeat(b"x" * 65536, GIGABYTE // 65536), {400, 413}),
    "endless head of a part": (
        MULTIPART,
        lambda: chain([b"--b\r\nX-A: "], repeat(b"x" * 65536, GIGABYTE // 65536)),
        {400, 413},
    ),
    "heads of a part without end": (
        MULTIPART,
        lambda: chain([b"--b\r\n"], repeat(b"X-A: b\r\n" * 1000, 10_000)),
        {400, 413},
    ),
    "a field of a gigabyte": (
        MULTIPART,
        lambda: chain([PART[:-3]], repeat(b"x" * 65536, GIGABYTE // 65536)),
        {413},
    ),
    "a file of a gigabyte": (MULTIPART, lambda: chain([FILE], repeat(b"x" * 65536, GIGABYTE // 65536)), {413}),
    "nearly boundaries": (MULTIPART, lambda: chain([FILE], repeat(b"\r\n--a" * 10_000, GIGABYTE // 50_000)), {413}),
    "a boundary of dashes": (
        b"multipart/form-data; boundary=" + b"-" * 70,
        lambda: repeat(b"-" * 65536, 2000),
        {200, 400, 413},  # an end at once is a form without parts
    ),
}


def throw(served: Served, kind: bytes, pieces: Iterator[bytes]) -> int:
    """Send a body of unknown length until it has all been sent or the server answers; return the status."""
    head = b"POST /form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: %b\r\n\r\n" % kind
    with socket.create_connection((served.host, served.port), timeout=60) as client:
        client.sendall(head)
        try:
            for piece in pieces:
                client.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
                if answered(client):
                    break
            else:
                client.sendall(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        return int(client.recv(65536).split()[1])


def answered(client: socket.socket) -> bool:
    """Whether an answer is there."""
    client.setblocking(False)
    try:
        return bool(client.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        client.settimeout(60)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(promised: Callable[..., Served], name: str) -> None:
    """The most memory that the process has ever used grows by less than 10 MB; large files go to the disk."""
    served = promised(body=64 * 1024 * 1024)
    assert served.ask("/form", "POST", b"a=b", Content_Type="application/x-www-form-urlencoded")[0] == 200
    before = json.loads(served.ask("/memory")[1])["most"]
    kind, pieces, statuses = BOMBS[name]
    assert throw(served, kind, pieces()) in statuses
    assert json.loads(served.ask("/memory")[1])["most"] - before < 10 * 1024
    assert served.ask("/") == (200, "hello")
