"""An app that was written for Flask-SQLAlchemy, with other imports."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spruce import config, db
from spruce.alchemy import SQLAlchemy
from spruce.config import Settings
from spruce.errors import ConfigError, ContextError
from spruce.web import App

SOURCE = Path(__file__).parent.parent / "data" / "flask_journal.py"


def load(name: str, text: str) -> ModuleType:
    """A module of this source."""
    module = ModuleType(name)
    module.__file__ = str(SOURCE)
    sys.modules[name] = module  # where SQLAlchemy looks for the names in annotations
    exec(compile(text, str(SOURCE), "exec"), vars(module))
    return module


@pytest.fixture
def settings() -> Iterator[Settings]:
    """What is set and opened in a test is closed after it."""
    before = config.current()
    yield before
    db.configure(DATABASES={})
    config.install(before)


@pytest.fixture
def spruced(settings: Settings) -> Iterator[ModuleType]:
    """The app with Spruce's imports."""
    text = SOURCE.read_text("utf-8").replace(
        "from flask import Blueprint, Flask", "from spruce.web import Blueprint, App as Flask"
    )
    yield load("spruced_journal", text.replace("from flask_sqlalchemy", "from spruce.alchemy"))
    del sys.modules["spruced_journal"]


@pytest.fixture
def flasked() -> Iterator[ModuleType]:
    """The app as it is written."""
    yield load("flasked_journal", SOURCE.read_text("utf-8"))
    del sys.modules["flasked_journal"]


def answers(client: Any) -> list[Any]:
    """What an app says to the visits of some hours."""

    def ask(method: str, path: str, **form: Any) -> tuple[int, Any]:
        answer = client.open(path, method=method, data=form or None)
        is_page = answer.headers["Content-Type"].startswith("text/html") and answer.status_code == 200
        return answer.status_code, answer.text if is_page else answer.json if answer.status_code < 299 else None

    return [
        ask("POST", "/authors", name="Ann"),
        ask("POST", "/authors", name="Bob", kind="editor"),
        ask("POST", "/authors", name="Cat", kind="columnist"),
        ask("POST", "/authors", name="Ann"),
        ask("POST", "/authors"),
        ask("POST", "/posts", author="Nobody", title="x"),
        *(ask("POST", "/posts", author="Ann", title=f"Title {n}", tag=["news", f"t{n % 2}"]) for n in range(7)),
        ask("POST", "/posts", author="Cat", title="Column"),
        *(ask("GET", f"/posts{page}") for page in ("", "?page=2", "?page=3&per_page=2", "?page=9", "?page=x")),
        ask("GET", "/posts?per_page=100"),
        ask("GET", "/posts/3"),
        ask("GET", "/posts/99"),
        ask("GET", "/authors"),
        ask("GET", "/half"),
        ask("GET", "/authors"),
        ask("DELETE", "/authors/Ann"),
        ask("DELETE", "/authors/Ann"),
        ask("GET", "/tables"),
    ]


def test_it_answers_as_under_flask(spruced: ModuleType, flasked: ModuleType, tmp_path: Path) -> None:
    """Each request, with tables, joined inheritance, pages, lazy loads, binds and what was left half-way."""
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("a", "b", "c", "d")]
    expected = answers(flasked.create_app(*urls[:2]).test_client())
    found = answers(spruced.create_app(*urls[2:]).test_client())
    for here, there in zip(found, expected, strict=True):
        assert here == there
    assert [status for status, _ in found[:6]] == [201, 201, 201, 409, 409, 404]


@pytest.mark.timeout(60)
def test_it_runs_on_postgresql(spruced: ModuleType, flasked: ModuleType, postgres: str, tmp_path: Path) -> None:
    """With the same answers."""
    expected = answers(flasked.create_app("sqlite://", "sqlite://").test_client())
    app = spruced.create_app(postgres, f"sqlite:///{tmp_path}/visits.db")
    try:
        found = answers(app.test_client())
        with app.app_context():
            assert db.stats()["default"]["connections"] == db.stats()["default"]["free"]
    finally:
        with app.app_context():
            spruced.db.drop_all()
            db.configure(DATABASES={})
    assert found[:-1] == expected[:-1]


def test_sessions_take_part_in_transactions(spruced: ModuleType, settings: Settings) -> None:
    """Of db.atomic: what they commit is undone with it."""
    app, ext = spruced.create_app(), spruced.db
    with app.app_context():
        with pytest.raises(KeyError), db.atomic():  # noqa: PT012 - the block is what is tested
            ext.session.add(spruced.Author(name="undone"))
            ext.session.commit()
            assert db.execute("SELECT name FROM author").all() == [("undone",)]
            raise KeyError
        assert spruced.Author.query.count() == 0
        with db.atomic():
            ext.session.add(spruced.Author(name="kept"))
            ext.session.commit()
            ext.session.add(spruced.Author(name="rolled back"))
            ext.session.flush()
            ext.session.rollback()
        ext.session.remove()
        assert [author.name for author in spruced.Author.query] == ["kept"]
        ext.session.remove()
        db.configure(DATABASES={})


def test_settings_that_cannot_be_followed(settings: Settings, tmp_path: Path) -> None:
    """Are told; a file is in the instance folder, limits of pools go into the URL."""
    ext = SQLAlchemy()
    app = App(__name__, INSTANCE_PATH=str(tmp_path / "instance"))
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"
    app.config["SQLALCHEMY_BINDS"] = {"big": {"url": "postgresql+psycopg2://me:x@localhost/big"}}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 7, "pool_pre_ping": True}
    ext.init_app(app)
    assert app.config["DATABASES"] == {
        "default": f"sqlite:///{tmp_path}/instance/shop.db",
        "big": "postgresql://me:x@localhost/big?pool_size=7",
    }
    with pytest.raises(RuntimeError) as twice:
        SQLAlchemy(app)
    assert str(twice.value) == ("the app has a SQLAlchemy extension already: import that one, and call init_app() once")
    other = App(__name__)
    other.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {}}
    with pytest.raises(ConfigError) as refused:
        ext.init_app(other)
    assert str(refused.value) == (
        "SQLALCHEMY_ENGINE_OPTIONS has 'connect_args', and connections are made by spruce.db. "
        "Say it in the URL; echo, pool_size, pool_timeout and pool_recycle are understood here."
    )


def test_a_session_belongs_to_an_app_context(settings: Settings) -> None:
    """Outside of one there is none."""
    with pytest.raises(ContextError) as refused:
        SQLAlchemy().session.get_bind()
    assert str(refused.value) == (
        "db.session is only there while an app works, and none does. "
        "Use it in a view, or inside of `with app.app_context():`."
    )


def test_names_of_sqlalchemy() -> None:
    """Are the extension's too."""
    ext = SQLAlchemy()
    assert (ext.Integer.__name__, ext.joinedload.__name__, ext.event.__name__) == (
        "Integer",
        "joinedload",
        "sqlalchemy.event",
    )
    with pytest.raises(AttributeError) as missing:
        _ = ext.Nothing
    assert str(missing.value) == "SQLAlchemy has no 'Nothing', and neither have sqlalchemy and sqlalchemy.orm"
