"""Conditions: Django's meaning of NOT and NULL, and every kind of value in a query."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spruce import db
from spruce.db import F, Q
from spruce.errors import DataError, FieldError


def names(query: Any) -> list[str]:
    return [product.name for product in query]


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ({"name": "bear"}, ["bear"]),
        ({"price": "5"}, ["car"]),
        ({"price__gt": 5}, ["bear", "熊猫公仔"]),
        ({"price__gte": Decimal("5.00")}, ["bear", "熊猫公仔", "car"]),
        ({"price__lt": 5.005}, ["car", "box"]),
        ({"price__lte": 1.5}, ["box"]),
        ({"price__range": (1.5, 5)}, ["car", "box"]),
        ({"price__in": [5, "19.9"]}, ["bear", "car"]),
        ({"stock": None}, ["熊猫公仔"]),
        ({"stock__isnull": False}, ["bear", "car", "box"]),
        ({"stock__in": [0, None]}, ["car"]),
        ({"stock__in": []}, []),
        ({"stock__gt": 4.5}, ["bear", "box"]),
        ({"active": True, "stock__gt": 0}, ["bear", "box"]),
        ({"active": 0}, []),
        ({"pk__in": range(2, 4)}, ["熊猫公仔", "car"]),
        ({"category__name": "bears"}, ["bear", "熊猫公仔"]),
        ({"category__parent__name": "toys"}, ["bear", "熊猫公仔"]),
        ({"category__maker__country": None}, ["bear", "熊猫公仔", "box"]),
        ({"category__isnull": True}, ["box"]),
        ({"day__year": 2024}, ["bear", "熊猫公仔"]),
        ({"day__month__in": [2]}, ["熊猫公仔", "box"]),
        ({"day__day__lt": 31}, ["熊猫公仔", "box"]),
        ({"day": date(2024, 2, 1)}, ["熊猫公仔"]),
        ({"moment__hour": 23}, ["bear"]),
        ({"moment__minute__gt": 0}, ["bear"]),
        ({"moment__date": "2023-05-01"}, ["熊猫公仔"]),
        ({"moment__gt": datetime(2024, 2, 1, 7, tzinfo=timezone(timedelta(hours=8)))}, ["bear"]),
        ({"moment__lt": datetime(2024, 1, 1, tzinfo=UTC)}, ["熊猫公仔"]),
    ],
)
def test_filter_takes_all_conditions(stocked: SimpleNamespace, keywords: dict[str, Any], found: list[str]) -> None:
    """Keywords, by field, relation, part and lookup."""
    assert names(stocked.Product.objects.filter(**keywords)) == found


@pytest.mark.parametrize(
    ("lookup", "text", "found"),
    [
        ("exact", "Bear", ["Bear"]),
        ("iexact", "BEAR", ["Bear", "bear"]),
        ("contains", "ea", ["Bear", "bear"]),
        ("contains", "EA", []),
        ("icontains", "EA", ["Bear", "bear"]),
        ("startswith", "be", ["bear"]),
        ("istartswith", "BE", ["Bear", "bear"]),
        ("endswith", "R", []),
        ("iendswith", "R", ["Bear", "bear"]),
        ("contains", "%", ["50% off"]),
        ("icontains", "%", ["50% off"]),
        ("icontains", "a_b", ["a_b"]),
        ("icontains", "e_r", []),
        ("startswith", "[a", ["[a]*?"]),
        ("endswith", "*?", ["[a]*?"]),
        ("startswith", "*", []),
        ("icontains", "\\", ["back\\slash"]),
        ("contains", "熊", ["熊猫"]),
        ("exact", "'; DROP TABLE t_product; --", ["'; DROP TABLE t_product; --"]),
    ],
)
def test_text_lookups(shop: SimpleNamespace, lookup: str, text: str, found: list[str]) -> None:
    """Upper and lower case, and characters that mean something in patterns, are what they are."""
    for name in ("Bear", "bear", "50% off", "a_b", "[a]*?", "back\\slash", "熊猫", "'; DROP TABLE t_product; --"):
        shop.Product.objects.create(name=name[:20], note=name, price=1)
    query = shop.Product.objects.filter(**{f"note__{lookup}": text})
    assert list(query.values_list("note", flat=True)) == found


def folded(text: str) -> str:
    """The text in lower case, as far as it is ASCII."""
    return "".join(character.lower() if character.isascii() else character for character in text)


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8) | st.text(
    "aA*?[]%_\\^-'\"\n", max_size=5
)


@settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(TEXTS, TEXTS)
def test_text_lookups_mean_what_python_means(shop: SimpleNamespace, text: str, part: str) -> None:
    """Whatever characters there are."""
    shop.Product.objects.all().delete()
    shop.Product.objects.create(name="", note=text, price=1)
    assert shop.Product.objects.get().note == text
    for prefix, whole, piece in (("", text, part), ("i", folded(text), folded(part))):
        meant = {
            "exact": whole == piece,
            "contains": piece in whole,
            "startswith": whole.startswith(piece),
            "endswith": whole.endswith(piece),
        }
        for lookup, fits in meant.items():
            assert shop.Product.objects.filter(**{f"note__{prefix}{lookup}": part}).exists() is fits


@pytest.mark.parametrize(
    ("conditions", "keywords", "found"),
    [
        ((), {"stock": 0}, ["bear", "熊猫公仔", "box"]),
        ((), {"stock__gt": 4}, ["熊猫公仔", "car"]),
        ((), {"stock": 5, "price__gt": 100}, ["bear", "熊猫公仔", "car", "box"]),
        ((), {"stock": None}, ["bear", "car", "box"]),
        ((), {"stock__in": []}, ["bear", "熊猫公仔", "car", "box"]),
        ((), {"category__name": "toys"}, ["bear", "熊猫公仔", "box"]),
        ((), {"category__maker__country": "DE"}, ["bear", "熊猫公仔", "box"]),
        ((Q(stock=0) | Q(stock=5),), {}, ["熊猫公仔", "box"]),
        ((~Q(stock=0),), {}, ["car"]),
        ((), {"stock__gt": F("price")}, ["bear", "熊猫公仔", "car"]),
        ((Q(),), {}, ["bear", "熊猫公仔", "car", "box"]),
    ],
)
def test_exclude_negates_the_conjunction(
    stocked: SimpleNamespace, conditions: tuple[Any, ...], keywords: dict[str, Any], found: list[str]
) -> None:
    """Rows for which the whole is not true are left, those with nulls among them."""
    assert names(stocked.Product.objects.exclude(*conditions, **keywords)) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (Q(price__lt=5) | Q(stock=0), ["car", "box"]),
        (Q(price__gt=5) & ~Q(stock=5), ["熊猫公仔"]),
        (Q(price__gt=5) ^ Q(stock__gt=0), ["熊猫公仔", "box"]),
        (~(Q(stock=0) | Q(stock=5)), ["熊猫公仔", "box"]),
        (~~Q(stock=0), ["car"]),
        (Q(Q(stock=0), name="car"), ["car"]),
        (Q(category__name="bears") | Q(category=None), ["bear", "熊猫公仔", "box"]),
        (Q(stock__gt=F("price")), ["box"]),
    ],
)
def test_qs_combine(stocked: SimpleNamespace, condition: Q, found: list[str]) -> None:
    """And, or, xor and not, nested."""
    assert names(stocked.Product.objects.filter(condition)) == found


def test_objects_and_queries_are_values(stocked: SimpleNamespace) -> None:
    """An object stands for its key, a query for its rows."""
    products, categories = stocked.Product.objects, stocked.Category.objects
    assert names(products.filter(category=stocked.toys)) == ["car"]
    assert names(products.filter(category__in=[stocked.toys, stocked.bears])) == ["bear", "熊猫公仔", "car"]
    assert names(products.filter(category__in=categories.filter(parent=None))) == ["car"]
    assert names(products.filter(category__name__in=categories.filter(pk=2).values("name"))) == ["bear", "熊猫公仔"]
    assert names(products.filter(pk__in=products.order_by("price")[:2], stock__gt=0)) == ["box"]
    assert names(products.exclude(category__in=categories.filter(parent=None))) == ["bear", "熊猫公仔", "box"]


def test_sqlalchemy_conditions_are_welcome(stocked: SimpleNamespace) -> None:
    """Alone, combined, beside keywords, in a Q, as a value, and again with other values."""
    product, products = stocked.Product, stocked.Product.objects
    for price, found in ((10, ["bear", "熊猫公仔"]), (20, ["熊猫公仔"])):
        assert names(products.filter(product.price > price)) == found
    assert names(products.filter((product.price > 2) & (product.stock < 5))) == ["car"]
    assert names(products.filter(product.name.in_(["car", "box"]), stock=0)) == ["car"]
    assert names(products.filter(product.name.in_([]))) == []
    assert names(products.filter(Q(product.stock == 0) | Q(name="box"))) == ["car", "box"]
    assert names(products.exclude(product.price > 10)) == ["car", "box"]
    assert names(products.filter(price__gt=product.stock * 2)) == ["bear", "car"]
    assert names(products.filter(product.price * 2 > 39)) == ["bear", "熊猫公仔"]
    inner = sa.select(stocked.Category.id).where(stocked.Category.name == "toys")
    assert names(products.filter(product.category_id.in_(inner))) == ["car"]


def test_a_cartesian_product_is_refused(shop: SimpleNamespace) -> None:
    """A column of a table that the query does not join would multiply its rows."""
    with pytest.raises(FieldError) as refused:
        list(shop.Product.objects.filter(shop.Category.name == "toys"))
    assert str(refused.value) == (
        "t_category.name = :name_1 speaks of 't_category', and this query is of 't_product'. "
        'Use a keyword to cross a relation: filter(category__name="toys").'
    )


@pytest.mark.parametrize("number", [2**70, -(2**70), 10**400])
def test_integers_beyond_the_database_compare_as_they_should(stocked: SimpleNamespace, number: int) -> None:
    """They are above, or below, everything that is stored."""
    products = stocked.Product.objects
    assert products.filter(pk=number).count() == 0
    assert products.filter(pk__lt=number).count() == (4 if number > 0 else 0)
    assert products.exclude(pk__gt=number).count() == (4 if number > 0 else 0)


@pytest.mark.parametrize("amount", [Decimal("1E+999"), Decimal("-1E+100000")])
def test_amounts_beyond_the_database_compare_as_they_should(stocked: SimpleNamespace, amount: Decimal) -> None:
    """They are above, or below, everything that is stored."""
    products = stocked.Product.objects
    assert products.filter(price=amount).count() == 0
    assert products.filter(price__lt=amount).count() == (4 if amount > 0 else 0)
    assert products.exclude(price__gt=amount).count() == (4 if amount > 0 else 0)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"stock__gt": None}, "stock__gt=None compares with nothing. Use stock__isnull=True."),
        ({"stock__in": 3}, "stock__in: the lookup 'in' takes a list, not a int"),
        ({"name__in": "abc"}, "name__in: the lookup 'in' takes a list, not a str"),
        ({"stock__isnull": 1}, "stock__isnull: the lookup 'isnull' takes True or False, not a int"),
        ({"stock__range": [1]}, "stock__range: the lookup 'range' takes a pair of values"),
        ({"stock": [1]}, "stock cannot be compared with a list. Use stock__in=[…]."),
        ({"stock__in": F("pk")}, "stock__in cannot be compared with an F"),
    ],
)
def test_values_that_a_lookup_does_not_take(shop: SimpleNamespace, keywords: dict[str, Any], message: str) -> None:
    """The error says what it takes."""
    with pytest.raises(FieldError) as refused:
        list(shop.Product.objects.filter(**keywords))
    assert str(refused.value) == message


def test_objects_of_another_model_are_refused(stocked: SimpleNamespace) -> None:
    """A key of one table means nothing in another."""
    for keyword, message in (
        ("category", "category takes a Category, not a Maker"),
        ("stock", "stock takes a whole number, not a Maker"),
    ):
        with pytest.raises(FieldError) as refused:
            list(stocked.Product.objects.filter(**{keyword: stocked.steiff}))
        assert str(refused.value) == message
    with pytest.raises(FieldError) as refused:
        list(stocked.Product.objects.filter(stock=stocked.Product.objects.all()))
    assert (
        str(refused.value)
        == "stock cannot be compared with a QuerySet of several rows. Use stock__in=… , or a slice of one row."
    )
    with pytest.raises(FieldError) as refused:
        list(stocked.Product.objects.filter(stock__in=stocked.Product.objects.values("id", "name")))
    assert str(refused.value) == ('a query inside of a query has one column. Give it values_list("…") with one name.')


def test_values_of_the_wrong_type_are_refused_before_sql(shop: SimpleNamespace, queries: list[str]) -> None:
    """With field and value."""
    with pytest.raises(DataError) as refused:
        list(shop.Product.objects.filter(price="cheap"))
    assert str(refused.value) == "Product.price cannot hold 'cheap': it is no decimal number"
    with pytest.raises(DataError) as refused:
        shop.Product.objects.get(pk="one")
    assert str(refused.value) == "Product.id cannot hold 'one': it is no whole number"
    assert queries == []


def test_one_row_of_another_query(stocked: SimpleNamespace) -> None:
    """A slice of one may stand where its value may; a Subquery wherever a list may."""
    newest = stocked.Category.objects.order_by("-id")
    assert [each.name for each in stocked.Product.objects.filter(category=newest[:1])] == ["bear", "熊猫公仔"]
    names = stocked.Category.objects.filter(name="toys").values("pk")
    assert [each.name for each in stocked.Product.objects.filter(category__in=db.Subquery(names))] == ["car"]
