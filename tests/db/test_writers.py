"""The statements that objects are written with: made once per model, values made to fit and put back."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db.databases import current
from spruce.errors import DataError, IntegrityError


class Empty(db.Model):
    class Meta:
        db_table = "t_empty"


def test_the_statement_is_made_once(shop: SimpleNamespace) -> None:
    """And kept with the model, by dialect and kind."""
    before = len(shop.Maker._meta.writers)
    for name in "abc":
        shop.Maker.objects.create(name=name)
    writers = shop.Maker._meta.writers
    assert len(writers) <= before + 1
    made = writers[current()["default"].dialect.name, "insert", False, ()]
    assert made.sql.startswith("INSERT INTO t_maker (name, country) VALUES (")


def test_values_are_put_back_as_they_will_be_read(shop: SimpleNamespace) -> None:
    """So that an object is the same before and after it is loaded."""
    product = shop.Product(name=5, price="1.5", stock="7", weight=2, active="t", day="2024-05-01")
    product.save()
    read = shop.Product.objects.get()
    for name in ("name", "price", "stock", "weight", "active", "day"):
        assert (getattr(product, name), type(getattr(product, name))) == (
            getattr(read, name),
            type(getattr(read, name)),
        )
    assert product.price == Decimal("1.50")


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"price": "x"}, DataError, "Product.price cannot hold 'x': it is no decimal number"),
        ({"price": 1, "name": "x" * 21}, DataError,
         "Product.name cannot hold 'xxxxxxxxxxxxxxxxxxxxx': it has 21 characters, and max_length is 20"),
        ({"price": 1, "stock": 2**31}, DataError,
         "Product.stock cannot hold 2147483648: it is outside of -2147483648 to 2147483647"),
        ({"price": 1, "name": "a\0"}, DataError,
         "Product.name cannot hold 'a\\x00': it has the character NUL, which databases cannot search or store"),
        ({}, IntegrityError,
         "Product.price must not be None. Give it a value, or declare the field with null=True."),
        ({"price": 1, "category_id": "x"}, DataError, "Product.category cannot hold 'x': it is no object or key"),
        ({"price": 1, "id": "x"}, DataError, "Product.id cannot hold 'x': it is no whole number"),
        ({"price": 1, "weight": float("nan")}, DataError,
         "Product.weight cannot hold nan: NaN cannot be stored on every database; use None with null=True"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_before_sql(
    shop: SimpleNamespace, queries: list[str], values: dict[str, object], error: type[Exception], message: str
) -> None:
    """On create and on update alike."""
    with pytest.raises(error) as refused:
        shop.Product.objects.create(**values)
    assert str(refused.value) == message
    if "category_id" not in values and "id" not in values:
        with pytest.raises(error) as refused:
            shop.Product.objects.update(**(values or {"price": None}))
        assert str(refused.value) == message
    assert queries == []


def test_text_that_is_no_unicode_is_refused(shop: SimpleNamespace) -> None:
    """It could never be read again."""
    with pytest.raises(DataError, match="a text is no valid Unicode and cannot be stored"):
        shop.Maker.objects.create(name="\ud800")


def test_a_model_without_fields(shop: SimpleNamespace) -> None:
    """Still has keys."""
    assert [Empty.objects.create().pk, Empty.objects.create().pk] == [1, 2]
    Empty(id=7).save()
    Empty.objects.get(pk=7).save()
    assert Empty.objects.count() == 3
