"""`Model.query`, whose answers may be a 404."""

from collections.abc import Iterator
from typing import Any

import pytest

from spruce import App, config
from spruce import db as database
from spruce.alchemy import Query, SQLAlchemy
from spruce.errors import NotFound


class Loud(Query[Any]):
    def loud(self) -> list[str]:
        return [each.name.upper() for each in self]


db = SQLAlchemy(query_class=Loud)


class Bird(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(20))


@pytest.fixture(autouse=True)
def app() -> Iterator[App]:
    """An app with three birds."""
    before = config.current()
    app = App(__name__, SQLALCHEMY_DATABASE_URI="sqlite://")
    app.config.resources["spruce.alchemy.extension"] = db
    db.init_app(app)
    with app.app_context():
        db.create_all()
        db.session.add_all([Bird(name="owl"), Bird(name="jay"), Bird(name="jay")])
        db.session.commit()
        yield app
        db.session.remove()
        database.configure(DATABASES={})
    config.install(before)


def test_objects_or_404() -> None:
    """With a description for the page."""
    assert Bird.query.get_or_404(1).name == Bird.query.filter_by(name="owl").one_or_404().name == "owl"
    assert Bird.query.order_by(Bird.id.desc()).first_or_404().id == 3
    for ask in (
        lambda: Bird.query.get_or_404(9, description="no bird 9"),
        lambda: Bird.query.filter_by(name="emu").first_or_404(description="no bird 9"),
        lambda: Bird.query.filter_by(name="jay").one_or_404(description="no bird 9"),
        lambda: db.first_or_404(db.select(Bird).filter_by(name="emu"), description="no bird 9"),
    ):
        with pytest.raises(NotFound) as missing:
            ask()
        assert missing.value.description == "no bird 9"


def test_pages() -> None:
    """Of queries and statements alike."""
    page = Bird.query.order_by(Bird.id).paginate(page=2, per_page=2)
    assert ([bird.id for bird in page], page.total, page.pages, page.has_next) == ([3], 3, 2, False)
    assert [bird.id for bird in page.prev()] == [1, 2]
    other = db.paginate(db.select(Bird).order_by(Bird.id), page=1, per_page=2)
    assert ([bird.id for bird in other.next()], other.total) == ([3], 3)


def test_a_query_class_of_ones_own() -> None:
    """Is that of the session too."""
    assert Bird.query.filter(Bird.id < 3).loud() == ["OWL", "JAY"]
    assert db.session.query(Bird).filter_by(id=1).loud() == ["OWL"]
