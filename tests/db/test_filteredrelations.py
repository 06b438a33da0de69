"""Relations with a condition, under names of their own."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce.db import Count, F, FilteredRelation, Q, Sum
from spruce.errors import FieldError


def dear(shop: SimpleNamespace, **more: Any) -> Any:
    condition = Q(products__price__gt=10, **more)
    return shop.Category.objects.annotate(dear=FilteredRelation("products", condition=condition)).order_by("name")


def test_only_rows_that_fit_are_behind_the_name(stocked: SimpleNamespace, queries: list[str]) -> None:
    """In filters, values, orders and aggregates; rows without any stay."""
    found = dear(stocked)
    assert list(found.values_list("name", "dear__name").order_by("name", "dear__price")) == [
        ("bears", "bear"), ("bears", "熊猫公仔"), ("toys", None),
    ]  # fmt: skip
    assert list(found.filter(dear__isnull=True).values_list("name", flat=True)) == ["toys"]
    assert list(found.filter(dear__name="bear", dear__stock=5).values_list("name", flat=True)) == ["bears"]
    assert list(found.filter(dear__name="car")) == []
    counted = found.annotate(n=Count("dear"), all=Count("products", distinct=True), most=Sum("dear__price"))
    assert list(counted.values_list("name", "n", "all", "most")) == [
        ("bears", 4, 2, Decimal("97.80")), ("toys", 0, 1, None),
    ]  # fmt: skip
    assert list(found.exclude(dear__name="bear").values_list("name", "dear__name").order_by("name")) == [
        ("bears", "熊猫公仔"), ("toys", None),
    ]  # fmt: skip


def test_conditions_have_values_columns_and_nots(stocked: SimpleNamespace) -> None:
    """Of the related row."""
    categories = stocked.Category.objects
    rare = FilteredRelation("products", condition=~Q(products__stock=5) & Q(products__price__gt=F("products__stock")))
    found = categories.annotate(rare=rare).filter(rare__isnull=False)
    assert [(each.name, each.pk) for each in found] == [("toys", stocked.toys.pk)]
    both = categories.annotate(
        dear=FilteredRelation("products", condition=Q(products__price__gt=20)),
        cheap=FilteredRelation("products", condition=Q(products__price__lt=20)),
    ).order_by("id")
    assert list(both.values_list("name", "dear__name", "cheap__name")) == [
        ("toys", None, "car"), ("bears", "熊猫公仔", "bear"),
    ]  # fmt: skip


def test_a_foreign_key_may_be_loaded_with_the_object(stocked: SimpleNamespace, queries: list[str]) -> None:
    """As an attribute of the name; the key itself stays as it is."""
    german = FilteredRelation("maker", condition=Q(maker__country="DE"))
    queries.clear()
    found = list(stocked.Category.objects.annotate(german=german).select_related("german").order_by("id"))
    assert [each.german and each.german.name for each in found] == ["Steiff", None]
    assert len(queries) == 1
    assert [each.maker.name for each in found] == ["Steiff", "Nobody"]
    assert list(found[0].__class__.objects.annotate(german=german).filter(german__name="Nobody")) == []
    through = stocked.Product.objects.annotate(bears=FilteredRelation("category", condition=Q(category__name="bears")))
    assert list(through.filter(bears__maker__name="Nobody").order_by("id").values_list("name", flat=True)) == [
        "bear", "熊猫公仔",
    ]  # fmt: skip


def test_a_name_may_follow_several_relations(stocked: SimpleNamespace) -> None:
    """The condition is one on the rows of the last; rows without any stay."""
    makers = stocked.Category._meta.field("maker").target.objects.annotate(
        dear=FilteredRelation("category__products", condition=Q(category__products__price__gt=20))
    )
    assert list(makers.order_by("name").values_list("name", "dear__name")) == [
        ("Nobody", "熊猫公仔"), ("Steiff", None),
    ]  # fmt: skip
    assert [each.name for each in makers.filter(dear__stock__isnull=True, dear__isnull=False)] == ["Nobody"]
    assert list(makers.annotate(n=Count("dear")).order_by("name").values_list("n", flat=True)) == [1, 0]
    german = FilteredRelation("category__maker", condition=Q(category__maker__country="DE"))
    products = stocked.Product.objects.annotate(german=german)
    assert list(products.order_by("name").values_list("name", "german__name")) == [
        ("bear", None), ("box", None), ("car", "Steiff"), ("熊猫公仔", None),
    ]  # fmt: skip
    assert [each.name for each in products.filter(german__country="DE")] == ["car"]


@pytest.mark.sqlite
def test_a_name_that_nothing_uses_joins_nothing(stocked: SimpleNamespace, queries: list[str]) -> None:
    """And its values are left out; a query of the same form with other values is the same statement."""
    queries.clear()
    assert [each.name for each in dear(stocked, products__stock=5)] == ["bears", "toys"]
    assert "JOIN" not in queries[0]
    low, high = (
        stocked.Category.objects.annotate(some=FilteredRelation("products", condition=Q(products__price__gt=limit)))
        .filter(some__isnull=False)
        .distinct()
        .count()
        for limit in (1, 25)
    )
    assert (low, high) == (2, 1)
    assert queries[1] == queries[2]


@pytest.mark.sqlite
def test_what_is_refused(shop: SimpleNamespace) -> None:
    """When the query is built, but for conditions that follow relations, which is when it runs."""
    categories = shop.Category.objects
    for build, message in (
        (lambda: categories.annotate(x=FilteredRelation("product", condition=Q(product__stock=1))),
         "FilteredRelation('product'): Category has no relation of this name. Relations: children, maker, parent, "
         "products."),
        (lambda: categories.annotate(x=FilteredRelation("products", condition=Q(name="a"))),
         "FilteredRelation('products'): its condition has 'name', which is not behind that relation. Begin the name "
         "with 'products__', and filter() by the rest."),
        (lambda: categories.annotate(name=FilteredRelation("products", condition=Q(products__stock=1))),
         "the annotation 'name' would hide Category.name. Give it another name."),
        (lambda: dear(shop).select_related("dear"),
         "select_related('dear'): Product.id is no ForeignKey. Foreign keys of Product: category."),
        (lambda: categories.annotate(x=FilteredRelation("products__tag", condition=Q(products__tag__id=1))),
         "FilteredRelation('products__tag'): Product has no relation 'tag'. Relations: category."),
        (lambda: list(shop.Product.objects.annotate(x=FilteredRelation(
            "category__maker", condition=Q(category__maker__name="a"))).select_related("x")),
         "select_related('x'): a FilteredRelation over several relations is for filters only"),
        (lambda: list(dear(shop, products__category__name="x").filter(dear__name="x")),
         "FilteredRelation('products'): its condition follows further relations, which no join can. Let it speak of "
         "fields of Product only, or filter by Exists(…)."),
    ):  # fmt: skip
        with pytest.raises(FieldError) as refused:
            build()  # type: ignore[no-untyped-call, unused-ignore] # a lambda
        assert str(refused.value) == message
    with pytest.raises(FieldError, match="Product has no field 'nme'"):
        dear(shop).filter(dear__nme="x")
    with pytest.raises(TypeError, match="takes the name of a relation and a Q"):
        FilteredRelation("products", condition=None)  # type: ignore[arg-type] # the point of the test
