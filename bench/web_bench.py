"""CPU of what an app does beside routing: typed parameters, middleware and JSON over HTTP; and a template's page."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import rounds as contests
from http_bench import CONNECTIONS, measure
from http_servers import Server, running
from measure import Figures, Target, table, verdicts
from peers import HERE, PEER_PYTHON

__all__ = ["report"]

APPS = HERE / "web_peers"
PATH = "/items/trees?page=3"
ANSWER = {"category": "trees", "page": 3}
SPRUCE, FASTAPI, ASGI, FLASK = (
    "spruce",
    "FastAPI on uvicorn, uvloop",
    "FastAPI, middleware for ASGI",
    "Flask on gunicorn",
)
TARGETS = [Target(SPRUCE, FASTAPI, 0.25), Target(SPRUCE, FLASK, 0.1)]
JINJA2 = "Jinja2 alone"
PAGES: dict[str, list[str | Path]] = {
    JINJA2: [sys.executable, APPS / "template_jinja2.py"],
    SPRUCE: [sys.executable, APPS / "template_spruce.py"],
    "Flask": [PEER_PYTHON, APPS / "template_flask.py"],
}
PAGE_TARGET = Target(SPRUCE, JINJA2, 1.15)


def servers() -> list[Server]:
    """The apps of the first table, one worker each."""
    own, theirs = Path(sys.executable).parent, PEER_PYTHON.parent
    uvicorn = [
        f"{theirs}/uvicorn",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "error",
        "--loop",
        "uvloop",
    ]
    gunicorn = [f"{theirs}/gunicorn", "--log-level", "error", "--worker-class", "gthread", "--threads", "4"]
    port = ["--port", "{port}"]
    return [
        Server(name, command, routed=True, path=PATH, answer=ANSWER)
        for name, command in (
            (SPRUCE, [f"{own}/spruce", "run", "json_spruce.py", "--workers", "1", *port]),
            (FASTAPI, [*uvicorn, *port, "json_fastapi:app"]),
            (ASGI, [*uvicorn, *port, "json_fastapi_asgi:app"]),
            (FLASK, [*gunicorn, "--bind", "127.0.0.1:{port}", "json_flask:app"]),
        )
    ]


def report(rounds: int, seconds: int, page_seconds: float) -> str:
    """Return both tables and their verdicts."""
    return f"{_json(rounds, seconds)}\n\n{_pages(rounds * 2, page_seconds)}"


def _json(rounds: int, seconds: int) -> str:
    if not Path("/proc/self/task").exists() or not shutil.which("wrk"):
        return "JSON views: not measured: this needs Linux and wrk: apt-get install wrk"
    peers = servers()
    with (
        tempfile.TemporaryDirectory(prefix="bench-web-", ignore_cleanup_errors=True) as folder,
        running(peers, APPS, Path(folder)),
    ):
        figures = measure(peers, rounds, seconds)
    title = f"A JSON view with a typed query parameter and three middleware, {CONNECTIONS} connections"
    rows = [_row(server, figures) for server in peers]
    notes = [f"{server.name}: {server.trouble}" for server in peers if server.trouble]
    return "\n".join([table(title, ["CPU µs", "lowest", "spruce is"], rows), *notes, *verdicts(TARGETS, figures)])


def _row(server: Server, figures: Figures) -> list[str]:
    if server.name not in figures:
        return [server.name, *"–––"]
    ratio = figures.ratio(SPRUCE, server.name)
    shown = "–" if ratio is None else f"{ratio:.2f} ×"
    return [server.name, f"{figures.median(server.name):.1f}", f"{figures.lowest(server.name):.1f}", shown]


def _pages(rounds: int, seconds: float) -> str:
    contest = contests.run(PAGES, ["page"], rounds, seconds)
    shown = contests.render(f"A template: CPU µs (× {JINJA2})", list(PAGES), {"page": "100 rows"}, contest, JINJA2)
    return "\n".join([shown, *verdicts([PAGE_TARGET], contest.figures["page"])])
