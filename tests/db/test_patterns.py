"""Texts in texts: with values, with other columns, by regular expressions."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import F
from spruce.errors import DataError


def names(stocked: SimpleNamespace, **keywords: Any) -> list[str]:
    return [each.name for each in stocked.Product.objects.filter(**keywords).order_by("id")]


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ({"name__regex": "^b"}, ["bear", "box"]),
        ({"name__regex": "^B"}, []),
        ({"name__iregex": "^B.{2}$"}, ["box"]),
        ({"note__regex": "."}, []),
        ({"name__regex": "熊猫.仔"}, ["熊猫公仔"]),
    ],
)
def test_regular_expressions(stocked: SimpleNamespace, keywords: dict[str, Any], found: list[str]) -> None:
    """Of the database's kind; a NULL fits none."""
    assert names(stocked, **keywords) == found


@pytest.mark.sqlite
def test_what_is_no_regular_expression(stocked: SimpleNamespace) -> None:
    """Said before the query on SQLite, where Python looks for them."""
    with pytest.raises(DataError) as refused:
        names(stocked, name__regex="b[")
    assert str(refused.value) == (
        "Product.name cannot hold 'b[': it is no regular expression: unterminated character set at position 1"
    )


@pytest.mark.parametrize(
    ("lookup", "found"),
    [
        ("contains", ["100%_b", "xay"]),
        ("startswith", ["100%_b"]),
        ("endswith", ["xay"]),
        ("icontains", ["100%_b", "xay", "AY"]),
        ("istartswith", ["100%_b"]),
        ("iendswith", ["xay", "AY"]),
        ("iexact", []),
        ("regex", ["100%_b", "xay"]),
    ],
)
def test_columns_in_columns(shop: SimpleNamespace, lookup: str, found: list[str]) -> None:
    """What the other column holds is taken as it is: its % and _ are themselves."""
    for name, note in (
        ("100%_b", "100%_"),
        ("100ab", "100%_"),
        ("xay", "ay"),
        ("AY", "y"),
        ("y", None),
        ("ab", "longer"),
    ):
        shop.Product.objects.create(name=name, note=note, price=1)
    assert names(shop, **{f"name__{lookup}": F("note")}) == found


def test_an_expression_in_a_list(stocked: SimpleNamespace) -> None:
    """Beside values, and as the ends of a range."""
    assert names(stocked, name__in=[db.Lower("name"), "box"]) == ["bear", "熊猫公仔", "car", "box"]
    assert names(stocked, stock__range=(F("price") - 20, 5)) == ["bear", "car"]
    assert names(stocked, price__in=[F("price"), 3]) == ["bear", "熊猫公仔", "car", "box"]
    assert names(stocked, pk__in=iter([stocked.Product.objects.get(name="car").pk])) == ["car"]
