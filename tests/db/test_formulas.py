"""Conditions and expressions in the definitions of tables."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from spruce import db
from spruce.db.formulas import Formula
from spruce.errors import DataError, FieldError, ModelError

Q, F = db.Q, db.F


@pytest.mark.parametrize(
    ("formula", "sql"),
    [
        (Q(name="it's"), "(t_product.name = 'it''s')"),
        (Q(price__gte="19.90"), "(t_product.price >= 1990)"),
        (Q(active=True) | Q(stock__in=[1, 2]), "(t_product.active = 1 OR t_product.stock IN (1, 2))"),
        (Q(day__lt=dt.date(2024, 1, 31)), "(t_product.day < '2024-01-31')"),
        (Q(stock__gt=F("id") + 1), "(t_product.stock > (t_product.id + 1))"),
        (Q(note=None), "(t_product.note IS NULL)"),
        (db.Lower("name"), "lower(t_product.name)"),
    ],
)
def test_values_stand_as_literals(shop: SimpleNamespace, formula: Any, sql: str) -> None:
    """In the form in which the database stores them."""
    assert str(Formula(shop.Product, formula).compile(dialect=sqlite.dialect())) == sql


def test_the_words_are_those_of_the_database(shop: SimpleNamespace) -> None:
    """That is known when the table is made."""
    text = str(Formula(shop.Product, Q(name__contains="a")).compile(dialect=postgresql.dialect()))
    assert text == "(t_product.name LIKE '%%a%%' ESCAPE '\\')"


def test_a_plain_value_has_the_form_of_its_column(shop: SimpleNamespace) -> None:
    """A text is no name then."""
    price = Formula(shop.Product, Decimal("1.50"), shop.Product.__table__.c.price.type, plain=True)
    assert str(price.compile(dialect=sqlite.dialect())) == "150"
    assert str(Formula(shop.Product, "x", sa.String(), plain=True).compile(dialect=sqlite.dialect())) == "'x'"


@pytest.mark.parametrize(
    ("formula", "kind", "message"),
    [
        (Q(category__name="toys"), ModelError,
         "<Q: (category__name='toys')> cannot stand in the table of Product: it speaks of other tables"),
        (Q(stock="many"), DataError, "Product.stock cannot hold 'many': it is no whole number"),
    ],
)  # fmt: skip
def test_what_cannot_stand_there(shop: SimpleNamespace, formula: Any, kind: type[Exception], message: str) -> None:
    """Is refused before any SQL runs."""
    with pytest.raises(kind) as refused:
        Formula(shop.Product, formula).compile(dialect=sqlite.dialect())
    assert str(refused.value) == message


def test_a_query_cannot_stand_there(shop: SimpleNamespace) -> None:
    """A table does not look at others."""
    with pytest.raises(FieldError) as refused:
        Formula(shop.Product, Q(id__in=shop.Product.objects.all())).compile(dialect=sqlite.dialect())
    assert str(refused.value) == "a query cannot stand in the definition of a table"
