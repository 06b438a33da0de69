"""Engines beside web workers: begun when an app with tasks is about to be served, ended with it.

Importing `spruce.tasks` subscribes to the start of apps; an app whose program has no tasks has no engine.
"""

import weakref
from typing import Any, ClassVar

from spruce import config, green
from spruce.events import Event, app_started, app_stopped, server_stopping
from spruce.tasks.backends import backend, is_celery
from spruce.tasks.definitions import registry
from spruce.tasks.embedded import Embedded
from spruce.tasks.engine import Engine
from spruce.tasks.scheduling import Scheduler
from spruce.tasks.store import Store

__all__ = ["begin", "check", "discover", "subscribe"]

_LEAST_GRACE = 1.0


class _Serving:
    """The engines of the apps that are served here, and when the server that does has to have ended."""

    engines: ClassVar["weakref.WeakKeyDictionary[Any, Engine]"] = weakref.WeakKeyDictionary()
    deadline: float | None = None


def discover(app: Any) -> None:
    """Import the modules `tasks` of INSTALLED_APPS."""
    for installed in app.installed.values():
        installed.submodule("tasks")


def check(app: Any) -> None:
    """Have the backend made that the settings of an app name. Raises InvalidTaskBackend for tasks that it can't run."""
    token = config.use(app.config)
    try:
        backend()
    finally:
        config.leave(token)


def begin(app: Any, **options: Any) -> Engine:
    """Begin to run the jobs of an app here, with its settings; call it in a green thread."""
    token = config.use(app.config)
    try:
        settings = app.config
        keep = float(settings["TASKS_KEEP"])
        given = {"concurrency": settings["TASKS_CONCURRENCY"], "queues": settings["TASKS_QUEUES"], **options}
        store = Store.chosen()
        fire = Scheduler(Embedded(store)).fire
        engine = Engine(store, app=app, keep=(keep, 13 * keep), fire=fire, **given)
        engine.start()
        return engine
    finally:
        config.leave(token)


def _started(event: Event) -> None:
    app: Any = event["app"]
    discover(app)
    if not registry:
        return
    if is_celery(app.config["TASKS"]):
        check(app)
    elif app.config["TASKS"] == "embedded":
        _Serving.deadline = None
        _Serving.engines[app] = begin(app)


def _stopping(event: Event) -> None:
    grace: Any = event["grace"]
    _Serving.deadline = green.get_hub().loop.time() + grace
    for engine in _Serving.engines.values():
        engine.begin_to_stop()


def _stopped(event: Event) -> None:
    engine = _Serving.engines.pop(event["app"], None)
    if engine is not None:
        now = green.get_hub().loop.time()
        engine.stop(max(_LEAST_GRACE, (_Serving.deadline or now) - now - _LEAST_GRACE))


def subscribe() -> None:
    """Run the jobs of apps that are served in this process from now on."""
    app_started.subscribe(_started)
    server_stopping.subscribe(_stopping)
    app_stopped.subscribe(_stopped)


subscribe()
