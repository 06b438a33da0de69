"""Streamed responses on their way to clients that may be slow."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spruce.http import Request, Response
from spruce.server.sender import ClientDisconnected

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
