"""A database for each kind."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from spruce import alchemy, config, db
from spruce.config import Settings


class Base(orm.DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "t_alchemy_author"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(40), unique=True)
    data: orm.Mapped[Any] = orm.mapped_column(sa.JSON, nullable=True)
    books: orm.Mapped[list["Book"]] = orm.relationship(back_populates="author", order_by="Book.id")


class Book(Base):
    __tablename__ = "t_alchemy_book"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    title: orm.Mapped[str]
    author_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey(Author.id))
    author: orm.Mapped[Author] = orm.relationship(back_populates="books")


@pytest.fixture(params=["memory", "file", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[sa.Engine]:
    """The engine of a database with the tables of two models."""
    before = config.current()
    urls = {"memory": "sqlite://", "file": f"sqlite:///{tmp_path}/a.db"}
    config.install(Settings(DATABASES={"default": urls.get(request.param) or request.getfixturevalue("postgres")}))
    engine = alchemy.engine()
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
    db.configure(DATABASES={})
    config.install(before)
