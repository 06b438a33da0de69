"""Filters over windows."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db import Q
from spruce.errors import FieldError


def test_a_window_is_computed_before_its_filter(stocked: SimpleNamespace) -> None:
    """Of the rows that all other conditions leave, whichever was written first."""
    rank = db.Window(db.RowNumber(), partition_by="category", order_by="-price")
    ranked = stocked.Product.objects.annotate(rank=rank)
    dearest = ranked.filter(rank=1).filter(category__isnull=False)
    assert [(each.name, each.rank) for each in dearest.order_by("price")] == [("car", 1), ("熊猫公仔", 1)]
    assert dearest.count() == 2
    assert dearest.exists()
    assert not ranked.filter(rank__gt=5).exists()
    assert [each.name for each in ranked.filter(Q(rank=2) | Q(name="car")).select_related("category")] == [
        "bear",
        "car",
    ]
    assert dearest.filter(price__gt=20).get().category.name == "bears"
    assert list(dearest.values_list("rank", flat=True).distinct()) == [1, 1]
    assert dearest.order_by("name").values("name").first() == {"name": "car"}
    assert stocked.Product.objects.filter(pk__in=dearest.values("pk")).count() == 2
    assert list(dearest.order_by("price")[1:].values_list("name", flat=True)) == ["熊猫公仔"]


def test_rows_that_a_window_chose_are_changed(stocked: SimpleNamespace) -> None:
    """By their keys."""
    products = stocked.Product.objects
    cheap = products.annotate(total=db.Window(db.Sum("price"), order_by="price")).filter(total__lt=50)
    assert cheap.update(stock=99) == 3
    assert list(products.filter(stock=99).order_by("name").values_list("name", flat=True)) == ["bear", "box", "car"]
    assert products.annotate(n=db.Window(db.RowNumber(), order_by="id")).filter(n__gt=3).delete()[0] == 1


def test_aggregates_do_not_stand_behind(stocked: SimpleNamespace) -> None:
    """With a word of what to do."""
    ranked = stocked.Product.objects.annotate(n=db.Window(db.RowNumber(), order_by="id")).filter(n=1)
    with pytest.raises(FieldError) as refused:
        ranked.aggregate(db.Sum("price"))
    assert str(refused.value) == "aggregate() cannot stand behind a filter on a window. Aggregate in Python."
