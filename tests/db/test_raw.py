"""Objects of SQL that is written by hand."""

from types import SimpleNamespace

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
