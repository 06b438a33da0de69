"""Functions that are spelled by dialect: what is about JSON; the others are in the tests of their kinds."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from spruce import db
from spruce.db.formed import Formed


def test_objects_and_lists_of_json(stocked: SimpleNamespace) -> None:
    """Values keep their kind: numbers, truth, null, text."""
    query = stocked.Product.objects.filter(name="bear")
    made = db.JSONObject(name="name", price="price", stock=db.F("stock") + 1, on="active", note="note")
    assert query.annotate(found=made).get().found == {
        "name": "bear", "price": 19.9, "stock": 6, "on": True, "note": None,
    }  # fmt: skip
    listed = db.JSONArray("name", "stock", db.JSONObject(maker="category__maker__name"))
    assert query.annotate(found=listed).get().found == ["bear", 5, {"maker": "Nobody"}]


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (sqlite.dialect(), "substr(name, -(2 + 1))"),
        (postgresql.dialect(), "right(name, CAST((2 + 1) AS INTEGER))"),  # type: ignore[no-untyped-call] # SQLAlchemy's
        (mysql.dialect(), "right(name, (2 + 1))"),
    ],
)
def test_each_dialect_has_its_words(dialect: sa.Dialect, text: str) -> None:
    made = Formed("right", sa.column("name"), sa.literal_column("2") + sa.literal_column("1"))
    assert str(made.compile(dialect=dialect)).replace("((2 + 1))", "(2 + 1)") == text
