"""Texts for values that don't fit, one for each."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pytest

from spruce.web import App, Form, request
from spruce.web.validation import InvalidInput, convert_text, faults, json_decoder


class Line(msgspec.Struct):
    """A line of an order."""

    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]


@dataclass
class Order:
    """An order."""

    customer: str
    lines: list[Line] = field(default_factory=list)
    note: str | None = None

    def __post_init__(self) -> None:
        if self.customer == "nobody":
            raise ValueError("nobody cannot order")


@dataclass
class Wishes:
    """What somebody ticked."""

    name: str
    news: bool = False


class Wanted(msgspec.Struct):
    """The same as a Struct."""

    name: str
    news: bool = False


class Colour(Enum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Point(TypedDict):
    """A point."""

    x: int
    y: int


def test_a_text_becomes_its_type() -> None:
    """Numbers, truth values and lists are read from text."""
    assert convert_text("page", "3", int) == 3
    assert convert_text("all", "true", bool) is True
    assert convert_text("ids", ["1", "2"], list[int]) == [1, 2]


@pytest.mark.parametrize("kind", [bool, bool | None, Annotated[bool, msgspec.Meta(description="a flag")]])
def test_a_box_that_is_ticked_is_true(kind: object) -> None:
    """A browser sends `on` for it; other people write yes and no."""
    assert [convert_text("news", text, kind) for text in ("on", "ON", "yes", "off", "no")] == [True] * 3 + [False] * 2
    assert convert_text("name", "on", str | bool) == "on"


@pytest.mark.parametrize("form", [Annotated[Wishes, Form()], Annotated[Wanted, Form()]])
def test_boxes_of_a_form_are_true_when_they_are_ticked(form: Any) -> None:
    """In a model as in a parameter of its own; other fields keep the text."""
    app = App(__name__, TESTING=True)

    def wish(wishes: Any, urgent: Annotated[bool, Form()] = False) -> list[object]:
        return [wishes.name, wishes.news, urgent]

    wish.__annotations__["wishes"] = form
    app.post("/")(wish)
    client = app.test_client()
    assert client.post("/", data={"name": "on", "news": "on", "urgent": "on"}).json == ["on", True, True]
    assert client.post("/", data={"name": "no", "news": "No"}).json == ["no", False, False]
    assert client.post("/", data={"name": "x", "news": "maybe"}).json["fields"] == {
        "news": "Expected `bool`, got 'maybe'"
    }


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("green", Colour, "page: Expected one of 'red', 'blue', got 'green'"),
        (
            "c",
            Annotated[Literal["a", "b"] | None, msgspec.Meta(description="d")],
            "page: Expected one of 'a', 'b', got 'c'",
        ),
        ("3", Literal[1, 2], "page: Expected one of 1, 2, got 3"),
        ("x", int, "page: Expected `int`, got 'x'"),
        ("0", Annotated[int, msgspec.Meta(ge=1)], "page: Expected `int` >= 1"),
        (["1", "x"], list[int], "page: Expected `int`, got '1, x'"),
    ],
)
def test_a_text_that_does_not_fit_is_named(text: str | list[str], kind: object, message: str) -> None:
    """The description tells name, expectation and value."""
    with pytest.raises(InvalidInput) as caught:
        convert_text("page", text, kind)
    assert caught.value.description == message
    assert caught.value.code == 422


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ({"customer": "ann"}, Order, {}),
        (
            {"lines": [{"sku": "a", "quantity": 0}, {"quantity": "x"}], "note": 3},
            Order,
            {
                "customer": "is required",
                "lines[0].quantity": "Expected `int` >= 1",
                "lines[1].sku": "is required",
                "lines[1].quantity": "Expected `int`, got `str`",
                "note": "Expected `str | null`, got `int`",
            },
        ),
        ({"customer": "nobody"}, Order, {"body": "nobody cannot order"}),
        ([1], Order, {"body": "Expected `object`, got `array`"}),
        ({"x": "1"}, Point, {"x": "Expected `int`, got `str`", "y": "is required"}),
        ([{"sku": 1, "quantity": 1}], list[Line], {"[0].sku": "Expected `str`, got `int`"}),
        ({"sku": 1, "quantity": 1}, Line | None, {"sku": "Expected `str`, got `int`"}),
    ],
)
def test_every_fault_of_a_body_is_found(value: object, kind: object, expected: dict[str, str]) -> None:
    """Not only the first one, and each at its place."""
    assert faults(value, kind) == expected


@dataclass
class Inner:
    """Has a default."""

    number: int = 1


class Outer(msgspec.Struct):
    """Holds one."""

    inner: list[Inner]


def test_a_default_of_a_dataclass_is_told_when_it_is_sent_back() -> None:
    """Msgspec leaves it to the class, and its encoder looks at the object alone."""
    decode = json_decoder(Outer)
    assert msgspec.json.encode(decode(b'{"inner":[{},{"number":2}]}')) == b'{"inner":[{"number":1},{"number":2}]}'


class Anything(msgspec.Struct):
    """Asks for nothing, so everything sent is skipped."""


MALFORMED = {
    "2: nothing at all": b"",
    "2: two values": b"{}{}",
    "2: text behind it": b"{}x",
    "2: a form feed between tokens": b"{\x0c}",
    "2: an unclosed object": b'{"a":1',
    "2: an unclosed array": b'{"a":[1',
    "2: the wrong bracket": b'{"a":[1}}',
    "2: a closing bracket too many": b"{}}",
    "3: a name that is none": b'{"a":tru}',
    "3: a name in capitals": b'{"a":TRUE}',
    "3: NaN": b'{"a":NaN}',
    "3: Infinity": b'{"a":-Infinity}',
    "3: undefined": b'{"a":undefined}',
    "4: no colon": b'{"a" 1}',
    "4: no value": b'{"a":}',
    "4: no comma": b'{"a":1 "b":2}',
    "4: a comma at the end": b'{"a":1,}',
    "4: a comma first": b'{,"a":1}',
    "4: two commas": b'{"a":1,,"b":2}',
    "4: a name without quotes": b"{a:1}",
    "4: a name in single quotes": b"{'a':1}",
    "4: a number for a name": b"{1:1}",
    "4: a comment": b'{"a":1/* one */}',
    "5: a comma at the end of an array": b'{"a":[1,]}',
    "5: only a comma": b'{"a":[,]}',
    "5: no comma in an array": b'{"a":[1 2]}',
    "5: a colon in an array": b'{"a":["b":1]}',
    "6: a leading zero": b'{"a":01}',
    "6: a minus and a leading zero": b'{"a":-01}',
    "6: a plus": b'{"a":+1}',
    "6: no digit before the point": b'{"a":.5}',
    "6: no digit behind the point": b'{"a":1.}',
    "6: no exponent": b'{"a":1e}',
    "6: only a sign in the exponent": b'{"a":1e+}',
    "6: a minus alone": b'{"a":-}',
    "6: hexadecimal": b'{"a":0x1}',
    "6: two points": b'{"a":1.2.3}',
    "6: digits that are not ASCII": '{"a":１}'.encode(),
    "7: a line break in a string": b'{"a":"\n"}',
    "7: a tab in a string": b'{"a":"\t"}',
    "7: a null byte in a string": b'{"a":"\x00"}',
    "7: an escape that is none": b'{"a":"\\x20"}',
    "7: half an escape": b'{"a":"\\u00"}',
    "7: an escaped quote at the end": b'{"a":"\\"}',
    "7: no quote at the end": b'{"a":"b}',
    "7: half a surrogate": b'{"a":"\\ud800\\n"}',
    "8.1: a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "8.1: no UTF-8 in a string": b'{"a":"\xff"}',
    "8.1: half a character": b'{"a":"\xe7\x86"}',
    "8.1: an overlong form": b'{"a":"\xc0\xaf"}',
    "8.1: UTF-16": '{"a":1}'.encode("utf-16"),
    "9: nested without end": b'{"a":' + b"[" * 100_000,
}


@pytest.mark.parametrize("case", MALFORMED, ids=list(MALFORMED))
def test_what_is_no_json_is_a_400(case: str) -> None:
    """Each case is named after its section of RFC 8259; also in what the view's type doesn't ask for."""
    app = App(__name__)
    app.add_url_rule("/typed", "typed", typed_view, methods=["POST"])
    app.add_url_rule("/plain", "plain", lambda: {"got": request.json}, methods=["POST"])
    for path in ("/typed", "/plain"):
        response = app.test_client().post(path, data=MALFORMED[case], content_type="application/json")
        assert (response.status_code, "The body is not valid JSON: " in response.text) == (400, True), response.text


def typed_view(body: Anything) -> str:
    return "accepted"
