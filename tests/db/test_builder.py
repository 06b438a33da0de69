"""The SQL of each kind of query."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg

from spruce.db import Count, F, Q
from spruce.db.builder import Builder, plan_for

pytestmark = pytest.mark.sqlite


def sql(query: Any, *step: Any) -> str:
    """The SQL of a query, with a last step, in one line."""
    shape, _ = query.as_subquery()
    shape = shape.grow(step) if step else shape
    return " ".join(plan_for(shape, sqlite.dialect()).sql.split())


def test_a_select_names_its_columns(shop: SimpleNamespace) -> None:
    """In the order of the model's Meta."""
    assert sql(shop.Maker.objects) == (
        "SELECT t_maker.id, t_maker.name, t_maker.country FROM t_maker ORDER BY t_maker.name"
    )


def test_get_by_a_unique_field_needs_no_limit(shop: SimpleNamespace) -> None:
    """Another field needs two rows, to tell whether there is more than one."""
    makers = shop.Maker.objects
    head = "SELECT t_maker.id, t_maker.name, t_maker.country FROM t_maker WHERE "
    assert sql(makers, "get", False, ("pk",), (int,)) == head + "t_maker.id = ?"
    assert sql(makers, "get", False, ("name",), (str,)) == head + "t_maker.name = ? LIMIT 2 OFFSET 0"
    assert sql(makers, "get", False, ("pk__gt",), (int,)) == head + "t_maker.id > ? LIMIT 2 OFFSET 0"


def test_count_and_exists_read_no_rows(shop: SimpleNamespace) -> None:
    """Nor do they sort."""
    makers = shop.Maker.objects.filter(name="x")
    assert sql(makers, "count") == "SELECT count(*) AS count_1 FROM t_maker WHERE t_maker.name = ?"
    assert sql(makers, "exists") == "SELECT 1 FROM t_maker WHERE t_maker.name = ? LIMIT 1 OFFSET 0"
    assert sql(makers[2:5], "count") == (
        "SELECT count(*) AS count_1 FROM (SELECT t_maker.id AS id, t_maker.name AS name, t_maker.country AS country "
        "FROM t_maker WHERE t_maker.name = ? ORDER BY t_maker.name LIMIT ? OFFSET ?) AS anon_1"
    )


def test_distinct_selects_what_it_orders_by(shop: SimpleNamespace) -> None:
    """As SQL demands; the surplus column is dropped when the rows are read."""
    assert sql(shop.Maker.objects.values_list("country", flat=True).distinct()) == (
        "SELECT DISTINCT t_maker.country, t_maker.name FROM t_maker ORDER BY t_maker.name"
    )


def test_update_and_delete_touch_the_table_only(shop: SimpleNamespace) -> None:
    """What they join goes into a subquery."""
    categories = shop.Category.objects
    assert sql(categories.filter(name="x"), "delete") == "DELETE FROM t_category WHERE t_category.name = ?"
    assert sql(categories.filter(maker__name="x"), "update", ("name",), (str,)) == (
        "UPDATE t_category SET name=? WHERE t_category.id IN (SELECT t_category.id FROM t_category "
        "LEFT OUTER JOIN t_maker AS maker_ ON t_category.maker_id = maker_.id WHERE maker_.name = ?)"
    )


def test_relations_order_as_their_own_models_do(shop: SimpleNamespace) -> None:
    """By the other model's Meta, or by its key."""
    tail = sql(shop.Category.objects.order_by("-maker")).partition("FROM ")[2]
    assert tail == (
        "t_category LEFT OUTER JOIN t_maker AS maker_ ON t_category.maker_id = maker_.id ORDER BY maker_.name DESC"
    )
    assert sql(shop.Category.objects.order_by("parent")).endswith("FROM t_category ORDER BY t_category.parent_id")
    assert sql(shop.Category.objects.order_by("maker_id")).endswith("FROM t_category ORDER BY t_category.maker_id")


def test_random_order(shop: SimpleNamespace) -> None:
    """The database's own."""
    assert sql(shop.Maker.objects.order_by("?")).endswith("ORDER BY random()")


def test_a_subquery_asks_for_one_column(shop: SimpleNamespace) -> None:
    """The key, unless it says another."""
    inner = shop.Category.objects.filter(name="x")
    assert sql(shop.Product.objects.filter(category__in=inner), "count") == (
        "SELECT count(*) AS count_1 FROM t_product WHERE t_product.category_id IN "
        "(SELECT t_category.id FROM t_category WHERE t_category.name = ?)"
    )


@pytest.mark.parametrize(
    "query",
    [
        lambda shop: shop.Product.objects.filter(price__gt=3, name__contains="x", category__name__iexact="y"),
        lambda shop: shop.Product.objects.filter(Q(stock=1) ^ Q(stock__in=[1, 2, 3]), moment__year=2024),
        lambda shop: shop.Product.objects.exclude(stock__gt=F("price") * 2).order_by("-category__maker")[3:5],
        lambda shop: shop.Product.objects.filter(shop.Product.price > 10).select_related("category__maker"),
    ],
)
def test_the_same_query_has_sql_on_postgresql(shop: SimpleNamespace, query: Any) -> None:
    """The dialect is a key of the plan, not a part of the query."""
    statement = Builder(query(shop).as_subquery()[0], asyncpg.dialect()).statement()
    assert "GLOB" not in str(statement.compile(dialect=asyncpg.dialect()))


def test_a_slice_is_aggregated_by_a_query_around_it(shop: SimpleNamespace) -> None:
    """What is read inside gets a name."""
    sliced = shop.Maker.objects.values_list("id")[:3]
    assert sql(sliced, "aggregate", ("n",), (Count("name").key,)) == (
        "SELECT count(a0) AS count_1 FROM (SELECT t_maker.id AS id, t_maker.name AS a0 FROM t_maker ORDER BY "
        "t_maker.name LIMIT ? OFFSET ?) AS anon_1"
    )
