"""What is written to rows by `update()`."""

from types import SimpleNamespace

import pytest

from spruce.db import Count, F, Lower, OuterRef, RowNumber, Subquery, Upper, Window
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


def test_what_is_computed_of_other_rows_is_no_value(stocked: SimpleNamespace) -> None:
    """An aggregate, a window and a column of another table are refused before any SQL; a subquery is the way."""
    categories, products = stocked.Category.objects, stocked.Product.objects
    way = (
        "SQL has none where a single row is written. Compute it in a query of its own, db.Subquery(… db.OuterRef('pk')"
        " …), or read the values and write them by bulk_update()."
    )
    ranked = products.annotate(rank=Window(RowNumber(), order_by="id"))
    counted = categories.annotate(n=Count("products"))
    for query, values, message in (
        (counted, {"name": F("n")}, f"update(name=…) cannot write an aggregate: {way}"),
        (products, {"stock": Count("*")}, f"update(stock=…) cannot write an aggregate: {way}"),
        (ranked, {"stock": F("rank")}, f"update(stock=…) cannot write a window: {way}"),
        (products.annotate(title=F("category__name")), {"note": F("title")},
         "update(note=…) reads the columns of its own table only, and this is computed of another one. Read the other "
         "table by db.Subquery(… db.OuterRef('pk') …)."),
    ):  # fmt: skip
        with pytest.raises(FieldError) as refused:
            query.update(**values)
        assert str(refused.value) == message
    counted.filter(n__gt=0).update(name=Upper("name"))
    title = stocked.Category.objects.filter(pk=OuterRef("category")).values("name")
    assert products.filter(name="bear").update(note=Subquery(title)) == 1
    assert products.get(name="bear").note == "BEARS"
