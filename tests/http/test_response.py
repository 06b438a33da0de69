"""Responses."""

import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from spruce.errors.http import HTTPException, MethodNotAllowed, NotFound
from spruce.http import Response, StandingHeaders, error_response


def test_a_plain_response_makes_no_headers() -> None:
    """A server may send it with a head that is ready."""
    response = Response("hi")
    assert (response.response, response.status_code, response.plain_type) == (b"hi", 200, "text/html; charset=utf-8")
    assert "headers" not in response.__dict__


def test_touching_the_headers_ends_that() -> None:
    response = Response(b"hi", content_type="text/plain")
    assert list(response.headers) == [("Content-Type", "text/plain")]
    assert response.plain_type is None
    assert response.content_type == "text/plain"


@pytest.mark.parametrize(
    ("arguments", "content_type"),
    [
        ({}, "text/html; charset=utf-8"),
        ({"mimetype": "text/plain"}, "text/plain; charset=utf-8"),
        ({"mimetype": "application/json"}, "application/json"),
        ({"content_type": "text/plain; charset=latin-1"}, "text/plain; charset=latin-1"),
        ({"headers": {"Content-Type": "image/png"}}, "image/png"),
        ({"headers": {"Content-Type": "image/png"}, "mimetype": "image/gif"}, "image/gif"),
    ],
)
def test_content_types(arguments: dict[str, object], content_type: str) -> None:
    response = Response(b"", **arguments)  # type: ignore[arg-type] # as many kinds as there are cases
    assert response.content_type == content_type
    assert response.mimetype == content_type.partition(";")[0]
    assert response.headers.getlist("Content-Type") == [content_type]


@pytest.mark.parametrize(
    "body", [None, "hé", b"h\xc3\xa9", bytearray(b"h\xc3\xa9"), memoryview(b"h\xc3\xa9"), ["h", b"\xc3\xa9"]]
)
def test_bodies_of_every_kind_become_bytes(body: object) -> None:
    response = Response(body)  # type: ignore[arg-type] # as many kinds as there are cases
    assert response.response == (b"" if body is None else b"h\xc3\xa9")
    assert not response.is_streamed


@pytest.mark.parametrize("body", [{"a": 1}, 3])
def test_a_body_of_another_kind_is_refused(body: object) -> None:
    with pytest.raises(TypeError) as caught:
        Response(body)  # type: ignore[arg-type] # what is tested
    assert str(caught.value) == (
        f"A Response is made of text, bytes or an iterable of them, not of {type(body).__name__} {body!r}."
    )


def test_statuses() -> None:
    assert Response("", 404).status == "404 Not Found"
    assert Response("", HTTPStatus.CREATED).status == "201 Created"
    assert Response("", "201 CREATED").status == "201 CREATED"
    assert Response("", "418 Short and stout").status == "418 Short and stout"
    assert Response("", 299).status == "299 Unknown"
    response = Response()
    response.status = "303"  # type: ignore[assignment] # the setter takes what the constructor takes
    assert (response.status_code, response.status) == (303, "303 See Other")
    response.status = 500  # type: ignore[assignment] # as above
    assert response.status == "500 Internal Server Error"
    with pytest.raises(
        ValueError, match=r"^'Not Found' is no HTTP status: it begins with a code of three digits, as in"
    ):
        Response("", "Not Found")


def test_a_reason_phrase_cannot_end_its_line() -> None:
    assert Response("", "200 OK\r\nSet-Cookie: a=1").status == "200 OKSet-Cookie: a=1"


def test_header_attributes() -> None:
    response = Response("hi")
    response.location = "/next"
    response.last_modified = datetime(2024, 5, 6, tzinfo=UTC)
    response.set_etag("abc", weak=True)
    response.vary.add("Cookie")
    response.allow.update(["GET", "POST"])
    response.mimetype = "text/plain"
    response.content_length = 7
    assert list(response.headers) == [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Location", "/next"),
        ("Last-Modified", "Mon, 06 May 2024 00:00:00 GMT"),
        ("ETag", 'W/"abc"'),
        ("Vary", "Cookie"),
        ("Allow", "GET, POST"),
        ("Content-Length", "7"),
    ]
    assert (response.location, response.last_modified) == ("/next", datetime(2024, 5, 6, tzinfo=UTC))
    response.location = response.content_type = response.content_length = None
    assert [name for name, _ in response.headers] == ["Last-Modified", "ETag", "Vary", "Allow"]


def test_cookies_are_set_and_deleted() -> None:
    response = Response()
    response.set_cookie("a", "1", max_age=60, httponly=True)
    response.delete_cookie("b", path="/shop")
    assert response.headers.getlist("Set-Cookie") == [
        "a=1; Max-Age=60; HttpOnly; Path=/",
        "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/shop",
    ]


def test_the_headers_as_they_are_sent() -> None:
    """With a length where it is known and belongs."""
    assert Response("hé").header_list() == [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "3")]
    assert Response(iter(["a"])).header_list() == [("Content-Type", "text/html; charset=utf-8")]
    assert Response("", 204).header_list() == [("Content-Type", "text/html; charset=utf-8")]
    assert Response("", headers={"Content-Length": "9"}).header_list()[-1] == ("Content-Length", "9")


