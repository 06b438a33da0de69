"""Requests out of a socket, and their bodies."""

import socket
from collections.abc import Callable, Iterator

import pytest

from spruce import green
from spruce.errors.http import BadRequest
from spruce.eventlet.incoming import BodyAborted, ChunkReadError, Input, Requests
from spruce.http import Peer
from spruce.server import Limits

CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


class Wire:
    """Both ends of a connection: requests are read at one, and sent at the other."""

    def __init__(self) -> None:
        ours, theirs = (green.GreenSocket(fileno=sock.detach()) for sock in socket.socketpair())
        self.ours, self.theirs = ours, theirs
        self.begun = 0
        self.requests = Requests(ours, Limits(), Peer(), self._begin)
        self.told: list[bytes] = []

    def _begin(self) -> None:
        self.begun += 1

    def send(self, *pieces: bytes) -> None:
        """Send pieces, each when the one before has been read."""
        for piece in pieces:
            self.theirs.sendall(piece)
            green.sleep(0.001)

    def input(self, *pieces: bytes, expects: bool = False) -> Input:
        """The body of the request that is sent in pieces; its end is that of the connection."""
        sender = green.spawn(self.send, *pieces)
        sender.link(lambda _: self.theirs.shutdown(socket.SHUT_WR))
        request = self.requests.next()
        assert request is not None
        return Input(self.requests, request, expects, self.told.append)


@pytest.fixture
def on_wire() -> Iterator[Callable[[Callable[[Wire], object]], None]]:
    """What runs a function in a green thread, with a wire."""

    def run(function: Callable[[Wire], object]) -> None:
        wire = Wire()
        with wire.ours, wire.theirs:
            function(wire)

    return lambda function: green.run(run, function)  # type: ignore[return-value]  # a fixture without an end


Run = Callable[[Callable[[Wire], object]], None]


def test_requests_one_after_the_other(on_wire: Run) -> None:
    """Spelled as they came; the same bytes again too; None at the end, also of old clients that send no Host."""

    def main(wire: Wire) -> None:
        head = b"GET /a HTTP/1.1\r\nhOST: x\r\nx_Y:  1 \r\n\r\n"
        for _ in range(3):
            wire.send(head)
            request = wire.requests.next()
            assert request is not None
            assert (request.target, wire.requests.fields) == ("/a", (("hOST", "x"), ("x_Y", "1")))
        wire.send(b"GET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.0\r\nA: b\r\n\r\n")
        targets = [request.target for request in (wire.requests.next(), wire.requests.next()) if request]
        assert (targets, wire.requests.fields, wire.requests.last) == (["/b", "/c"], (("A", "b"),), True)
        assert wire.requests.next() is None
        assert wire.begun == 5

    on_wire(main)


def test_what_is_refused_comes_behind_what_is_good(on_wire: Run) -> None:
    def main(wire: Wire) -> None:
        wire.send(b"GET /a HTTP/1.1\r\n\r\nGET\r\n\r\n")
        assert wire.requests.next()
        with pytest.raises(BadRequest):
            wire.requests.next()

    on_wire(main)


def test_a_body_is_read_as_it_is_wanted(on_wire: Run) -> None:
    """By bytes, by lines, to its end; with a length."""

    def main(wire: Wire) -> None:
        body = wire.input(b"POST / HTTP/1.1\r\nContent-Length: 16\r\n\r\nab", b"c\nd", b"ef\nghi\njk\nl")
        assert (body.content_length, body.chunked_input) == (16, False)
        assert body.read(0) == b""
        assert body.read(1) == b"a"
        assert (body.readline(), body.readline(1), body.position) == (b"bc\n", b"d", 5)
        assert body.readlines(4) == [b"ef\n", b"ghi\n"]
        assert list(body) == [b"jk\nl"]
        assert body.read() == b""

    on_wire(main)


def test_a_body_that_ends_early(on_wire: Run) -> None:
    """What is there is returned, as from a file; with chunks it is an error."""

    def short(wire: Wire) -> None:
        body = wire.input(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc")
        assert (body.read(), body.read()) == (b"abc", b"")
        assert not body.discard()

    def chunked(wire: Wire) -> None:
        body = wire.input(CHUNKED + b"9\r\nabc")
        assert (body.content_length, body.chunked_input) == (None, True)
        assert body.read(2) == b"ab"
        with pytest.raises(BodyAborted, match="the client has gone in the midst of a chunked body"):
            body.read()

    def malformed(wire: Wire) -> None:
        body = wire.input(CHUNKED + b"cats\r\n")
        with pytest.raises(ChunkReadError, match="malformed"):
            body.read()

    for case in (short, chunked, malformed):
        on_wire(case)


def test_the_rest_of_a_body_is_dropped(on_wire: Run) -> None:
    """Unless it is large."""

    def small(wire: Wire) -> None:
        assert wire.input(CHUNKED + b"3\r\nabc\r\n", b"0\r\n\r\n").discard()

    def large(wire: Wire) -> None:
        head = b"POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n"
        assert not wire.input(head, *[bytes(99_999)] * 9).discard()

    def none(wire: Wire) -> None:
        assert wire.input(b"GET / HTTP/1.1\r\n\r\n").discard()

    for case in (small, large, none):
        on_wire(case)


def test_a_client_that_waits_to_be_told(on_wire: Run) -> None:
    """Once, when the body is wanted; with header fields; not when the answer has begun."""
    head = b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"

    def main(wire: Wire) -> None:
        body = wire.input(head, b"ab", expects=True)
        body.set_hundred_continue_response_headers([("x-COOL", "1")])
        assert body.should_send_hundred_continue
        assert body.read(1) + body.read(1) == b"ab"
        assert not body.should_send_hundred_continue
        body.set_hundred_continue_response_headers([("x-COOL", "2")], capitalize_response_headers=False)
        body.send_hundred_continue_response()
        body.headers_sent = [1]
        body.send_hundred_continue_response()
        first, second = b"X-Cool: 1\r\n\r\n", b"x-COOL: 2\r\n\r\n"
        assert wire.told == [b"HTTP/1.1 100 Continue\r\n" + fields for fields in (first, second)]
        body.headers_sent = None
        body.set_hundred_continue_response_headers([("X", "1\r\n")])
        with pytest.raises(ValueError, match="a header field of 100 Continue has a line break in it"):
            body.send_hundred_continue_response()

    on_wire(main)


def test_what_comes_behind_a_request_for_a_websocket(on_wire: Run) -> None:
    """It isn't HTTP: some of it may be read, and the rest is the socket's."""
    head = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    def main(wire: Wire) -> None:
        body = wire.input(head + b"12345678\x00abc", b"def")
        assert body.get_socket() is not wire.ours
        assert body.read() == b""
        body.content_length = 8
        assert body.read(2) + body.read() == b"12345678"
        sock = body.get_socket()
        assert (sock.recv(3), sock.recv(9), sock.recv(9)) == (b"\x00ab", b"c", b"def")
        assert sock.fileno() == wire.ours.fileno()
        assert body.get_socket() is wire.ours
        assert wire.requests.next() is None

    on_wire(main)


def test_bytes_that_a_websocket_waits_for(on_wire: Run) -> None:
    head = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    def main(wire: Wire) -> None:
        body = wire.input(head, b"1234")
        body.content_length = 4
        assert body.read(4) == b"1234"

    on_wire(main)
