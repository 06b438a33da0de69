"""SQLAlchemy's ORM, a Session for each operation as for each request."""

import datetime
import decimal
import warnings
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ForeignKey, Numeric, String, create_engine, event, exc, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship
from store import CATEGORIES, MAKERS, PATH, PRODUCTS, Store, configure, serve_store

warnings.simplefilter("ignore", exc.SAWarning)  # it warns that SQLite has no decimals
NAIVE = [
    {**product, "created": product["created"].replace(tzinfo=None)} for product in PRODUCTS
]  # it keeps no time zone on SQLite


class Base(DeclarativeBase):
    pass


class Category(Base):
    __tablename__ = "category"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


class Maker(Base):
    __tablename__ = "maker"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


class Product(Base):
    __tablename__ = "product"
    id: Mapped[int] = mapped_column(primary_key=True)
    prod_name: Mapped[str] = mapped_column(String(80))
    price: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2))
    stock: Mapped[int]
    created: Mapped[datetime.datetime]
    category_id: Mapped[int] = mapped_column(ForeignKey(Category.id), index=True)
    maker_id: Mapped[int] = mapped_column(ForeignKey(Maker.id), index=True)
    category: Mapped[Category] = relationship()
    maker: Mapped[Maker] = relationship()


engine = create_engine(f"sqlite:///{PATH}")
event.listen(engine, "connect", lambda connection, record: configure(connection))
Base.metadata.create_all(engine)
with Session(engine) as filling, filling.begin():
    filling.add_all([Category(name=name) for name in CATEGORIES])
    filling.add_all([Maker(name=name) for name in MAKERS])
    filling.flush()
    filling.add_all([Product(**product) for product in NAIVE])


def get(pk: int) -> Product:
    with Session(engine) as session:
        return session.get_one(Product, pk)


def page(category: int) -> Sequence[Product]:
    query = select(Product).where(Product.category_id == category, Product.stock > 0)
    with Session(engine) as session:
        return session.scalars(query.order_by(Product.created.desc()).limit(100)).all()


def joined(stock: int) -> Sequence[Product]:
    query = select(Product).options(
        joinedload(Product.category, innerjoin=True), joinedload(Product.maker, innerjoin=True)
    )
    with Session(engine) as session:
        return session.scalars(query.where(Product.stock >= stock).order_by(Product.id).limit(10)).all()


def create(number: int) -> Product:
    product = Product(**NAIVE[number % len(NAIVE)])
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.add(product)
    return product


def add_one(pk: int) -> Any:
    with Session(engine) as session, session.begin():
        return session.execute(update(Product).where(Product.id == pk).values(stock=Product.stock + 1))


serve_store(Store(table="product", get=get, page=page, joined=joined, create=create, update=add_one))
