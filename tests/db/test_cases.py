"""Values, cases, casts and subqueries; the answers are those that Django gives."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from spruce import db
from spruce.db import Case, Cast, Count, Exists, ExpressionWrapper, F, OuterRef, Q, Subquery, Value, When
from spruce.errors import FieldError


def computed(stocked: SimpleNamespace, term: Any) -> list[Any]:
    return list(stocked.Product.objects.annotate(x=term).order_by("id").values_list("x", flat=True))


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (Value("x"), ["x"] * 4),
        (Value(None), [None] * 4),
        (Value(3) * Value(4), [12] * 4),
        (Value(time(8, 30)), [time(8, 30)] * 4),
        (Value(timedelta(hours=1)), [timedelta(hours=1)] * 4),
        (Value(UUID(int=7)), [UUID(int=7)] * 4),
        (Value("2024-01-31", output_field=db.DateField()), [date(2024, 1, 31)] * 4),
        (Case(When(stock=0, then=1), default=2, output_field=db.FloatField()), [2.0, 2.0, 1.0, 2.0]),
        (db.Lower("name", output_field=db.CharField()), ["bear", "熊猫公仔", "car", "box"]),
        (ExpressionWrapper(F("price") * 2, db.FloatField()), [39.8, 58.0, 10.0, 3.0]),
        (ExpressionWrapper(F("weight") + 1.5, db.IntegerField()), [None] * 4),
        (ExpressionWrapper(Value(451.5), db.IntegerField()), [451] * 4),
        (Value(Decimal("1.5")), [Decimal("1.500000")] * 4),
        (Case(When(stock=0, then=Value("gone")), When(Q(stock__lt=6), then="name"), default=Value("many")),
         ["bear", "many", "gone", "many"]),
        (Case(When(stock__isnull=True, then=0), default="stock"), [5, 0, 0, 7]),
        (Case(When(Q(price__gt=5), stock=5, then=1)), [1, None, None, None]),
        (Case(When(price__gt=10, then=Decimal("1.5")), default="price"),
         [Decimal("1.50"), Decimal("1.50"), Decimal("5.00"), Decimal("1.50")]),
        (Cast("price", db.IntegerField()), [19, 29, 5, 1]),
        (Cast("stock", db.CharField(max_length=5)), ["5", None, "0", "7"]),
        (Cast("moment", db.DateField()), [date(2024, 1, 31), date(2023, 5, 1), None, None]),
        (Cast("moment", db.TimeField()), [time(23, 30), time(8), None, None]),
        (Cast("day", db.DateTimeField()),
         [datetime(2024, 1, 31, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC), None, datetime(2023, 2, 1, tzinfo=UTC)]),
        (Cast(Value("2024-05-06"), db.DateField()), [date(2024, 5, 6)] * 4),
        (Cast(Value("2024-05-06 07:08:09"), db.DateTimeField()), [datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)] * 4),
        (Cast("day", db.DateField()), [date(2024, 1, 31), date(2024, 2, 1), None, date(2023, 2, 1)]),
        (Cast(Value("1.25"), db.DecimalField(max_digits=6, decimal_places=1)), [Decimal("1.3")] * 4),
        (Cast("stock", db.DecimalField(max_digits=6, decimal_places=1)),
         [Decimal("5.0"), None, Decimal("0.0"), Decimal("7.0")]),
        (ExpressionWrapper(F("stock") * 2, output_field=db.IntegerField()), [10, None, 0, 14]),
    ],
)  # fmt: skip
def test_what_they_give(stocked: SimpleNamespace, term: Any, found: list[Any]) -> None:
    """Each in the type of its result."""
    assert computed(stocked, term) == found


def test_cases_in_other_places(stocked: SimpleNamespace) -> None:
    """Orders, updates, aggregates."""
    products = stocked.Product.objects
    first = products.order_by(Case(When(name="car", then=0), default=1), "id")
    assert list(first.values_list("pk", flat=True)) == [3, 1, 2, 4]
    assert products.aggregate(n=Count(Case(When(stock__gt=0, then=1)))) == {"n": 2}
    products.update(stock=Case(When(stock=None, then=1), default=F("stock") + 1))
    assert list(products.values_list("stock", flat=True)) == [6, 1, 1, 8]


def test_subqueries_see_the_row_outside(stocked: SimpleNamespace) -> None:
    """By OuterRef, at any depth, of the same model too."""
    products, categories = stocked.Product.objects, stocked.Category.objects.order_by("id")
    dearest = products.filter(category=OuterRef("pk")).order_by("-price").values("price")[:1]
    assert list(categories.annotate(x=Subquery(dearest)).values_list("x", flat=True)) == [
        Decimal("5.00"),
        Decimal("29.00"),
    ]
    counted = products.filter(category=OuterRef("pk")).order_by().values("category").annotate(n=Count("*")).values("n")
    assert categories.annotate(n=Subquery(counted)).filter(n__gt=1).get() == stocked.bears
    cheaper = products.filter(price__lt=OuterRef("price"))
    assert [each.name for each in products.filter(~Exists(cheaper))] == ["box"]
    deep = stocked.Maker.objects.filter(
        Exists(
            stocked.Category.objects.filter(
                Exists(products.filter(category=OuterRef("pk"), category__maker=OuterRef(OuterRef("pk")), stock=0)),
                maker=OuterRef("pk"),
            )
        )
    )
    assert deep.get() == stocked.steiff
    there = categories.annotate(x=Exists(products.filter(category=OuterRef("pk"), stock=5)))
    assert list(there.values_list("x", flat=True)) == [False, True]
    assert products.filter(category__in=stocked.Category.objects.filter(name=OuterRef("name"))).count() == 0


def test_sqlalchemy_expressions_are_annotated(stocked: SimpleNamespace) -> None:
    """With what they give."""
    products = stocked.Product.objects.annotate(x=sa.func.upper(stocked.Product.name), y=stocked.Product.stock + 1)
    assert products.values_list("x", "y").get(pk=1) == ("BEAR", 6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Value({1}), "Value() takes a plain value, not {1}"),
        (lambda: When(then=1), 'When() needs a condition: db.When(stock=0, then=db.Value("gone"))'),
        (lambda: Case(), "Case() needs a When at least"),
        (lambda: Case(1), "Case() takes Whens, not 1"),  # type: ignore[arg-type] # the point
        (lambda: Cast("a", int), "<class 'int'> is no field: give one as db.IntegerField()"),  # type: ignore[arg-type] # the point
        (lambda: OuterRef(1), "OuterRef() takes the name of a field, not 1"),  # type: ignore[arg-type] # the point
        (lambda: Exists(1), "Exists() takes a QuerySet, not 1"),  # type: ignore[arg-type] # the point
    ],
)
def test_wrong_arguments(make: Any, message: str) -> None:
    """Said at once."""
    with pytest.raises(TypeError) as refused:
        make()
    assert str(refused.value) == message


def test_an_outer_ref_needs_something_outside(stocked: SimpleNamespace) -> None:
    """It cannot run on its own."""
    with pytest.raises(FieldError) as refused:
        list(stocked.Product.objects.filter(category=OuterRef("pk")))
    assert str(refused.value) == (
        "OuterRef('pk') stands in a query that is not inside of another one. "
        "Put that query into db.Subquery(…) or db.Exists(…)."
    )


def test_casts_of_one_form_share_a_shape(stocked: SimpleNamespace) -> None:
    """Though each has a field of its own."""
    first, second = (
        stocked.Product.objects.annotate(x=Cast("stock", db.CharField(max_length=5))).as_subquery()[0] for _ in "ab"
    )
    assert first is second
