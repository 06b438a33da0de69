"""Too many requests or connections, on each event loop."""

from collections.abc import Callable
from typing import Any

from spruce import green
from spruce.green import listen
from spruce.http import Request, Response
from spruce.server import Limits, start
from spruce.server.overload import limited

OnHub = Callable[[Callable[[], Any]], Any]
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def read(client: Any) -> bytes:
    """Return everything up to the end of the connection."""
    answer = b""
    while data := client.recv(65536):
        answer += data
    return bytes(answer)


def test_requests_over_the_limit_get_503_at_once_and_later_ones_are_answered(
    on_hub: OnHub, serving: Callable[..., Any]
) -> None:
    def main() -> None:
        gate = green.Event()

        def handler(request: Request) -> Response:
            if request.path == "/":
                gate.wait()
            return Response("hello")

        with serving(handler, Limits(requests=2)) as (server, connect):
            waiting = [connect(), connect()]
            for client in waiting:
                client.send(GET)
            refused = connect().ask(GET)
            assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"\r\nRetry-After: 1\r\n" in refused
            assert refused.endswith(b"\r\n\r\nThe server is busy. Try again in a moment.")
            assert server.stats()["in_flight"] == 2
            gate.send()
            for client in waiting:
                assert client.ask().endswith(b"hello")
            assert connect().ask(GET).endswith(b"hello")

    on_hub(main)


def test_a_request_that_fails_is_in_flight_no_more() -> None:
    def handler(request: Request) -> Response:
        raise ZeroDivisionError

    answer = limited(handler, 1)
    for _ in range(3):
        try:
            answer(Request("GET", "/"))
        except ZeroDivisionError:
            continue
        raise AssertionError("it was refused")


def test_a_connection_too_many_gets_503_and_another_when_one_has_gone(on_hub: OnHub) -> None:
    def main() -> None:
        server = start(lambda request: Response("hello"), listen(("127.0.0.1", 0)), Limits(connections=1))
        first = green.connect(server.address)
        first.sendall(GET)
        assert first.recv(65536).endswith(b"hello")
        with green.connect(server.address) as second:
            second.sendall(GET)
            assert read(second) == (
                b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
                b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 42\r\n\r\n"
                b"The server is busy. Try again in a moment."
            )
        first.close()
        while server.connections:
            green.sleep(0.001)
        with green.connect(server.address) as third:
            third.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert read(third).endswith(b"hello")
        server.stop(1)

    on_hub(main)
