"""Amounts as parameters of raw(), where SQLite holds them as whole numbers."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy.dialects.sqlite import dialect

from spruce import db
from spruce.db.rawamounts import in_units
from spruce.errors import FieldError


class Bill(db.Model):
    total = db.DecimalField(max_digits=8, decimal_places=2)
    paid = db.BooleanField(default=False)

    class Meta:
        db_table = "t_rawamounts_bill"


PRIVATE = [Bill]
pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    ("condition", "unit"),
    [
        ("price = :p", 500),
        ("p.price>=:p", 500),
        ('"t_product"."cost" != :p', 50_000),
        ("cost NOT IN (1, 2, :p)", 50_000),
        ("cost between 10 and :p", 50_000),
        (":p <> cost AND id > 1", 50_000),
        ("stock = :p", 5),
        ("weight < :p", 5),
    ],
)
def test_the_unit_is_that_of_the_column_beside_it(shop: SimpleNamespace, condition: str, unit: int) -> None:
    """On either side of it; beside what is no amount it is a plain number."""
    sql = f"SELECT * FROM t_product AS p WHERE {condition}"
    assert in_units(shop.Product, sql, "p", Decimal(5), dialect()) == unit


def test_without_a_column_it_is_the_unit_of_all() -> None:
    """As beside a sum, or what is computed."""
    for sql in ("SELECT * FROM t_rawamounts_bill HAVING SUM(total) > :p", "SELECT id FROM x WHERE 2 * total > :p"):
        assert in_units(Bill, sql, "p", Decimal("1.5"), dialect()) == 150


def test_a_part_of_a_number_stays_one() -> None:
    """Beside what is no amount."""
    assert in_units(Bill, "SELECT * FROM t_rawamounts_bill WHERE id < :p", "p", Decimal("1.5"), dialect()) == 1.5


def test_several_units_are_refused(shop: SimpleNamespace) -> None:
    """What it would be compared with is not known."""
    with pytest.raises(FieldError) as refused:
        in_units(shop.Product, "SELECT * FROM t_product WHERE price * 2 > :p + 1", "p", Decimal("5.00"), dialect())
    assert str(refused.value) == (
        "raw() cannot give Decimal('5.00') to SQLite, where columns hold amounts as whole numbers of their smallest "
        "unit: it stands beside no column, and the tables have amounts of several units or none. "
        "Write `column > %s`, or give the int: with 2 decimal_places, 19.90 is 1990."
    )
