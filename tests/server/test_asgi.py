"""ASGI applications."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from spruce import green
from spruce.errors import HostedAppError, ServerError
from spruce.http import Request, Response
from spruce.server import Lifespan, asgi

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
OnHub = Callable[[Callable[[], Any]], Any]
Talk = Callable[..., bytes]
Serving = Callable[..., Any]

GET = b"GET /%b HTTP/1.1\r\nHost: example.com\r\n\r\n"
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


def http_only(
    app: Callable[[Scope, Receive, Send], Awaitable[None]],
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """An application that raises for the lifespan, as those do that have none."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await app(scope, receive, send)

    wrapped.__qualname__ = "app"
    return wrapped


@http_only
async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send(START)
    await send({"type": "http.response.body", "body": b"hello"})


@http_only
async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await send(START)
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        await send({"type": "http.response.body", "body": message["body"], "more_body": more})


def answer(body: bytes, name: bytes = b"Content-Type") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%b: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (name, len(body), body)


def test_an_answer_in_one_piece(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        with serving(asgi(hello)) as (_, connect):
            client = connect()
            for _ in range(2):
                client.send(GET % b"a")
                assert client.read(b"hello") == answer(b"hello")

    on_hub(main)


def test_bodies_are_streamed_both_ways(on_hub: OnHub, serving: Serving) -> None:
    """The application has each part, and the client its echo, before the next part is sent."""

    def main() -> None:
        with serving(asgi(echo)) as (_, connect):
            client = connect()
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(b"3\r\nabc\r\n")
            assert b"Transfer-Encoding: chunked" in client.read(b"\r\n\r\n3\r\nabc\r\n")
            client.send(b"2\r\nde\r\n")
            assert client.read(b"de\r\n") == b"2\r\nde\r\n"
            client.send(b"0\r\n\r\n")
            assert client.read(b"0\r\n\r\n") == b"0\r\n\r\n"

    on_hub(main)


def test_the_scope(talk: Talk) -> None:
    seen: list[Scope] = []

    @http_only
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await hello(scope, receive, send)

    def mounted(request: Request) -> Response:
        return handler(request.under("/shop"))

    handler = asgi(app)
    talk(mounted, b"GET /shop/caf%C3%A9?a=1 HTTP/1.1\r\nHost: example.com\r\n\r\n")
    (scope,) = seen
    assert scope.pop("asgi") == {"version": "3.0", "spec_version": "2.4"}
    assert scope.pop("spruce.request").root_path == "/shop"
    assert scope == {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/shop/café",
        "raw_path": b"/shop/caf%C3%A9",
        "query_string": b"a=1",
        "root_path": "/shop",
        "headers": [(b"host", b"example.com")],
        "client": None,
        "server": None,
        "state": {},
        "extensions": {"http.response.pathsend": {}},
    }


def test_it_may_wait_and_go_on_behind_its_response(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        after = green.Event()

        @http_only
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(0)
            await hello(scope, receive, send)
            assert await receive() == {"type": "http.request", "body": b"", "more_body": False}
            assert await receive() == {"type": "http.disconnect"}
            after.send("done")

        with serving(asgi(app)) as (_, connect):
            client = connect()
            client.send(GET % b"a")
            assert client.read(b"hello") == answer(b"hello")
            assert after.wait() == "done"

    on_hub(main)


def test_sending_waits_for_the_client(on_hub: OnHub, serving: Serving, turns: Callable[..., None]) -> None:
    def main() -> None:
        sent = []

        @http_only
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            for _ in range(100):
                await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
                sent.append(1)
            await send({"type": "http.response.body"})

        with serving(asgi(app)) as (_, connect):
            client = connect()
            client.send(GET % b"a")
            turns(30)
            assert len(sent) < 60
            assert len(client.ask()) > 10_000_000
            assert len(sent) == 100

    on_hub(main)


def test_sending_to_a_client_that_has_gone_raises_os_error(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        told = green.Event()

        @http_only
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            try:
                while True:
                    await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
            except OSError as error:
                told.send(str(error))

        with serving(asgi(app)) as (_, connect):
            client = connect()
            client.send(GET % b"a")
            client.sock.close()
            assert told.wait() == "the client has gone"

    on_hub(main)


def run(app: Any, on_hub: OnHub) -> Response:
    return on_hub(lambda: asgi(app)(Request("GET", "/")))  # type: ignore[no-any-return] # a response


def test_what_it_raises_before_its_response_is_a_failure_of_the_request(on_hub: OnHub) -> None:
    @http_only
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match=r"^mine$"):
        run(app, on_hub)


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        ([], "the ASGI application app ended without a response"),
        ([START], "the ASGI application app ended before its response was complete"),
        ([START, START], "the ASGI application app sent http.response.start twice"),
        (
            [{"type": "http.response.body"}],
            "the ASGI application app sent 'http.response.body' at a time when it cannot be sent",
        ),
        ([{"type": "nonsense"}], "the ASGI application app sent 'nonsense' at a time when it cannot be sent"),
    ],
)
def test_breaking_the_rules_is_an_error_that_says_so(on_hub: OnHub, messages: list[Message], error: str) -> None:
    @http_only
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    with pytest.raises(HostedAppError) as caught:
        run(app, on_hub)
    assert caught.value.message == error


