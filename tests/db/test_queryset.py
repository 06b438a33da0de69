"""QuerySets: lazy, cached, never changed; and what each of their methods returns."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db, events
from spruce.errors import FieldError, IntegrityError, MultipleObjectsReturned, ObjectDoesNotExist


def names(query: Any) -> list[str]:
    return [product.name for product in query]


def test_a_query_runs_when_its_rows_are_wanted_and_once(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Building it asks the database nothing; its rows are kept."""
    query = stocked.Product.objects.filter(price__gt=2).order_by("price")
    assert queries == []
    assert (names(query), len(query), bool(query), query[1].name) == (["car", "bear", "熊猫公仔"], 3, True, "bear")
    assert (query.count(), query.exists(), names(query[1:])) == (3, True, ["bear", "熊猫公仔"])
    assert len(queries) == 1
    assert names(query.all()) == names(query)
    assert len(queries) == 2


def test_a_step_makes_a_new_query(stocked: SimpleNamespace) -> None:
    """The one that it is taken from stays as it was."""
    query = stocked.Product.objects.filter(price__gt=2)
    query.filter(stock=0)
    query.order_by("name")
    assert names(query) == ["bear", "熊猫公仔", "car"]


def test_the_manager_keeps_no_rows(stocked: SimpleNamespace) -> None:
    """It is the same object for everybody."""
    assert len(stocked.Maker.objects) == 2
    stocked.Maker.objects.create(name="new")
    assert len(stocked.Maker.objects) == 3


def test_order(stocked: SimpleNamespace) -> None:
    """By fields, related fields, both ways, reversed, and none."""
    products = stocked.Product.objects
    assert names(products.order_by("-price")) == ["熊猫公仔", "bear", "car", "box"]
    assert names(products.order_by("price").reverse()) == ["熊猫公仔", "bear", "car", "box"]
    assert names(products.reverse()) == ["box", "car", "熊猫公仔", "bear"]
    assert names(products.filter(category__isnull=False).order_by("category__name", "-name")) == [
        "熊猫公仔",
        "bear",
        "car",
    ]
    assert names(products.order_by("name").order_by("pk")) == ["bear", "熊猫公仔", "car", "box"]
    assert sorted(names(products.order_by("?"))) == sorted(names(products))


@pytest.mark.parametrize(
    ("cut", "found"),
    [
        (slice(1, 3), ["熊猫公仔", "car"]),
        (slice(None, 2), ["bear", "熊猫公仔"]),
        (slice(2, None), ["car", "box"]),
        (slice(2, 2), []),
        (slice(3, 1), []),
        (slice(0, 4, 2), ["bear", "car"]),
        (slice(7, 9), []),
    ],
)
def test_slices_are_limits(stocked: SimpleNamespace, cut: slice, found: list[str]) -> None:
    """A slice is a query again, but for one with a step."""
    query = stocked.Product.objects.all()[cut]
    assert names(query) == found
    assert isinstance(query, list) is (cut.step is not None)


def test_slices_of_slices(stocked: SimpleNamespace) -> None:
    """Are counted from the outer one and don't reach beyond it."""
    query = stocked.Product.objects.all()[1:4]
    assert names(query[1:]) == ["car", "box"]
    assert names(query[:10]) == ["熊猫公仔", "car", "box"]
    assert (query[5:].count(), query[1:].count(), query[1:].exists(), query[5:].exists()) == (0, 2, True, False)
    assert query[:0].first() is None


