"""Aggregates: over all rows, over relations, by groups; the answers are those that Django gives."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import Avg, Count, F, Max, Min, Q, StdDev, Sum, Variance
from spruce.errors import FieldError


def test_aggregates_have_names() -> None:
    """Those of Django; of an expression there is none."""
    assert [each.default_alias for each in (Max("price"), Count("*"), Count("id"))] == [
        "price__max",
        "__count",
        "id__count",
    ]
    assert repr(Count("id", distinct=True)) == "Count('id', distinct=True)"
    with pytest.raises(TypeError) as refused:
        Sum(F("a") * 2).default_alias  # noqa: B018 - reading it is the point
    assert str(refused.value) == "Sum(<F: (a * 2)>) needs a name: give it by a keyword"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Avg(3),  # type: ignore[arg-type] # the point of the test
         "Avg() takes the name of a field, not 3"),
        (lambda: Count("id", filter="x"),  # type: ignore[arg-type] # the same
         "Count(filter='x') takes a Q, as: filter=db.Q(price__gt=5)"),
    ],
)  # fmt: skip
def test_what_an_aggregate_is_made_of(make: Any, message: str) -> None:
    """A name or an expression, and a Q."""
    with pytest.raises(TypeError) as refused:
        make()
    assert str(refused.value) == message


def rows(query: Any) -> list[Any]:
    return list(query)


def test_objects_have_what_is_counted_for_them(stocked: SimpleNamespace) -> None:
    """Across relations, with none counted as 0."""
    counted = stocked.Category.objects.annotate(n=Count("products"), sum=Sum("products__price")).order_by("id")
    assert [(each.name, each.n, each.sum) for each in counted] == [
        ("toys", 1, Decimal("5.00")),
        ("bears", 2, Decimal("48.90")),
    ]
    assert rows(stocked.Maker.objects.annotate(Count("category__products")).values_list()) == [
        (2, "Nobody", None, 2),
        (1, "Steiff", "DE", 1),
    ]


def test_two_relations_multiply_unless_distinct(stocked: SimpleNamespace) -> None:
    """As in Django, and in SQL."""
    categories = stocked.Category.objects.filter(name="toys")
    stocked.Category.objects.create(name="cars", parent=stocked.toys)
    both = categories.annotate(n=Count("children"), m=Count("children", distinct=True), p=Count("products"))
    assert rows(both.values_list("n", "m", "p")) == [(2, 2, 2)]


def test_filters_before_and_after(stocked: SimpleNamespace) -> None:
    """Before: fewer rows are counted. After: only the annotation is looked at."""
    categories = stocked.Category.objects.order_by("id")
    assert rows(categories.filter(products__price__gt=20).annotate(n=Count("products")).values_list("name", "n")) == [
        ("bears", 1)
    ]
    assert rows(categories.annotate(n=Count("products")).filter(n__gt=1).values_list("name", "n")) == [("bears", 2)]
    either = categories.annotate(n=Count("products")).filter(Q(n=2) | Q(name="toys"))
    assert rows(either.values_list("name", flat=True)) == ["toys", "bears"]
    assert rows(categories.annotate(n=Count("products")).exclude(n=2).values_list("name", flat=True)) == ["toys"]
    assert rows(categories.annotate(n=Count("products")).filter(n=F("id")).values_list("n", flat=True)) == [1, 2]


def test_filter_of_an_aggregate(stocked: SimpleNamespace) -> None:
    """Each counts rows of its own."""
    dear = Count("products", filter=Q(products__price__gt=20))
    cheap = Count("products", filter=~Q(products__price__gt=20))
    assert rows(stocked.Category.objects.annotate(d=dear, c=cheap).order_by("id").values_list("d", "c")) == [
        (0, 1),
        (1, 1),
    ]
    assert stocked.Product.objects.aggregate(n=Count("*", filter=Q(stock__gt=0)), s=Sum("stock", filter=Q(pk=1))) == {
        "n": 2,
        "s": 5,
    }


def test_default_stands_for_nothing(stocked: SimpleNamespace) -> None:
    """In the type of the result."""
    none = stocked.Product.objects.none()
    assert none.aggregate(
        s=Sum("price", default=0), a=Avg("stock", default=1.5), m=Max("price", default=Decimal("2"))
    ) == {
        "s": Decimal("0.00"),
        "a": 1.5,
        "m": Decimal("2.00"),
    }


def test_groups(stocked: SimpleNamespace) -> None:
    """`values()` before: groups of equal values. After: a choice of columns."""
    products = stocked.Product.objects
    groups = products.values("category__name").annotate(n=Count("*"), m=Min("price"))
    assert rows(groups.order_by(F("category__name").asc(nulls_first=True))) == [
        {"category__name": None, "n": 1, "m": Decimal("1.50")},
        {"category__name": "bears", "n": 2, "m": Decimal("19.90")},
        {"category__name": "toys", "n": 1, "m": Decimal("5.00")},
    ]
    assert rows(products.values_list("active").annotate(Sum("stock"))) == [(True, 12)]
    assert rows(products.values("active").annotate(n=Count("id")).values_list("n", flat=True)) == [4]
    assert rows(products.values("category").annotate(n=Count("id")).filter(n__gt=1)) == [{"category": 2, "n": 2}]


def test_counting_groups(stocked: SimpleNamespace) -> None:
    """How many there are, whether there is one, and aggregates of aggregates."""
    counted = stocked.Category.objects.annotate(n=Count("products"))
    assert counted.filter(n__gt=1).count() == 1
    assert counted.filter(n__gt=1).exists()
    assert not counted.filter(n__gt=2).exists()
    assert counted.aggregate(Avg("n"), most=Max("n")) == {"n__avg": 1.5, "most": 2}
    assert counted.order_by("-n").first().name == "bears"
    assert counted.get(n=2).name == "bears"


def test_slices_and_distinct_rows_are_aggregated(stocked: SimpleNamespace) -> None:
    """Only those that are in them."""
    products = stocked.Product.objects
    assert products.order_by("-price")[:2].aggregate(Sum("price"), n=Count("*"), c=Max("category__name")) == {
        "price__sum": Decimal("48.90"),
        "n": 2,
        "c": "bears",
    }
    assert products.values("category").distinct().aggregate(n=Count("category")) == {"n": 2}


def test_groups_are_changed_as_a_whole(stocked: SimpleNamespace) -> None:
    """By a subquery."""
    assert stocked.Category.objects.annotate(n=Count("products")).filter(n=2).update(name="many") == 1
    assert stocked.Category.objects.get(name="many").pk == stocked.bears.pk
    assert stocked.Product.objects.annotate(n=Count("category")).filter(n=0).delete() == (1, {"Product": 1})


def test_arithmetic_of_aggregates(stocked: SimpleNamespace) -> None:
    """Decimals are rounded to their own places, halves away from zero."""
    assert stocked.Product.objects.aggregate(mean=Sum("price") / Count("stock"), more=Sum(F("stock") * 2 + 1)) == {
        "mean": Decimal("18.47"),
        "more": 27,
    }
    assert stocked.Product.objects.none().aggregate(mean=Sum("price") / Count("stock")) == {"mean": None}


def test_spread(stocked: SimpleNamespace) -> None:
    """Of all, or as the estimate from a sample; one row is no sample."""
    products = stocked.Product.objects
    found = products.aggregate(StdDev("stock"), Variance("stock"), s=StdDev("stock", sample=True))
    assert {name: round(value, 6) for name, value in found.items()} == {
        "stock__stddev": 2.94392,
        "stock__variance": 8.666667,
        "s": 3.605551,
    }
    assert products.filter(pk=1).aggregate(v=Variance("stock", sample=True)) == {"v": None}
    assert products.aggregate(v=Variance("price"))["v"] == pytest.approx(124.2425)


def test_what_has_no_numbers(stocked: SimpleNamespace) -> None:
    """Said before any SQL."""
    with pytest.raises(FieldError) as refused:
        stocked.Category.objects.annotate(Sum("products__name"))
    assert str(refused.value) == "Sum('products__name'): Product.name holds no numbers"
    with pytest.raises(FieldError) as refused:
        stocked.Category.objects.aggregate(Sum("*"))
    assert str(refused.value) == "Sum('*'): only Count takes '*'. Name a field."
    with pytest.raises(FieldError) as refused:
        list(stocked.Category.objects.annotate(n=Count("products")).annotate(m=Max("n")))
    assert str(refused.value) == (
        "an aggregate cannot be computed of another one in the same query. "
        "Use aggregate() on the query that has the inner one."
    )
    with pytest.raises(FieldError) as refused:
        stocked.Category.objects.aggregate(n=F("id"))
    assert str(refused.value) == "aggregate(n=…) takes Count, Sum, Avg, Min, Max, or what is computed of them"


def test_groups_without_an_order_have_no_first(stocked: SimpleNamespace) -> None:
    """The key, which orders objects, would make other groups."""
    groups = stocked.Product.objects.values("category").annotate(n=Count("*"))
    with pytest.raises(FieldError) as refused:
        groups.first()
    assert str(refused.value) == "there is no first or last of groups without an order. Call order_by()."
    assert groups.order_by("n", "category").last() == {"category": 2, "n": 2}


def test_rows_that_count_by_another_query(stocked: SimpleNamespace) -> None:
    """An Exists says which, as a Q does."""
    toys = db.Exists(stocked.Category.objects.filter(pk=db.OuterRef("category"), name="toys"))
    assert stocked.Product.objects.aggregate(n=Count("pk", filter=toys)) == {"n": 1}
