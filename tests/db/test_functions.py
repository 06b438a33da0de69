"""Functions of the database; the answers are those that Django gives."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import F, Value


def computed(stocked: SimpleNamespace, term: Any) -> list[Any]:
    return list(stocked.Product.objects.annotate(x=term).order_by("id").values_list("x", flat=True))


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (db.Upper("name"), ["BEAR", "熊猫公仔", "CAR", "BOX"]),
        (db.Lower(Value("ABC")), ["abc"] * 4),
        (db.Length("name"), [4, 4, 3, 3]),
        (db.Trim(Value(" x ")), ["x"] * 4),
        (db.LTrim(Value(" x ")), ["x "] * 4),
        (db.RTrim(Value(" x ")), [" x"] * 4),
        (db.Replace("name", Value("b"), Value("p")), ["pear", "熊猫公仔", "car", "pox"]),
        (db.Substr("name", 2), ["ear", "猫公仔", "ar", "ox"]),
        (db.Substr("name", 1, 2), ["be", "熊猫", "ca", "bo"]),
        (db.Left("name", 1), ["b", "熊", "c", "b"]),
        (db.StrIndex("name", Value("a")), [3, 0, 2, 0]),
        (db.Concat("name", Value("/"), "note"), ["bear/", "熊猫公仔/", "car/", "box/"]),
        (db.Coalesce("stock", -1), [5, -1, 0, 7]),
        (db.Coalesce("cost", "price"), [Decimal("19.9000"), Decimal("29.0000"), Decimal("5.0000"), Decimal("1.5000")]),
        (db.NullIf("stock", Value(5)), [None, None, 0, 7]),
        (db.Greatest("price", Decimal("6")), [Decimal("19.90"), Decimal("29.00"), Decimal("6.00"), Decimal("6.00")]),
        (db.Least(db.Coalesce("stock", 9), 3), [3, 3, 0, 3]),
        (db.Abs(F("stock") * -1), [5, None, 0, 7]),
        (db.Round("price"), [Decimal("20.00"), Decimal("29.00"), Decimal("5.00"), Decimal("2.00")]),
        (db.Round("price", 2), [Decimal("19.90"), Decimal("29.00"), Decimal("5.00"), Decimal("1.50")]),
        (db.Ceil("price"), [20.0, 29.0, 5.0, 2.0]),
        (db.Floor("price"), [19.0, 29.0, 5.0, 1.0]),
        (db.ExtractYear("day"), [2024, 2024, None, 2023]),
        (db.ExtractMonth("moment"), [1, 5, None, None]),
        (db.ExtractDay("moment"), [31, 1, None, None]),
        (db.ExtractHour("moment"), [23, 8, None, None]),
        (db.ExtractMinute("moment"), [30, 0, None, None]),
        (db.ExtractSecond("moment"), [0, 0, None, None]),
        (db.Extract("day", "day"), [31, 1, None, 1]),
        (db.TruncYear("day"), [date(2024, 1, 1), date(2024, 1, 1), None, date(2023, 1, 1)]),
        (db.TruncMonth("day"), [date(2024, 1, 1), date(2024, 2, 1), None, date(2023, 2, 1)]),
        (db.TruncDay("moment"), [datetime(2024, 1, 31, tzinfo=UTC), datetime(2023, 5, 1, tzinfo=UTC), None, None]),
        (db.TruncHour("moment"),
         [datetime(2024, 1, 31, 23, tzinfo=UTC), datetime(2023, 5, 1, 8, tzinfo=UTC), None, None]),
        (db.TruncDate("moment"), [date(2024, 1, 31), date(2023, 5, 1), None, None]),
        (db.Trunc("moment", "minute"),
         [datetime(2024, 1, 31, 23, 30, tzinfo=UTC), datetime(2023, 5, 1, 8, tzinfo=UTC), None, None]),
    ],
)  # fmt: skip
def test_what_functions_give(stocked: SimpleNamespace, term: Any, found: list[Any]) -> None:
    """Of fields, values and each other."""
    assert computed(stocked, term) == found


def test_functions_stand_wherever_terms_do(stocked: SimpleNamespace) -> None:
    """In filters, orders, updates and values."""
    products = stocked.Product.objects
    assert products.filter(name=db.Lower(Value("BEAR"))).get().pk == 1
    assert products.annotate(length=db.Length("name")).filter(length__lt=4).count() == 2
    assert products.order_by(db.Length("name").desc(), "-id").first().pk == 2
    assert products.filter(pk=1).update(name=db.Concat("name", Value("!"))) == 1
    assert products.values(shout=db.Upper("name")).get(pk=1) == {"shout": "BEAR!"}
    assert products.values_list(db.Upper("name"), "pk").get(pk=1) == ("BEAR!", 1)


def test_now_is_the_present(stocked: SimpleNamespace) -> None:
    """As an aware datetime, comparable with fields."""
    now = computed(stocked, db.Now())[0]
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
    assert stocked.Product.objects.filter(moment__lt=db.Now()).count() == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: db.Lower(), "Lower() takes 1 arguments, not 0"),
        (lambda: db.Coalesce("a"), "Coalesce() takes at least 2 arguments, not 1"),
        (
            lambda: db.Extract("a", "eon"),
            "Extract(…, 'eon'): units are year, quarter, month, week, day, hour, minute, second, iso_year, week_day, "
            "iso_week_day",
        ),
        (
            lambda: db.Trunc("a", "week_day"),
            "Trunc(…, 'week_day'): units are year, quarter, month, week, day, hour, minute, second",
        ),
        (lambda: db.Round("a", precision=-1), "Round(precision=-1) takes a number of places, 0 or more"),
    ],
)  # fmt: skip
def test_wrong_arguments(make: Any, message: str) -> None:
    """Said at once."""
    with pytest.raises(TypeError) as refused:
        make()
    assert str(refused.value) == message
