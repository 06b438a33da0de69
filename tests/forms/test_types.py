"""Forms of Structs and dataclasses."""

import datetime as dt
import enum
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest

from spruce import forms
from spruce.errors import FormError


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Order(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=2, max_length=9, title="Who", description="Your name")]
    count: Annotated[int, msgspec.Meta(gt=0, le=9)]
    code: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")] = "abc"
    price: Decimal = Decimal("1.5")
    day: dt.date | None = None
    gift: bool = False
    maybe: bool | None = None
    size: Size = Size.SMALL
    pay: Literal["cash", "card"] | None = None
    colours: list[Literal["red", "blue"]] = []
    note: str | None = None
    more: dict[str, Any] = {}


GOOD = {"name": "Ann", "count": "2", "size": "l", "colours": ["red"], "code": "x", "price": "2", "more": '{"a": 1}'}


def test_a_form_has_a_field_for_each() -> None:
    """With limits, texts and defaults of the annotations."""
    made = forms.from_type(Order)
    assert made.__name__ == "OrderForm"
    kinds = {name: type(each).__name__.lstrip("_") for name, each in made.base_fields.items()}
    assert kinds == {
        "name": "CharField", "count": "IntegerField", "code": "RegexField", "price": "DecimalField",
        "day": "DateField", "gift": "BooleanField", "maybe": "NullBooleanField", "size": "TypedChoiceField",
        "pay": "TypedChoiceField", "colours": "Several", "note": "CharField", "more": "JSONField",
    }  # fmt: skip
    name: Any = made.base_fields["name"]
    assert (name.label, name.help_text, name.min_length, name.max_length) == ("Who", "Your name", 2, 9)
    assert [each for each, field in made.base_fields.items() if field.required] == ["name", "count"]
    assert 'value="s" selected' in str(made()["size"])


def test_the_object_is_made_of_what_came() -> None:
    """In the types that it has."""
    form = forms.from_type(Order)(GOOD)
    assert form.is_valid(), form.errors
    assert form.object == Order("Ann", 2, "x", Decimal(2), None, False, None, Size.LARGE, None, ["red"], None, {"a": 1})


def test_what_does_not_fit_is_told_by_field() -> None:
    """Before an object is made."""
    form = forms.from_type(Order)({"name": "A", "count": "0", "code": "1", "size": "x", "colours": ["green"]})
    assert form.errors.keys() == {"name", "count", "code", "size", "colours"}
    assert form.object is None


def test_a_dataclass_may_refuse() -> None:
    """What it raises is told of the form as a whole."""

    @dataclass
    class Span:
        first: int
        last: int = 9
        names: set[Size] = field(default_factory=set)

        def __post_init__(self) -> None:
            if self.first > self.last:
                raise ValueError("the first is behind the last")

    made = forms.from_type(Span)
    assert made({"first": "1", "last": "", "names": ["s"]}).is_valid()
    form = made({"first": "1", "names": ["s"]})
    assert form.is_valid()
    assert form.object == Span(1, 9, {Size.SMALL})
    assert made({"first": "10", "last": "2"}).errors == {"__all__": ["the first is behind the last"]}


def test_fields_can_be_replaced_and_must_be_where_there_is_none() -> None:
    """A type that no field is for says so."""

    class Odd(msgspec.Struct):
        what: complex

    with pytest.raises(FormError) as refused:
        forms.from_type(Odd)
    assert str(refused.value) == (
        "Odd.what is a <class 'complex'>, which no field of a form is for. Give it one: "
        "from_type(Odd, what=forms.CharField())."
    )
    assert forms.from_type(Odd, what=forms.CharField())({"what": "1"}).is_valid()
    for bad in (list[int], int | str):
        with pytest.raises(FormError):
            forms.from_type(msgspec.defstruct("Bad", [("a", bad)]))
    with pytest.raises(FormError, match=r"from_type\(\) takes a msgspec\.Struct or a dataclass, not 3"):
        forms.from_type(3)


class Limited(msgspec.Struct):
    price: Annotated[float, msgspec.Meta(gt=0, lt=5)] = 1.0
    count: Annotated[int, msgspec.Meta(ge=3, multiple_of=5)] = 5
    tags: Annotated[list[Literal["a", "b", "c"]], msgspec.Meta(min_length=1, max_length=2)] = msgspec.field(
        default_factory=list
    )


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({}, {}),
        ({"price": "0.1"}, {}),
        ({"price": "0"}, {"price": ["Ensure this value is greater than 0."]}),
        ({"price": "5"}, {"price": ["Ensure this value is less than 5."]}),
        ({"count": "10"}, {}),
        ({"count": "8"}, {"count": ["Ensure this value is a multiple of step size 5."]}),
        ({"tags": ["a", "b", "c"]}, {"tags": ["Choose at most 2."]}),
        ({"tags": []}, {"tags": ["This field is required."]}),
    ],
)
def test_each_limit_of_an_annotation_holds(sent: dict[str, Any], errors: dict[str, list[str]]) -> None:
    """Also those that leave the limit itself out, steps, and how many may be chosen."""
    form = forms.from_type(Limited)({"price": "1", "count": "5", "tags": ["a"], **sent})
    assert dict(form.errors) == errors
