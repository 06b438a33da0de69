"""Engines beside web workers."""

from pathlib import Path

import pytest
from tests.tasks import jobs

from spruce import App, config, db, events, green
from spruce.tasks import engine, serving
from spruce.tasks.store import Store


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App("served", static_folder=None, DATABASES={"default": f"sqlite:///{tmp_path / 'a.db'}"})


def test_an_app_that_is_served_runs_its_jobs(app: App) -> None:
    jobs.done.clear()
    app.startup()
    with app.app_context():
        (made,) = engine.engines()
        assert (made.app, made.concurrency, made.wanted) == (app, 20, ())
        assert jobs.mail.enqueue("x").wait(30) == "x"
        events.server_stopping.emit(grace=5.0)
        assert not made.has_room
        app.shutdown()
        assert engine.engines() == []
        db.databases.current().close()


@pytest.mark.parametrize("kind", ["worker", "inline", "dummy"])
def test_not_when_others_do(app: App, kind: str) -> None:
    app.config["TASKS"] = kind
    app.startup()
    token = config.use(app.config)
    assert engine.engines() == []
    config.leave(token)
    app.shutdown()


def test_settings_say_how(app: App) -> None:
    app.config.update(TASKS_CONCURRENCY=3, TASKS_QUEUES=["mail"], TASKS_KEEP=10)
    made = serving.begin(app)
    assert (made.concurrency, made.wanted, made.keep) == (3, ("mail",), (10.0, 130.0))
    assert isinstance(made.store, Store)
    with app.app_context():
        green.sleep(0)
        made.stop()
        db.databases.current().close()