def test_indexes(stocked: SimpleNamespace) -> None:
    """From the front only."""
    products = stocked.Product.objects.all()
    assert products[2].name == "car"
    for index, error, message in (
        (9, IndexError, "the query has no row 9"),
        (-1, ValueError, "Negative indexing is not supported."),
        ("a", TypeError, "QuerySet indices are whole numbers or slices, not str"),
        (slice(-2, None), ValueError, "Negative indexing is not supported."),
    ):
        with pytest.raises(error) as refused:
            products[index]
        assert str(refused.value) == message


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda query: query.filter(pk=1), "Cannot filter a query once a slice has been taken."),
        (lambda query: query.exclude(pk=1), "Cannot filter a query once a slice has been taken."),
        (lambda query: query.get(pk=1), "Cannot filter a query once a slice has been taken."),
        (lambda query: query.order_by("pk"), "Cannot reorder a query once a slice has been taken."),
        (lambda query: query.reverse(), "Cannot reverse a query once a slice has been taken."),
        (lambda query: query.last(), "Cannot reverse a query once a slice has been taken."),
        (lambda query: query.distinct(), "Cannot make distinct a query once a slice has been taken."),
        (lambda query: query.update(stock=1), "Cannot update a query once a slice has been taken."),
        (lambda query: query.delete(), "Cannot delete a query once a slice has been taken."),
    ],
)
def test_what_cannot_follow_a_slice(shop: SimpleNamespace, step: Any, message: str) -> None:
    """It would mean something else than it reads."""
    with pytest.raises(TypeError) as refused:
        step(shop.Product.objects.all()[:2])
    assert str(refused.value) == message


def test_values_are_dicts(stocked: SimpleNamespace) -> None:
    """Of all fields or those named, related ones too."""
    products = stocked.Product.objects
    assert list(products.values("name", "category__name")[2:]) == [
        {"name": "car", "category__name": "toys"},
        {"name": "box", "category__name": None},
    ]
    assert list(stocked.Category.objects.values()) == [
        {"id": 1, "name": "toys", "parent_id": None, "maker_id": 1},
        {"id": 2, "name": "bears", "parent_id": 1, "maker_id": 2},
    ]
    assert products.values("pk", "category").first() == {"pk": 1, "category": 2}


def test_values_lists_are_tuples_or_values(stocked: SimpleNamespace) -> None:
    """`flat` takes one name."""
    products = stocked.Product.objects
    assert list(products.values_list("id", "price"))[:1] == [(1, Decimal("19.90"))]
    keys = products.values_list("category_id", flat=True).order_by("category_id").distinct()
    assert sorted(keys, key=str) == [1, 2, None]
    assert list(products.values_list("id", flat=True).distinct().reverse()) == [4, 3, 2, 1]
    with pytest.raises(TypeError) as refused:
        products.values_list("id", "name", flat=True)
    assert str(refused.value) == "values_list(flat=True) takes the name of one field, not 2"


def test_get(stocked: SimpleNamespace) -> None:
    """One row, or an error that names model and lookup."""
    products = stocked.Product.objects
    assert products.get(pk=2).name == "熊猫公仔"
    assert products.get(name="car", price__lt=6).pk == 3
    assert products.filter(stock=0).get().name == "car"
    assert products.values_list("name", flat=True).get(pk=1) == "bear"
    assert products.all()[1:2].get().pk == 2
    with pytest.raises(stocked.Product.DoesNotExist) as missing:
        products.get(name="nothing", stock=3)
    assert str(missing.value) == "no Product matches get(name='nothing', stock=3)"
    with pytest.raises(stocked.Product.MultipleObjectsReturned) as several:
        products.get(price__gt=1)
    assert str(several.value) == (
        "more than one Product matches get(price__gt=1). Use filter() for several, or ask for a unique field."
    )


def test_errors_are_of_their_model(shop: SimpleNamespace) -> None:
    """And can be caught for all models at once."""
    assert issubclass(shop.Product.DoesNotExist, ObjectDoesNotExist)
    assert issubclass(shop.Product.MultipleObjectsReturned, MultipleObjectsReturned)
    assert not issubclass(shop.Product.DoesNotExist, shop.Maker.DoesNotExist)
    assert shop.Product.DoesNotExist.__qualname__ == "Product.DoesNotExist"


def test_first_and_last(stocked: SimpleNamespace) -> None:
    """In the query's order, or by key; None when there is no row."""
    products = stocked.Product.objects
    assert (products.first().name, products.last().name) == ("bear", "box")
    assert (products.order_by("price").first().name, products.order_by("price").last().name) == ("box", "熊猫公仔")
    assert (products.order_by().first().name, products.order_by().last().name) == ("bear", "box")
    assert (products.none().first(), products.filter(pk=99).last()) == (None, None)
    assert products.all()[2:].first().name == "car"


