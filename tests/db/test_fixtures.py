"""Rows to JSON and back."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from spruce import db
from spruce.errors import DataError, IntegrityError


class Box(db.Model):
    key = db.UUIDField(primary_key=True)
    data = db.BinaryField()
    length = db.DurationField(null=True)
    extra = db.JSONField(null=True)
    made = db.DateTimeField(auto_now=True)

    class Meta:
        db_table = "t_fixture_box"


class WriterManager(db.Manager):
    def get_by_natural_key(self, name: str) -> Any:
        return self.get(name=name)


class Writer(db.Model):
    name = db.CharField(max_length=20, unique=True)
    teacher = db.ForeignKey("self", db.SET_NULL, null=True)
    objects = WriterManager()

    class Meta:
        db_table = "t_fixture_writer"

    def natural_key(self) -> tuple[str]:
        return (self.name,)


class Book(db.Model):
    title = db.CharField(max_length=20)
    writer = db.ForeignKey(Writer, db.CASCADE)
    readers = db.ManyToManyField(Writer, related_name="read")

    class Meta:
        db_table = "t_fixture_book"


def dumped(*models: Any, natural: bool = False) -> list[Any]:
    return json.loads(json.dumps(list(db.dump_data(models or None, natural=natural))))


def test_rows_come_back_as_they_were(stocked: SimpleNamespace) -> None:
    """Also those that point to others of their table; new ones are counted on from them."""
    items = dumped(stocked.Product, stocked.Category, stocked.Maker)
    assert [item["model"] for item in items] == ["t_maker"] * 2 + ["t_category"] * 2 + ["t_product"] * 4
    assert items[4]["fields"]["price"] == "19.90"
    before = list(stocked.Product.objects.values())
    stocked.Product.objects.all().delete()
    stocked.Category.objects.all().delete()
    stocked.Maker.objects.filter(pk=2).update(name="changed")
    assert db.load_data(items) == 8
    assert list(stocked.Product.objects.values()) == before
    assert stocked.Maker.objects.get(pk=2).name == "Nobody"
    assert stocked.Category.objects.get(name="bears").parent.name == "toys"
    assert stocked.Product.objects.create(name="new", price=1).pk == 5


def test_all_kinds_of_values(shop: SimpleNamespace) -> None:
    """Times are kept that the field would set itself."""
    key = UUID("5e4e5fb4-9c5f-4c4e-8b93-1b8a7d4f8f11")
    box = Box(key=key, data=b"\0\xff", length=timedelta(hours=-1, microseconds=5), extra={"a": [1, None]})
    box.save(force_insert=True)
    Box.objects.update(made=datetime(2020, 1, 1, tzinfo=UTC))
    items = dumped(Box)
    assert items[0]["fields"]["data"] == "AP8="
    Box.objects.all().delete()
    assert db.load_data(items) == 1
    found = Box.objects.get()
    assert (found.key, bytes(found.data), found.length, found.extra, found.made) == (
        key,
        b"\0\xff",
        timedelta(hours=-1, microseconds=5),
        {"a": [1, None]},
        datetime(2020, 1, 1, tzinfo=UTC),
    )


def test_objects_are_named_by_natural_keys(shop: SimpleNamespace) -> None:
    """So that rows fit into a database where they have other numbers."""
    one = Writer.objects.create(name="one")
    two = Writer.objects.create(name="two", teacher=one)
    book = Book.objects.create(title="Book", writer=two)
    book.readers.add(one)
    items = dumped(Writer, Book, Book.readers.link.between, natural=True)
    assert items[1] == {"model": "t_fixture_writer", "fields": {"name": "two", "teacher": ["one"]}}
    Writer.objects.all().delete()
    Writer.objects.create(name="other")
    assert db.load_data(items) == 4
    assert db.load_data(items[:2]) == 2
    assert Writer.objects.count() == 3
    found = Book.objects.get()
    assert (found.writer.name, found.writer.teacher.name, [each.name for each in found.readers.all()]) == (
        "two",
        "one",
        ["one"],
    )


@pytest.mark.parametrize(
    ("item", "kind", "message"),
    [
        ({"model": "t_makr", "fields": {}}, DataError,
         "there is no model with the table 't_makr'; did you mean 't_maker'? "
         "Import the module that declares it first."),
        ({"model": "t_maker"}, DataError,
         "{'model': 't_maker'} is no row: it has no fields. As: {\"model\": \"product\", \"fields\": {…}}."),
        ({"model": "t_maker", "fields": {"nam": 1}}, DataError, "Maker has no field 'nam'; did you mean 'name'?"),
        ({"model": "t_product", "fields": {"name": "x", "price": "many"}}, DataError,
         "Product.price cannot hold 'many': it is no decimal number"),
    ],
)  # fmt: skip
def test_what_is_no_row(shop: SimpleNamespace, item: Any, kind: type[Exception], message: str) -> None:
    """Is refused, and nothing is loaded."""
    with pytest.raises(kind) as refused:
        db.load_data([{"model": "t_maker", "fields": {"name": "first"}}, item])
    assert str(refused.value) == message
    assert shop.Maker.objects.count() == 0


def test_a_row_that_the_database_refuses(shop: SimpleNamespace) -> None:
    """Undoes all."""
    row = {"model": "t_category", "fields": {"name": "same"}}
    with pytest.raises(IntegrityError):
        db.load_data([row, row])
    assert shop.Category.objects.count() == 0


def test_prices_stay_exact(stocked: SimpleNamespace) -> None:
    """They are text."""
    stocked.Product.objects.filter(pk=1).update(price=Decimal("0.10"))
    item = dumped(stocked.Product)[0]
    db.load_data([item])
    assert (item["fields"]["price"], stocked.Product.objects.get(pk=1).price) == ("0.10", Decimal("0.10"))
