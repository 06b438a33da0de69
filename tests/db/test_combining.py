"""Steps behind unions, intersections and differences."""

from types import SimpleNamespace

import pytest

from spruce.db import F
from spruce.errors import FieldError


def test_values_and_objects_of_a_union(stocked: SimpleNamespace) -> None:
    """Chosen, ordered by expressions, the only one."""
    products = stocked.Product.objects
    both = products.filter(name="bear").union(products.filter(name__in=["box", "car"]))
    assert list(both.values_list("name", flat=True).order_by("-name")) == ["car", "box", "bear"]
    assert both.order_by(F("stock").desc()).values("name", "stock").first() == {"name": "box", "stock": 7}
    assert [each.name for each in both.order_by(F("name").asc())] == ["bear", "box", "car"]
    assert both.intersection(products.filter(name="box")).get().name == "box"
    assert both.order_by("name").first().name == "bear"  # type: ignore[union-attr] # there is one
    with pytest.raises(stocked.Product.MultipleObjectsReturned):
        both.get()


def test_what_the_queries_do_not_select(stocked: SimpleNamespace) -> None:
    """Is named, with what they do."""
    names = stocked.Product.objects.values_list("name")
    with pytest.raises(FieldError) as refused:
        list(names.union(names).values("price"))
    assert str(refused.value) == "'price' is no column of the combined queries. Select what they all select: name."
    with pytest.raises(FieldError) as refused:
        names.union(names).get(name="bear")
    assert str(refused.value).startswith("get after union(), intersection() or difference() is not supported.")


def test_rows_are_the_same_in_what_is_asked_for(stocked: SimpleNamespace) -> None:
    """Each once, though the objects differ."""
    products = stocked.Product.objects
    both = products.filter(stock__gt=0).union(products.filter(stock=0))
    assert list(both.values_list("active", flat=True)) == [True]
    assert list(both.order_by("-name").values_list("active", flat=True)) == [True, True, True]
    assert both.count() == 3


def test_a_query_inside_has_one_column_whatever_orders_it(stocked: SimpleNamespace) -> None:
    """What it is ordered by stands beside the column while it is made distinct."""
    dearest = stocked.Product.objects.order_by("-price").distinct().values("name")[:2]
    assert stocked.Product.objects.filter(name__in=dearest).count() == 2