def test_a_body_is_replaced_with_its_length() -> None:
    response = Response("hello", headers={"Content-Length": "5"})
    response.data = "熊"  # type: ignore[assignment] # the setter takes text as well
    assert (response.data, response.text, response.get_data(), response.get_data(as_text=True)) == (
        "熊".encode(),
        "熊",
        "熊".encode(),
        "熊",
    )
    assert (response.headers["Content-Length"], response.content_length) == ("3", 3)


def test_json_bodies_are_read() -> None:
    assert Response('{"a": 1}', mimetype="application/json").json == {"a": 1}
    assert Response('{"a": 1}').json is None
    assert Response('{"a": 1}').get_json(force=True) == {"a": 1}
    assert Response("{", mimetype="application/json").get_json(silent=True) is None
    with pytest.raises(ValueError, match="truncated"):
        Response("{", mimetype="application/json").get_json()


class Pieces:
    """A body that notes that it was closed."""

    closed = 0

    def __iter__(self) -> Iterator[str | bytes]:
        yield "a"
        yield b"b"

    def close(self) -> None:
        self.closed += 1


def test_a_streamed_body_is_read_and_closed_where_its_data_is_asked_for() -> None:
    pieces = Pieces()
    response = Response(pieces)
    assert (response.is_streamed, response.content_length) == (True, None)
    assert list(response.iter_encoded()) == [b"a", b"b"]
    assert (response.data, pieces.closed, response.is_streamed) == (b"ab", 1, False)


def test_closing_calls_everything_once_even_where_one_call_raises() -> None:
    pieces = Pieces()
    response = Response(pieces)
    called = []

    @response.call_on_close
    def fails() -> None:
        called.append("fails")
        raise RuntimeError("first")

    response.call_on_close(lambda: called.append("works"))
    with pytest.raises(RuntimeError, match=r"^first$"):
        response.close()
    assert (called, pieces.closed) == (["fails", "works"], 1)
    response.close()
    assert called == ["fails", "works"]


def test_an_error_becomes_a_small_page_that_escapes_what_it_says() -> None:
    response = error_response(NotFound("No <b>such</b> page & more."))
    assert response.status == "404 Not Found"
    assert response.text == (
        "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
        "<p>No &lt;b&gt;such&lt;/b&gt; page &amp; more.</p>\n"
    )
    assert error_response(MethodNotAllowed(["GET"])).headers["Allow"] == "GET"


def test_an_error_with_a_response_is_that_response() -> None:
    response = Response("mine", 418)
    assert error_response(HTTPException(response=response)) is response
    assert error_response(HTTPException("odd")).status_code == 500


def test_a_response_shows_what_it_is() -> None:
    assert repr(Response("hi", 404)) == "<Response 2 bytes [404 Not Found]>"
    assert repr(Response(iter(()))) == "<Response streamed [200 OK]>"


def test_standing_fields_leave_a_plain_response_plain() -> None:
    """They are sent, and are among the headers once somebody looks."""
    standing = StandingHeaders({"X-A": "1"})
    response = Response("hi")
    response.add_standing(standing)
    assert (response.standing, "headers" in response.__dict__) == (standing, False)
    assert response.header_list()[1:] == [("X-A", "1"), ("Content-Length", "2")]


def test_the_fields_of_a_response_go_before_standing_ones() -> None:
    """Two sets of them are joined, too."""
    response = Response("hi", headers={"X-A": "own"})
    response.add_standing(StandingHeaders({"X-A": "1", "X-B": "2"}))
    assert (response.headers["X-A"], response.headers["X-B"]) == ("own", "2")
    plain = Response("hi")
    plain.add_standing(StandingHeaders({"X-A": "1"}))
    plain.add_standing(more := StandingHeaders({"X-A": "2", "X-C": "3"}))
    assert "headers" not in plain.__dict__
    assert (first := StandingHeaders({})).joined(more) is first.joined(more)
    assert list(plain.headers)[1:] == [("X-A", "1"), ("X-C", "3")]


def test_a_response_that_is_sent_again_keeps_its_standing_fields() -> None:
    """The very same object, as a view may return one response for ever."""
    one, other, response = StandingHeaders({"X-A": "1"}), StandingHeaders({"X-B": "2"}), Response("hi")
    seen = set()
    for _ in range(3):
        response.add_standing(one)
        response.add_standing(other)
        seen.add(response.standing)
    assert len(seen) == 1
    assert list(response.headers)[1:] == [("X-A", "1"), ("X-B", "2")]


class Piece(str):
    """A text that can be looked after."""


def test_no_piece_is_held_while_the_next_one_is_waited_for() -> None:
    """Many clients may be slow at a time, and pieces be large."""
    holder = [Piece("a"), Piece("b")]
    made = [weakref.ref(piece) for piece in holder]
    pieces = Response(iter(lambda: holder.pop(0) if holder else None, None)).iter_encoded()
    assert [next(pieces), made[0](), next(pieces), made[1]()] == [b"a", None, b"b", None]
