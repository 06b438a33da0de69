"""Two queries as one, by & | and ^."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import FieldError


def names(query: Any) -> list[str]:
    return [each.name for each in query.order_by("id")]


def test_filters_are_combined(stocked: SimpleNamespace) -> None:
    """Those of one query with those of the other, excluded ones too."""
    products = stocked.Product.objects
    bears, cheap = products.filter(category__name="bears"), products.filter(price__lt=5)
    assert names(bears | cheap) == ["bear", "熊猫公仔", "box"]
    assert names(bears & products.exclude(name="bear")) == ["熊猫公仔"]
    assert names(bears ^ products.filter(name__in=["bear", "box"])) == ["熊猫公仔", "box"]
    assert names(bears | cheap | products.filter(name="car")) == ["bear", "熊猫公仔", "car", "box"]
    assert names(stocked.bears.products.filter(stock=5) | cheap) == ["bear", "box"]


def test_queries_of_all_rows_and_of_none(stocked: SimpleNamespace) -> None:
    """Say what they say."""
    products = stocked.Product.objects
    bears = products.filter(category__name="bears")
    assert (bears | products.all()).count() == 4
    assert (products.all() & bears).count() == (bears & products.all()).count() == 2
    assert (bears | products.none()).count() == (products.none() | bears).count() == 2
    assert (bears & products.none()).count() == (bears ^ products.none()).count() - 2 == 0
    assert (bears ^ products.all()).count() == 2


def test_the_rest_is_the_firsts(stocked: SimpleNamespace) -> None:
    """Its order, its fields; a slice is its rows, wherever it stands."""
    products = stocked.Product.objects
    both = products.filter(name="bear").order_by("-name") | products.filter(name="box").order_by("name")
    assert [each.name for each in both] == ["box", "bear"]
    assert names(products.order_by("price")[:2] | products.filter(name="bear")) == ["bear", "car", "box"]
    assert names(products.filter(stock__gte=0) & products.order_by("price")[:1]) == ["box"]
    loaded = products.select_related("category").filter(name="car") | products.filter(name="bear")
    with db.assert_num_queries(1):
        assert [each.category.name for each in loaded] == ["bears", "toys"]


def test_filters_about_several_related_rows_stay_apart(stocked: SimpleNamespace) -> None:
    """Each may be about another one."""
    categories = stocked.Category.objects
    both = categories.filter(products__name="bear").filter(products__price__gt=20)
    assert names(both | categories.filter(name="toys")) == ["toys", "bears"]
    assert names((categories.filter(products__name="bear") & categories.filter(products__price__gt=20)).distinct()) == [
        "bears"
    ]


def test_what_does_not_combine(stocked: SimpleNamespace) -> None:
    """Queries of two models, or with annotations."""
    products = stocked.Product.objects.filter(stock=1)
    with pytest.raises(FieldError) as refused:
        products | stocked.Maker.objects.all()
    assert str(refused.value).startswith("Product queries combine with each other only, not with <")
    counted = products.annotate(n=db.Count("category"))
    with pytest.raises(FieldError) as refused:
        counted | products
    assert str(refused.value) == (
        "a query with annotate() cannot be combined with another by &, | or ^. "
        "Combine the conditions: filter(db.Q(…) | db.Q(…))."
    )
