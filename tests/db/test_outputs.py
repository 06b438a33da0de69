"""What expressions give, as fields."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce.db import Avg, Count, F, Max, Sum
from spruce.db.outputs import output

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    ("term", "field"),
    [
        (F("name"), "CharField"),
        (F("category"), "AutoField"),
        (F("day__year"), "IntegerField"),
        (F("stock") * 2, "IntegerField"),
        (F("stock") * 1.5, "FloatField"),
        (F("price") * 1.5, "DecimalField"),
        (Count("name"), "BigIntegerField"),
        (Sum("stock"), "BigIntegerField"),
        (Sum("price"), "DecimalField"),
        (Avg("stock"), "FloatField"),
        (Avg("price"), "DecimalField"),
        (Max("moment"), "DateTimeField"),
    ],
)
def test_what_a_term_is_like(shop: SimpleNamespace, term: Any, field: str) -> None:
    """Its lookups, values and SQL type are those of this field."""
    assert type(output(shop.Product, {}, term.key)).__name__ == field


def test_sums_keep_their_places(shop: SimpleNamespace) -> None:
    """The larger number of them."""
    field: Any = output(shop.Product, {}, (F("price") + F("cost")).key)
    assert field.decimal_places == 4
