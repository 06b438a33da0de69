"""Objects of SQL that is written by hand."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest

from spruce.db import Q
from spruce.errors import FieldError

COLUMNS = "id, name, price"


def test_rows_become_objects(stocked: SimpleNamespace) -> None:
    """With what else the statement gives; what it leaves out is loaded when it is touched."""
    products = stocked.Product.objects
    found = products.raw("SELECT stock * 2 AS twice, name, id FROM t_product WHERE stock > %s ORDER BY id", [0])
    assert [(each.pk, each.name, each.twice) for each in found] == [(1, "bear", 10), (4, "box", 14)]
    assert (len(found), found[1].name, str(found[0].price)) == (2, "box", "19.90")
    by_name = products.raw("SELECT * FROM t_product WHERE name = :name", {"name": "car"})
    assert [each.category.name for each in by_name] == ["toys"]
    assert [
        each.name for each in products.raw("SELECT id, name FROM t_product WHERE name LIKE 'b%' ORDER BY name")
    ] == [
        "bear",
        "box",
    ]
    assert repr(by_name) == "<RawQuery of Product: SELECT * FROM t_product WHERE name = :name>"
    assert len(by_name.using("default")) == 1


def test_it_runs_once(stocked: SimpleNamespace, queries: list[str]) -> None:
    """When its rows are wanted."""
    found = stocked.Maker.objects.raw("SELECT * FROM t_maker")
    assert queries == []
    assert len(list(found)) == len(found) == 2
    assert queries == ["SELECT * FROM t_maker"]


@pytest.mark.sqlite
def test_what_it_refuses(stocked: SimpleNamespace) -> None:
    """Rows without a key, and parameters that have no place."""
    with pytest.raises(FieldError) as keyless:
        list(stocked.Maker.objects.raw("SELECT name FROM t_maker"))
    assert str(keyless.value) == ("raw() needs the column 'id', the primary key of Maker, and the statement gives name")
    with pytest.raises(FieldError) as wrong:
        list(stocked.Maker.objects.raw("SELECT * FROM t_maker WHERE id = %s", [1, 2]))
    assert str(wrong.value) == "raw() was given 2 parameters, and its SQL has %s 1 times"


def test_columns_of_any_name(stocked: SimpleNamespace) -> None:
    """As databases name what is computed; none of it is taken for code."""
    rows = stocked.Maker.objects.raw('SELECT id, name, id * 2 AS "id * 2", 1 AS "x = stolen() or 1; o0.y" FROM t_maker')
    assert [(getattr(each, "id * 2"), getattr(each, "x = stolen() or 1; o0.y")) for each in rows] == [(2, 1), (4, 1)]


def test_places_and_names_as_django_has_them(stocked: SimpleNamespace) -> None:
    """`%(name)s` with a dict, columns under other names, None for no parameters; and what a QuerySet has too."""
    raw = stocked.Product.objects.raw
    assert [each.pk for each in raw("SELECT * FROM t_product WHERE name = %(n)s", params={"n": "car"})] == [3]
    found = raw("SELECT id AS k, name AS title FROM t_product ORDER BY id", None, {"k": "id", "title": "name"})
    assert [each.name for each in found.iterator()] == ["bear", "熊猫公仔", "car", "box"]
    assert not raw("SELECT * FROM t_product WHERE name = %s", ["boat"])
    assert raw("SELECT * FROM t_product", using="default")[0].pk == 1


def test_complex_filter_takes_what_limits_choices(stocked: SimpleNamespace) -> None:
    products = stocked.Product.objects
    assert products.complex_filter({"name": "car"}).get() == products.complex_filter(Q(name="car")).get()


def test_parameters_are_written_as_columns_hold_them(stocked: SimpleNamespace) -> None:
    """Moments and days of SQLite are text in UTC, whichever zone the parameter is in."""
    east = timezone(timedelta(hours=8))
    stocked.Product.objects.filter(name="car").update(day=date(2026, 3, 1), moment=datetime(2026, 3, 1, 12, tzinfo=UTC))
    raw = stocked.Product.objects.raw
    for sql, value in (
        ("SELECT * FROM t_product WHERE name = 'car' AND moment = %s", datetime(2026, 3, 1, 20, tzinfo=east)),
        ("SELECT * FROM t_product WHERE name = 'car' AND day = %s", date(2026, 3, 1)),
    ):
        assert [each.name for each in raw(sql, [value])] == ["car"]


def test_amounts_are_numbers(shop: SimpleNamespace) -> None:
    """On every database, of a column's own places, also where SQLite holds them in another way."""
    shop.Product.objects.create(name="car", price=5, cost="1.5")
    for condition, *values in (
        ("price = %s", Decimal("5.00")),
        ("price BETWEEN %s AND %s", Decimal("4.99"), Decimal("5.01")),
        ("price IN (%s, %s)", Decimal(1), Decimal(5)),
        ("%s < price", Decimal("4.999")),
        ("cost = %s", Decimal("1.5")),
        ("weight IS NULL AND stock < %s AND price > %s", Decimal("0.5"), Decimal(4)),
    ):
        found = shop.Product.objects.raw(f"SELECT * FROM t_product WHERE {condition}", values)
        assert [each.name for each in found] == ["car"], condition


@pytest.mark.sqlite
def test_lengths_of_time_and_uuids(shop: SimpleNamespace) -> None:
    """What SQLite has no type for is given as its columns hold it: microseconds, hexadecimal digits, text."""
    shop.Maker.objects.create(name="one")
    values = [timedelta(seconds=1), UUID(int=10), time(9, 30)]
    (found,) = shop.Maker.objects.raw("SELECT id, %s AS length, %s AS ident, %s AS clock FROM t_maker", values)
    assert (found.length, found.ident, found.clock) == (1_000_000, f"{10:032x}", "09:30:00.000000")
