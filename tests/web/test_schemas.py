"""Schemas of the types of an API."""

from dataclasses import dataclass

import msgspec
from pydantic import BaseModel

from spruce.web.schemas import Schemas


class Product(msgspec.Struct):
    """A thing."""

    name: str


@dataclass
class Order:
    """Some things."""

    product: Product
    count: int = 1


class Review(BaseModel):
    """What somebody thinks."""

    stars: int


class Opaque:
    """Nothing that JSON could hold."""


def test_all_types_are_described_together() -> None:
    """Classes by reference, whoever made them; a type that has no schema takes anything."""
    schemas = Schemas()
    order, reviews = schemas.of(Order), schemas.of(list[Review])
    review = schemas.of(Review)
    number, opaque = schemas.of(int, default=3), schemas.of(Opaque)
    assert (order, number) == ({}, {})
    components = schemas.finish()
    assert order == {"$ref": "#/components/schemas/Order"}
    assert reviews == {"type": "array", "items": {"$ref": "#/components/schemas/Review"}}
    assert review == {"$ref": "#/components/schemas/Review"}
    assert (number, opaque) == ({"type": "integer", "default": 3}, {})
    assert sorted(components) == ["Order", "Product", "Review"]
    assert components["Order"]["required"] == ["product"]


def test_classes_of_one_name_get_names_of_their_own() -> None:
    """They are told apart by where they come from."""

    class Product(msgspec.Struct):
        price: int

    schemas = Schemas()
    mine, other = schemas.of(Product), schemas.of(Order)
    assert mine != other or mine == {}
    components = schemas.finish()
    assert len([name for name in components if "Product" in name]) == 2
