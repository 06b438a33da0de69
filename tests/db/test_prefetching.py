"""prefetch_related: how many queries it takes, and where things are afterwards."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db import Prefetch
from spruce.errors import FieldError


def test_one_query_for_each_relation(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Whatever the number of rows; each points back to its owner."""
    found = list(stocked.Maker.objects.prefetch_related("category_set__products"))
    assert len(queries) == 3
    assert [[each.name for each in one.category_set.all()] for one in found] == [["bears"], ["toys"]]
    assert [each.name for one in found for each in one.category_set.all()[0].products.all()] == [
        "bear",
        "熊猫公仔",
        "car",
    ]
    assert found[0].category_set.all()[0].maker is found[0]
    assert (found[0].category_set.count(), found[0].category_set.exists(), len(found[0].category_set)) == (1, True, 1)
    assert len(queries) == 3
    assert found[0].category_set.filter(name="x").count() == 0
    assert len(queries) == 4


def test_foreign_keys_are_prefetched(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Those that are loaded are not loaded again."""
    found = list(stocked.Product.objects.prefetch_related("category", "category__maker"))
    assert [each.category and each.category.maker.name for each in found] == ["Nobody", "Nobody", "Steiff", None]
    assert len(queries) == 3
    list(stocked.Product.objects.select_related("category").prefetch_related("category"))
    assert len(queries) == 4


def test_a_query_of_ones_own(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Into the relation, or into a list beside it."""
    cheap = Prefetch("products", stocked.Product.objects.filter(price__lt=20).order_by("-price"), to_attr="cheap")
    found = list(stocked.Category.objects.order_by("id").prefetch_related(cheap, "cheap__category"))
    assert [[each.name for each in one.cheap] for one in found] == [["car"], ["bear"]]
    assert len(queries) == 3
    assert found[1].products.count() == 2
    ordered = Prefetch("products", stocked.Product.objects.order_by("-id"))
    bears = stocked.Category.objects.prefetch_related(ordered).get(name="bears")
    assert [each.name for each in bears.products.all()] == ["熊猫公仔", "bear"]
    assert repr(cheap) == "<Prefetch products as cheap>"


def test_single_objects_are_prefetched_too(stocked: SimpleNamespace, queries: list[str]) -> None:
    """By get and first; values are left alone, and None forgets."""
    query = stocked.Category.objects.prefetch_related("products")
    assert [each.name for each in query.order_by("id").first().products.all()] == ["car"]
    assert [each.name for each in query.get(name="toys").products.all()] == ["car"]
    assert len(queries) == 4
    list(query.values("name"))
    list(query.prefetch_related(None))
    assert len(queries) == 6


def test_changes_forget_what_was_prefetched(stocked: SimpleNamespace) -> None:
    """So that what is read next is true."""
    bears = stocked.Category.objects.prefetch_related("products").get(name="bears")
    bears.products.create(name="new", price=1)
    assert [each.name for each in bears.products.all()] == ["bear", "熊猫公仔", "new"]
    again = stocked.Category.objects.prefetch_related("products").get(name="bears")
    again.products.all()[0].delete()
    again.refresh_from_db()
    assert [each.name for each in again.products.all()] == ["熊猫公仔", "new"]


def test_wrong_names(stocked: SimpleNamespace) -> None:
    """Said with those that exist."""
    with pytest.raises(FieldError) as refused:
        list(stocked.Category.objects.prefetch_related("product"))
    assert str(refused.value) == (
        "prefetch_related: Category has no relation 'product'; did you mean 'products'? "
        "Relations: products, parent, maker, children."
    )
    with pytest.raises(FieldError) as refused:
        list(stocked.Category.objects.prefetch_related("products__name"))
    assert str(refused.value) == (
        "prefetch_related: Product has no relation 'name' (in 'products__name'). Relations: category."
    )
    with pytest.raises(ValueError, match="Prefetch querysets") as wrong:
        Prefetch("products", stocked.Product.objects.values("name"))
    assert str(wrong.value) == "Prefetch querysets cannot use raw(), values(), and values_list()."


def test_a_slice_is_of_each_object(stocked: SimpleNamespace) -> None:
    """In the order of its query, by one query for all."""
    newest = db.Prefetch("products", stocked.Product.objects.order_by("-price")[:1], to_attr="dearest")
    with db.assert_num_queries(2):
        found = list(stocked.Category.objects.order_by("id").prefetch_related(newest))
    assert [[each.name for each in one.dearest] for one in found] == [["car"], ["熊猫公仔"]]
    second = db.Prefetch("products", stocked.Product.objects.all()[1:])
    found = stocked.Category.objects.order_by("id").prefetch_related(second)
    assert [[each.name for each in one.products.all()] for one in found] == [[], ["熊猫公仔"]]


def test_relations_of_objects_that_are_there(stocked: SimpleNamespace) -> None:
    """Loaded for all of them by one query."""
    found = list(stocked.Category.objects.order_by("id"))
    db.prefetch_related_objects(found, "products")
    with db.assert_num_queries(0):
        assert [len(each.products.all()) for each in found] == [1, 2]


def test_a_reversed_slice_is_of_the_other_end(stocked: SimpleNamespace) -> None:
    cheapest = db.Prefetch("products", stocked.Product.objects.order_by("-price").reverse()[:1], to_attr="cheapest")
    found = stocked.Category.objects.order_by("id").prefetch_related(cheapest)
    assert [[each.name for each in one.cheapest] for one in found] == [["car"], ["bear"]]
