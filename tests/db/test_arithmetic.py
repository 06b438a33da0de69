"""F in SQL: exact for amounts, whatever unit they are kept in."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import F
from spruce.errors import FieldError


@pytest.fixture
def product(shop: SimpleNamespace) -> Any:
    return shop.Product.objects.create(name="bear", price="19.90", cost="7.1234", stock=3, weight=1.5)


@pytest.mark.parametrize(
    ("name", "made", "result"),
    [
        ("price", F("price") * 2, "39.80"),
        ("price", 2 * F("price"), "39.80"),
        ("price", F("price") + 1, "20.90"),
        ("price", F("price") - Decimal("0.05"), "19.85"),
        ("price", 20 - F("price"), "0.10"),
        ("price", F("price") * Decimal("1.005"), "20.00"),
        ("price", F("price") * 0.5, "9.95"),
        ("price", F("price") / 3, "6.63"),
        ("price", -F("price"), "-19.90"),
        ("price", F("price") * F("stock"), "59.70"),
        ("price", F("price") + F("stock"), "22.90"),
        ("price", F("price") + F("cost"), "27.02"),
        ("price", F("cost"), "7.12"),
        ("price", F("stock"), "3.00"),
        ("cost", F("price"), "19.9000"),
        ("cost", F("cost") * 2 + F("price"), "34.1468"),
        ("stock", F("stock") + 1, "4"),
        ("stock", F("stock") * F("stock") - 1, "8"),
        ("stock", F("stock") / 2, "1"),
        ("stock", F("stock") % 2, "1"),
        ("stock", 10 - F("stock"), "7"),
        ("weight", F("weight") * 2, "3.0"),
        ("weight", F("stock") * 0.5, "1.5"),
    ],
)
def test_update_computes_exactly(shop: SimpleNamespace, product: Any, name: str, made: F, result: str) -> None:
    """Halves are rounded away from zero where a result has more places than its column."""
    assert shop.Product.objects.filter(pk=product.pk).update(**{name: made}) == 1
    assert str(getattr(shop.Product.objects.get(), name)) == result


@pytest.mark.parametrize(
    ("keyword", "other", "fits"),
    [
        ("price__gt", F("cost"), True),
        ("price__gt", F("cost") * 3, False),
        ("price__gt", F("stock"), True),
        ("stock__lt", F("price"), True),
        ("cost__lt", F("price") - 12, True),
        ("stock", F("stock") + 0, True),
        ("weight__lt", F("price"), True),
    ],
)
def test_columns_of_different_units_compare(
    shop: SimpleNamespace, product: Any, keyword: str, other: F, fits: bool
) -> None:
    """They are brought to one unit first."""
    assert shop.Product.objects.filter(**{keyword: other}).exists() is fits


def test_null_stays_null(shop: SimpleNamespace) -> None:
    """As in SQL."""
    shop.Product.objects.create(name="bear", price=1, cost=None)
    shop.Product.objects.update(cost=F("cost") * Decimal("1.5"))
    assert shop.Product.objects.get().cost is None


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("made", "message"),
    [
        (F("price") * F("cost"),
         "two decimal columns cannot be combined by '*' on SQLite. Compute it in Python."),
        (1 / F("price"), "a value cannot be divided by a decimal column in SQL. Compute it in Python."),
        (F("category__id") + 1, None),
        (F("category__maker__id"),
         "F('category__maker__id'): update() reads the columns of its own table only. Use a name without '__'."),
    ],
)  # fmt: skip
def test_what_cannot_be_exact_is_refused(shop: SimpleNamespace, product: Any, made: F, message: str | None) -> None:
    """Rather than computed wrongly; a related object's key is a column of the table itself."""
    name = "stock" if message is None else "price"
    if message is None:
        assert shop.Product.objects.update(**{name: made}) == 1
        return
    with pytest.raises(FieldError) as refused:
        shop.Product.objects.update(**{name: made})
    assert str(refused.value) == message


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "make",
    [
        lambda product: product.price > product.cost,
        lambda product: product.stock < product.price,
        lambda product: product.price + product.weight > 3,
        lambda product: product.price * product.price > 3,
    ],
)
def test_sqlalchemy_expressions_that_mix_units_are_refused(shop: SimpleNamespace, make: Any) -> None:
    """SQLAlchemy knows nothing of units, so it would compare 1990 with 71234."""
    with pytest.raises(FieldError, match="has decimal columns of different units, which SQLite cannot compare"):
        list(shop.Product.objects.filter(make(shop.Product)))


@pytest.mark.sqlite
def test_the_error_about_units_says_what_to_do(shop: SimpleNamespace) -> None:
    """Keywords bring both sides to one unit."""
    with pytest.raises(FieldError) as refused:
        list(shop.Product.objects.filter(shop.Product.price > shop.Product.cost))
    assert str(refused.value) == (
        "t_product.price > t_product.cost has decimal columns of different units, which SQLite cannot compare. "
        'Use keywords and F: filter(price__gt=db.F("cost")).'
    )


class Duty(db.Model):
    begin = db.DateTimeField()
    end = db.DateTimeField(null=True)
    day = db.DateField()
    length = db.DurationField(null=True)

    class Meta:
        db_table = "t_duty"


def test_moments_and_lengths_of_time(shop: SimpleNamespace) -> None:
    """Added, subtracted and compared, of columns and of values, to the microsecond."""
    begin, hour = datetime(2024, 1, 31, 23, 30, 0, 5, tzinfo=UTC), timedelta(hours=1, microseconds=7)
    midnight = datetime(2024, 1, 31, tzinfo=UTC)
    Duty.objects.create(begin=begin, end=begin + hour, day=begin.date(), length=hour)
    for term, value in (
        (F("begin") + F("length"), begin + hour),
        (F("length") + F("begin"), begin + hour),
        (F("begin") - F("length"), begin - hour),
        (F("begin") + timedelta(days=1), begin + timedelta(days=1)),
        (timedelta(days=1) + F("begin"), begin + timedelta(days=1)),
        (F("begin") - timedelta(days=1, microseconds=6), begin - timedelta(days=1, microseconds=6)),
        (F("end") - F("begin"), hour),
        (F("end") - begin, hour),
        (begin - F("end"), -hour),
        (F("day") + timedelta(hours=3), midnight + timedelta(hours=3)),
        (F("begin") - F("day"), begin - midnight),
        (F("day") - date(2024, 1, 1), timedelta(days=30)),
        (F("length") + timedelta(hours=1), hour + timedelta(hours=1)),
        (F("length") * 2, hour * 2),
    ):
        query = Duty.objects.annotate(found=term)
        assert query.get().found == value, term
        assert query.filter(found=value).exists(), term
    assert Duty.objects.filter(end__lte=F("begin") + timedelta(hours=2)).exists()
    assert not Duty.objects.filter(end__gt=F("begin") + timedelta(hours=2)).exists()
    assert Duty.objects.update(end=F("end") + timedelta(hours=1)) == 1
    assert Duty.objects.get().end == begin + hour + timedelta(hours=1)
    Duty.objects.update(end=None)
    assert Duty.objects.annotate(found=F("end") - F("begin")).get().found is None
    with pytest.raises(FieldError) as refused:
        Duty.objects.annotate(found=F("length") - F("begin")).get()
    assert str(refused.value) == ("t_duty.length - t_duty.begin has no meaning. To a moment, a timedelta can be added.")
