"""db.execute: any SQLAlchemy statement."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from spruce import db
from spruce.errors import DatabaseError, FieldError, OperationalError


def test_select(stocked: SimpleNamespace) -> None:
    """With joins, groups and functions; values are as fields have them."""
    product, category = stocked.Product, stocked.Category
    rows = db.execute(sa.select(product.name, product.price).where(product.price > 10).order_by(product.price)).all()
    assert [tuple(row) for row in rows] == [("bear", Decimal("19.90")), ("熊猫公仔", Decimal("29.00"))]
    assert rows[0].name == "bear"
    statement = (
        sa.select(category.name, sa.func.count(), sa.func.sum(product.price))
        .join_from(category.__table__, product.__table__)
        .group_by(category.name)
        .order_by(category.name)
    )
    assert db.execute(statement).first() == ("bears", 2, Decimal("48.90"))
    assert db.execute(sa.select(sa.func.max(product.price))).scalar() == Decimal("29.00")
    assert db.execute(sa.select(product.name).where(product.name.in_(["car", "box"]))).scalars().all() == ["car", "box"]
    assert db.execute(sa.select(product.id).where(product.id == 1)).mappings().one() == {"id": 1}
    assert db.execute(sa.select(product.id).where(product.id == 99)).first() is None


def test_text_with_parameters(stocked: SimpleNamespace) -> None:
    """Never put together by hand."""
    rows = db.execute("SELECT name FROM t_product WHERE stock > :least ORDER BY name", {"least": 1}).all()
    assert [tuple(row) for row in rows] == [("bear",), ("box",)]


def test_statements_that_change_rows(stocked: SimpleNamespace) -> None:
    """Insert, update and delete, in the transaction that is open."""
    product = stocked.Product
    db.execute(sa.update(product.__table__).where(product.id == 1).values(price=Decimal("3.50")))
    assert product.objects.get(pk=1).price == Decimal("3.50")
    key = db.execute(sa.insert(stocked.Maker.__table__).values(name="new").returning(stocked.Maker.id)).scalar()
    assert stocked.Maker.objects.get(pk=key).name == "new"

    @db.atomic
    def fail() -> None:
        db.execute(sa.delete(product.__table__))
        assert product.objects.count() == 0
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert product.objects.count() == 4


def test_the_router_is_asked_by_table(shop: SimpleNamespace) -> None:
    """With the model of the first table, and whether it writes."""
    asked: list[tuple[str, Any]] = []

    class Router:
        def db_for_read(self, model: Any, **hints: Any) -> None:
            asked.append(("read", model))

        def db_for_write(self, model: Any, **hints: Any) -> None:
            asked.append(("write", model))

    db.configure(DATABASES="sqlite://", DATABASE_ROUTERS=[Router()])
    db.create_all()
    db.execute(sa.select(shop.Maker.name))
    db.execute(sa.delete(shop.Product.__table__))
    db.execute("SELECT 1")
    assert asked == [("read", shop.Maker), ("write", shop.Product), ("write", None)]
    db.configure(DATABASE_ROUTERS=[])


@pytest.mark.sqlite
def test_what_is_no_statement_is_refused(shop: SimpleNamespace) -> None:
    """And wrong SQL says where."""
    with pytest.raises(DatabaseError) as refused:
        db.execute(3)  # type: ignore[arg-type] # the point of the test
    assert str(refused.value) == ("execute() takes a SQLAlchemy statement or SQL, not 3. As: db.execute(sa.select(…)).")
    with pytest.raises(OperationalError) as wrong:
        db.execute("SELEC 1")
    assert str(wrong.value) == "near \"SELEC\": syntax error (database 'default', in: SELEC 1)"
    with pytest.raises(FieldError, match="decimal columns of different units"):
        db.execute(sa.select(shop.Product.id).where(shop.Product.price > shop.Product.cost))
