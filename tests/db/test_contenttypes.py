"""Content types: the rows of models, how they are found, and when they are kept."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db.contenttypes import ContentType, make_content_types

OWN = [ContentType]
PRIVATE = [db.registry.models.pop(model._meta.db_table, model) for model in OWN]


@pytest.fixture(autouse=True)
def types(shop: SimpleNamespace) -> None:
    """The table."""
    db.create_all(models=OWN)


def test_the_row_of_a_model_is_asked_for_once(shop: SimpleNamespace, queries: list[str]) -> None:
    """By the model, an object, its name or the key of the row."""
    found = ContentType.objects.get_for_model(shop.Maker)
    assert (found.app_label, found.model, found.model_class()) == ("conftest", "maker", shop.Maker)
    queries.clear()
    assert ContentType.objects.get_for_model(shop.Maker(name="x")) is found
    assert ContentType.objects.get_for_id(found.pk) is found
    assert ContentType.objects.get_by_natural_key(*found.natural_key()) is found
    assert ContentType.objects.get_for_models(shop.Maker) == {shop.Maker: found}
    assert queries == []
    ContentType.objects.clear_cache()
    assert ContentType.objects.get_for_model(shop.Maker) == found
    assert len(queries) == 1


def test_a_row_that_is_not_committed_is_not_kept(shop: SimpleNamespace) -> None:
    """So that no key is used that a rollback takes back."""
    with db.atomic():
        made = [ContentType.objects.get_for_model(shop.Maker) for _ in range(2)]
        assert made[0] == made[1]
        db.set_rollback()
    assert ContentType.objects.count() == 0
    found = ContentType.objects.get_for_model(shop.Maker)
    assert ContentType.objects.get() == found


def test_several_are_read_by_one_query(shop: SimpleNamespace, queries: list[str]) -> None:
    """Those that are there."""
    make_content_types(None, "default")
    ContentType.objects.clear_cache()
    queries.clear()
    found = ContentType.objects.get_for_models(shop.Maker, shop.Category, shop.Product)
    assert {model: each.model for model, each in found.items()} == {
        shop.Maker: "maker", shop.Category: "category", shop.Product: "product"
    }  # fmt: skip
    assert len(queries) == 1


def test_rows_are_made_for_all_models(shop: SimpleNamespace) -> None:
    """And none twice."""
    make_content_types(None, "default")
    rows = set(ContentType.objects.values_list("app_label", "model"))
    assert {("conftest", "maker"), ("contenttypes", "contenttype")} <= rows
    make_content_types(None, "default")
    assert ContentType.objects.count() == len(rows)


def test_it_finds_objects_of_its_model(shop: SimpleNamespace) -> None:
    maker = shop.Maker.objects.create(name="Steiff")
    found = ContentType.objects.get_for_model(maker)
    assert found.get_object_for_this_type(name="Steiff") == maker
    assert list(found.get_all_objects_for_this_type(name="Steiff")) == [maker]
    assert (str(found), found.name) == ("Conftest | maker", "maker")


def test_a_row_whose_model_is_gone(shop: SimpleNamespace) -> None:
    """Keeps the name that it has."""
    gone = ContentType.objects.create(app_label="shop", model="teapot")
    assert (gone.model_class(), gone.name, str(gone)) == (None, "teapot", "teapot")
