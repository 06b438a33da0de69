"""The database that jobs are in."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import config, db, green
from spruce.errors import ConfigError
from spruce.tasks.store import Store

Row = Callable[..., dict[str, Any]]


def test_the_tables_are_made_when_they_are_missed(store: Store, row: Row) -> None:
    db.execute("DROP TABLE spruce_task")
    assert store.add(row(id="1")) == "1"


def test_tables_that_are_there_are_looked_at_without_a_wait(store: Store, row: Row) -> None:
    """A process that begins holds up nobody, and waits for no transaction in which a job was enqueued."""
    with store.atomic():
        store.add(row())
        assert green.with_timeout(30, green.spawn(store.make).wait, timeout_value="it waits") is None


def test_an_index_that_is_missing_is_made(store: Store) -> None:
    """As that of a newer version is, on the tables of an older one."""
    db.execute("DROP INDEX spruce_task_blocked")
    store.make()
    db.execute("DROP INDEX spruce_task_blocked")


def test_a_database_that_cannot_hold_jobs_is_refused_at_once() -> None:
    """Before anything is asked of it."""
    token = config.use(config.Settings(DATABASES={"default": "mariadb://root@localhost/shop"}))
    try:
        with pytest.raises(ConfigError) as caught:
            Store("default").make()
    finally:
        db.databases.current().close()
        config.leave(token)
    assert str(caught.value) == (
        "jobs are kept in SQLite or PostgreSQL, and the database 'default' is mariadb. Let a router send the models of"
        " spruce.tasks to another alias, or have Celery carry them: TASKS='celery+redis://…'."
    )
