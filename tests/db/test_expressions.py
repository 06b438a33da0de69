"""Q, F and aggregates as values, and what they mean to a database."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import F, OuterRef, Q


def test_qs_are_combined_without_changing_them() -> None:
    """Each operator makes a new Q."""
    cheap, gone = Q(price__lt=5), Q(stock=0)
    assert repr(cheap | gone) == "<Q: (<Q: (price__lt=5)> OR <Q: (stock=0)>)>"
    assert repr(~(cheap & gone)) == "<Q: NOT (<Q: (price__lt=5)> AND <Q: (stock=0)>)>"
    assert repr(cheap ^ gone) == "<Q: (<Q: (price__lt=5)> XOR <Q: (stock=0)>)>"
    assert repr(cheap) == "<Q: (price__lt=5)>"


def test_an_empty_q_says_nothing() -> None:
    """So that a condition can be built up in a loop."""
    cheap = Q(price__lt=5)
    assert not Q()
    assert (Q() | cheap) is cheap
    assert (cheap & Q()) is cheap


def test_a_q_is_combined_with_qs_only() -> None:
    """Anything else is a mistake."""
    with pytest.raises(TypeError) as refused:
        Q(price=1) | {"stock": 0}
    assert str(refused.value) == "a Q can be combined with another Q only, not with dict: wrap it in Q(...)"


def test_an_f_is_equal_in_form_whatever_its_values() -> None:
    """Its key holds names and types, so that the SQL can be used again."""
    first, second = F("stock") - 1, F("stock") - 2
    assert first.key == second.key
    assert (first.values, second.values) == ((1,), (2,))
    assert (F("stock") - 1.5).key != first.key


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (F("a") + 1, "<F: (a + 1)>"),
        (1 + F("a"), "<F: (1 + a)>"),
        (2 - F("a") * F("b"), "<F: (2 - (a * b))>"),
        (F("a") / 2 % 3, "<F: ((a / 2) % 3)>"),
        (3 * F("a"), "<F: (3 * a)>"),
        (3 / F("a"), "<F: (3 / a)>"),
        (-F("a"), "<F: (a * -1)>"),
    ],
)
def test_arithmetic_on_an_f(made: F, shown: str) -> None:
    """Both sides may be values, in the order in which they are written."""
    assert repr(made) == shown


def test_f_takes_a_name() -> None:
    """A column object there is a mistake that Django's users don't make, but others do."""
    with pytest.raises(TypeError) as refused:
        F(3)  # type: ignore[arg-type] # the point of the test
    assert str(refused.value) == "F() takes the name of a field, not 3"


def test_terms_are_equal_by_what_they_say() -> None:
    """So they can be compared in tests."""
    assert F("a") + 1 == F("a") + 1
    assert F("a") + 1 != F("a") + 2
    assert len({F("a"), F("a"), F("b")}) == 2
    assert F("a") != "a"


def test_nulls_are_first_or_last() -> None:
    """Not both."""
    with pytest.raises(ValueError, match="exclude each other") as refused:
        F("a").asc(nulls_first=True, nulls_last=True)
    assert str(refused.value) == "nulls_first and nulls_last exclude each other: choose one"


def test_conditions_of_the_database_combine_as_qs(stocked: SimpleNamespace) -> None:
    """Exists and fields of truth, by & | ^ and ~."""
    products = stocked.Product.objects.order_by("id")
    toys = db.Exists(stocked.Category.objects.filter(pk=OuterRef("category"), name="toys"))
    assert [each.name for each in products.filter(toys | Q(name="box"))] == ["car", "box"]
    assert [each.name for each in products.filter(toys & Q(stock=0))] == ["car"]
    assert [each.name for each in products.filter(Q(stock=0) & toys)] == ["car"]
    assert [each.name for each in products.filter(~F("active") | toys)] == ["car"]
    assert products.filter(F("active") ^ toys).count() == 3
    assert list(products.annotate(off=~F("active")).values_list("off", flat=True)) == [False] * 4


def test_parts_of_text_by_slices(stocked: SimpleNamespace) -> None:
    """As Python counts; to update with too."""
    found = stocked.Product.objects.filter(name="bear").annotate(
        a=F("name")[:2], b=F("name")[1:3], c=F("name")[3], d=F("name")[1:]
    )
    assert found.values_list("a", "b", "c", "d").get() == ("be", "ea", "r", "ear")
    stocked.Product.objects.filter(name="bear").update(name=F("name")[:3])
    assert stocked.Product.objects.filter(name="bea").exists()
    for wrong, message in (
        (slice(-1, None), "<F: name> can be sliced from its beginning on only, without steps"),
        (slice(0, 3, 2), "<F: name> can be sliced from its beginning on only, without steps"),
        (slice(3, 1), "<F: name>[3:1] ends before it begins"),
    ):
        with pytest.raises(ValueError) as refused:  # noqa: PT011 - its text is looked at
            F("name")[wrong]
        assert str(refused.value) == message
    with pytest.raises(TypeError):
        list(F("name"))  # type: ignore[call-overload] # the point of the test


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (F("stock") ** 2, 25.0), (F("stock").bitand(4), 4), (F("stock").bitor(2), 7), (F("stock").bitxor(1), 4),
        (F("stock").bitleftshift(2), 20), (F("stock").bitrightshift(1), 2),
    ],
)  # fmt: skip
def test_powers_and_bits(stocked: SimpleNamespace, term: Any, found: float) -> None:
    assert stocked.Product.objects.annotate(x=term).get(name="bear").x == found


def test_qs_are_compared_by_what_they_say() -> None:
    assert Q(a=1) & Q(b=2) == Q(a=1) & Q(b=2)
    assert Q(a=1) != ~Q(a=1)
    assert len({Q(a=[1]), Q(a=[1]), Q(a=[2])}) == 2
