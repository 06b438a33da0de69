"""Streamed responses on their way to clients that may be slow."""

import asyncio
import errno
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pytest

from spruce import green
from spruce.http import FilePart, Request, Response
from spruce.server.sender import ClientDisconnected, unsent

OnHub = Callable[[Callable[[], Any]], Any]
Talk = Callable[..., bytes]
Serving = Callable[..., Any]
Turns = Callable[..., None]

GET = b"GET /%b HTTP/1.1\r\nHost: example.com\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n\r\n"


def path(request: Request) -> Response:
    """Answer with the path."""
    return Response(request.path, mimetype="text/plain")


def plain(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Type: text/plain", b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join([*lines, b"", body])


def test_a_streamed_body_is_sent_in_chunks(talk: Talk) -> None:
    def handler(request: Request) -> Response:
        return Response(iter(["red ", b"", b"panda"]), content_type="text/plain")

    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    chunks = b"Transfer-Encoding: chunked\r\n\r\n4\r\nred \r\n5\r\npanda\r\n0\r\n\r\n"
    assert talk(handler, GET % b"a" + GET % b"b") == 2 * (head + chunks)
    assert talk(handler, b"GET / HTTP/1.0\r\n\r\n") == head + b"Connection: close\r\n\r\nred panda"


def test_a_streamed_body_with_a_length_is_sent_as_it_is(talk: Talk) -> None:
    def handler(request: Request) -> Response:
        return Response(iter(["red ", "panda"]), headers={"Content-Length": "9"}, content_type="text/plain")

    assert talk(handler, GET % b"a" + GET % b"b") == plain(b"red panda") * 2


@pytest.mark.parametrize(("pieces", "sent"), [(["red panda!"], b""), (["red"], b"red")])
def test_a_body_that_is_not_as_long_as_it_says_ends_the_connection(
    talk: Talk, caplog: pytest.LogCaptureFixture, pieces: list[str], sent: bytes
) -> None:
    """The client must be able to tell that something is missing; nothing may be taken for the next answer."""
    answer = talk(lambda request: Response(iter(pieces), headers={"Content-Length": "9"}), GET % b"a" + GET % b"b")
    assert answer == b"" or (answer.count(b"HTTP/1.1") == 1 and answer.endswith(b"\r\n\r\n" + sent))
    assert "of 9 bytes." in str(caplog.records[0].exc_info[1])  # type: ignore[index] # there is one


def test_a_stream_waits_for_a_client_that_does_not_read(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    def main() -> None:
        made = []

        def pieces() -> Iterator[bytes]:
            for _ in range(200):
                made.append(1)
                yield b"x" * 50_000

        with serving(lambda request: Response(pieces())) as (_, connect):
            client = connect()
            client.send(GET % b"a")
            turns(20)
            assert len(made) < 100
            assert len(client.ask()) > 10_000_000
            assert len(made) == 200

    on_hub(main)


def test_a_large_body_goes_share_by_share(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    """What is copied or encrypted at once would hold up the loop, and wait in memory for a slow client."""
    body = random.randbytes(10_000_000)

    def main() -> None:
        with serving(lambda request: Response(body, content_type="text/plain")) as (server, connect):
            client = connect()
            client.send(GET % b"a")
            turns(20)
            (connection,) = server.connections
            assert 0 < unsent(connection.transport) < 1_000_000
            assert client.ask() == plain(body)

    on_hub(main)


def test_a_stream_of_small_pieces_gives_others_a_turn(on_hub: OnHub, serving: Serving) -> None:
    """However fast its client takes it: small pieces take as much time as larger ones."""
    others: list[int] = []
    made = 0

    def body() -> Iterator[bytes]:
        nonlocal made
        green.spawn_detached(lambda: others.append(made))
        for _ in range(1000):
            made += 1
            yield b"x"

    def main() -> None:
        with serving(lambda request: Response(body())) as (_, connect):
            client = connect()
            client.send(GET % b"a")
            client.read(b"0\r\n\r\n")

    on_hub(main)
    assert 0 < others[0] < 100


def test_a_response_is_closed_also_where_its_client_has_gone(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    def main() -> None:
        ended: list[type[BaseException] | None] = []

        def pieces() -> Iterator[bytes]:
            while True:
                yield b"x" * 50_000

        def handler(request: Request) -> Response:
            response = Response(pieces())
            response.call_on_close(lambda: ended.append(None))
            return response

        with serving(handler) as (server, connect):
            client = connect()
            client.send(GET % b"a")
            client.sock.close()
            while not ended:
                turns()
            turns()
            assert server.stats() == {"connections": 0, "in_flight": 0}

    on_hub(main)


def test_the_error_for_a_lost_client_is_a_connection_error() -> None:
    assert issubclass(ClientDisconnected, ConnectionError)


# Files

BIG = random.Random(4).randbytes(3_000_000)


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.bin"
    path.write_bytes(BIG)
    return path


@pytest.mark.parametrize(("start", "length"), [(0, len(BIG)), (1_000_001, 1_500_000), (5, 10)])
def test_a_file_is_sent_whole_or_in_part_by_the_kernel(
    talk: Talk, big: Path, start: int, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never read; the connection goes on behind it."""
    files = []

    def handler(request: Request) -> Response:
        if request.path == "/b":
            return path(request)
        files.append(NeverRead(big.open("rb")))
        return Response(FilePart(files[0], start, length), content_type="text/plain")  # type: ignore[arg-type] # enough

    answer = talk(handler, GET % b"a" + GET % b"b")
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % length in head
    assert rest[:length] == BIG[start : start + length]
    assert rest[length:].endswith(b"\r\n\r\n/b")
    assert files[0].closed


class NeverRead:
    """An open file that has a descriptor and nothing to read with."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.fileno = file.fileno
        self.close = file.close

    @property
    def closed(self) -> bool:
        return self.file.closed


def test_a_file_that_only_looks_like_one_is_read(talk: Talk) -> None:
    handler = lambda request: Response(FilePart(BytesIO(BIG), 7, 200_000), content_type="text/plain")  # noqa: E731 - short
    assert talk(handler, GET % b"a").endswith(b"\r\n\r\n" + BIG[7:200_007])


@pytest.mark.parametrize("sent_before", [0, 1])
def test_a_file_that_the_kernel_cannot_send_is_read(
    talk: Talk, big: Path, monkeypatch: pytest.MonkeyPatch, sent_before: int
) -> None:
    """As on some file systems, or where there is no such call."""
    if sent_before:
        monkeypatch.delattr(os, "sendfile")
    else:

        def refuse(*_: object) -> int:
            raise OSError(errno.EINVAL, "Invalid argument")

        monkeypatch.setattr(os, "sendfile", refuse)
    handler = lambda request: Response(FilePart(big.open("rb"), 0, len(BIG)), content_type="text/plain")  # noqa: E731 - short
    assert talk(handler, GET % b"a").endswith(b"\r\n\r\n" + BIG)


def test_a_file_that_has_become_shorter_ends_the_connection(
    talk: Talk, big: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(request: Request) -> Response:
        return Response(FilePart(big.open("rb"), 0, len(BIG) + 5), content_type="text/plain")

    assert talk(handler, GET % b"a" + GET % b"b").endswith(BIG)
    assert str(caplog.records[0].exc_info[1]) == (  # type: ignore[index] # it is logged with its exception
        "The response ended after 3000000 bytes of its Content-Length of 3000005 bytes."
    )


@pytest.mark.parametrize("end", ["reads", "leaves", "is too slow"])
def test_a_file_waits_for_its_client_and_is_closed_in_the_end(
    on_hub: OnHub, serving: Serving, turns: Turns, big: Path, end: str
) -> None:
    def main() -> None:
        files: list[IO[bytes]] = []

        def handler(request: Request) -> Response:
            files.append(big.open("rb"))
            return Response(FilePart(files[0], 0, len(BIG)), content_type="text/plain")

        with serving(handler) as (server, connect):
            client = connect()
            client.send(GET % b"a")
            turns(10)
            assert client.connection.sender.waiting
            if end == "reads":
                assert client.read(BIG[-50:]).endswith(BIG)
            elif end == "leaves":
                client.sock.close()
            else:
                server.sweep(server.now + 1)
                server.sweep(server.now + 61)
            while not (files[0].closed and server.stats()["in_flight"] == 0):
                turns()

    on_hub(main)


def test_a_file_goes_behind_what_its_client_has_not_taken_yet(
    on_hub: OnHub, serving: Serving, turns: Turns, big: Path
) -> None:
    """A head that the socket had no room for is sent first; afterwards as much is kept as before."""

    def main() -> None:
        def handler(request: Request) -> Response:
            return Response(FilePart(big.open("rb"), 0, len(BIG)), content_type="text/plain")

        with serving(handler) as (_, connect):
            client = connect()
            transport = client.connection.transport
            limits = transport.get_write_buffer_limits()
            transport.set_write_buffer_limits(100_000_000)
            transport.write(b"x" * 5_000_000)
            client.send(GET % b"a")
            turns(10)
            assert client.connection.sender.waiting
            answer = client.read(BIG[-50:])
            assert answer.lstrip(b"x").startswith(b"HTTP/1.1 200 OK")
            assert answer.endswith(b"\r\n\r\n" + BIG)
            assert transport.get_write_buffer_limits() == limits

    on_hub(main)


# Async generators


def test_an_async_generator_is_sent_piece_by_piece(talk: Talk) -> None:
    async def pieces() -> AsyncIterator[str | bytes]:
        yield "a"
        await asyncio.sleep(0)
        yield b"b"

    answer = talk(lambda request: Response(pieces(), content_type="text/plain"), GET % b"a")
    assert answer.endswith(b"\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")


def test_an_async_generator_waits_for_its_client_and_is_closed_when_that_leaves(
    on_hub: OnHub, serving: Serving, turns: Turns
) -> None:
    """A client that does not read is never written more than its buffers hold."""

    def main() -> None:
        made: list[int] = []
        closed: list[bool] = []

        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    made.append(1)
                    yield b"x" * 50_000
                    await asyncio.sleep(0)
            finally:
                await asyncio.sleep(0)
                closed.append(True)

        with serving(lambda request: Response(pieces())) as (_, connect):
            client = connect()
            client.send(GET % b"a")
            turns(20)
            count = len(made)
            turns(20)
            assert len(made) == count < 100
            client.sock.close()
            while not closed:
                turns()

    on_hub(main)
