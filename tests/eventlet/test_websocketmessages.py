"""Messages over a socket: both ends are ours."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from spruce import green
from spruce.eventlet.websocketmessages import ProtocolError, RFC6455WebSocket, WebSocket

Ends = tuple[Any, Any]


def over(make: Callable[[Any, Any], Ends], test: Callable[[Any, Any], object]) -> None:
    """Call a test with two ends over a pair of sockets."""

    def main() -> None:
        ours, theirs = (green.GreenSocket(fileno=sock.detach()) for sock in socket.socketpair())
        with ours, theirs:
            test(*make(ours, theirs))

    green.run(main)


def modern(**options: Any) -> Callable[[Any, Any], Ends]:
    """A server's end and a client's."""

    def make(ours: Any, theirs: Any) -> Ends:
        return RFC6455WebSocket(ours, {}, **options), RFC6455WebSocket(theirs, {}, client=True, **options)

    return make


def raw(ours: Any, theirs: Any) -> Ends:
    """A server's end, and the socket of a client."""
    return RFC6455WebSocket(ours, {}, max_frame_length=100), theirs


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"extensions": {"permessage-deflate": {}}},
        {"extensions": {"permessage-deflate": {"server_no_context_takeover": True, "client_max_window_bits": 9}}},
    ],
)
def test_messages_both_ways(options: dict[str, Any]) -> None:
    """Text stays text and bytes bytes, whatever was agreed on; who returns ends it for the other."""

    def test(server: Any, client: Any) -> None:
        for _ in range(2):
            for message in ("text \u2603", b"bytes", "", b"x" * 70_000, bytearray(b"y")):
                green.spawn(client.send, message)
                got = server.wait()
                assert got == message
                server.send(got)
                assert client.wait() == message
        server._send_closing_frame()
        assert client.wait() is None
        assert client.wait() is None

    over(modern(**options), test)


def test_fragments_are_put_together() -> None:
    """With a ping in between, which is answered."""

    def test(server: Any, client: Any) -> None:
        client.send("sn\u2603", final=False)
        client.send(b"ping", control_code=9)
        client.send("w", continuation=True)
        assert server.wait() == "sn\u2603w"
        assert client._recv_frame().getvalue() == b"ping"

    over(modern(), test)


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (b"\x82\x01a", 1002),  # not masked
        (b"\x83\x80mask", 1002),  # no such kind
        (b"\xc2\x80mask", 1002),  # compressed, which wasn't agreed on
        (b"\x80\x80mask", 1002),  # goes on with nothing
        (b"\x02\x80mask\x82\x80mask", 1002),  # begins in the midst of another
        (b"\x09\x80mask", 1002),  # a ping in pieces
        (b"\x81\x81\x00\x00\x00\x00\xff", 1007),  # no text
        (b"\x82\xe5mask", 1009),  # 101 bytes
        (b"\x88\x81\x00\x00\x00\x00x", 1002),  # a status of one byte
    ],
)
def test_who_breaks_the_rules_is_told(frame: bytes, status: int) -> None:
    def test(server: Any, client: Any) -> None:
        client.sendall(frame)
        assert server.wait() is None
        answer = client.recv(200)
        assert (answer[0], int.from_bytes(answer[2:4], "big")) == (0x88, status)

    over(raw, test)


def test_a_message_of_too_many_frames() -> None:
    def test(server: Any, client: Any) -> None:
        green.spawn(client.sendall, b"\x02\xe4mask" + bytes(100) + (b"\x00\xe4mask" + bytes(100)) * 16)
        assert server.wait() is None
        assert b"Incoming message is above length limit" in client.recv(200)

    over(raw, test)


def test_a_small_frame_may_be_a_large_message() -> None:
    """Only as large as a frame may be; what can't be decompressed ends it too."""
    deflate: dict[str, Any] = {"permessage-deflate": {}}

    def bomb(server: Any, client: Any) -> None:
        server.max_frame_length = 1000
        client.send(bytes(1000))
        assert server.wait() == bytes(1000)
        client.send(bytes(1001))
        assert server.wait() is None
        assert client.wait() is None
        assert client._remote_close_data == b"\x03\xf1Incoming compressed frame exceeds length limit of 1000 bytes."

    def garbage(server: Any, client: Any) -> None:
        client._send(b"\xc2\x82\x00\x00\x00\x00\xff\xff")
        assert server.wait() is None
        assert client.wait() is None
        assert client._remote_close_data == b"\x03\xefThe message can't be decompressed."

    for test in (bomb, garbage):
        over(modern(extensions=deflate), test)


def test_the_end() -> None:
    """A close is answered with its status; a connection that is lost is the end as well."""

    def closed(server: Any, client: Any) -> None:
        client.close((4000, "enough"))
        assert server.wait() is None
        assert server._remote_close_data == b"\x0f\xa0enough"

    def lost(server: Any, client: Any) -> None:
        client._send(b"\x82")
        client.socket.close()
        assert server.wait() is None
        with pytest.raises(BrokenPipeError):
            server.send("late")
        server.close()

    for test in (closed, lost):
        over(modern(), test)


def test_control_frames_are_small_and_whole() -> None:
    server = RFC6455WebSocket(None, {})
    for how in ({"control_code": 9, "final": False}, {"control_code": 3}):
        with pytest.raises(ProtocolError, match="a control frame is one frame, of 125 bytes at most"):
            server.send(b"", **how)


def drafts(version: int) -> Callable[[Any, Any], Ends]:
    """A server's end of a draft, and the socket of a client."""
    environ = {"PATH_INFO": "/chat", "HTTP_ORIGIN": "http://x", "HTTP_WEBSOCKET_PROTOCOL": "talk"}
    return lambda ours, theirs: (WebSocket(ours, environ, version), theirs)


@pytest.mark.parametrize("version", [75, 76])
def test_the_drafts(version: int) -> None:
    """Messages between two bytes; whatever isn't bytes is sent as text."""

    def test(server: Any, client: Any) -> None:
        assert (server.path, server.origin, server.protocol) == ("/chat", "http://x", "talk")
        client.sendall(b"\x00one\xff\x00tw")
        assert server.wait() == "one"
        client.sendall(b"o\xff\xff\x00")
        assert server.wait() == "two"
        assert server.wait() is None
        for message in ("one", b"two", 3):
            server.send(message)
        server.websocket_closed = False
        server.close()
        end = b"\xff\x00" if version == 76 else b""
        assert client.recv(100) == b"\x00one\xff\x00two\xff\x003\xff" + end

    over(drafts(version), test)


def test_the_drafts_know_no_other_frames() -> None:
    def test(server: Any, client: Any) -> None:
        client.sendall(b"\xef\x00")
        with pytest.raises(ValueError, match=r"^a WebSocket of draft 76 has no frame that begins with b'\\xef\\x00'$"):
            server.wait()
        client.close()
        server._buf = b""
        assert server.wait() is None
        server.close()

    over(drafts(76), test)
