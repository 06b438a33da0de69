"""Expressions as values of objects."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from spruce import db
from spruce.errors import FieldError


def test_an_expression_is_written_and_read_back(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Computed of the row as it is, not as it was when the object was loaded."""
    car = stocked.Product.objects.get(name="car")
    stocked.Product.objects.filter(name="car").update(stock=40)
    car.stock = db.F("stock") + 2
    car.name = "coach"
    queries.clear()
    car.save()
    assert [sql.split()[0] for sql in queries] == ["UPDATE", "SELECT", "UPDATE"]
    assert car.stock == 42
    assert stocked.Product.objects.get(pk=car.pk).stock == 42
    assert stocked.Product.objects.get(pk=car.pk).name == "coach"
    car.price = db.F("price") * 2
    car.name = "not saved"
    car.save(update_fields=["price"])
    car.refresh_from_db()
    assert (car.price, car.name) == (Decimal("10.00"), "coach")


def test_a_new_object_may_have_what_needs_no_row(stocked: SimpleNamespace) -> None:
    """Functions, values, and other queries."""
    dear = stocked.Product.objects.order_by("-price").values("stock")[1:2]
    made = stocked.Product.objects.create(name=db.Upper(db.Value("new")), price=1, stock=db.Subquery(dear))
    assert (made.name, made.stock) == ("NEW", 5)
    assert stocked.Product.objects.get(pk=made.pk).name == "NEW"
    many = stocked.Product.objects.bulk_create([stocked.Product(name="x", price=1, moment=db.Now())])
    assert many[0].moment.tzinfo is not None
    for term, message in (
        (db.F("stock"), "Product.stock = <F: stock>: a new row has no columns and no other rows to compute it of. "
         "Save the object first, then update() it."),
        (db.Max("price"), "Product.stock = Max('price'): a new row has no columns and no other rows to compute it of. "
         "Save the object first, then update() it."),
    ):  # fmt: skip
        with pytest.raises(FieldError) as refused:
            stocked.Product.objects.create(name="x", price=1, stock=term)
        assert str(refused.value) == message