def test_count_and_exists(stocked: SimpleNamespace) -> None:
    """With conditions, relations, slices and distinct rows."""
    products = stocked.Product.objects
    assert (products.count(), products.filter(category__name="bears").count(), products.none().count()) == (4, 2, 0)
    assert products.values("category").order_by().distinct().count() == 3
    assert (products.exists(), products.filter(pk=99).exists(), products.none().exists()) == (True, False, False)


def test_create_fills_the_object(shop: SimpleNamespace) -> None:
    """Its key, its defaults, and values as they will be read."""
    product = shop.Product.objects.create(name="bear", price="19.9")
    assert (product.pk, product.price, product.stock, product.active) == (1, Decimal("19.90"), 0, True)
    assert shop.Product.objects.get(pk=1) == product


def test_get_or_create(shop: SimpleNamespace) -> None:
    """Makes it once, from what was asked for and the defaults."""
    first, new = shop.Maker.objects.get_or_create(name="Steiff", defaults={"country": lambda: "DE"})
    again, more = shop.Maker.objects.get_or_create(name="Steiff", country__isnull=False)
    assert (new, more, first == again, again.country) == (True, False, True, "DE")


def test_bulk_create_is_all_or_nothing(shop: SimpleNamespace) -> None:
    """In one transaction."""
    made = shop.Maker.objects.bulk_create([shop.Maker(name="a"), shop.Maker(name="b")])
    assert [maker.pk for maker in made] == [1, 2]
    with pytest.raises(IntegrityError):
        shop.Category.objects.bulk_create([shop.Category(name="x"), shop.Category(name="x")])
    assert shop.Category.objects.count() == 0


def test_update_writes_to_all_rows(stocked: SimpleNamespace, queries: list[str]) -> None:
    """By one statement, with values that were made to fit."""
    products = stocked.Product.objects
    assert products.filter(category__name="bears").update(price="1", category=stocked.toys, note="sale") == 2
    assert len(queries) == 1
    assert list(products.values_list("price", "category_id", "note")[:2]) == [(Decimal("1.00"), 1, "sale")] * 2
    assert products.filter(pk=4).update(category=None, stock=db.F("stock") + 1) == 1
    with pytest.raises(FieldError) as refused:
        products.update()
    assert str(refused.value) == "update() needs the fields to change, as Product.objects.update(name=…)"


def test_aggregate(stocked: SimpleNamespace) -> None:
    """Exact for decimals, None for no rows."""
    products = stocked.Product.objects
    assert products.aggregate(db.Sum("price"), db.Avg("price"), n=db.Count("*"), least=db.Min("category__name")) == {
        "price__sum": Decimal("55.40"),
        "price__avg": Decimal("13.85"),
        "n": 4,
        "least": "bears",
    }
    assert products.aggregate(db.Count("stock"), db.Avg("stock"), db.Max("moment"))["stock__avg"] == 4.0
    assert products.none().aggregate(db.Sum("price"), db.Count("id")) == {"price__sum": None, "id__count": 0}
    assert products.aggregate() == {}
    with pytest.raises(FieldError) as refused:
        products.aggregate(n="price")
    assert str(refused.value) == "'price' is no expression. Name a field by db.F(\"…\")."


def test_a_query_shows_its_first_rows(stocked: SimpleNamespace) -> None:
    """And no more than twenty."""
    assert repr(stocked.Maker.objects.all()) == "<QuerySet [<Maker: Nobody>, <Maker: Steiff>]>"
    assert repr(stocked.Maker.objects) == "<Manager of Maker>"
    for number in range(25):
        stocked.Maker.objects.create(name=str(number))
    assert repr(stocked.Maker.objects.all()).count("<Maker") == 20
    assert repr(stocked.Maker.objects.all()).endswith("'...(remaining elements truncated)...']>")


