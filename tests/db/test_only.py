"""The choice of fields."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce.db.only import Chosen
from spruce.errors import FieldError

pytestmark = pytest.mark.sqlite


def test_the_key_is_always_loaded(shop: SimpleNamespace) -> None:
    """Also when it was left out."""
    chosen = Chosen(shop.Maker)
    chosen.only(["name"])
    assert [field.name for field in chosen.loaded(shop.Maker, (), [])] == ["id", "name"]
    chosen.defer(["id", "name"])
    assert [field.name for field in chosen.loaded(shop.Maker, (), [])] == ["id"]
    chosen.defer([])
    assert [field.name for field in chosen.loaded(shop.Maker, (), [])] == ["id", "name"]


def test_related_objects_may_be_left_after_all(stocked: SimpleNamespace, queries: list[str]) -> None:
    found = stocked.Product.objects.select_related("category").select_related(None).get(name="car")
    assert "JOIN" not in queries[0]
    assert found.category.name == "toys"


@pytest.mark.parametrize("name", [None, False, 3])
def test_what_is_no_name_is_refused(stocked: SimpleNamespace, name: Any) -> None:
    """Also beside names."""
    for step in ("select_related", "only", "values"):
        with pytest.raises(FieldError) as caught:
            getattr(stocked.Product.objects, step)("category", name)
        assert str(caught.value) == f"{name!r} is no name of a field of Product. Names are texts."
