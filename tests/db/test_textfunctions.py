"""More functions of texts, the same on each database."""

import hashlib
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import FieldError

F, Value = db.F, db.Value


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (db.Right("name", 2), "ar"),
        (db.LPad("name", 6), "  bear"),
        (db.LPad("name", 7, Value("xy")), "xyxbear"),
        (db.LPad("name", 2), "be"),
        (db.RPad("name", 7, Value("xy")), "bearxyx"),
        (db.RPad("name", F("stock") + 1), "bear  "),
        (db.Repeat("name", 2), "bearbear"),
        (db.Repeat("name", 0), ""),
        (db.Reverse("name"), "raeb"),
        (db.Chr(Value(0x718A)), "熊"),
        (db.Ord(Value("熊猫")), 0x718A),
        (db.MD5("name"), hashlib.md5(b"bear", usedforsecurity=False).hexdigest()),
        (db.SHA256(Value("熊")), hashlib.sha256("熊".encode()).hexdigest()),
        (db.SHA384("name"), hashlib.sha384(b"bear").hexdigest()),
        (db.SHA512("name"), hashlib.sha512(b"bear").hexdigest()),
        (db.Func("name", function="upper"), "BEAR"),
        (db.Func("name", function="length", output_field=db.IntegerField()), 4),
    ],
    ids=lambda each: type(each).__name__,
)
def test_each_function(stocked: SimpleNamespace, term: Any, value: Any) -> None:
    """Of a name, and in a condition."""
    query = stocked.Product.objects.filter(name="bear").annotate(found=term)
    assert query.values_list("found", flat=True).get() == value
    assert query.filter(found=value).exists()


def test_null_stays_null(stocked: SimpleNamespace) -> None:
    query = stocked.Product.objects.filter(name="bear")
    terms = {"a": db.LPad("note", 3), "b": db.Repeat("note", 2), "c": db.Reverse("note"), "d": db.MD5("note")}
    assert query.values(**terms, e=db.SHA256("note")).get() == dict.fromkeys("abcde")


@pytest.mark.sqlite
def test_some_are_on_sqlite_only_the_same_as_elsewhere(stocked: SimpleNamespace) -> None:
    """PostgreSQL's own have no SHA-1; MariaDB has no SHA-224 in all of its builds."""
    query = stocked.Product.objects.filter(name="bear")
    one, other = query.values_list(db.SHA1("name"), db.SHA224("name")).get()
    assert one == hashlib.sha1(b"bear", usedforsecurity=False).hexdigest()
    assert other == hashlib.sha224(b"bear").hexdigest()
    assert query.filter(name__exact=db.Collate(Value("BEAR"), "nocase")).exists()


class Shout(db.Func):
    function = "upper"


@pytest.mark.sqlite
def test_a_function_of_ones_own(stocked: SimpleNamespace) -> None:
    assert stocked.Product.objects.annotate(loud=Shout("name")).get(loud="CAR").name == "car"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: db.Right("name", 0), "Right(…, 0) takes a number of characters, 1 or more"),
        (lambda: db.LPad("name", -1), "LPad(…, -1) takes a number of characters, 0 or more"),
        (lambda: db.Repeat("name", -1), "Repeat(…, -1) takes a number of times, 0 or more"),
        (lambda: db.Collate("name", "a' b"), 'Collate(…, "a\' b"): that is no name of a collation'),
        (
            lambda: db.Func("name", function="a(b)"),
            "Func(function='a(b)'): that is no name of a function. Letters, digits, underscores; for more, write a "
            "SQLAlchemy expression.",
        ),
    ],
)
def test_what_is_wrong_is_refused(make: Any, message: str) -> None:
    with pytest.raises(FieldError) as caught:
        make()
    assert str(caught.value) == message
