"""Making and dropping tables."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import OperationalError


def columns(table: str) -> dict[str, tuple[str, bool]]:
    """Type and NOT NULL of each column."""
    return {row[1]: (row[2], bool(row[3])) for row in db.execute(f"PRAGMA table_info({table})").all()}


def test_tables_are_made_from_the_fields() -> None:
    """With types, nulls, foreign keys and indexes; making them again changes nothing."""
    db.create_all()
    db.create_all()
    assert columns("t_product") == {
        "id": ("INTEGER", True),
        "name": ("VARCHAR(20)", True),
        "note": ("TEXT", False),
        "price": ("BIGINT", True),
        "cost": ("BIGINT", False),
        "stock": ("INTEGER", False),
        "weight": ("DOUBLE", False),
        "active": ("BOOLEAN", True),
        "category_id": ("INTEGER", False),
        "day": ("DATE", False),
        "moment": ("DATETIME", False),
    }
    (key,) = db.execute("PRAGMA foreign_key_list(t_product)").all()
    assert (key[2], key[3], key[4], key[6]) == ("t_category", "category_id", "id", "CASCADE")
    indexes = [row[1] for row in db.execute("PRAGMA index_list(t_product)").all()]
    assert indexes == ["ix_t_product_category_id"]


@pytest.mark.sqlite
def test_tables_are_dropped_with_their_rows(stocked: SimpleNamespace) -> None:
    """Those that point to others first."""
    db.drop_all()
    with pytest.raises(OperationalError) as refused:
        stocked.Product.objects.count()
    assert str(refused.value) == (
        "the table 't_product' does not exist in the database 'default' (memory). Run db.create_all() first; a "
        "database in memory is empty in each new process."
    )
    db.create_all()
    assert stocked.Product.objects.count() == 0


def test_routers_may_leave_models_out(settings: Any, shop: SimpleNamespace) -> None:
    """By `allow_migrate`."""

    class NoMakers:
        def allow_migrate(self, alias: str, model: Any) -> bool | None:
            return False if model is shop.Maker else None

    db.configure(DATABASES="sqlite://", DATABASE_ROUTERS=[NoMakers()])
    db.create_all()
    assert columns("t_maker") == {}
    assert columns("t_category") != {}
    db.configure(DATABASE_ROUTERS=[])
