"""WebSockets of the test client."""

from typing import Any

import pytest

from spruce import green
from spruce.server import WebSocketClosed, asgi
from spruce.web import App, WebSocket, request
from spruce.web.testsocket import WebSocketRefused


@pytest.fixture
def app() -> App:
    return App("tests", static_folder=None, TESTING=True)


def test_a_test_talks_to_a_view(app: App) -> None:
    """Text, bytes and JSON, with parameters, headers and cookies as for any view."""

    @app.websocket("/chat/<room>")
    def chat(ws: WebSocket, room: str, page: int = 1) -> None:
        ws.send(f"{room} {page} {request.headers['X-A']} {request.cookies['c']}")
        assert ws.ping() == 0.0
        for message in ws:
            green.sleep(0)
            ws.send(message)

    client = app.test_client()
    client.set_cookie("c", "d")
    with client.websocket_connect("/chat/panda?page=3", headers={"X-A": "b"}) as websocket:
        assert websocket.receive_text() == "panda 3 b d"
        websocket.send_text("熊猫")
        websocket.send_bytes(b"\xff")
        websocket.send_json({"a": [1]})
        websocket.send_json({"a": 2}, mode="binary")
        assert (websocket.receive_text(), websocket.receive_bytes()) == ("熊猫", b"\xff")
        assert (websocket.receive_json(), websocket.receive_json()) == ({"a": [1]}, {"a": 2})
        websocket.send_bytes(b"x")
        with pytest.raises(AssertionError, match=r"^the view sent bytes and no text: b'x'$"):
            websocket.receive_text()
        websocket.send_text("x")
        with pytest.raises(AssertionError, match=r"^the view sent a text and no bytes: 'x'$"):
            websocket.receive_bytes()


def test_subprotocols_and_origins_are_looked_at(app: App) -> None:
    """As on the wire."""

    @app.websocket("/ws", subprotocols=["v2"], origins=["https://shop.example"])
    def view(ws: WebSocket) -> None:
        ws.send(str(ws.subprotocol))

    client = app.test_client()
    with client.websocket_connect("/ws", ["v1", "v2"], headers={"Origin": "https://shop.example"}) as websocket:
        assert (websocket.accepted_subprotocol, websocket.receive_text()) == ("v2", "v2")
    app.testing = False
    with (
        pytest.raises(WebSocketRefused) as refused,
        client.websocket_connect("/ws", headers={"Origin": "https://evil.example"}),
    ):
        pass
    assert refused.value.response.status_code == 403
    assert str(refused.value) == (
        "the WebSocket at '/ws' was refused with 403 Forbidden. The error has the response, as `response`."
    )


def test_either_side_closes(app: App) -> None:
    """With code and reason; what is sent after that raises."""
    ends: list[Any] = []

    @app.websocket("/ws")
    def view(ws: WebSocket) -> None:
        ends.append(list(ws))
        ends.append((ws.close_code, ws.close_reason))

    @app.websocket("/closes")
    def closes(ws: WebSocket) -> None:
        ws.send("last")
        ws.close(4001, "bye")

    client = app.test_client()
    with client.websocket_connect("/ws") as websocket:
        websocket.send_text("a")
        websocket.close(4002, "enough")
        with pytest.raises(WebSocketClosed, match=r"^the WebSocket is closed \(4002, enough\)$"):
            websocket.send_text("late")
    assert ends == [["a"], (4002, "enough")]
    with client.websocket_connect("/closes") as websocket:
        assert websocket.receive_text() == "last"
        with pytest.raises(WebSocketClosed, match=r"^the WebSocket is closed \(4001, bye\)$"):
            websocket.receive_text()
    with client.websocket_connect("/closes"):
        pass


def test_a_message_that_is_too_large_closes_with_1009(app: App) -> None:
    @app.websocket("/ws")
    def view(ws: WebSocket) -> None:
        assert list(ws) == []

    with app.test_client().websocket_connect("/ws") as websocket:
        websocket.send_bytes(b"x" * (1024 * 1024 + 1))
        with pytest.raises(WebSocketClosed, match=r"^the WebSocket is closed \(1009, "):
            websocket.receive()


def test_what_a_view_raises_is_raised_in_the_test(app: App) -> None:
    """Where it waits, or at the end of the block; without TESTING the client sees a close."""

    @app.websocket("/broken")
    def broken(ws: WebSocket) -> None:
        ws.receive()
        raise ZeroDivisionError("in the view")

    client = app.test_client()

    def talk(waits: bool) -> None:
        with client.websocket_connect("/broken") as websocket:
            websocket.send_text("a")
            if waits:
                websocket.receive_text()

    for waits in (True, False):
        with pytest.raises(ZeroDivisionError, match=r"^in the view$"):
            talk(waits)
    app.testing = False
    with client.websocket_connect("/broken") as websocket:
        websocket.send_text("a")
        with pytest.raises(WebSocketClosed, match=r"^the WebSocket is closed \(1011, the server failed\)$"):
            websocket.receive_text()


def test_a_view_that_goes_on_is_an_error_that_says_so(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a moment, and it is stopped."""
    monkeypatch.setattr("spruce.web.testsocket._END_SECONDS", 0)
    ended: list[bool] = []

    @app.websocket("/ws")
    def view(ws: WebSocket) -> None:
        try:
            green.sleep(3600)
        finally:
            ended.append(True)

    said = r"^the view at '/ws' went on for 0 seconds after its WebSocket was closed$"
    with pytest.raises(AssertionError, match=said), app.test_client().websocket_connect("/ws"):
        pass
    assert ended == [True]


def test_a_hosted_application_talks_too(app: App) -> None:
    """Below the path where it is mounted."""

    async def hosted(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept", "headers": [(b"x-room", b"panda")]})
            event = await receive()
            await send({"type": "websocket.send", "text": f"{scope['path']} {event['text']}"})
            await send({"type": "websocket.close", "code": 4001})

    app.mount("/api", asgi(hosted))
    with app.test_client().websocket_connect("/api/ws") as websocket:
        assert websocket.extra_headers == [("x-room", "panda")]
        websocket.send_text("hello")
        assert websocket.receive_text() == "/api/ws hello"
        with pytest.raises(WebSocketClosed, match=r"^the WebSocket is closed \(4001\)$"):
            websocket.receive()


def test_it_is_used_inside_of_its_block_and_where_there_is_one(app: App) -> None:
    session = app.test_client().websocket_connect("/none")
    with pytest.raises(RuntimeError, match=r"^the WebSocket is not open: use it inside of `with client"):
        session.send_text("a")
    app.testing = False
    with pytest.raises(WebSocketRefused) as refused, session:
        pass
    assert refused.value.response.status_code == 404
