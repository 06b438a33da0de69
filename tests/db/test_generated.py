"""Columns that the database computes."""

from decimal import Decimal
from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError, FieldError, ModelError

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mariadb"], indirect=True)


class Line(db.Model):
    name = db.CharField(max_length=20)
    price = db.DecimalField(max_digits=8, decimal_places=2)
    count = db.IntegerField(default=1)
    total = db.GeneratedField(
        expression=db.F("price") * db.F("count"),
        output_field=db.DecimalField(max_digits=8, decimal_places=2),
        db_persist=True,
    )
    lower = db.GeneratedField(expression=db.Lower("name"), output_field=db.CharField(max_length=20), db_persist=False)

    class Meta:
        db_table = "t_line"


@pytest.fixture(autouse=True)
def tables() -> None:
    db.create_all(models=[Line])


def test_a_value_is_there_as_soon_as_the_row_is(queries: list[str], backend: str) -> None:
    """The statement that writes the row returns it, when it is new and when it changes; not all of MariaDB's can."""
    line = Line.objects.create(name="Bear", price="19.90", count=2)
    assert (line.total, line.lower) == (Decimal("39.80"), "bear")
    line.count = 3
    line.save()
    assert line.total == Decimal("59.70")
    assert len(queries) == (3 if backend == "mariadb" else 2)


def test_queries_see_it_as_the_field_that_it_is_like() -> None:
    """Lookups, orders and conversions are that field's."""
    for name, count in (("A", 1), ("B", 5), ("C", 3)):
        Line.objects.create(name=name, price="2.00", count=count)
    assert list(Line.objects.filter(total__gte="6").order_by("-total").values_list("lower", "total")) == [
        ("b", Decimal("10.00")),
        ("c", Decimal("6.00")),
    ]
    with pytest.raises(DataError) as refused:
        Line.objects.filter(total="much").exists()
    assert str(refused.value) == "Line.total cannot hold 'much': it is no decimal number"


def test_it_is_never_set() -> None:
    """Neither when an object is made nor by update; before the first save there is none."""
    with pytest.raises(FieldError) as refused:
        Line(total=1)
    assert str(refused.value).startswith("Line() got 'total', which is no field of it")
    with pytest.raises(AttributeError) as missing:
        _ = Line(name="x", price=1).total
    assert str(missing.value) == "'Line' object has no attribute 'total'"


def test_many_rows_at_once_are_computed_too() -> None:
    """The objects of bulk_create have it when it saves one by one."""
    Line.objects.bulk_create([Line(name="A", price=1), Line(name="B", price=2)])
    assert sorted(Line.objects.values_list("total", flat=True)) == [Decimal("1.00"), Decimal("2.00")]


@pytest.mark.parametrize("option", ["default", "db_default", "primary_key"])
def test_options_that_make_no_sense(option: str) -> None:
    """Are refused where they stand."""
    options: Any = {option: 1}
    with pytest.raises(ModelError) as refused:
        db.GeneratedField(expression=db.F("a"), output_field=db.IntegerField(), db_persist=True, **options)
    assert str(refused.value) == f"a GeneratedField has no {option}: its value is computed"
