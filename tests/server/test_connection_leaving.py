"""Clients that leave: views of GET and HEAD stop at their next wait, what was begun is closed, nothing stays behind."""

import logging
import os
import random
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from spruce import green
from spruce.http import Request, Response
from spruce.server import Limits, Server, asgi, wsgi

OnHub = Callable[[Callable[[], Any]], Any]
Serving = Callable[..., Any]
Turns = Callable[..., None]

REQUEST = b"%b / HTTP/1.1\r\nHost: example.com\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\n"


class Watched:
    """A view that waits for a gate, and notes how its wait ended."""

    def __init__(self, stops: bool | None = None) -> None:
        self.gate = green.Event()
        self.outcomes: list[str] = []
        self.stops = stops

    def __call__(self, request: Request) -> Response:
        if self.stops is not None:
            request.stops_with_client = self.stops
        try:
            self.gate.wait()
        except BaseException as error:
            self.outcomes.append(repr(error))
            raise
        self.outcomes.append("went on")
        return Response("done")


def leave(
    on_hub: OnHub, serving: Serving, turns: Turns, view: Watched, data: bytes, limits: Limits | None = None
) -> list[str]:
    """Send a request, leave while its view waits, then open the gate; return how the wait ended."""

    def main() -> list[str]:
        with serving(view, limits or Limits()) as (server, connect):
            client = connect()
            client.send(data)
            client.sock.close()
            turns(10)
            view.gate.send()
            while server.stats()["connections"]:
                turns()
            return view.outcomes

    return list(on_hub(main))


