"""WebSockets that an ASGI server carries, without the server."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from spruce import green
from spruce.errors import BadRequest, ServerError
from spruce.server import WebSocketClosed, WebSocketOptions
from spruce.web.asgiwebsocket import AsgiWebSocket

CONNECT = {"type": "websocket.connect"}


class Carrier:
    """The server: messages that come, what was sent, and an error that sending raises."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = asyncio.Queue[dict[str, Any]]()
        self.sent: list[dict[str, Any]] = []
        self.error: Exception | None = None
        for message in messages:
            self.messages.put_nowait(message)

    async def send(self, message: dict[str, Any]) -> None:
        """Keep a message."""
        if self.error is not None:
            raise self.error
        self.sent.append(message)


def text(message: str) -> dict[str, Any]:
    """Return the event of a text."""
    return {"type": "websocket.receive", "text": message}


def talk(view: Callable[[AsgiWebSocket, Carrier], None], *messages: dict[str, Any], **options: Any) -> Carrier:
    """Begin a WebSocket, let the view have it, and end it."""

    def main() -> Carrier:
        carrier = Carrier(*messages)
        websocket = AsgiWebSocket(carrier.messages.get, carrier.send, None, WebSocketOptions(**options))
        websocket.begin()
        try:
            view(websocket, carrier)
        finally:
            websocket.end()
        return carrier

    return green.run(main)


def test_the_clients_end_is_told_with_its_code() -> None:
    """Messages before it are received; without a code it is 1005."""

    def view(websocket: AsgiWebSocket, carrier: Carrier) -> None:
        assert list(websocket) == ["a"]
        assert (websocket.close_code, websocket.close_reason) == (4001, "enough")
        with pytest.raises(WebSocketClosed, match=r"^the WebSocket is closed \(4001, enough\)$"):
            websocket.send("late")

    talk(view, CONNECT, text("a"), {"type": "websocket.disconnect", "code": 4001, "reason": "enough"})

    def nameless(websocket: AsgiWebSocket, carrier: Carrier) -> None:
        assert list(websocket) == []
        assert (websocket.close_code, websocket.close_reason) == (1005, "")

    talk(nameless, CONNECT, {"type": "websocket.disconnect"})


@pytest.mark.parametrize("error", [OSError("gone"), RuntimeError("websocket.send after close")])
def test_a_send_that_fails_is_a_lost_connection(error: Exception) -> None:
    def view(websocket: AsgiWebSocket, carrier: Carrier) -> None:
        carrier.error = error
        with pytest.raises(WebSocketClosed, match=r"^the WebSocket is closed \(1006\)$"):
            websocket.send("x")
        assert repr(websocket) == "<WebSocket closed 1006>"

    talk(view, CONNECT)


def test_one_that_only_sends_hears_that_its_client_has_gone() -> None:
    def view(websocket: AsgiWebSocket, carrier: Carrier) -> None:
        websocket.send("tick")
        carrier.messages.put_nowait({"type": "websocket.disconnect", "code": 1001})
        while websocket.close_code is None:
            green.sleep(0)
        with pytest.raises(WebSocketClosed, match=r"^the WebSocket is closed \(1001\)$"):
            websocket.send("tick")

    talk(view, CONNECT)


def test_a_close_wakes_who_receives_and_is_sent_once() -> None:
    def view(websocket: AsgiWebSocket, carrier: Carrier) -> None:
        reader = green.spawn(lambda: list(websocket))
        green.sleep(0)
        websocket.close(4000, "bye")
        websocket.close(4002)
        assert reader.wait() == []

    carrier = talk(view, CONNECT)
    assert carrier.sent[1:] == [{"type": "websocket.close", "code": 4000, "reason": "bye"}]


def test_a_message_that_is_too_large_closes_it() -> None:
    def view(websocket: AsgiWebSocket, carrier: Carrier) -> None:
        assert list(websocket) == []

    carrier = talk(view, CONNECT, text("x" * 11), max_message=10)
    assert carrier.sent[1:] == [{"type": "websocket.close", "code": 1009, "reason": "a message has at most 10 bytes"}]


def test_header_fields_go_with_the_acceptance() -> None:
    carrier = talk(lambda websocket, carrier: None, CONNECT, headers=[("Set-Cookie", "a=1")])
    accepted = {"type": "websocket.accept", "subprotocol": None, "headers": [(b"set-cookie", b"a=1")]}
    assert carrier.sent == [accepted]


def test_a_client_that_leaves_before_is_a_bad_request_and_pings_are_the_servers() -> None:
    with pytest.raises(BadRequest):
        talk(lambda websocket, carrier: None, {"type": "websocket.disconnect"})

    def view(websocket: AsgiWebSocket, carrier: Carrier) -> None:
        with pytest.raises(ServerError) as refused:
            websocket.ping()
        assert str(refused.value) == (
            "there are no pings of one's own under an ASGI server. It sends them by itself (uvicorn: "
            "--ws-ping-interval); a client that is gone ends receive()."
        )

    talk(view, CONNECT)
