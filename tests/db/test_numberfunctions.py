"""Functions of numbers, the same on each database."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db

F, Value = db.F, db.Value


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (db.ACos(Value(0.5)), math.acos(0.5)),
        (db.ASin(Value(0.5)), math.asin(0.5)),
        (db.ATan(Value(0.5)), math.atan(0.5)),
        (db.ATan2(Value(1.0), Value(2.0)), math.atan2(1, 2)),
        (db.Cos("stock"), math.cos(5)),
        (db.Cot("stock"), 1 / math.tan(5)),
        (db.Degrees("stock"), math.degrees(5)),
        (db.Exp("stock"), math.exp(5)),
        (db.Ln("price"), math.log(19.9)),
        (db.Log(2, "price"), math.log2(19.9)),
        (db.Mod("price", 4), 3.9),
        (db.Mod(F("stock") - 8, 2), -1.0),
        (db.Pi(), math.pi),
        (db.Power("price", 2), 396.01),
        (db.Radians("stock"), math.radians(5)),
        (db.Sign(F("stock") - 8), -1.0),
        (db.Sin("stock"), math.sin(5)),
        (db.Sqrt("price"), math.sqrt(19.9)),
        (db.Tan("stock"), math.tan(5)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_each_function(stocked: SimpleNamespace, term: Any, value: float) -> None:
    """Of whole numbers, amounts and values."""
    query = stocked.Product.objects.filter(name="bear").annotate(found=term)
    found = query.values_list("found", flat=True).get()
    assert type(found) is float
    assert found == pytest.approx(value)
    assert query.filter(found__gt=value - 0.001, found__lt=value + 0.001).exists()


def test_null_stays_null(stocked: SimpleNamespace) -> None:
    assert stocked.Product.objects.annotate(root=db.Sqrt("weight")).get(name="bear").root is None


def test_random_numbers_are_from_0_to_1(stocked: SimpleNamespace) -> None:
    """One for each row."""
    found = list(stocked.Product.objects.annotate(number=db.Random()).values_list("number", flat=True))
    assert all(0 <= each <= 1 for each in found)
    assert len(set(found)) == 4
