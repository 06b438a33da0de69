"""An app with accounts, in a database of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.auth.people import PASSWORD, CountingHasher, add_views, settings

from spruce import App, db
from spruce.auth import User
from spruce.db.databases import Databases
from spruce.web.client import Client


@pytest.fixture(autouse=True)
def _count_from_zero() -> None:
    CountingHasher.calls = 0


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., App]]:
    """Make apps with views to log in and out, and settings."""
    made: list[App] = []

    def make(**more: Any) -> App:
        app = App("shop", static_folder=None, **settings(tmp_path, **more))
        made.append(app)
        add_views(app)
        with app.app_context():
            db.create_all()
        return app

    yield make
    for app in made:
        databases = app.config.resources.get("spruce.db")
        if isinstance(databases, Databases):
            databases.close()


@pytest.fixture
def app(make_app: Callable[..., App]) -> App:
    """Such an app as it comes."""
    return make_app()


@pytest.fixture
def anna(app: App) -> Any:
    """A user with PASSWORD."""
    with app.app_context():
        return User.objects.create_user("anna", "anna@example.com", PASSWORD)


@pytest.fixture
def client(app: App, anna: Any) -> Client:
    """A browser that nobody is logged in with; anna is there."""
    return app.test_client()
