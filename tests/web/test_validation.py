"""Texts for values that don't fit, one for each."""

from dataclasses import dataclass, field
from typing import Annotated, TypedDict

import msgspec
import pytest

from spruce.web.validation import InvalidInput, convert_text, faults


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


class Point(TypedDict):
    """A point."""

    x: int
    y: int


def test_a_text_becomes_its_type() -> None:
    """Numbers, truth values and lists are read from text."""
    assert convert_text("page", "3", int) == 3
    assert convert_text("all", "true", bool) is True
    assert convert_text("ids", ["1", "2"], list[int]) == [1, 2]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
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
