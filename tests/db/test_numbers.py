"""Fields of numbers that are not whole, and of truth values."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError


@pytest.mark.parametrize(
    ("given", "kept"),
    [(Decimal("1.5"), "1.50"), (Decimal("-0"), "0.00"), (Decimal("1E+3"), "1000.00"), ("7", "7.00"), (0.1, "0.10")],
)
def test_decimals_have_the_places_of_their_column(shop: SimpleNamespace, given: Any, kept: str) -> None:
    """In the object as in the row, once it is saved."""
    product = shop.Product.objects.create(name="x", price=given)
    assert str(shop.Product.objects.get(pk=product.pk).price) == kept
    assert product.price == Decimal(kept)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Decimal("1.005"), "it would be rounded to 1.00: call round(value, 2) first"),
        (Decimal("NaN"), "it is not finite"),
        (Decimal("sNaN"), "it is not finite"),
        (Decimal("Infinity"), "it is not finite"),
        (Decimal("1234567.00"), "only 6 digits fit before the point (max_digits=8)"),
        (True, None),
    ],
)
def test_what_is_no_amount(given: Any, why: str | None) -> None:
    """Decimals too are looked at."""
    field = db.DecimalField(max_digits=8, decimal_places=2)
    field.name = ""
    field.model = db.Model
    if why is None:
        assert field.clean(given) == 1
        return
    with pytest.raises(DataError) as refused:
        field.clean(given)
    assert str(refused.value).endswith(why)
