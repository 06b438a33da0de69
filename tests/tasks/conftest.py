"""Databases for jobs, and engines on them that end with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.tasks import jobs
from tests.tasks.carried import carrying, redis_server

from spruce import config, db
from spruce.tasks.celeryfront import CeleryFront
from spruce.tasks.engine import Engine
from spruce.tasks.store import Store

TABLES = ("spruce_task", "spruce_task_worker", "spruce_task_schedule", "tests_tasks_entry")


def _make() -> None:
    db.create_all(models=[jobs.Entry])
    store = Store("default")
    store.make()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The jobs in an empty database, of each kind."""
    is_sqlite = request.param == "sqlite"
    yield from _with(f"sqlite:///{tmp_path / 'jobs.db'}" if is_sqlite else request.getfixturevalue("postgres"))


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """The jobs in an empty SQLite database."""
    yield from _with(f"sqlite:///{tmp_path / 'jobs.db'}")


def _with(url: str) -> Iterator[Store]:
    settings = config.Settings(DATABASES={"default": url})
    token = config.use(settings)
    jobs.done.clear()
    try:
        _make()
        yield Store("default")
        if url.startswith("postgresql"):  # which others use, too
            db.execute(f"DROP TABLE {', '.join(TABLES)}")
    finally:
        db.databases.current().close()
        config.leave(token)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """The URL of a Redis of our own."""
    with redis_server() as url:
        yield url


@pytest.fixture
def front(redis_url: str) -> Iterator[CeleryFront]:
    """What takes jobs for Celery's workers, with an empty Redis and an SQLite database in memory."""
    jobs.done.clear()
    with carrying(redis_url) as made:
        yield made


@pytest.fixture
def engine() -> Iterator[Callable[..., Engine]]:
    """Begin an engine on the database of `store` or `sqlite`."""
    begun: list[Engine] = []

    def begin(**options: Any) -> Engine:
        begun.append(Engine(Store("default"), **options))
        begun[-1].start()
        return begun[-1]

    yield begin
    for one in begun:
        one.stop(grace=5)


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    """Make the row of a job, for `Store.add`."""

    def make(**more: Any) -> dict[str, Any]:
        usual = {"task": "tests.tasks.jobs.add", "queue": "default", "priority": 0, "run_after": 0.0, "state": "READY"}
        rest = {"arguments": "[[1],{},{}]", "unique_key": None, "enqueued": 0.0, "id": uuid4().hex}
        return usual | rest | more

    return make
