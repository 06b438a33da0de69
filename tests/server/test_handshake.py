"""The handshake of a WebSocket, without a connection."""

import pytest

from spruce.errors import BadRequest
from spruce.http import Request
from spruce.server import WebSocketOptions
from spruce.server.handshake import agree

FIELDS = {
    b"host": b"x",
    b"upgrade": b"websocket",
    b"connection": b"Upgrade",
    b"sec-websocket-version": b"13",
    b"sec-websocket-key": b"dGhlIHNhbXBsZSBub25jZQ==",
}


def ask(**fields: bytes) -> Request:
    named = {name.replace("_", "-").encode(): value for name, value in fields.items()}
    return Request("GET", "/", [*{**FIELDS, **named}.items()])


def test_the_answer_has_the_key_of_the_rfc_and_what_was_agreed_on() -> None:
    """The example of RFC 6455 section 1.3."""
    asked = ask(
        sec_websocket_protocol=b"v1, v2", sec_websocket_extensions=b"permessage-deflate; client_max_window_bits"
    )
    protocol, head = agree(asked, WebSocketOptions(subprotocols=["v3", "v2"], headers=[("X-Room", "panda")]))
    assert protocol.subprotocol == "v2"
    for line in (
        b"HTTP/1.1 101 Switching Protocols",
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        b"Sec-WebSocket-Protocol: v2",
        b"X-Room: panda",
    ):
        assert line + b"\r\n" in head
    assert b"Sec-WebSocket-Extensions: permessage-deflate;" in head
    assert b"Sec-WebSocket-Extensions" not in agree(asked, WebSocketOptions(compression=False))[1]


@pytest.mark.parametrize("fields", [{"sec_websocket_key": b"short"}, {"sec_websocket_version": b"8"}])
def test_a_wrong_handshake_is_refused(fields: dict[str, bytes]) -> None:
    with pytest.raises(BadRequest) as refused:
        agree(ask(**fields), WebSocketOptions())
    assert refused.value.description.startswith("The handshake of the WebSocket is wrong: ")
