"""A database that only the models of one test are in, for tests of migrations, and models that change."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spruce import config, db
from spruce.config import Settings
from spruce.db.databases import current
from spruce.db.models import registry

KINDS = ["sqlite", "postgres", "mariadb"]
MODULE = "models of this test"
_EMPTYING = {
    "postgresql": ["DROP SCHEMA public CASCADE; CREATE SCHEMA public"],
    "mariadb": ["DROP DATABASE shop", "CREATE DATABASE shop"],
}


class OnlyOurs:
    """Keeps the models of other tests out of the database."""

    def allow_migrate(self, alias: str, model: Any) -> bool:
        return bool(model.__module__ == MODULE)


def url_of_empty(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of an empty database of the kind that is the fixture's parameter."""
    if request.param != "sqlite":
        return str(request.getfixturevalue(request.param))
    return f"sqlite:///{folder / 'app.db'}"


@contextmanager
def evolving(url: str) -> Iterator[Settings]:
    """Settings with the database, which is emptied afterwards, when none of its models is left."""
    before = config.current()
    settings = Settings(DATABASES={"default": url}, DATABASE_ROUTERS=[OnlyOurs()])
    config.install(settings)
    yield settings
    forget()
    database = current()["default"]
    for sql in _EMPTYING.get(database.dialect.name, ()):
        database.driver.change(sql, ())
    db.configure(DATABASES={})
    config.install(before)


def forget() -> None:
    """Let the models of the last declaration be gone, as when their file was changed."""
    for name in [name for name, model in registry.models.items() if model.__module__ == MODULE]:
        model = registry.models.pop(name)
        registry.metadata.remove(model.__table__)


def declare(**models: dict[str, Any]) -> dict[str, Any]:
    """Declare models anew, each with its fields."""
    forget()
    made = {
        name: type(db.Model)(name, (db.Model,), {"__module__": MODULE, **fields}) for name, fields in models.items()
    }
    for model in made.values():
        _ = model.__table__
    return made
