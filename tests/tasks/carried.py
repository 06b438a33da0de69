"""A Redis of our own for jobs that Celery carries, and Celery's worker on it, for the tests of these."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator

import kombu.pools
from tests.real.redisprogram import redis_program

from spruce import config, db
from spruce.tasks.celeryfront import CeleryFront
from spruce.tasks.definitions import registry


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """Start a Redis that is empty and keeps nothing; gives its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def carrying(url: str) -> Iterator[CeleryFront]:
    """Have an empty Redis, and workers of Celery's, take jobs; those of tasks that Celery can't run are unknown."""
    settings = config.Settings(DATABASES={"default": "sqlite://"}, TASKS=f"celery+{url}")
    token = config.use(settings)
    known = dict(registry)
    for path, one in known.items():
        if one.atomic or one.concurrency:
            del registry[path]
    try:
        made = CeleryFront(settings["TASKS"])
        made.records.client.flushall()
        settings.resources["spruce.tasks"] = (settings["TASKS"], made)
        yield made
        made.close()
        kombu.pools.reset()  # which are kept for each URL
    finally:
        registry.update(known)
        db.databases.current().close()
        config.leave(token)
