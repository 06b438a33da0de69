"""Tokens: equal for what has the same SQL, different for what has not."""

import enum
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from spruce.db import Case, F, Q, When
from spruce.db.tokens import Flag, In, Row, Tree, conditions, token
from spruce.errors import DataError, FieldError

pytestmark = pytest.mark.sqlite


class Size(enum.Enum):
    SMALL = 1


class Text(str):
    """As markup libraries have it."""

    __slots__ = ()


@pytest.mark.parametrize("value", [1, "a", 1.5, True, None, b"", datetime.now(UTC)])
def test_a_plain_value_has_its_type(value: Any) -> None:
    """The value itself is not part of the shape."""
    assert token(value) == (type(value), (value,))


@pytest.mark.parametrize(("value", "plain"), [(Size.SMALL, 1), (Text("a"), "a")])
def test_what_is_nearly_plain_is_made_plain(value: Any, plain: Any) -> None:
    """Enumerations and subclasses of plain types go to the driver as those."""
    found, (brought,) = token(value)
    assert (found, brought, type(brought)) == (type(plain), plain, type(plain))


@pytest.mark.parametrize(
    ("values", "padded"), [([5], (5,)), ([1, 2, 3], (1, 2, 3, 3)), ([1, None, 2], (1, 2)), ((), ()), ({7}, (7,))]
)
def test_lists_are_padded_to_a_power_of_two(values: Any, padded: tuple[int, ...]) -> None:
    """So that lists of all lengths have a few shapes only; None matches nothing and is left out."""
    found, brought = token(values)
    assert brought == padded
    assert found == In(len(padded), frozenset(map(type, padded)))


def test_isnull_is_part_of_the_shape() -> None:
    """True and False have different SQL."""
    assert conditions((), {"stock__isnull": True}) == (("stock__isnull",), (Flag(True),), ())
    assert conditions((), {"active": True}) == (("active",), (bool,), (True,))


def test_a_q_is_a_tree_of_tokens() -> None:
    """With the values of all its children, in order."""
    found, values = token(Q(a=1) | ~Q(b="x", c=[1, 2]))
    assert values == (1, "x", 1, 2)
    assert found == Tree(
        "OR",
        False,
        (None, None),
        (
            Tree("AND", False, ("a",), (int,)),
            Tree("AND", True, ("b", "c"), (str, In(2, frozenset({int})))),
        ),
    )
    assert hash(found) == hash(token(Q(a=2) | ~Q(b="y", c=[3, 4]))[0])


def test_an_object_stands_for_its_key(stocked: SimpleNamespace) -> None:
    """As `filter(category=toys)` needs it."""
    assert token(stocked.toys) == (Row(stocked.Category), (stocked.toys.pk,))


def test_sqlalchemy_expressions_are_equal_by_their_form(shop: SimpleNamespace) -> None:
    """Their literals are values like others."""
    first, values = token((shop.Product.price > 10) & shop.Product.stock.in_([1, 2]))
    again, others = token((shop.Product.price > 20) & shop.Product.stock.in_([3, 4]))
    longer, _ = token((shop.Product.price > 20) & shop.Product.stock.in_([3, 4, 5]))
    assert first == again
    assert hash(first) == hash(again)
    assert first != longer
    assert (values, others) == ((10, 1, 2), (20, 3, 4))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object, "a type cannot stand in a query. It takes plain values, lists of them, model objects, QuerySets, F, Q "
                 "and SQLAlchemy expressions."),
        ([1, {2}], "a list in a query holds plain values or model objects only"),
        (F("stock") + None, "None cannot stand in arithmetic with F()"),
    ],
)  # fmt: skip
def test_what_cannot_stand_in_a_query_is_refused(value: Any, message: str) -> None:
    """With what can."""
    with pytest.raises(FieldError) as refused:
        token(value)
    assert str(refused.value) == message


def test_an_unsaved_object_cannot_be_looked_for(shop: SimpleNamespace) -> None:
    """It has no key yet."""
    with pytest.raises(DataError) as refused:
        token(shop.Category(name="new"))
    assert str(refused.value) == (
        "<Category: new> is not saved, so a query cannot look for it. Call its save() before the query."
    )


def test_what_is_no_condition_is_refused() -> None:
    """`filter(True)` is a slip."""
    with pytest.raises(FieldError) as refused:
        conditions((True,), {})
    assert str(refused.value) == (
        "True is no condition. Conditions are keywords (price__gt=10), Qs, or SQLAlchemy expressions "
        "(Product.price > 10)."
    )


class Proxy:
    """As `current_user` is: it claims the class of what it stands for, and has every method."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def _get_current_object(self) -> Any:
        return self.value

    @property  # type: ignore[misc] # a proxy claims the class of what it stands for
    def __class__(self) -> type:
        return type(self.value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)

    def __iter__(self) -> Any:
        return iter(self.value)

    def __next__(self) -> Any:
        return next(self.value)


def test_a_proxy_stands_for_its_object_wherever_a_value_goes(stocked: SimpleNamespace) -> None:
    """In conditions, lists, Qs, cases, keys and slices of relations, and when it is saved."""
    toys, products, proxy = stocked.toys, stocked.Product.objects, Proxy(stocked.toys)
    for found in (
        products.filter(category=proxy),
        products.filter(category__in=[proxy]),
        products.filter(Q(category=proxy) | Q(category__in=(proxy,))),
        products.filter(category_id=proxy),
        products.filter(category__pk__in=Proxy([toys.pk])),
        products.filter(name=Proxy("car")),
        products.annotate(own=Case(When(category=proxy, then=True), default=False)).filter(own=True),
        toys.products.all(),
    ):
        assert [each.name for each in found] == ["car"]
    made = products.create(name="ship", price=1, category=proxy)
    assert type(made.category) is stocked.Category
    assert products.filter(name="box").update(category=proxy) == 1
    toys.products.add(Proxy(products.get(name="bear")))
    assert sorted(toys.products.values_list("name", flat=True)) == ["bear", "box", "car", "ship"]
    made.category_id = proxy
    made.save()
    assert products.get_or_create(name="ship", category=proxy, defaults={"price": 2}) == (made, False)