STOPPED = ["GreenletExit('the client has gone')"]


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_the_view_of_a_client_that_leaves_stops_where_it_waits(
    on_hub: OnHub, serving: Serving, turns: Turns, method: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a word in the log: it is no failure."""
    with caplog.at_level(logging.INFO):
        assert leave(on_hub, serving, turns, Watched(), REQUEST % method) == STOPPED
    assert caplog.text == ""


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE"])
def test_what_changes_something_runs_on(on_hub: OnHub, serving: Serving, turns: Turns, method: bytes) -> None:
    assert leave(on_hub, serving, turns, Watched(), REQUEST % method) == ["went on"]


def test_the_server_may_let_every_view_run_on(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    limits = Limits(stop_abandoned=False)
    assert leave(on_hub, serving, turns, Watched(), REQUEST % b"GET", limits) == ["went on"]


def test_a_request_may_choose(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    assert leave(on_hub, serving, turns, Watched(stops=False), REQUEST % b"GET") == ["went on"]
    assert leave(on_hub, serving, turns, Watched(stops=True), REQUEST % b"POST") == STOPPED


def test_the_choice_of_a_mounted_app_counts(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    """Its request is another object than the connection's."""
    view = Watched(stops=True)
    outer = Request("POST", "/legacy/page")
    inner = outer.under("/legacy")
    inner.stops_with_client = True
    assert outer.stops_with_client is True

    class Mounted(Watched):
        def __call__(self, request: Request) -> Response:
            return view(request.under(""))

    mounted = Mounted()
    mounted.gate, mounted.outcomes = view.gate, view.outcomes
    assert leave(on_hub, serving, turns, mounted, REQUEST % b"POST") == STOPPED


def test_a_view_that_cleans_up_is_left_in_peace(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    """The end of the client's side and the loss of the connection are two events; it is stopped once."""
    steps: list[str] = []

    def view(request: Request) -> Response:
        try:
            green.sleep(3600)
        finally:
            steps.append("begins")
            green.sleep(0.01)
            steps.append("has cleaned up")
        return Response("never")

    def main() -> None:
        with serving(view, Limits()) as (server, connect):
            client = connect()
            client.send(REQUEST % b"GET")
            client.sock.close()
            while server.stats()["connections"] or len(steps) < 2:
                turns()

    on_hub(main)
    assert steps == ["begins", "has cleaned up"]


@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_a_stream_that_waits_is_closed_when_its_client_leaves(
    on_hub: OnHub, serving: Serving, turns: Turns, method: bytes
) -> None:
    """Server-sent events, say: at once where the view stops, at the next piece else."""
    closed: list[str] = []
    gate = green.Event()

    def events() -> Iterator[bytes]:
        try:
            yield b"data: 1\n\n"
            gate.wait()
            while True:
                yield b"data: 2\n\n"
                green.sleep(0.001)
        finally:
            closed.append("generator")

    def view(request: Request) -> Response:
        response = Response(events(), content_type="text/event-stream")
        response.call_on_close(lambda: closed.append("response"))
        return response

    def main() -> None:
        with serving(view, Limits()) as (server, connect):
            client = connect()
            client.send(REQUEST % method)
            client.sock.close()
            turns(10)
            assert closed == (["generator", "response"] if method == b"GET" else [])
            gate.send()
            while len(closed) < 2 or server.stats()["connections"]:
                turns()

    on_hub(main)
    assert closed == ["generator", "response"]


def test_a_wsgi_application_stops_too_and_its_body_is_closed(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    ended: list[str] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"begun"
            green.sleep(3600)

        def close(self) -> None:
            ended.append("closed")

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Body:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body()

    def main() -> None:
        with serving(wsgi(app), Limits()) as (_, connect):
            client = connect()
            client.send(REQUEST % b"GET")
            client.sock.close()
            turns(10)
            assert ended == ["closed"]

    on_hub(main)


@pytest.mark.parametrize("data", [REQUEST % b"GET", REQUEST % b"POST", POST + b"123"])
def test_an_asgi_application_hears_of_it_whatever_the_method(
    on_hub: OnHub, serving: Serving, turns: Turns, data: bytes
) -> None:
    """Also where it waits for the rest of a body; whether it stops is up to the application."""
    heard: list[str] = []

    async def app(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        assert scope["type"] == "http"
        while True:
            message = await receive()
            heard.append(message["type"])
            if message["type"] == "http.disconnect":
                return

    def main() -> None:
        with serving(asgi(app), Limits()) as (_, connect):
            client = connect()
            client.send(data)
            client.sock.close()
            while "http.disconnect" not in heard:
                turns()

    on_hub(main)
    assert heard == ["http.request", "http.disconnect"]


# Ten thousand resets

RESETS = 10_000
NO_LINGER = struct.pack("ii", 1, 0)  # to close then resets the connection
EXCHANGE = (
    POST + b"hello"
    b"GET /stream HTTP/1.1\r\nHost: example.com\r\n\r\n"
    b"GET /wait HTTP/1.1\r\nHost: example.com\r\n\r\n"
    b"POST /read HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
)


class Counted:
    """Answers requests of all kinds; counts the bodies that were begun and those that were closed."""

    def __init__(self) -> None:
        self.begun = self.closed = 0

    def __call__(self, request: Request) -> Response:
        if request.path == "/wait":
            green.sleep(0.001)
        response = Response(self.pieces() if request.path == "/stream" else request.data)
        self.begun += 1
        response.call_on_close(self.close)
        return response

    def pieces(self) -> Iterator[bytes]:
        for _ in range(5):
            yield b"x" * 20_000
            green.sleep()

    def close(self) -> None:
        self.closed += 1


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


def test_ten_thousand_resets_leave_nothing_behind(on_hub: OnHub, loop: str, turns: Turns) -> None:
    """At random offsets of an exchange; a third of them on each loop. Descriptors and green threads are as before."""
    chance = random.Random(loop)
    view = Counted()

    def reset(address: Any) -> None:
        sock = socket.create_connection(address)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        sock.send(EXCHANGE[: chance.randrange(len(EXCHANGE) + 1)])
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            turns(1)
        sock.close()

    def main() -> None:
        server = Server(view)
        listener = socket.create_server(("127.0.0.1", 0))
        server.listen(listener)
        reset(server.address)
        settle(server)
        before = (descriptors(), server.hub.stats()["threads"])
        for number in range(RESETS // 3):
            reset(server.address)
            if number % 100 == 0:
                settle(server)
        settle(server)
        assert (descriptors(), server.hub.stats()["threads"]) == before
        server.stop(1)
        assert view.begun == view.closed > RESETS // 10

    on_hub(main)


def settle(server: Server) -> None:
    """Let the server take notice of everything that its clients have done."""
    for _ in range(10):
        green.sleep(0.002)
    while server.stats()["connections"]:
        green.sleep(0.002)
