"""Terms in queries: annotations, aliases, orders."""

from types import SimpleNamespace

from spruce.db import F, Q


def test_annotations_are_attributes_and_names(stocked: SimpleNamespace) -> None:
    """For filters, orders, further annotations and values."""
    products = stocked.Product.objects.annotate(double=F("stock") * 2, more=F("double") + 1)
    assert [(each.name, each.double, each.more) for each in products.filter(more__gt=1)] == [
        ("bear", 10, 11),
        ("box", 14, 15),
    ]
    assert products.exclude(stock=None).order_by("-double").first().name == "box"
    assert list(products.filter(double=10).values("name", "more")) == [{"name": "bear", "more": 11}]


def test_an_alias_is_a_name_only(stocked: SimpleNamespace) -> None:
    """The results don't have it."""
    found = stocked.Product.objects.alias(double=F("stock") * 2).filter(double=10)
    assert not hasattr(found.get(), "double")
    assert "double" not in found.values().get()


def test_a_condition_is_a_value(stocked: SimpleNamespace) -> None:
    """True, False, or None where it cannot be told."""
    found = stocked.Product.objects.annotate(dear=Q(price__gt=10), many=Q(stock__gt=5))
    assert list(found.values_list("dear", "many")) == [(True, False), (True, None), (False, False), (False, True)]


def test_related_values_are_annotated(stocked: SimpleNamespace) -> None:
    """With their own type."""
    found = stocked.Product.objects.annotate(maker=F("category__maker__name")).filter(maker__startswith="N")
    assert [each.maker for each in found] == ["Nobody", "Nobody"]


def test_nulls_stand_where_they_are_told(stocked: SimpleNamespace) -> None:
    """And change sides when the order is reversed."""
    products = stocked.Product.objects
    last = products.order_by(F("stock").desc(nulls_last=True))
    assert list(last.values_list("stock", flat=True)) == [7, 5, 0, None]
    assert list(last.reverse().values_list("stock", flat=True)) == [None, 0, 5, 7]
    upwards = products.exclude(stock=None).order_by(F("stock") * -1)
    assert list(upwards.values_list("stock", flat=True)) == [7, 5, 0]
