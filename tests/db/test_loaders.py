"""Generated code: what reads rows and what binds values."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from spruce.db.loaders import Node, binder, compile_function, object_loader, row_loader
from spruce.db.types import ExactDecimal

pytestmark = pytest.mark.sqlite

LITE = sqlite.dialect()


def test_rows_become_objects(shop: SimpleNamespace) -> None:
    """Plain attributes, without calling the model's constructor."""
    load = object_loader(
        [Node(shop.Maker, (), 0, shop.Maker._meta.fields)], (), "peers", [sa.Integer(), sa.String(), sa.String()], LITE
    )
    (maker,) = load([(7, "Steiff", None)], "other")
    assert (type(maker), maker.pk, maker.name, maker.country, maker._db) == (shop.Maker, 7, "Steiff", None, "other")


def test_related_objects_are_put_in_place(shop: SimpleNamespace) -> None:
    """A missing one is None."""
    field = shop.Category._meta.field("maker")
    nodes = [
        Node(shop.Category, (), 0, shop.Category._meta.fields),
        Node(shop.Maker, (field,), 4, shop.Maker._meta.fields),
    ]
    types = [sa.Integer(), sa.String(), sa.Integer(), sa.Integer(), sa.Integer(), sa.String(), sa.String()]
    load = object_loader(nodes, (), "peers", types, LITE)
    toys, books = load([(1, "toys", None, 7, 7, "Steiff", "DE"), (2, "books", None, None, None, None, None)], "default")
    assert toys.maker.name == "Steiff"
    assert books.maker is None


def test_rows_of_one_result_share_a_batch(shop: SimpleNamespace) -> None:
    """It knows their foreign keys; a single row needs none."""
    load = object_loader(
        [Node(shop.Category, (), 0, shop.Category._meta.fields)],
        (),
        "peers",
        [sa.Integer(), sa.String(), sa.Integer(), sa.Integer()],
        LITE,
    )
    first, second = load([(1, "a", None, 7), (2, "b", 1, 8)], "default")
    assert first._batch is second._batch
    assert first._batch.ids == {"parent": {None, 1}, "maker": {7, 8}}
    assert load([(1, "a", None, 7)], "default")[0]._batch is None


@pytest.mark.parametrize(
    ("shape", "loaded"),
    [
        ("values", [{"price": Decimal("1.50"), "active": True}, {"price": None, "active": None}]),
        ("list", [(Decimal("1.50"), True), (None, None)]),
        ("flat", [Decimal("1.50"), None]),
    ],
)
def test_rows_become_plain_values(shape: str, loaded: list[object]) -> None:
    """Converted as fields are, surplus columns dropped."""
    keys = ["price"] if shape == "flat" else ["price", "active"]
    types = [ExactDecimal(8, 2), sa.Boolean()][: len(keys)]
    load = row_loader(shape, keys, types, LITE, surplus=3 - len(keys))
    assert load([(150, 1, "x"), (None, None, "x")], "default") == loaded


def test_values_that_are_parameters_already_are_not_touched() -> None:
    """Then there is nothing to call."""
    column = sa.column("stock", sa.Integer())
    compiled = sa.select(column).where(column == sa.bindparam("p0", type_=sa.Integer())).compile(dialect=LITE)
    assert binder(compiled, {"p0": (int, None)}) is None


def test_values_are_converted_where_they_must_be() -> None:
    """By the field first, then by the SQL type; and SQLAlchemy's own constants are put in."""
    column = sa.column("price", ExactDecimal(8, 2))
    clause = (column == sa.bindparam("p1", type_=ExactDecimal(8, 2))) & (sa.literal(3) > 1)
    compiled = sa.select(column).where(clause).compile(dialect=LITE)
    bind = binder(compiled, {"p0": (int, None), "p1": (None, Decimal)})
    assert bind is not None
    assert bind((99, "1.5")) == (150, 3, 1)


def test_generated_code_has_a_name_in_tracebacks() -> None:
    """So that a reader knows where to look."""
    assert compile_function("load", ["def load():", " return 1"], {}).__code__.co_filename == "<generated load>"
