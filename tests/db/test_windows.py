"""Window functions; the answers are those that Django gives."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import F


def computed(stocked: SimpleNamespace, term: Any) -> list[Any]:
    return list(stocked.Product.objects.annotate(x=term).order_by("id").values_list("x", flat=True))


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (db.Window(db.RowNumber(), order_by="-price"), [2, 1, 3, 4]),
        (db.Window(db.Rank(), partition_by="category", order_by="price"), [1, 2, 1, 1]),
        (db.Window(db.DenseRank(), order_by=F("category").asc(nulls_first=True)), [3, 3, 2, 1]),
        (db.Window(db.Count("*"), order_by="id", frame=db.RowRange(-1, 0)), [1, 2, 2, 2]),
        (db.Window(db.Sum("id"), order_by="id", frame=db.RowRange(start=1)), [9, 7, 4, None]),
        (db.Window(db.Sum("id"), order_by="id", frame=db.ValueRange(-1, 1)), [3, 6, 9, 7]),
        (db.Window(db.Ntile(2), order_by="id"), [1, 1, 2, 2]),
        (db.Window(db.Lag("name"), order_by="id"), [None, "bear", "熊猫公仔", "car"]),
        (db.Window(db.Lead("name", 2), order_by=F("id")), ["car", "box", None, None]),
        (db.Window(db.FirstValue("name"), order_by=[F("id").desc()]), ["box"] * 4),
        (db.Window(db.NthValue("name", 2), order_by="id"), [None, "熊猫公仔", "熊猫公仔", "熊猫公仔"]),
        (db.Window(db.CumeDist(), order_by="id"), [0.25, 0.5, 0.75, 1.0]),
        (db.Window(db.PercentRank(), order_by=F("category").asc(nulls_first=True)),
         pytest.approx([2 / 3, 2 / 3, 1 / 3, 0.0])),
        (db.Window(db.LastValue("name"), order_by="id"), ["bear", "熊猫公仔", "car", "box"]),
        (db.Window(db.Sum("price"), partition_by=["category"]),
         [Decimal("48.90"), Decimal("48.90"), Decimal("5.00"), Decimal("1.50")]),
    ],
)  # fmt: skip
def test_what_windows_give(stocked: SimpleNamespace, term: Any, found: list[Any]) -> None:
    """For each row, of those that belong to it."""
    assert computed(stocked, term) == found


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: db.Ntile(0), "Ntile(0) takes a number of parts, 1 or more"),
        (lambda: db.Lag("a", 0), "Lag(…, 0) takes a number of rows, 1 or more"),
        (lambda: db.Window("a"), "Window('a') takes a function or an aggregate, as db.RowNumber()"),  # type: ignore[arg-type] # the point
    ],
)  # fmt: skip
def test_wrong_arguments(make: Any, message: str) -> None:
    """Said at once."""
    with pytest.raises(TypeError) as refused:
        make()
    assert str(refused.value) == message