@pytest.mark.sqlite
def test_every_statement_is_an_event(stocked: SimpleNamespace) -> None:
    """With SQL, parameters, time, rows and database; nobody pays for it while nobody listens."""
    seen: list[Any] = []
    leave = events.db_query.subscribe(seen.append)
    stocked.Product.objects.filter(price__gt=5)[:3].count()
    stocked.Product.objects.filter(pk=1).update(stock=9)
    leave()
    stocked.Product.objects.count()
    assert [(event["parameters"], event["rows"], event["database"]) for event in seen] == [
        ((500, 3, 0), 1, "default"),
        ((9, 1), 1, "default"),
    ]
    assert all(event["seconds"] >= 0 for event in seen)


def test_update_or_create(stocked: SimpleNamespace) -> None:
    """Writes to the row that is there, or makes one."""
    makers = stocked.Maker.objects
    found, new = makers.update_or_create(name="Steiff", defaults={"country": "XX"})
    assert (found.pk, found.country, new) == (stocked.steiff.pk, "XX", False)
    found, new = makers.update_or_create({"country": "YY"}, {"country": "ZZ"}, name="New")
    assert (makers.get(pk=found.pk).country, new) == ("ZZ", True)
    assert makers.update_or_create(name="Newer", defaults={"country": lambda: "AA"})[0].country == "AA"


def test_earliest_and_latest(stocked: SimpleNamespace) -> None:
    """By fields, in their order."""
    products = stocked.Product.objects.exclude(day=None)
    assert (products.earliest("day").name, products.latest("day", "pk").name) == ("box", "熊猫公仔")
    with pytest.raises(stocked.Product.DoesNotExist) as gone:
        products.none().latest("day")
    assert str(gone.value) == "there is no Product, so none is the latest"
    with pytest.raises(FieldError) as refused:
        products.earliest()
    assert str(refused.value) == (
        'earliest() needs the fields to compare by. As: earliest("created"). Or give Meta an option get_latest_by.'
    )


def test_contains(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Asks for the key, or looks at the rows that it has."""
    some = stocked.Product.objects.filter(stock__gt=0)
    bear, car = stocked.Product.objects.get(name="bear"), stocked.Product.objects.get(name="car")
    queries.clear()
    assert (some.contains(bear), some.contains(car), some.contains(stocked.toys)) == (True, False, False)
    assert len(queries) == 2
    list(some)
    assert some.contains(bear)
    assert len(queries) == 3
    with pytest.raises(FieldError) as refused:
        some.contains(stocked.Product(name="x"))
    assert str(refused.value) == "contains() takes a saved Product, not <Product: x>"


def test_beginnings_of_dates(stocked: SimpleNamespace) -> None:
    """Each once, without null."""
    products = stocked.Product.objects
    assert list(products.dates("day", "year")) == [date(2023, 1, 1), date(2024, 1, 1)]
    assert products.dates("day", "month", order="DESC")[0] == date(2024, 2, 1)
    assert list(products.datetimes("moment", "day")) == [
        datetime(2023, 5, 1, tzinfo=UTC),
        datetime(2024, 1, 31, tzinfo=UTC),
    ]
    with pytest.raises(FieldError) as refused:
        products.dates("day", "year", "down")
    assert str(refused.value) == "the order is 'ASC' or 'DESC', not 'down'"


@pytest.mark.sqlite
def test_explain_tells_how_rows_are_found(stocked: SimpleNamespace) -> None:
    """In SQLite's words."""
    assert stocked.Product.objects.filter(pk=1).explain() == "SEARCH t_product USING INTEGER PRIMARY KEY (rowid=?)"


def test_iterator_keeps_nothing(stocked: SimpleNamespace, queries: list[str]) -> None:
    """And prefetches for each chunk."""
    query = stocked.Product.objects.prefetch_related("category")
    assert [each.category and each.category.name for each in query.iterator(chunk_size=3)] == [
        "bears",
        "bears",
        "toys",
        None,
    ]
    assert len(queries) == 2
    list(query)
    assert len(queries) == 4
    with pytest.raises(ValueError, match="chunk") as refused:
        list(query.iterator(0))
    assert str(refused.value) == "iterator(chunk_size=0): a chunk has 1 row at least"
