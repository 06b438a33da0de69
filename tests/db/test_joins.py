"""Joins and parameters of one statement."""

from types import SimpleNamespace

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

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
