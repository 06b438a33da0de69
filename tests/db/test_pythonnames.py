"""Names for Python from those of a database."""

import pytest

from spruce.db.pythonnames import class_name, field_name

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("order_lines", "OrderLines"),
        ("auth.User", "AuthUser"),
        ("class", "Class"),
        ("2024 sales", "T2024Sales"),
        ("none", "None_"),
        ("订单", "订单"),
        ("--", "Table"),
    ],
)
def test_names_of_models(table: str, name: str) -> None:
    """Words are put together; what Python forbids is changed a little."""
    assert class_name(table, ()) == name


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("price", "price"),
        ("Price", "Price"),
        ("Weird Name", "weird_name"),
        ("class", "class_field"),
        ("objects", "objects_field"),
        ("2nd", "n_2nd"),
        ("a__b_", "a_b"),
        ("_", "column"),
        ("preis in €", "preis_in"),
        ("价格", "价格"),
    ],
)
def test_names_of_fields(column: str, name: str) -> None:
    """No word of Python's, nothing that models have, no two underscores, as queries mean something by them."""
    assert field_name(column, ()) == name


def test_no_name_is_given_twice() -> None:
    """The next one is counted."""
    taken: list[str] = []
    for column in ("a b", "a-b", "a_b"):
        taken.append(field_name(column, taken))
    assert taken == ["a_b", "a_b2", "a_b3"]
    assert class_name("a_b", ["AB"]) == "AB2"
