"""What a connection does when something takes too long: the server's clock is turned by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import green
from spruce.http import Request, Response

OnHub = Callable[[Callable[[], Any]], Any]
Serving = Callable[..., Any]
Turns = Callable[..., None]

GET = b"GET /%b HTTP/1.1\r\nHost: example.com\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n\r\n"


def path(request: Request) -> Response:
    """Answer with the path."""
    return Response(request.path, content_type="text/plain")


def echo(request: Request) -> Response:
    """Answer with the body."""
    return Response(request.data, content_type="text/plain")


def plain(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize(
    ("sent", "seconds", "answer"),
    [
        (b"", 10, b"The head of the request took too long to arrive."),
        (b"GET / HTTP/1.1\r\n", 10, b"The head of the request took too long to arrive."),
        (POST % 5 + b"he", 15, b"The body of the request took too long to arrive."),
    ],
)
def test_what_does_not_arrive_in_time_is_refused(
    on_hub: OnHub, serving: Serving, sent: bytes, seconds: float, answer: bytes
) -> None:
    def main() -> None:
        with serving(echo) as (server, connect):
            client = connect()
            client.send(sent)
            start = client.connection.since
            server.sweep(start + seconds - 0.1)
            assert not client.connection.parser.last
            server.sweep(start + seconds + 0.1)
            got = client.read_to_end()
            assert got.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
            assert answer in got
            assert b"Connection: close\r\n" in got

    on_hub(main)


def test_bytes_now_and_then_do_not_prolong_a_head(on_hub: OnHub, serving: Serving) -> None:
    """Slowloris: the time runs from the first byte of the head."""

    def main() -> None:
        with serving(path) as (server, connect):
            client = connect()
            client.send(GET % b"a")
            client.read(b"/a")
            server.sweep(begin := server.now + 14)
            for second in range(10):
                client.send((GET % b"b")[second : second + 1])
                server.sweep(begin + second)
            server.sweep(begin + 10.5)
            assert client.read_to_end().startswith(b"HTTP/1.1 408 ")

    on_hub(main)


def test_bytes_of_a_body_prolong_its_time(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        with serving(echo) as (server, connect):
            client = connect()
            client.send(POST % 5)
            for letter in b"hello":
                server.sweep(server.now + 14)
                client.send(bytes([letter]))
            assert client.read(b"hello") == plain(b"hello")

    on_hub(main)


def test_an_idle_connection_is_closed_without_a_word(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        with serving(path) as (server, connect):
            client = connect()
            client.send(GET % b"a")
            client.read(b"/a")
            server.sweep(server.now + 14.9)
            client.send(GET % b"b")
            client.read(b"/b")
            server.sweep(server.now + 15.1)
            assert client.read_to_end() == b""

    on_hub(main)


def test_an_application_may_take_its_time(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        gate = green.Event()

        def handler(request: Request) -> Response:
            gate.wait()
            return path(request)

        with serving(handler) as (server, connect):
            client = connect()
            client.send(GET % b"a")
            server.sweep(server.now + 3600)
            gate.send()
            assert client.read(b"/a") == plain(b"/a")

    on_hub(main)


def test_a_client_that_never_reads_is_left(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    def main() -> None:
        with serving(lambda request: Response(b"x" * 100_000 for _ in range(100))) as (server, connect):
            client = connect()
            client.send(GET % b"a")
            turns(20)
            server.sweep(server.now + 1)
            server.sweep(server.now + 61)
            turns()
            assert server.stats()["connections"] == 0

    on_hub(main)


@pytest.mark.parametrize("way", [b"keep-alive", b"close"])
def test_who_takes_a_long_answer_slowly_gets_all_of_it(
    on_hub: OnHub, serving: Serving, turns: Turns, way: bytes
) -> None:
    """However long that takes, and whether or not the connection ends behind it."""

    def main() -> None:
        with serving(lambda request: Response(b"x" * 3_000_000, content_type="text/plain")) as (server, connect):
            client = connect()
            client.send(b"GET / HTTP/1.1\r\nHost: example.com\r\nConnection: %b\r\n\r\n" % way)
            got = b""
            while got.count(b"x") < 3_000_000:
                server.sweep(server.now + 40)
                data = client.sock.recv(65536)
                assert data, f"the connection ended after {len(got)} bytes"
                got += data
                turns(2)

    on_hub(main)


@pytest.mark.parametrize("way", [b"keep-alive", b"close"])
def test_who_takes_nothing_of_a_long_answer_is_left(on_hub: OnHub, serving: Serving, turns: Turns, way: bytes) -> None:
    """And so is who takes a little of it now and then."""

    def main() -> None:
        with serving(lambda request: Response(b"x" * 3_000_000, content_type="text/plain")) as (server, connect):
            client = connect()
            client.send(b"GET / HTTP/1.1\r\nHost: example.com\r\nConnection: %b\r\n\r\n" % way)
            server.sweep(begin := server.now + 1)
            for second in range(10, 60, 10):
                client.sock.recv(100)
                turns()
                server.sweep(begin + second)
                assert server.stats()["connections"] == 1
            server.sweep(begin + 61)
            turns()
            assert server.stats()["connections"] == 0

    on_hub(main)
