"""Lookups and transforms that a program registers."""

from collections.abc import Iterator
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from spruce import db
from spruce.db import F
from spruce.errors import DataError, FieldError, ModelError


class NotEqual(db.Lookup):
    lookup_name = "ne"

    def expression(self, left: Any, right: Any) -> Any:
        return left != right


class Longer(db.Lookup):
    lookup_name = "longer"
    value_field = db.IntegerField()

    def expression(self, left: Any, right: Any) -> Any:
        return sa.func.length(left) > right


class Shout(db.Transform):
    lookup_name = "shout"
    function = "upper"


class Same(db.Transform):
    lookup_name = "same"
    function = "lower"
    bilateral = True


class Chars(db.Transform):
    lookup_name = "chars"
    output_field = db.IntegerField()

    def expression(self, left: Any) -> Any:
        return sa.func.length(left)


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """What this file registers, for one test."""
    kinds: tuple[Any, ...] = (db.Field, db.CharField)
    before = [vars(kind).get("_registered", MappingProxyType({})) for kind in kinds]
    db.Field.register_lookup(NotEqual)
    for each in (Longer, Shout, Same, Chars):
        db.CharField.register_lookup(each)
    yield
    for kind, known in zip(kinds, before, strict=True):
        kind._registered = known


def names(query: Any) -> list[str]:
    return sorted(query.values_list("name", flat=True))


def test_a_lookup_compares_as_it_says(stocked: SimpleNamespace) -> None:
    """With values of the field's kind, with other columns, under a NOT, over relations."""
    products = stocked.Product.objects
    assert names(products.filter(price__ne="5.00")) == ["bear", "box", "熊猫公仔"]
    assert names(products.exclude(price__ne=5)) == ["car"]
    assert names(products.exclude(stock__ne=5)) == ["bear", "熊猫公仔"]
    assert names(products.filter(category__name__ne="toys")) == ["bear", "熊猫公仔"]
    assert names(products.filter(category__ne=stocked.toys)) == ["bear", "熊猫公仔"]
    assert names(products.filter(stock__ne=F("stock"))) == []
    assert names(products.annotate(twice=F("stock") * 2).filter(twice__ne=10)) == ["box", "car"]


def test_a_value_may_be_of_another_kind(stocked: SimpleNamespace) -> None:
    """As the number of letters that a text is compared with; what is none is refused before the query."""
    assert names(stocked.Product.objects.filter(name__longer="3")) == ["bear", "熊猫公仔"]
    with pytest.raises(DataError) as refused:
        names(stocked.Product.objects.filter(name__longer="few"))
    assert str(refused.value) == "Product.name__longer cannot hold 'few': it is no whole number"


def test_a_transform_is_a_part_of_a_path(stocked: SimpleNamespace) -> None:
    """Before lookups and other transforms, in values, orders and F."""
    products = stocked.Product.objects
    assert names(products.filter(name__shout="CAR")) == ["car"]
    assert names(products.filter(name__shout__in=["CAR", "bear"])) == ["car"]
    assert names(products.filter(name__shout__startswith="B")) == ["bear", "box"]
    assert names(products.filter(name__shout__chars__gte=4)) == ["bear", "熊猫公仔"]
    assert names(products.filter(category__name__shout="TOYS")) == ["car"]
    assert set(products.values_list("name__shout", flat=True)) == {"BEAR", "BOX", "CAR", "熊猫公仔"}
    assert products.order_by("-name__chars", "id").first().name == "bear"
    assert products.annotate(size=F("name__chars") + 1).get(name="car").size == 4
    assert names(products.exclude(name__chars=3)) == ["bear", "熊猫公仔"]


def test_a_bilateral_transform_is_taken_of_both_sides(stocked: SimpleNamespace) -> None:
    """Of values, of each in a list, of columns, and of patterns."""
    products = stocked.Product.objects
    assert names(products.filter(name__same="CaR")) == ["car"]
    assert names(products.filter(name__same__in=["CAR", "Box"])) == ["box", "car"]
    assert names(products.filter(name__same__contains="EA")) == ["bear"]
    assert names(products.filter(name__same=F("name"))) == ["bear", "box", "car", "熊猫公仔"]
    assert names(products.filter(name__same__startswith=F("name__shout"))) == ["bear", "box", "car", "熊猫公仔"]
    query = stocked.Category.objects.filter(name__same__in=stocked.Category.objects.values("name"))
    with pytest.raises(FieldError) as refused:
        names(query)
    assert str(refused.value) == (
        "name__same__in cannot be compared with a query: a bilateral transform is taken of single values only. "
        "Annotate the query inside with what it transforms, or give a list."
    )


