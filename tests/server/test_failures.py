"""What the application raises: how it is logged and answered."""

import logging
import re
from collections.abc import Callable, Iterator

import pytest

from spruce import green
from spruce.errors.http import NotFound
from spruce.events import request_failed
from spruce.http import Request, Response

Talk = Callable[..., bytes]

GET = b"GET /%b HTTP/1.1\r\nHost: example.com\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n\r\n"


def nameless(messages: list[str]) -> list[str]:
    """Messages without the names of their requests, which each must have."""
    named = [re.fullmatch(r"(.*) \(request [0-9a-f]{16}\)", message) for message in messages]
    return [match[1] if match else "it has no name" for match in named]


def path(request: Request) -> Response:
    """Answer with the path."""
    return Response(request.path, mimetype="text/plain")


def plain(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Type: text/plain", b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join([*lines, b"", body])


def utf8(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    return plain(body, *fields, status=status).replace(b"text/plain", b"text/plain; charset=utf-8")


def test_what_a_stream_raises_ends_the_connection(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"begin"
        raise ZeroDivisionError

    answer = talk(lambda request: Response(pieces()), GET % b"a" + GET % b"b")
    assert not answer.endswith(b"0\r\n\r\n")
    assert answer.count(b"HTTP/1.1") <= 1
    assert nameless(caplog.messages) == ["GET /a failed"]


def test_a_failure_is_logged_with_its_request_and_answered_with_500(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns nothing about it, and the connection goes on."""
    seen = []
    unsubscribe = request_failed.subscribe(lambda event: seen.append(event["exception"]))

    def handler(request: Request) -> Response:
        if request.path == "/boom":
            raise ZeroDivisionError("secret")
        return path(request)

    answer = talk(handler, GET % b"boom" + GET % b"b")
    unsubscribe()
    failure = plain(b"500 Internal Server Error", status=b"500 Internal Server Error")
    assert answer == failure + utf8(b"/b")
    assert nameless(caplog.messages) == ["GET /boom failed"]
    assert caplog.records[0].levelno == logging.ERROR
    assert [str(error) for error in seen] == ["secret"]


def test_what_is_no_response_is_a_failure(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    assert talk(lambda request: None, GET % b"a").startswith(b"HTTP/1.1 500")
    assert "NoneType" in str(caplog.records[0].exc_info[1])  # type: ignore[index] # there is one


def test_a_timeout_that_nobody_catches_is_a_failure(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    """Timeout is no Exception, as in eventlet; the request gets its answer all the same."""

    def handler(request: Request) -> Response:
        with green.Timeout(0.001):
            green.sleep(10)
        return path(request)

    assert talk(handler, GET % b"a" + GET % b"b").count(b"HTTP/1.1 500") == 2


def test_an_http_error_is_answered_with_its_page(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: Request) -> Response:
        raise NotFound("No such product.")

    answer = talk(handler, GET % b"a")
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\n")
    assert b"<p>No such product.</p>" in answer
    assert caplog.records == []


def test_what_closing_raises_is_logged_and_the_connection_goes_on(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: Request) -> Response:
        response = path(request)
        response.call_on_close(lambda: 1 / 0)
        return response

    assert talk(handler, GET % b"a" + GET % b"b") == utf8(b"/a") + utf8(b"/b")
    assert nameless(caplog.messages) == ["GET /a: closing the response failed", "GET /b: closing the response failed"]
