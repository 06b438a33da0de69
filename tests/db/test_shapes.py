"""The trie of shapes: one path per form of query, bounded."""

from types import SimpleNamespace

import pytest

from spruce.db import shapes
from spruce.db.shapes import Shape
from spruce.errors import FieldError

pytestmark = pytest.mark.sqlite


def test_queries_of_one_form_share_a_shape(shop: SimpleNamespace) -> None:
    """Values don't matter, names and types do."""
    query = shop.Product.objects
    shape = query.filter(stock=1).order_by("name").as_subquery()[0]
    assert query.filter(stock=2).order_by("name").as_subquery()[0] is shape
    assert query.filter(stock=2).order_by("price").as_subquery()[0] is not shape
    assert query.filter(stock=None).order_by("name").as_subquery()[0] is not shape


def test_a_shape_knows_its_steps(shop: SimpleNamespace) -> None:
    """From the model's root on."""
    shape = shop.Product.objects.filter(stock=1).reverse().as_subquery()[0]
    assert shape.ops() == [("filter", False, ("stock",), (int,)), ("reverse",)]


def test_sql_is_built_once_per_shape(shop: SimpleNamespace) -> None:
    """The second query of a form finds the plan of the first."""
    shape = shop.Product.objects.filter(name="a").as_subquery()[0]
    list(shop.Product.objects.filter(name="b"))
    plan = shape.plans["sqlite"]
    list(shop.Product.objects.filter(name="c"))
    assert shape.plans["sqlite"] is plan


def test_a_wrong_step_leaves_no_shape(shop: SimpleNamespace) -> None:
    """Names are checked before the trie grows."""
    root = Shape(shop.Product)
    with pytest.raises(FieldError):
        root.grow(("order", ("nothing",)))
    assert (root.next, root.size) == ({}, 0)


def test_unused_shapes_go_first(shop: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit those that were not used since the last clearing are dropped, and hot ones stay."""
    monkeypatch.setattr(shapes, "MAX_SHAPES", 10)
    root = Shape(shop.Product)
    hot = root.grow(("list", ("name",), True))
    for number in range(100):
        hot.used = True
        root.grow(("aggregate", (f"n{number}",), (("aggregate", "count", None, False, None, None),)))
    assert root.next[hot.op] is hot
    assert root.size <= 21
    assert len(root.next) <= 21
