"""What a view may return."""

import asyncio
from collections import OrderedDict, UserDict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from spruce.errors import NotFound, ViewError
from spruce.i18n import gettext_lazy, override
from spruce.web import App, Response, g, jsonify, make_response, redirect, request
from spruce.web.jsonprovider import to_json
from spruce.web.results import respond


@dataclass
class Point:
    """A point."""

    x: int


class Item(msgspec.Struct):
    """An item."""

    price: Decimal


class Safe(str):
    """A text of a class of its own."""

    __slots__ = ()


class Money:
    """Has its own JSON."""

    def __json__(self) -> dict[str, str]:
        return {"money": "1.50"}


class Markup:
    """Has its own HTML."""

    def __html__(self) -> str:
        return "<b>"


HTML = "text/html; charset=utf-8"
JSON = "application/json"


@pytest.mark.parametrize(
    ("result", "body", "kind"),
    [
        ("熊猫", "熊猫".encode(), HTML),
        ("", b"", HTML),
        (Safe("a"), b"a", HTML),
        (b"\x00", b"\x00", HTML),
        ({"a": [1, None]}, b'{"a":[1,null]}', JSON),
        (OrderedDict(a=1), b'{"a":1}', JSON),
        (UserDict(a=1), b'{"a":1}', JSON),
        ([1, "2"], b'[1,"2"]', JSON),
        (Point(1), b'{"x":1}', JSON),
        (Item(Decimal("1.50")), b'{"price":"1.50"}', JSON),
        ({"at": datetime(2024, 2, 29, tzinfo=UTC)}, b'{"at":"2024-02-29T00:00:00Z"}', JSON),
        (Money(), b'{"money":"1.50"}', JSON),
        ([Markup()], b'["<b>"]', JSON),
        (NotFound("gone"), None, HTML),
        (iter(["a", b"b"]), b"ab", HTML),
    ],
)
def test_a_result_becomes_a_response(result: Any, body: bytes | None, kind: str) -> None:
    """Each type has its body and content type."""
    response = respond(result, "view")
    assert response.content_type == kind
    if body is not None:
        assert response.data == body


@pytest.mark.parametrize(
    ("result", "status", "headers", "body"),
    [
        (("a", 201), 201, {}, b"a"),
        (("a", "418 Short and stout"), 418, {}, b"a"),
        (("a", {"X-A": "1"}), 200, {"X-A": "1"}, b"a"),
        (("a", [("X-A", "1")]), 200, {"X-A": "1"}, b"a"),
        (({"a": 1}, 201, {"Location": "/a"}), 201, {"Location": "/a"}, b'{"a":1}'),
        ((Response("a", 200), 202), 202, {}, b"a"),
        ((None, 204), 204, {}, b""),
        ((Item(Decimal(1)), 201), 201, {}, b'{"price":"1"}'),
    ],
)
def test_a_tuple_adds_status_and_headers(result: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    """In Flask's orders."""
    response = respond(result, "view")
    assert (response.status_code, response.data) == (status, body)
    assert {name: response.headers[name] for name in headers} == headers


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (
            None,
            "the view 'shop.cart' returned None. "
            "Every way through it must return something: a str, a dict, a Response, '' for an empty page.",
        ),
        (
            3,
            "the view 'shop.cart' returned a int, which is no response: 3. "
            "Return a str, bytes, dict, list, dataclass, Struct, generator or Response, or one of them with a status.",
        ),
        (
            ("a", 200, {}, 1),
            "the view 'shop.cart' returned a tuple of 4. "
            "A tuple is (body, status), (body, headers) or (body, status, headers).",
        ),
        (
            {"a": {1j}},
            "a complex cannot be made into JSON: 1j. "
            "Give its class a method __json__ that returns what can, or return a dict.",
        ),
    ],
)
def test_a_result_that_is_none_says_whose_it_is(result: Any, text: str) -> None:
    """The view is named, and what it can return."""
    with pytest.raises(ViewError) as caught:
        respond(result, "shop.cart")
    assert str(caught.value) == text


def test_an_async_generator_is_streamed_with_its_request() -> None:
    """A view may be one, return one, or put one into a Response."""
    app = App("app")

    async def pieces(name: str) -> AsyncIterator[str]:
        await asyncio.sleep(0)
        yield f"{name} "
        yield request.path if name != "put in" else "no request"

    @app.get("/is")
    async def is_one() -> AsyncIterator[str]:
        await asyncio.sleep(0)
        yield "is "
        yield request.path

    app.add_url_rule("/returns", view_func=lambda: pieces("returns"), endpoint="returns")
    app.add_url_rule("/with", view_func=lambda: (pieces("with"), 201), endpoint="with")
    app.add_url_rule("/put", view_func=lambda: Response(pieces("put in"), 202), endpoint="put")
    client = app.test_client()
    answers = [client.get(path) for path in ("/is", "/returns", "/with", "/put")]
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (200, "is /is"),
        (200, "returns /returns"),
        (201, "with /with"),
        (202, "put in no request"),
    ]


def test_a_generator_is_streamed_with_its_request() -> None:
    """`request` and `g` are there while it runs."""
    app = App(__name__)

    @app.get("/")
    def view() -> Iterator[str]:
        g.word = "b"
        yield request.path
        yield g.word

    assert app.test_client().get("/").text == "/b"


def test_an_awaitable_that_a_plain_view_returns_is_waited_for() -> None:
    """As decorators around async views return."""
    app = App(__name__)

    async def inner() -> str:
        return "inner"

    app.add_url_rule("/", "view", lambda: inner())
    assert app.test_client().get("/").text == "inner"


def test_make_response_takes_what_a_view_returns() -> None:
    """One result, or a result with status and headers."""
    assert make_response().data == b""
    assert make_response("a").text == "a"
    response = make_response({"a": 1}, 201, {"X-A": "1"})
    assert (response.status_code, response.json, response.headers["X-A"]) == (201, {"a": 1}, "1")


def test_jsonify_takes_a_value_values_or_keywords() -> None:
    """As Flask's."""
    assert jsonify([1]).data == b"[1]"
    assert jsonify(1, 2).data == b"[1,2]"
    assert jsonify(a=1).data == b'{"a":1}'
    assert jsonify().data == b"{}"
    with pytest.raises(TypeError, match=r"^jsonify\(\) takes values or keywords, not both$"):
        jsonify(1, a=2)


def test_redirect_sends_the_client_elsewhere() -> None:
    """Characters that a header can't carry are encoded, markup in the page is escaped."""
    response = redirect("/熊?a=<b>&c", 303)
    assert response.status_code == 303
    assert response.headers["Location"] == "/%E7%86%8A?a=%3Cb%3E&c"
    assert '<a href="/熊?a=&lt;b&gt;&amp;c">' in response.text
    assert redirect("/a\r\nX: y").headers["Location"] == "/a%0D%0AX:%20y"
    with pytest.raises(ValueError, match=r"^redirect\(\) takes the status 301, 302, 303, 307 or 308, not 200$"):
        redirect("/", 200)


def test_json_is_made_of_what_msgspec_knows() -> None:
    """Non-ASCII text stays as it is."""
    assert to_json({"名": "熊猫"}) == '{"名":"熊猫"}'.encode()


def test_lazy_texts_are_json_in_the_language_that_holds() -> None:
    """A label of a choice, for instance."""
    assert to_json({"label": gettext_lazy("Not Found")}) == b'{"label":"Not Found"}'
    with override("zh-Hans"):
        assert to_json({"label": gettext_lazy("Not Found")}) == '{"label":"未找到"}'.encode()
