"""Heads of responses."""

import pytest

from spruce.http import Request, Response, StandingHeaders
from spruce.server.heads import Framing, Head, Heads

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
MOMENT = 784111777.0


def head(response: Response, method: str = "GET", version: str = "1.1", keep_alive: bool = True) -> Head:
    return Head(Request(method, "/", http_version=version), response, keep_alive, DATE)


def lines(response: Response, method: str = "GET", version: str = "1.1", keep_alive: bool = True) -> list[str]:
    """The lines behind the status line, the content type and the date."""
    text = head(response, method, version, keep_alive).data.decode("latin-1")
    assert text.endswith("\r\n\r\n")
    return [line for line in text.split("\r\n")[1:-2] if not line.startswith(("Content-Type:", "Date:"))]


def test_a_head_in_full() -> None:
    response = Response("hé", "404 Gone fishing", {"X-Name": "café"})
    assert head(response).data == (
        b"HTTP/1.1 404 Gone fishing\r\nContent-Type: text/html; charset=utf-8\r\nX-Name: caf\xe9\r\n"
        b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 3\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("response", "method", "version", "expected"),
    [
        (Response("abc"), "GET", "1.1", ["Content-Length: 3"]),
        (Response("abc"), "HEAD", "1.1", ["Content-Length: 3"]),
        (Response(iter([])), "GET", "1.1", ["Transfer-Encoding: chunked"]),
        (Response(iter([])), "GET", "1.0", ["Connection: close"]),
        (Response(iter([])), "HEAD", "1.1", []),
        (Response("abc"), "GET", "1.0", ["Content-Length: 3", "Connection: keep-alive"]),
        (Response("", 204), "GET", "1.1", []),
        (Response("", 304), "GET", "1.1", []),
        (Response("", 304, {"Content-Length": "9"}), "GET", "1.1", ["Content-Length: 9"]),
        (Response("", headers={"Content-Length": "9"}), "HEAD", "1.1", ["Content-Length: 9"]),
        (Response(iter(["a"]), headers={"Content-Length": "1"}), "GET", "1.1", ["Content-Length: 1"]),
    ],
)
def test_how_the_end_of_the_body_is_told(response: Response, method: str, version: str, expected: list[str]) -> None:
    assert lines(response, method, version) == expected


def test_framing_is_the_servers_alone_asvs_4_2_2() -> None:
    """A wrong length is put right, a coding that the application sets is dropped."""
    response = Response(
        "abc", headers={"Content-Length": "9", "Transfer-Encoding": "gzip", "Keep-Alive": "x", "Connection": "x"}
    )
    assert lines(response) == ["Content-Length: 3"]


def test_the_application_may_end_the_connection_and_set_the_date() -> None:
    response = Response("", headers={"Connection": "Close", "Date": "now"})
    assert lines(response) == ["Content-Length: 0", "Connection: close"]
    assert head(response).data.count(b"Date:") == 1
    assert not head(response).keep_alive


def test_framings() -> None:
    assert head(Response("a")).framing is Framing.LENGTH
    assert head(Response("a"), "HEAD").framing is Framing.NONE
    assert head(Response(iter([]))).framing is Framing.CHUNKED
    closing = head(Response(iter([])), version="1.0")
    assert (closing.framing, closing.keep_alive) == (Framing.CLOSE, False)


def test_heads_of_plain_responses_are_kept_until_the_date_changes() -> None:
    heads = Heads(MOMENT)
    made = heads.make_ready(404, "text/plain")
    assert made == (
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: "
    )
    heads.set_date(MOMENT + 0.5)
    assert heads.ready == {(404, "text/plain", None): made}
    heads.set_date(MOMENT + 1)
    assert (heads.ready, heads.date) == ({}, "Sun, 06 Nov 1994 08:49:38 GMT")


def test_standing_fields_are_part_of_a_head_that_is_kept() -> None:
    heads = Heads(MOMENT)
    made = heads.make_ready(200, "text/plain", standing := StandingHeaders({"X-A": "1", "X-B": "2"}))
    assert made == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: 1\r\nX-B: 2\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        b"Content-Length: "
    )
    assert heads.ready == {(200, "text/plain", standing): made}


def test_statuses_without_a_body_have_no_plain_head() -> None:
    heads = Heads(MOMENT)
    assert [heads.make_ready(status, "a/b") for status in (100, 204, 304)] == [None, None, None]
    assert heads.make_ready(200, None) is None


def test_the_heads_that_are_kept_are_limited() -> None:
    heads = Heads(MOMENT)
    for number in range(2000):
        heads.make_ready(200, f"text/x-{number}")
    assert len(heads.ready) == 1000
