"""Queries that run: what is asked of the database, and what is known without it."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db.reading import SLOW


def test_a_query_that_fits_nothing_does_not_ask_the_database(stocked: SimpleNamespace, queries: list[str]) -> None:
    products = stocked.Product.objects
    for nothing in [
        products.none(),
        products.none().filter(stock=1).order_by("price")[:3],
        products.filter(pk__in=[]),
        products.none().union(products.filter(stock__in=())),
        products.all().intersection(products.none()),
        products.none().difference(products.all()),
    ]:
        assert (list(nothing), nothing.count(), nothing.exists(), nothing.first()) == ([], 0, False, None)
        assert list(nothing.iterator()) == []
    assert products.none().update(stock=1) == 0
    assert products.none().delete() == (0, {})
    counted = products.none().aggregate(db.Count("pk"), db.Sum("stock"), most=db.Max("stock", default=-1))
    assert counted == {"pk__count": 0, "stock__sum": None, "most": -1}
    with pytest.raises(stocked.Product.DoesNotExist):
        products.none().get()
    assert queries == []


def test_a_slice_far_behind_the_last_row_is_empty(stocked: SimpleNamespace) -> None:
    """However far, since a visitor may have chosen the number."""
    everything = stocked.Product.objects.all()
    assert list(everything[10**30 :]) == list(everything[10**30 : 10**30 + 5]) == list(everything[5:][10**30 :]) == []
    assert list(everything[: 10**30]) == list(everything)


def test_a_slice_without_rows_does_not_ask_the_database(stocked: SimpleNamespace, queries: list[str]) -> None:
    sliced = stocked.Product.objects.all()[2:2]
    assert (list(sliced), sliced.count(), sliced.exists()) == ([], 0, False)
    assert queries == []


def test_what_stands_beside_an_empty_list_is_looked_for(stocked: SimpleNamespace) -> None:
    products = stocked.Product.objects
    assert products.exclude(pk__in=[]).count() == 4
    assert products.filter(db.Q(pk__in=[]) | db.Q(name="car")).count() == 1
    assert products.none().union(products.filter(name="car")).count() == 1
    assert products.none().aggregate(n=db.Count("pk") + 1) == {"n": 1}


def test_a_query_shows_its_sql(stocked: SimpleNamespace) -> None:
    """With the parameters beside it; and whether it has an order."""
    shown = stocked.Maker.objects.filter(name="x").order_by().query
    assert str(shown).startswith(
        "SELECT t_maker.id, t_maker.name, t_maker.country \nFROM t_maker \nWHERE t_maker.name = "
    )
    assert tuple(shown.parameters) == ("x",)
    makers = stocked.Maker.objects
    assert (makers.ordered, makers.order_by().ordered, makers.order_by("pk").ordered) == (True, False, True)
    assert not makers.values("name").annotate(n=db.Count("pk")).ordered


def test_rows_with_names(stocked: SimpleNamespace) -> None:
    rows = stocked.Product.objects.values_list("name", "category__name", named=True).order_by("id")
    assert rows[0] == ("bear", "bears")
    assert rows[0].category__name == "bears"
    with pytest.raises(TypeError, match="flat or named, not both"):
        stocked.Product.objects.values_list("name", flat=True, named=True)


@pytest.mark.sqlite
def test_a_query_that_was_slow_does_not_stay_so_for_ever(stocked: SimpleNamespace) -> None:
    """Each run in a thread counts a little less, since it tells nothing; one run that was held up makes none slow."""
    products = stocked.Product.objects.filter(name="car")
    list(products)
    plan = products._ends()[0].plans["sqlite"]
    plan.seconds = 3 * SLOW
    list(products.all())
    assert plan.seconds == pytest.approx(3 * SLOW * 0.99)
    for _ in range(200):
        list(products.all())
    assert plan.seconds < SLOW
