"""What is written to rows by `update()`."""

from types import SimpleNamespace

import pytest

from spruce.db import F, Lower
from spruce.errors import FieldError


def test_values_objects_and_expressions(stocked: SimpleNamespace) -> None:
    """Side by side, in one statement."""
    cars = stocked.Product.objects.filter(name="car")
    assert cars.update(stock=F("stock") + 2, category=stocked.bears, note=Lower("name"), cost=F("price")) == 1
    assert cars.values_list("stock", "category", "note", "cost").get() == (2, stocked.bears.pk, "car", 5)


def test_what_cannot_be_written(stocked: SimpleNamespace) -> None:
    """Columns of other tables, lists, objects of another model."""
    for values, message in (
        ({"stock": [1]}, "update(stock=…) takes a value, an object or an F, not a list or a query"),
        ({"category": stocked.steiff}, "category takes a Category, not a Maker"),
        ({"stock": F("category__name")}, "F('category__name'): update() reads the columns of its own table only. "
         "Use a name without '__'."),
    ):  # fmt: skip
        with pytest.raises(FieldError) as refused:
            stocked.Product.objects.update(**values)
        assert str(refused.value) == message
