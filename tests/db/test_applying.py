"""What the ops of a query ask for."""

from types import SimpleNamespace

import pytest
from tests.db.test_builder import sql

from spruce.db import Count, Sum
from spruce.errors import FieldError

pytestmark = pytest.mark.sqlite


def test_select_related_without_names_follows_what_cannot_be_null(shop: SimpleNamespace) -> None:
    """Here everything can, so nothing is joined."""
    assert "JOIN" not in sql(shop.Product.objects.select_related())


def test_what_aggregates_cannot_do(shop: SimpleNamespace) -> None:
    """Said before any SQL."""
    with pytest.raises(FieldError) as refused:
        shop.Product.objects.aggregate(Sum("name"))
    assert str(refused.value) == "Sum('name'): Product.name holds no numbers"


def test_update_takes_one_value_per_field(shop: SimpleNamespace) -> None:
    """A list is none."""
    with pytest.raises(FieldError) as refused:
        shop.Product.objects.update(stock=[1, 2])
    assert str(refused.value) == "update(stock=…) takes a value, an object or an F, not a list or a query"


def test_rows_are_grouped_by_what_values_named(shop: SimpleNamespace) -> None:
    """Or by the row itself."""
    grouped = shop.Product.objects.values("stock").annotate(n=Count("*")).filter(n__gt=1).order_by("-n")
    assert sql(grouped) == (
        "SELECT t_product.stock, count(*) AS count_1 FROM t_product GROUP BY t_product.stock "
        "HAVING count(*) > ? ORDER BY count(*) DESC"
    )
    assert sql(shop.Maker.objects.annotate(n=Count("category"))) == (
        "SELECT t_maker.id, t_maker.name, t_maker.country, count(category_.id) AS n FROM t_maker LEFT OUTER JOIN "
        "t_category AS category_ ON category_.maker_id = t_maker.id GROUP BY t_maker.id ORDER BY t_maker.name"
    )
