"""`@app.websocket`: views whose first parameter is a WebSocket, served for real."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from spruce import green
from spruce.errors import ViewError
from spruce.green import await_, listen
from spruce.server import start
from spruce.web import App, Request, WebSocket, request


def talk(app: App, path: str, client: Callable[[ClientConnection], Awaitable[Any]]) -> Any:
    """Serve the app, connect to a path, and return what `client` returns."""

    async def run(port: int) -> Any:
        async with connect(f"ws://127.0.0.1:{port}{path}", proxy=None) as connection:
            return await client(connection)

    def main() -> Any:
        server = start(app.handle, listen(("127.0.0.1", 0), reuse_port=False))
        try:
            return await_(run(int(server.address[1])))
        finally:
            server.stop(5)

    return green.run(main)


@pytest.fixture
def app() -> App:
    return App("tests", static_folder=None)


async def receive(connection: ClientConnection) -> str | bytes:
    return await connection.recv()


async def close_code(connection: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        await connection.recv()
    return connection.close_code


def test_a_view_gets_its_websocket_and_its_other_parameters(app: App) -> None:
    @app.websocket("/chat/<room>")
    def chat(ws: WebSocket, room: str, page: int = 1) -> None:
        assert request.path == "/chat/panda"
        ws.send(f"{room} {page}")
        for message in ws:
            ws.send(message)

    async def client(connection: ClientConnection) -> list[str | bytes]:
        greeting = await connection.recv()
        await connection.send("hello")
        return [greeting, await connection.recv()]

    assert talk(app, "/chat/panda?page=3", client) == ["panda 3", "hello"]


def test_a_view_may_ask_for_the_request_and_be_a_coroutine(app: App) -> None:
    @app.websocket("/ws")
    async def view(ws: WebSocket, request: Request) -> None:
        ws.send(request.path)

    assert talk(app, "/ws", receive) == "/ws"


def test_a_view_that_fails_closes_with_1011_and_one_that_returns_with_1000(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    @app.websocket("/broken")
    def broken(ws: WebSocket) -> None:
        raise ZeroDivisionError

    @app.websocket("/done")
    def done(ws: WebSocket) -> None:
        pass

    assert (talk(app, "/broken", close_code), talk(app, "/done", close_code)) == (1011, 1000)


def test_a_client_that_leaves_ends_the_view_without_an_error(app: App, caplog: pytest.LogCaptureFixture) -> None:
    @app.websocket("/ws")
    def view(ws: WebSocket) -> None:
        ws.send("go")
        while True:
            ws.receive()

    assert talk(app, "/ws", receive) == "go"
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_plain_request_is_told_what_it_takes(app: App) -> None:
    @app.websocket("/ws")
    def view(ws: WebSocket) -> None:
        raise AssertionError("there is no WebSocket")

    answer = app.test_client().get("/ws")
    assert (answer.status_code, answer.headers["Upgrade"]) == (426, "websocket")


def test_a_view_without_a_parameter_is_refused(app: App) -> None:
    with pytest.raises(ViewError) as refused:

        @app.websocket("/ws")
        def lonely() -> None:
            pass

    assert str(refused.value).endswith(
        "lonely() has no parameter for its WebSocket. Write def lonely(ws, ...): it comes first."
    )
