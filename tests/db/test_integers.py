"""Fields of whole numbers."""

from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError


class Amount(db.Model):
    small = db.SmallIntegerField(default=0)
    count = db.PositiveIntegerField(default=0)
    many = db.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "t_amount"


@pytest.fixture(autouse=True)
def tables() -> None:
    db.create_all()


def test_the_ends_of_each_size_fit() -> None:
    """They come back as they went."""
    values = {"small": -32768, "count": 2**31 - 1, "many": 2**63 - 1}
    made = Amount.objects.create(**values)
    found = Amount.objects.get(pk=made.pk)
    assert {name: getattr(found, name) for name in values} == values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"small": 32768}, "Amount.small cannot hold 32768: it is outside of -32768 to 32767"),
        ({"count": -1}, "Amount.count cannot hold -1: it is outside of 0 to 2147483647"),
        ({"many": -1}, "Amount.many cannot hold -1: it is outside of 0 to 9223372036854775807"),
    ],
)
def test_what_does_not_fit(values: dict[str, Any], message: str) -> None:
    """Said with the value and the limits."""
    with pytest.raises(DataError) as refused:
        Amount.objects.create(**values)
    assert str(refused.value) == message
