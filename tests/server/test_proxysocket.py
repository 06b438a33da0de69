"""Handshakes with the other side of a WebSocket. That messages go both ways is tested in tests/real."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from spruce import green
from spruce.green import GreenSocket
from spruce.http import Request
from spruce.server.proxysocket import _names, _sendable, pass_websocket

FIELDS = [
    (b"Host", b"shop.example"),
    (b"Origin", b"http://shop.example"),
    (b"Sec-WebSocket-Protocol", b"vite-hmr, other"),
    (b"Cookie", b"a=b"),
]


def handshake_with(answer: bytes) -> tuple[str, str]:
    """Let the other side answer so; return what it was asked, and the error."""
    ours, theirs = socket.socketpair()
    other = GreenSocket(theirs.family, theirs.type, theirs.proto, fileno=theirs.detach())
    own = GreenSocket(ours.family, ours.type, ours.proto, fileno=ours.detach())

    def answering() -> str:
        asked = other.recv(65536).decode()
        other.sendall(answer)
        other.close()
        return asked

    asked = green.spawn(answering)
    with pytest.raises(ConnectionError) as caught:
        pass_websocket(Request("GET", "/hmr?token=1", FIELDS), "127.0.0.1:5173", own)
    return asked.wait(), str(caught.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "it refused the WebSocket (server rejected WebSocket connection: HTTP 404)",
        ),
        (b"", "it refused the WebSocket (did not receive a valid HTTP response)"),
    ],
)
def test_who_refuses_is_told(on_hub: Callable[[Callable[[], Any]], Any], answer: bytes, error: str) -> None:
    asked, told = on_hub(lambda: handshake_with(answer))
    assert told == error
    lines = asked.split("\r\n")
    assert lines[0] == "GET /hmr?token=1 HTTP/1.1"
    assert {"Host: shop.example", "Origin: http://shop.example", "Cookie: a=b"} <= {*lines}
    assert "Sec-WebSocket-Protocol: vite-hmr, other" in lines


@pytest.mark.parametrize(("code", "sent"), [(1000, 1000), (1011, 1011), (4000, 4000), (1006, 1001), (None, 1001)])
def test_codes_that_are_never_sent_become_going_away(code: int | None, sent: int) -> None:
    assert _sendable(code) == sent


def test_names_are_separated_by_commas() -> None:
    assert _names("a, b,,c ") == ["a", "b", "c"]
    assert _names("") == []
