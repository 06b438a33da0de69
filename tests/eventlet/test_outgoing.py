"""Answers as they go out, without a connection."""

from typing import Any

import pytest

from spruce.errors import HostedAppError
from spruce.eventlet.outgoing import Answer, encode_header_line


class Recorder:
    """A connection that keeps what is sent."""

    capitalize_response_headers = True
    close_connection = False
    protocol_version = "HTTP/1.1"

    def __init__(self, command: str = "GET", version: str = "HTTP/1.1") -> None:
        self.command = command
        self.request_version = version
        self.pieces: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.pieces.append(data)

    def keep_alive_lines(self) -> list[str]:
        return ["Connection: close"] if self.close_connection else []


def sent(
    body: Any, *headers: tuple[str, Any], status: str = "200 OK", gather: int = 100, via: Recorder | None = None
) -> list[bytes]:
    """The pieces in which an answer goes out, with a head that has no date."""
    recorder = via or Recorder()
    answer = Answer(recorder)
    answer.start_response(status, [("Date", "now"), *headers])
    answer.note_length(body)
    answer.send(body, gather)
    answer.finish()
    assert answer.length == sum(map(len, recorder.pieces))
    return [piece.replace(b"Date: now\r\n", b"") for piece in recorder.pieces]


def test_a_body_that_is_there_whole_has_a_length() -> None:
    assert sent([b"ab", b"c"]) == [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"]
    assert sent([]) == [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]


def test_one_that_comes_in_pieces_has_chunks() -> None:
    """Small ones together; text is ASCII, and nothing is no chunk."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert sent(iter(["a", b"", b"b", b"c"]), gather=2) == [head + b"2\r\nab\r\n", b"1\r\nc\r\n", b"0\r\n\r\n"]
    assert sent(iter([])) == [head, b"0\r\n\r\n"]
    with pytest.raises(UnicodeEncodeError):
        sent(iter(["\u0230"]))


def test_clients_of_the_older_version_read_to_the_end() -> None:
    recorder = Recorder(version="HTTP/1.0")
    assert sent(iter([b"a"]), via=recorder) == [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\na"]
    assert recorder.close_connection


@pytest.mark.parametrize(
    ("command", "status"), [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")]
)
def test_what_has_no_body(command: str, status: str) -> None:
    (head,) = sent([b"body"], status=status, via=Recorder(command))
    assert head == f"HTTP/1.1 {status}\r\n\r\n".encode()


def test_a_length_that_is_stated_holds() -> None:
    """More is cut off; after less, or more, the connection ends."""
    more, less = Recorder(), Recorder()
    assert sent(iter([b"abc"]), ("content-length", 2), via=more)[0].endswith(b"\r\n\r\nab")
    assert sent(iter([b"a"]), ("content-length", 2), via=less)[0].endswith(b"Content-Length: 2\r\n\r\na")
    assert (more.close_connection, less.close_connection) == (True, True)
    for wrong in (["1", "2"], ["1a"], ["-1"]):
        with pytest.raises(HostedAppError, match="Content-Length is"):
            sent([b"a"], *(("Content-Length", value) for value in wrong))


def test_what_the_server_says_of_the_connection_is_its_own() -> None:
    """But the application may close it."""
    recorder = Recorder()
    (answer,) = sent([b""], ("connection", "close"), ("transfer-encoding", "chunked"), via=recorder)
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def test_writing_at_once() -> None:
    """By what start_response returns, which must have been called."""
    recorder = Recorder()
    answer = Answer(recorder)
    with pytest.raises(HostedAppError, match=r"^the application wrote before start_response\(\)\."):
        answer.write(b"early")
    write = answer.start_response("200 OK", [("content-length", "2")])
    write(b"ab")
    answer.finish()
    assert recorder.pieces[0].endswith(b"\r\n\r\nab")


def test_an_error_replaces_what_is_not_sent() -> None:
    """Else it is raised."""
    recorder = Recorder()
    answer = Answer(recorder)
    try:
        raise ValueError("late")
    except ValueError as error:
        failure = type(error), error, error.__traceback__
    answer.start_response("200 OK", [])
    answer.start_response("500 Failed", [("Date", "now")], failure)
    answer.write(b"x")
    assert recorder.pieces[0].startswith(b"HTTP/1.1 500 Failed\r\n")
    with pytest.raises(ValueError, match=r"^late$"):
        answer.start_response("500 Failed", [], failure)


def test_nobody_adds_header_fields() -> None:
    for header in (("X", "1\r\nSet-Cookie: a"), ("X\n", "1"), ("X", "\0")):
        with pytest.raises(HostedAppError, match="a header field has a line break or a zero byte in it"):
            encode_header_line(header)
    with pytest.raises(HostedAppError, match="the status has a line break in it"):
        Answer(Recorder()).start_response("200 OK\r\nX: 1", [])


def test_header_fields_are_latin() -> None:
    assert encode_header_line(("X-\xdf", "\xff")) == b"X-\xdf: \xff\r\n"
    with pytest.raises(UnicodeEncodeError, match="WSGI header names must be latin-1"):
        encode_header_line(("X-\u2603", "1"))
    with pytest.raises(UnicodeEncodeError, match="Use RFC 8187 encoding"):
        encode_header_line(("X", "\u2603"))
