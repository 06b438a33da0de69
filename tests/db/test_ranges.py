"""Ranges of PostgreSQL."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import postgres
from spruce.db.postgres import Range
from spruce.errors import DataError, IntegrityError, ModelError, ValidationError

BACKENDS = ["postgresql", "psycopg"]


class Stay(db.Model):
    room = postgres.IntegerRangeField()
    days = postgres.DateRangeField(null=True)
    times = postgres.DateTimeRangeField(null=True)
    prices = postgres.DecimalRangeField(null=True)
    large = postgres.BigIntegerRangeField(null=True)

    class Meta:
        db_table = "t_stay"
        constraints = (
            postgres.ExclusionConstraint(
                name="one_guest",
                expressions=[("room", postgres.RangeOperators.OVERLAPS), ("days", postgres.RangeOperators.OVERLAPS)],
            ),
        )


PRIVATE = [db.registry.models.pop(Stay._meta.db_table)]  # only a PostgreSQL can have its table


@pytest.fixture
def stays(shop: SimpleNamespace) -> Any:
    Stay.objects.create(
        room=(1, 5),
        days=Range(date(2024, 1, 1), date(2024, 1, 3), bounds="[]"),
        times=(datetime(2024, 1, 1, tzinfo=UTC), None),
        prices=Range(Decimal("1.5"), Decimal("2.5"), bounds="(]"),
        large=(2**40, 2**41),
    )
    Stay.objects.create(room=(5, 9))
    Stay.objects.create(room=Range(empty=True))
    return Stay.objects


def test_values_come_back_as_they_were(stays: Any) -> None:
    """Those of whole numbers and days in PostgreSQL's form: with the lower bound, without the upper."""
    first = stays.get(pk=1)
    assert (first.room, first.days) == (Range(1, 5), Range(date(2024, 1, 1), date(2024, 1, 4)))
    assert first.times == Range(datetime(2024, 1, 1, tzinfo=UTC), None)
    assert first.prices == Range(Decimal("1.5"), Decimal("2.5"), bounds="(]")
    assert (first.large, stays.get(pk=3).room.isempty) == (Range(2**40, 2**41), True)


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ({"room": (1, 5)}, [1]),
        ({"room__contains": 4}, [1]),
        ({"room__contains": (6, 7)}, [2]),
        ({"room__contained_by": Range(0, 6)}, [1, 3]),
        ({"room__overlap": (4, 6)}, [1, 2]),
        ({"room__fully_lt": (5, 9)}, [1]),
        ({"room__fully_gt": (1, 5)}, [2]),
        ({"room__not_lt": (5, 6)}, [2]),
        ({"room__not_gt": (1, 5)}, [1]),
        ({"room__adjacent_to": (9, 10)}, [2]),
        ({"room__startswith": 1}, [1]),
        ({"room__endswith__gt": 5}, [2]),
        ({"room__isempty": True}, [3]),
        ({"times__upper_inf": True}, [1]),
        ({"times__contains": datetime(2030, 1, 1, tzinfo=UTC)}, [1]),
        ({"days__contains": date(2024, 1, 3)}, [1]),
        ({"prices__contains": Decimal("1.5")}, []),
        ({"prices__contains": 2}, [1]),
    ],
)
def test_lookups(stays: Any, keywords: dict[str, Any], found: list[int]) -> None:
    """Of ranges, of single values in them, of their bounds."""
    assert list(stays.filter(**keywords).order_by("pk").values_list("pk", flat=True)) == found


def test_rows_in_each_others_way(stays: Any) -> None:
    """Are refused by the constraint."""
    with pytest.raises(IntegrityError) as refused:
        stays.create(room=(2, 3), days=(date(2024, 1, 3), date(2024, 1, 9)))
    assert str(refused.value).startswith("a row of t_stay is in the way of the constraint 'one_guest' (")
    assert refused.value.constraint == "one_guest"
    with pytest.raises(ValidationError) as found:
        Stay(room=(2, 3), days=(date(2024, 1, 3), date(2024, 1, 9))).full_clean()
    assert found.value.by_field() == {"__all__": ["Constraint “one_guest” is violated."]}
    stays.get(pk=1).full_clean()
    Stay(room=(2, 3), days=(date(2024, 1, 4), date(2024, 1, 9))).full_clean()
    stays.create(room=(2, 3), days=(date(2024, 1, 4), date(2024, 1, 9)))


def test_what_does_not_fit(stays: Any) -> None:
    """Is refused before any SQL."""
    for value, why in (((3, 1), "its lower bound is above the upper one"), (5, "it is no range: use Range(lower")):
        with pytest.raises(DataError) as refused:
            Stay(room=value).save()
        assert why in str(refused.value)


@pytest.mark.sqlite
def test_other_databases_say_so() -> None:
    """When the table is made."""
    with pytest.raises(ModelError) as refused:
        db.create_all(models=[Stay])
    assert "needs PostgreSQL, and this database is sqlite" in str(refused.value)
