"""An app under ASGI servers."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.web.guest import guest

from spruce import green
from spruce.web import App, Request, Response, WebSocket


@pytest.fixture
def app() -> App:
    return guest()


def asgi(app: App, scope: dict[str, Any], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an ASGI app sends."""
    sent: list[dict[str, Any]] = []

    async def source() -> AsyncIterator[dict[str, Any]]:
        for message in messages:
            yield message

    received = source()

    async def receive() -> dict[str, Any]:
        return await anext(received)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    green.run(lambda: green.await_(app.asgi(scope, receive, send)))
    return sent


def scope(method: str, path: str, query: bytes = b"", **more: Any) -> dict[str, Any]:
    """Return the scope of a request."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "root_path": "",
        "query_string": query,
        "headers": [(b"host", b"shop.example"), (b"user-agent", b"test")],
        "client": ("10.0.0.1", 1234),
        "server": ("shop.example", 443),
        **more,
    }


def test_an_asgi_request_becomes_a_request(app: App) -> None:
    """Its body is waited for, piece by piece."""
    sent = asgi(
        app,
        scope("POST", "/app/echo/熊", b"q=1", root_path="/app"),
        {"type": "http.request", "body": b"bo", "more_body": True},
        {"type": "http.request", "body": b"dy"},
    )
    start, *bodies = sent
    assert (start["type"], start["status"]) == ("http.response.start", 200)
    assert (b"content-type", b"application/json") in start["headers"]
    assert [body.get("more_body") for body in bodies] == [False]
    assert Response(b"".join(body["body"] for body in bodies), content_type="application/json").json == {
        "name": "熊",
        "query": {"q": "1"},
        "body": "body",
        "url": "https://shop.example/app/echo/%E7%86%8A?q=1",
        "peer": "10.0.0.1",
        "agent": "test",
        "type": None,
    }


def test_asgi_bodies_are_streamed_or_none(app: App) -> None:
    """A message for each piece, and one that ends it."""
    assert [message["body"] for message in asgi(app, scope("GET", "/stream"))[1:]] == [b"a", b"b", b""]
    assert [message["body"] for message in asgi(app, scope("HEAD", "/stream"))[1:]] == [b""]
    assert [message["body"] for message in asgi(app, scope("GET", "/empty"))[1:]] == [b""]


def test_a_client_that_goes_away_ends_the_reading(app: App) -> None:
    """With an error that the view sees."""
    app.testing = True
    with pytest.raises(ConnectionResetError, match=r"^the client went away before it had sent the whole body$"):
        asgi(app, scope("POST", "/echo/x"), {"type": "http.disconnect"})


def test_an_asgi_server_sees_what_it_is(app: App) -> None:
    """Servers look whether `__call__` is a coroutine function."""
    assert inspect.iscoroutinefunction(app.asgi.__call__)


def test_the_asgi_server_starts_and_stops_the_app(app: App) -> None:
    """It tells when each is done."""
    sent = asgi(app, {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_server_that_cannot_start_is_told_why(app: App) -> None:
    """What is mounted starts and stops with it; errors are told, not raised."""

    class Mounted:
        def startup(self) -> None:
            raise ValueError("no database")

        def shutdown(self) -> None:
            raise AssertionError("it never started")

        def __call__(self, request: Request) -> Response:
            return Response("")

    app.mount("/mounted", Mounted())
    sent = asgi(app, {"type": "lifespan"}, {"type": "lifespan.startup"})
    assert sent == [{"type": "lifespan.startup.failed", "message": "ValueError: no database"}]


class Server:
    """An ASGI server's side of one connection: what it is asked for, and what it gets."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = asyncio.Queue[dict[str, Any]]()
        self.sent: list[dict[str, Any]] = []
        self.came = asyncio.Event()
        for message in messages:
            self.messages.put_nowait(message)

    async def send(self, message: dict[str, Any]) -> None:
        """Keep what the app sends."""
        self.sent.append(message)
        self.came.set()

    async def until(self, count: int) -> None:
        """Wait until the app has sent so many messages."""
        while len(self.sent) < count:
            self.came.clear()
            await self.came.wait()


def serve(app: App, given: dict[str, Any], server_side: Any, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the app for a scope beside what the server does; return what the app has sent."""

    async def main() -> list[dict[str, Any]]:
        server = Server(*messages)
        task = asyncio.ensure_future(app.asgi(given, server.messages.get, server.send))
        await server_side(server, task)
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None
        return server.sent

    return green.run(lambda: green.await_(main()))


ASKED = {"type": "http.request", "body": b"", "more_body": False}
LEFT = {"type": "http.disconnect"}


@pytest.mark.parametrize("path", ["/waits", "/streams"])
def test_a_client_that_leaves_stops_what_it_waits_for(app: App, path: str) -> None:
    """A view of GET, and any stream; what they hold is closed."""
    ended: list[str] = []

    @app.get("/waits")
    def waits() -> str:
        try:
            green.sleep(3600)
        finally:
            ended.append("/waits")
        return "never"

    @app.get("/streams")
    def streams() -> Any:
        try:
            yield "begin"
            green.sleep(3600)
        finally:
            ended.append("/streams")

    async def leave(server: Server, task: Any) -> None:
        if path == "/streams":
            await server.until(2)
        server.messages.put_nowait(LEFT)

    serve(app, scope("GET", path), leave, ASKED)
    assert ended == [path]


def test_a_server_that_gives_up_stops_the_view(app: App) -> None:
    """It cancels the task of the connection."""
    ended: list[bool] = []
    begun = asyncio.Event()

    @app.post("/waits")
    def waits() -> str:
        begun.set()
        try:
            green.sleep(3600)
        finally:
            ended.append(True)
        return "never"

    async def give_up(server: Server, task: Any) -> None:
        await begun.wait()
        task.cancel()

    serve(app, scope("POST", "/waits"), give_up, ASKED)
    assert ended == [True]


def socket_scope(path: str, **more: Any) -> dict[str, Any]:
    """Return the scope of a WebSocket."""
    return {**scope("GET", path), "type": "websocket", "scheme": "wss", "subprotocols": ["v1", "v2"], **more}


def test_a_websocket_is_accepted_and_talks(app: App) -> None:
    """As the server carries it; the view's end closes it."""

    @app.websocket("/ws/<room>", subprotocols=["v2"])
    def chat(ws: WebSocket, room: str) -> None:
        ws.send(f"{room} {ws.subprotocol}")
        ws.send(ws.receive())

    async def talk(server: Server, task: Any) -> None:
        await server.until(2)
        server.messages.put_nowait({"type": "websocket.receive", "bytes": b"hi", "text": None})

    assert serve(app, socket_scope("/ws/panda"), talk, {"type": "websocket.connect"}) == [
        {"type": "websocket.accept", "subprotocol": "v2", "headers": []},
        {"type": "websocket.send", "text": "panda v2"},
        {"type": "websocket.send", "bytes": b"hi"},
        {"type": "websocket.close", "code": 1000, "reason": ""},
    ]


def test_a_websocket_is_refused_as_the_server_can(app: App) -> None:
    """With the app's own response, or by closing before it was accepted."""

    async def nothing(server: Server, task: Any) -> None:
        """Only wait."""

    refused = serve(app, socket_scope("/nope"), nothing, {"type": "websocket.connect"})
    assert refused == [{"type": "websocket.close", "code": 1000, "reason": ""}]
    extended = socket_scope("/nope", extensions={"websocket.http.response": {}})
    start, body = serve(app, extended, nothing, {"type": "websocket.connect"})
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 404)
    assert (body["type"], b"404" in body["body"]) == ("websocket.http.response.body", True)
