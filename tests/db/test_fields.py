"""What each field takes, what it makes of it, and what it refuses."""

import datetime as dt
import enum
from decimal import Decimal
from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError, IntegrityError, ModelError


class Colour(enum.StrEnum):
    RED = "red"


class Sample(db.Model):
    short = db.CharField(max_length=5)
    text = db.TextField(null=True)
    number = db.IntegerField()
    big = db.BigIntegerField()
    real = db.FloatField()
    amount = db.DecimalField(max_digits=5, decimal_places=2)
    flag = db.BooleanField()

    class Meta:
        db_table = "t_sample"


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("short", "abcde", "abcde"),
        ("short", 12, "12"),
        ("short", Colour.RED, "red"),
        ("text", None, None),
        ("number", "-12", -12),
        ("number", 3.0, 3),
        ("number", True, 1),
        ("number", -(2**31), -(2**31)),
        ("big", 2**63 - 1, 2**63 - 1),
        ("real", 1, 1.0),
        ("real", "0.5", 0.5),
        ("amount", "19.9", Decimal("19.90")),
        ("amount", 5, Decimal("5.00")),
        ("amount", 0.1, Decimal("0.10")),
        ("amount", Decimal("-999.990"), Decimal("-999.99")),
        ("flag", 1, True),
        ("flag", "false", False),
    ],
)
def test_values_are_made_to_fit(name: str, given: Any, kept: Any) -> None:
    """A field takes what stands for its type, and keeps its own type."""
    found = Sample._meta.field(name).clean(given)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("short", "abcdef", "Sample.short cannot hold 'abcdef': it has 6 characters, and max_length is 5"),
        ("short", "a\0b", "Sample.short cannot hold 'a\\x00b': it has the character NUL, which databases cannot search "
                          "or store"),
        ("short", b"abc", "Sample.short cannot hold b'abc': bytes is no text"),
        ("number", 2**31, "Sample.number cannot hold 2147483648: it is outside of -2147483648 to 2147483647"),
        ("number", 2.5, "Sample.number cannot hold 2.5: it is no whole number"),
        ("number", "x", "Sample.number cannot hold 'x': it is no whole number"),
        ("big", 2**63, "Sample.big cannot hold 9223372036854775808: it is outside of -9223372036854775808 to "
                       "9223372036854775807"),
        ("real", float("nan"), "Sample.real cannot hold nan: NaN cannot be stored on every database; use None with "
                               "null=True"),
        ("real", "x", "Sample.real cannot hold 'x': it is no number"),
        ("amount", "1.005", "Sample.amount cannot hold '1.005': it would be rounded to 1.00: call round(value, 2) "
                            "first"),
        ("amount", 1000, "Sample.amount cannot hold 1000: only 3 digits fit before the point (max_digits=5)"),
        ("amount", "cheap", "Sample.amount cannot hold 'cheap': it is no decimal number"),
        ("amount", Decimal("Infinity"), "Sample.amount cannot hold Decimal('Infinity'): it is not finite"),
        ("amount", ["1"], "Sample.amount cannot hold ['1']: list is no number"),
        ("flag", "perhaps", "Sample.flag cannot hold 'perhaps': it is neither True nor False"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_field_and_value(name: str, given: Any, message: str) -> None:
    """A refused value is named with its field and the reason."""
    with pytest.raises(DataError) as refused:
        Sample._meta.field(name).clean(given)
    assert str(refused.value) == message


def test_none_needs_null() -> None:
    """None is refused before any SQL runs, unless the field is declared for it."""
    with pytest.raises(IntegrityError) as refused:
        Sample._meta.field("number").clean(None)
    assert str(refused.value) == (
        "Sample.number must not be None. Give it a value, or declare the field with null=True."
    )


def test_long_values_are_shortened_in_errors() -> None:
    """An error about a huge text stays readable."""
    with pytest.raises(DataError) as refused:
        Sample._meta.field("short").clean("x" * 10_000)
    assert len(str(refused.value)) < 160


def test_defaults_are_values_or_called() -> None:
    """A default may be a value, a callable, or nothing: then text is empty and the rest None."""
    assert db.IntegerField(default=3).initial() == 3
    assert db.CharField(default=lambda: "made").initial() == "made"
    assert db.CharField().initial() == ""
    assert db.CharField(null=True).initial() is None
    assert db.IntegerField().initial() is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: db.CharField(max_length=0),
         "CharField(max_length=0): max_length is a number of characters, 1 or more"),
        (lambda: db.DecimalField(max_digits=2, decimal_places=3),
         "DecimalField(max_digits=2, decimal_places=3): max_digits counts all digits, at least 1, and decimal_places "
         "those of them behind the point"),
        (lambda: db.IntegerField(null=True, primary_key=True),
         "a primary key cannot be null: leave out null=True"),
        (lambda: db.AutoField(primary_key=False), "an AutoField is always the primary key of its model"),
    ],
)  # fmt: skip
def test_declarations_that_cannot_work_are_refused(make: Any, message: str) -> None:
    """A field that could hold nothing sensible is refused where it is declared."""
    with pytest.raises(ModelError) as refused:
        make()
    assert str(refused.value) == message


