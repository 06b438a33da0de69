"""Steps that combine queries."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce.db import Count
from spruce.errors import FieldError


def names(query: Any) -> list[str]:
    return [each.name for each in query]


def test_queries_are_combined(stocked: SimpleNamespace) -> None:
    """As sets, ordered and cut afterwards."""
    products = stocked.Product.objects
    cheap, some = products.filter(price__lt=20), products.filter(stock__gt=0)
    assert names(cheap.union(products.filter(name="熊猫公仔")).order_by("-id")) == ["box", "car", "熊猫公仔", "bear"]
    assert names(cheap.intersection(some).order_by("id")) == ["bear", "box"]
    assert names(cheap.difference(some)) == ["car"]
    assert names(cheap.union(some, all=True).order_by("id", "name").reverse()[:2]) == ["box", "box"]
    assert cheap.union(some).count() == 3
    assert cheap.union(some).exists()
    assert cheap.union(some).order_by("-price").first().name == "bear"
    assert names(products.order_by("-price")[:1].union(products.order_by("price")[:1]).order_by("pk")) == [
        "熊猫公仔",
        "box",
    ]


def test_values_of_different_models_are_combined(stocked: SimpleNamespace) -> None:
    """If they have as many columns."""
    both = stocked.Maker.objects.values_list("name").union(stocked.Category.objects.values_list("name"))
    assert list(both.order_by("name")) == [("Nobody",), ("Steiff",), ("bears",), ("toys",)]
    with pytest.raises(FieldError) as refused:
        list(stocked.Maker.objects.values("name").union(stocked.Maker.objects.values("name", "id")))
    assert str(refused.value) == "union() takes queries of the same number of columns. Give them the same values()."


def test_what_cannot_follow(stocked: SimpleNamespace) -> None:
    """Filters, and orders by what is not there."""
    both = stocked.Maker.objects.union(stocked.Maker.objects.all())
    with pytest.raises(FieldError) as refused:
        both.filter(name="x")
    assert str(refused.value) == (
        "filter after union(), intersection() or difference() is not supported. "
        "Take this step before, on each of the queries."
    )
    with pytest.raises(FieldError) as refused:
        list(both.order_by("category__name"))
    assert str(refused.value) == (
        "'category__name' is no column of the combined queries. Order by what they all select: id, name, country, pk."
    )


@pytest.mark.sqlite
def test_locks_are_left_out_on_sqlite(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Its transactions lock the whole database."""
    assert stocked.Maker.objects.select_for_update(nowait=True).count() == 2
    assert names(stocked.Maker.objects.select_for_update()) == ["Nobody", "Steiff"]
    assert not any("FOR UPDATE" in sql for sql in queries)


def test_combined_queries_inside_of_others(stocked: SimpleNamespace) -> None:
    """By their keys."""
    products = stocked.Product.objects
    both = products.filter(name="bear").union(products.filter(name="box"))
    assert names(products.filter(pk__in=both)) == ["bear", "box"]
    with pytest.raises(FieldError) as refused:
        both.aggregate(Count("*"))
    assert str(refused.value).startswith("aggregate after union(), intersection() or difference() is not supported.")
