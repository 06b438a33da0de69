"""The tables as models of SQLAlchemy's ORM, and its engine on asyncpg."""

import datetime
import decimal

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from stock import URL

__all__ = ["Category", "Maker", "Product", "engine"]


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
    created: Mapped[datetime.datetime] = mapped_column(TIMESTAMP(timezone=True))
    category_id: Mapped[int] = mapped_column(ForeignKey(Category.id))
    maker_id: Mapped[int] = mapped_column(ForeignKey(Maker.id))
    category: Mapped[Category] = relationship()
    maker: Mapped[Maker] = relationship()


engine = create_async_engine(URL.replace("postgresql://", "postgresql+asyncpg://").replace("postgres:@", "postgres@"))
