"""How values become JSON, and who may say otherwise."""

import json
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from spruce.errors import ViewError
from spruce.web import App, jsonify, request
from spruce.web.jsonprovider import JSONProvider, to_json


class Exact(JSONProvider):
    """Knows one type more."""

    def default(self, value: Any) -> Any:
        return str(value) if isinstance(value, Fraction) else super().default(value)


class Indented(JSONProvider):
    """Another library, and another type of content."""

    mimetype = "application/vnd.shop+json"

    def dumps(self, value: Any) -> str:
        return json.dumps(value, indent=1)

    def loads(self, text: str | bytes) -> Any:
        return json.loads(text, parse_float=Decimal)


def made(cls: type[JSONProvider]) -> App:
    """Return an app with this provider and views that return JSON in several ways."""

    class Own(App):
        json_provider_class = cls

    app = Own(__name__)
    app.add_url_rule("/dict", "dict", lambda: {"n": [1]})
    app.add_url_rule("/jsonify", "jsonify", lambda: jsonify(n=1))
    app.add_url_rule("/third", "third", lambda: {"n": Fraction(1, 3)})
    app.add_url_rule("/type", "type", lambda: type(request.json["n"]).__name__, methods=["POST"])
    return app


def test_a_type_can_be_taught() -> None:
    """The rest stays as it was."""
    client = made(Exact).test_client()
    assert client.get("/third").text == '{"n":"1/3"}'
    assert client.get("/dict").text == '{"n":[1]}'


def test_another_library_may_write_and_read() -> None:
    """The results of views, jsonify, and what was sent."""
    client = made(Indented).test_client()
    response = client.get("/dict")
    assert (response.text, response.mimetype) == ('{\n "n": [\n  1\n ]\n}', "application/vnd.shop+json")
    assert client.get("/jsonify").text == '{\n "n": 1\n}'
    assert client.post("/type", json={"n": 1.5}).text == "Decimal"
    bad = client.post("/type", data="{", content_type="application/json")
    assert (bad.status_code, "The body is not valid JSON: Expecting property name" in bad.text) == (400, True)
    assert made(JSONProvider).test_client().post("/type", json={"n": 1.5}).text == "float"


def test_an_object_does_as_well() -> None:
    """Put into `app.json` when there is an app already."""
    app = made(JSONProvider)
    app.json = Exact()
    assert app.test_client().get("/third").text == '{"n":"1/3"}'


def test_the_usual_one_can_be_used_by_hand() -> None:
    """As Flask's can."""

    @dataclass
    class Point:
        x: int

    app = App(__name__)
    assert (app.json.dumps(Point(1)), app.json.loads('{"x":1}')) == (b'{"x":1}', {"x": 1})


def test_what_nobody_knows_is_told() -> None:
    """With what to do."""
    with pytest.raises(ViewError) as caught:
        to_json(Fraction(1, 3))
    assert str(caught.value) == (
        "a Fraction cannot be made into JSON: Fraction(1, 3). "
        "Give its class a method __json__ that returns what can, or return a dict."
    )