def test_an_unknown_option_is_a_type_error() -> None:
    """As any unexpected keyword."""
    with pytest.raises(TypeError) as refused:
        db.IntegerField(maximum=3)  # type: ignore[call-arg] # the point of the test
    assert str(refused.value) == "IntegerField() has no option 'maximum'"


def test_whole_numbers_compare_with_fractions() -> None:
    """In a query a whole number may be compared with one that has a fraction."""
    field = Sample._meta.field("number")
    assert field.comparable(2.5) == 2.5
    assert field.comparable(Decimal("2.5")) == 2.5
    assert field.comparable("3") == 3


def test_a_field_says_where_it_belongs() -> None:
    """For a debugger."""
    assert repr(Sample._meta.field("number")) == "<IntegerField Sample.number>"
    assert repr(db.IntegerField()) == "<IntegerField (in no model)>"


class Order(db.Model):
    title = db.CharField(max_length=20, db_default="it's")
    price = db.DecimalField(max_digits=8, decimal_places=2, db_default="1.50", db_comment="what it costs")
    open = db.BooleanField(db_default=True)
    made = db.DateTimeField(db_default=db.Now())

    class Meta:
        db_table = "t_order_default"


def test_the_database_gives_what_an_object_was_made_without() -> None:
    """By one statement; an object that has a value keeps it."""
    db.create_all()
    order = Order(title="mine")
    assert repr(order.price) == "DatabaseDefault"
    order.save()
    assert (order.title, order.price, order.open, order.made.tzinfo) == ("mine", Decimal("1.50"), True, dt.UTC)
    assert Order.objects.create().title == "it's"
    Order.objects.bulk_create([Order(), Order(title="b")], ignore_conflicts=True)
    assert sorted(Order.objects.values_list("title", flat=True)) == ["b", "it's", "it's", "mine"]
    assert Order.__table__.c.price.comment == "what it costs"


def test_a_row_that_is_there_keeps_what_an_object_was_made_without() -> None:
    """Only what it has is written."""
    db.create_all()
    Order.objects.create(id=1, price=7)
    Order(id=1, title="new").save()
    found = Order.objects.get(id=1)
    assert (found.title, found.price) == ("new", Decimal("7.00"))
    Order(id=1, title="newest").full_clean(validate_unique=False)


def test_members_of_an_enumeration_stand_for_their_values() -> None:
    """Of any enumeration, when they are written and when they are looked for."""

    class Kind(enum.Enum):
        NEW = "new"

    db.create_all()
    Order.objects.create(title=Kind.NEW)
    assert Order.objects.get(title=Kind.NEW).title == "new"


class Parcel(db.Model):
    weight = db.DecimalField("weight in kg", max_digits=8, decimal_places=2)
    sent_at = db.DateTimeField(null=True)
    order = db.ForeignKey(Order, on_delete=db.CASCADE, null=True, verbose_name="what was ordered")
    orders = db.ManyToManyField(Order, blank=True, verbose_name="all orders", related_name="parcels")

    class Meta:
        db_table = "t_named_box"
        verbose_name = "box"


def test_fields_have_names_for_people() -> None:
    """Given as the first argument, or made of the field's own; the model has one too."""
    names = [Parcel._meta.field(name).verbose_name for name in ("weight", "sent_at", "order")]
    assert names == ["weight in kg", "sent at", "what was ordered"]
    assert (Parcel._meta.verbose_name, Parcel._meta.verbose_name_plural) == ("box", "boxs")
    assert (Parcel._meta.many["orders"].verbose_name, Parcel._meta.many["orders"].blank) == ("all orders", True)
