"""WebSockets: a transaction for the handshake, and one for each message."""

from typing import Any

import pytest
from tests.apm.conftest import Records

from spruce import App, apm
from spruce.web import WebSocketClosed


@pytest.fixture
def app(records: Records) -> App:
    made = App(__name__, ELASTIC_APM={"DISABLE_SEND": True}, static_folder=None)

    @made.websocket("/chat/<room>")
    def chat(ws: Any, room: str) -> None:
        for message in ws:
            apm.label(room=room)
            if message == "bad":
                raise ValueError("bad")
            ws.send(message)

    return made


def test_a_handshake_and_its_messages(app: App, records: Records) -> None:
    """Each with a link to the handshake, and all of them ended."""
    with app.test_client().websocket_connect("/chat/a") as ws:
        for message in ("hello", "bye"):
            ws.send_text(message)
            assert ws.receive_text() == message
    handshake, *messages = records.transactions
    assert (handshake.name, handshake.type, handshake.result) == ("GET /chat/<room>", "request", "HTTP 1xx")
    assert [(one.name, one.type, one.outcome) for one in messages] == [("WS /chat/<room>", "websocket", "success")] * 2
    assert [one.custom for one in messages] == [{"message": {"size": 5}}, {"message": {"size": 3}}]
    assert {link.span_id for one in messages for link in one.links} == {handshake.id}
    assert messages[0].labels == {"room": "a"}
    assert apm.in_flight() == []


def test_a_message_that_fails(app: App, records: Records) -> None:
    """Its error belongs to it."""
    with app.test_client().websocket_connect("/chat/a") as ws:
        ws.send_text("bad")
        with pytest.raises(WebSocketClosed, match="1011"):
            ws.receive_text()
    (failure,) = records.failures
    assert failure.transaction is records.last
    assert records.last.name == "WS /chat/<room>"
    assert apm.in_flight() == []