def test_a_body_that_ends_too_early_ends_the_connection(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    @http_only
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})

    got = talk(asgi(app), GET % b"a")
    assert not got.endswith(b"0\r\n\r\n")
    assert caplog.messages[0].startswith("GET /a failed (request ")


class Stateful:
    """An application with a lifespan."""

    def __init__(self, failure: str = "") -> None:
        self.failure = failure
        self.events: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.events.append(scope["state"].pop("database"))
            await hello(scope, receive, send)
            return
        while (message := await receive())["type"] == "lifespan.startup":
            self.events.append("startup")
            scope["state"]["database"] = "connected"
            answer = {"type": "lifespan.startup.failed", "message": self.failure}
            await send(answer if self.failure else {"type": "lifespan.startup.complete"})
        self.events.append("shutdown")
        assert message["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})


def test_the_lifespan_begins_before_the_first_request_and_ends_with_the_server(on_hub: OnHub) -> None:
    """Each request gets a copy of its state."""

    def main() -> list[str]:
        app = Stateful()
        handler = asgi(app)
        assert isinstance(handler, Lifespan)
        handler.startup()
        handler.startup()
        for _ in range(2):
            assert handler(Request("GET", "/")).data == b"hello"
        handler.shutdown()
        return app.events

    assert on_hub(main) == ["startup", "connected", "connected", "shutdown"]


def test_without_a_server_that_starts_it_the_first_request_does(on_hub: OnHub) -> None:
    def main() -> list[str]:
        app = Stateful()
        handler = asgi(app)
        handler(Request("GET", "/"))
        handler.shutdown()
        return app.events

    assert on_hub(main) == ["startup", "connected", "shutdown"]


def test_an_application_that_cannot_start_says_why(on_hub: OnHub) -> None:
    def main() -> None:
        with pytest.raises(ServerError) as caught:
            asgi(Stateful("no database")).startup()
        assert str(caught.value) == "the ASGI application could not start: no database"

    on_hub(main)


def test_an_application_without_a_lifespan_starts_and_ends_all_the_same(on_hub: OnHub) -> None:
    def main() -> None:
        handler = asgi(hello)
        handler.startup()
        handler.shutdown()
        asgi(hello).shutdown()

    on_hub(main)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_may_be_the_whole_body(talk: Talk, tmp_path: Path, method: str) -> None:
    """Its extension is named in the scope, so that frameworks send files in this way."""
    path = tmp_path / "file.bin"
    path.write_bytes(b"x" * 200_000)

    @http_only
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert "http.response.pathsend" in scope["extensions"]
        await send(START)
        await send({"type": "http.response.pathsend", "path": str(path)})

    got = talk(asgi(app), f"{method} / HTTP/1.1\r\nHost: example.com\r\n\r\n".encode())
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"content-length: 200000" in head.lower()
    assert body == (b"x" * 200_000 if method == "GET" else b"")


def test_a_file_behind_a_part_of_the_body_is_refused(on_hub: OnHub, tmp_path: Path) -> None:
    @http_only
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await send({"type": "http.response.pathsend", "path": str(tmp_path)})

    with pytest.raises(
        HostedAppError,
        match=r"^the ASGI application app sent 'http\.response\.pathsend' at a time when it cannot be sent\. ",
    ):
        on_hub(lambda: asgi(app)(Request("GET", "/")).data)
