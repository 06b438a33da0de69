"""The base classes of models."""

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from spruce.alchemy import SQLAlchemy
from spruce.alchemy.models import camel_to_snake


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("User", "user"),
        ("LetterToEditor", "letter_to_editor"),
        ("HTTPRequest", "http_request"),
        ("User2FA", "user2_fa"),
    ],
)
def test_names(name: str, table: str) -> None:
    """In snake case."""
    assert camel_to_snake(name) == table


def test_tables_have_names() -> None:
    """Unless they are shared, given, or of no model; a mixin may give them."""
    db = SQLAlchemy()

    class Named:
        @orm.declared_attr.directive
        def __tablename__(cls) -> str:  # noqa: N805 - it is the class
            return f"x_{cls.__name__.lower()}"  # type: ignore[attr-defined] # it is a class

    class Thing(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    class Share(Thing):
        more = db.Column(db.Integer)

    class Joined(Thing):
        id = db.Column(db.ForeignKey(Thing.id), primary_key=True)

    class Abstract(db.Model):
        __abstract__ = True
        id = db.Column(db.Integer, primary_key=True)

    class Concrete(Abstract):
        pass

    class Mixed(Named, db.Model):
        id = db.Column(db.Integer, primary_key=True)

    class Given(db.Model):
        __table__ = db.Table("other_name", db.Column("id", db.Integer, primary_key=True))

    assert [model.__table__.name for model in (Thing, Share, Joined, Concrete, Mixed, Given)] == [
        "thing",
        "thing",
        "joined",
        "concrete",
        "x_mixed",
        "other_name",
    ]
    assert not hasattr(Abstract, "__tablename__")
    assert repr(db) == "<SQLAlchemy with 6 models>"


def test_a_base_of_ones_own() -> None:
    """Modern, as dataclasses, or finished; its metadata is the extension's."""

    class Base(orm.MappedAsDataclass, orm.DeclarativeBase):
        metadata = sa.MetaData(naming_convention={"pk": "pk_%(table_name)s"})

    modern = SQLAlchemy(model_class=Base)

    class Entry(modern.Model):
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True, init=False)
        title: orm.Mapped[str] = orm.mapped_column(default="none")

    assert (Entry(title="x").title, Entry.__table__.primary_key.name) == ("x", "pk_entry")
    assert Entry.metadata is modern.metadata is Base.metadata
    finished = SQLAlchemy(model_class=orm.declarative_base())

    class Old(finished.Model):
        __tablename__ = "old"
        id = finished.Column(finished.Integer, primary_key=True)

    assert Old.metadata is finished.metadata


def test_names_may_be_left_to_the_program() -> None:
    """With disable_autonaming."""
    db = SQLAlchemy(disable_autonaming=True)
    with pytest.raises(sa.exc.InvalidRequestError, match="does not have a __table__ or __tablename__"):
        type("Nameless", (db.Model,), {"id": db.Column(db.Integer, primary_key=True)})


def test_objects_show_their_state() -> None:
    """And their key, once they have one."""
    db = SQLAlchemy()

    class Shown(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    assert repr(Shown()).startswith("<Shown (transient ")
    kept = Shown(id=3)
    orm.make_transient_to_detached(kept)
    assert repr(kept) == "<Shown 3>"
