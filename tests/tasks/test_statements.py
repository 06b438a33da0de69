"""The database that jobs are in."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import config, db
from spruce.errors import ConfigError
from spruce.tasks.store import Store

Row = Callable[..., dict[str, Any]]


def test_the_tables_are_made_when_they_are_missed(store: Store, row: Row) -> None:
    db.execute("DROP TABLE spruce_task")
    assert store.add(row(id="1")) == "1"


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