def test_functions_are_transforms(stocked: SimpleNamespace) -> None:
    """By the names that databases have for them, before other lookups, in values, orders and F; parts of dates too."""
    for each in (db.Length, db.Upper, db.MD5):
        db.CharField.register_lookup(each)
    for other in (db.Abs, db.Sqrt, db.Ceil):
        db.Field.register_lookup(other)
    db.Field.register_lookup(db.ExtractQuarter, "part_of_year")
    products = stocked.Product.objects
    assert names(products.filter(name__length__gt=3)) == ["bear", "熊猫公仔"]
    assert names(products.exclude(name__length=3)) == ["bear", "熊猫公仔"]
    assert names(products.filter(name__upper__startswith="B", name__upper__length=3)) == ["box"]
    assert names(products.filter(category__name__length=F("name__length") + 1)) == ["bear", "car", "熊猫公仔"]
    assert names(products.filter(price__abs=Decimal("19.90"))) == ["bear"]
    assert names(products.filter(price__ceil=20)) == ["bear"]
    assert names(products.filter(price__sqrt__range=(2.2, 2.3))) == ["car"]
    assert names(products.filter(day__part_of_year=1)) == ["bear", "box", "熊猫公仔"]
    assert products.order_by("-name__length", "id").first().name == "bear"
    assert set(products.values_list("name__upper", flat=True)) == {"BEAR", "BOX", "CAR", "熊猫公仔"}
    assert products.get(name__md5="e6d96502596d7e7887b76646c5f615d9").name == "car"
    assert products.annotate(most=db.Max("name__length")).get(name="car").most == 3


@pytest.mark.sqlite
def test_a_unique_field_is_no_unique_transform(shop: SimpleNamespace) -> None:
    """Two rows may be one after it."""
    shop.Category.objects.create(name="toys")
    shop.Category.objects.create(name="TOYS")
    with pytest.raises(shop.Category.MultipleObjectsReturned):
        shop.Category.objects.get(name__shout="TOYS")


@pytest.mark.sqlite
def test_errors_name_what_is_registered(shop: SimpleNamespace) -> None:
    """When the query is built."""
    with pytest.raises(FieldError) as refused:
        shop.Product.objects.filter(price__nee=1)
    assert str(refused.value) == (
        "DecimalField Product.price has no lookup 'nee' (in 'price__nee'); did you mean 'ne'? Lookups: ne, range, in, "
        "gte, lte, exact, isnull, gt, lt."
    )
    with pytest.raises(FieldError) as refused:
        shop.Product.objects.filter(name__shut="A")
    assert "did you mean 'shout'?" in str(refused.value)


@pytest.mark.sqlite
def test_what_cannot_be_registered() -> None:
    """Names that queries could not tell, and what is no lookup; a name may be given instead of the class's own."""
    for given, name in ((NotEqual, "not__equal"), (NotEqual, "in"), (int, "int"), (db.Replace, "")):
        with pytest.raises(ModelError) as refused:
            db.CharField.register_lookup(given, name)
        assert str(refused.value) == (
            f"{given!r} cannot be registered as the lookup {name!r} of CharField. Give a db.Lookup, a "
            "db.Transform or a function of one argument, with a lookup_name that is one word without '__', and none of "
            "exact, in, isnull, range."
        )
    assert db.CharField.register_lookup(NotEqual, "differs") is NotEqual
    assert {"differs", "ne", "longer"} <= db.CharField(max_length=3).registered().keys()
    assert "longer" not in db.IntegerField().registered()
    for kind, message in ((db.Lookup, "needs expression(self, left, right)"), (db.Transform, "needs a function")):
        with pytest.raises(NotImplementedError, match=message.replace("(", r"\(").replace(")", r"\)")):
            kind().expression(*[sa.literal(1)] * (2 if kind is db.Lookup else 1))
