"""Joins and parameters of one statement."""

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from spruce.db import F, Q
from spruce.db.joins import Joins, Parameters
from spruce.db.lookups import resolve


def test_a_path_is_joined_once(shop: SimpleNamespace) -> None:
    """However often it is used."""
    joins = Joins(shop.Product)
    assert not joins
    first = joins.column(resolve(shop.Product, "category__name"))
    assert joins.column(resolve(shop.Product, "category__name")) is first
    joins.column(resolve(shop.Product, "category__maker__name"))
    assert joins
    sql = str(joins.source.compile(dialect=sqlite.dialect()))
    assert sql.split("\n")[0] == (
        "t_product LEFT OUTER JOIN t_category AS category_ ON t_product.category_id = category_.id "
        "LEFT OUTER JOIN t_maker AS category_maker_ ON category_.maker_id = category_maker_.id"
    )


def test_parameters_are_numbered_in_order() -> None:
    """Their numbers are the positions of their values."""
    parameters = Parameters()
    assert [parameters.add(sa.Integer(), int).key, parameters.add(None, str, str.upper).key] == ["p0", "p1"]
    assert parameters.entries == {"p0": (int, None), "p1": (str, str.upper)}


def names(query: Any) -> list[str]:
    return list(query.order_by("id").values_list("name", flat=True))


def test_one_filter_is_about_one_row_two_may_be_about_two(stocked: SimpleNamespace) -> None:
    """Django's rule for relations that lead to many rows."""
    categories = stocked.Category.objects
    assert names(categories.filter(products__stock=5, products__price__gt=20)) == []
    assert names(categories.filter(products__stock=5).filter(products__price__gt=20)) == ["bears"]
    assert names(categories.filter(products__price__gt=1)) == ["toys", "bears", "bears"]
    assert names(categories.filter(products__price__gt=1).distinct()) == ["toys", "bears"]


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ({"products__price__gt": 20}, ["toys"]),
        ({"products__price__gt": 20, "products__stock": 5}, ["toys"]),
        ({"products__stock": None}, ["toys"]),
        ({"products__isnull": True}, ["toys", "bears"]),
        ({"products__isnull": False}, []),
        ({"children__products__name": "bear"}, ["bears"]),
        ({"parent__children__name": "bears"}, ["toys"]),
        ({"products__price": F("products__cost")}, ["toys", "bears", "bears"]),
        ({"products__price__gt": F("id")}, []),
        ({"products__in": [1, 3]}, []),
    ],
)
def test_exclude_is_about_all_rows(stocked: SimpleNamespace, keywords: dict[str, Any], found: list[str]) -> None:
    """What has one row that fits is left out; each condition looks for a row of its own, as in Django."""
    assert names(stocked.Category.objects.exclude(**keywords)) == found


def test_a_not_beside_a_condition_is_about_the_same_row(stocked: SimpleNamespace) -> None:
    """Within one filter."""
    categories = stocked.Category.objects
    assert names(categories.filter(Q(products__price__gt=5), ~Q(products__stock=5))) == ["bears"]
    assert names(categories.filter(Q(products__price__gt=5)).exclude(products__stock=5)) == []
    assert names(categories.filter(~Q(products__stock=5) | Q(name="bears"))) == ["toys", "bears"]


def test_orders_use_the_join_of_the_filter(stocked: SimpleNamespace) -> None:
    """So no row is there twice."""
    ordered = stocked.Category.objects.filter(products__price__gt=1).order_by("products__price")
    assert list(ordered.values_list("products__name", flat=True)) == ["car", "bear", "熊猫公仔"]
