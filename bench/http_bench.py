"""CPU per HTTP request of servers that all run at once and are driven in turn by wrk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from http_servers import Server, running
from measure import Figures, Target, cpu_nanoseconds, rotated, server_and_client_cores, table, verdicts
from peers import HERE, PEER_PYTHON

__all__ = ["report"]

CONNECTIONS = 64
NGINX = "nginx, return 200"
SPRUCE, SPRUCE_ASYNCIO, SPRUCE_UVLOOP = "spruce, its own loop", "spruce, asyncio's loop", "spruce, uvloop"
GRANIAN, GRANIAN_UVLOOP = "granian, raw RSGI, asyncio's loop", "granian, raw RSGI, uvloop"
TARGETS = [
    Target(SPRUCE, NGINX, 2.2),
    Target(SPRUCE_ASYNCIO, NGINX, 2.2),
    Target(SPRUCE_UVLOOP, NGINX, 1.9),
    Target(SPRUCE, GRANIAN, 1.0),
    Target(SPRUCE_ASYNCIO, GRANIAN, 1.0),
    Target(SPRUCE_UVLOOP, GRANIAN_UVLOOP, 1.0),
]


class FailedUnderLoad(Exception):
    """A server refused connections or gave other answers while it was driven; the text is wrk's."""


def servers() -> list[Server]:
    """Every peer of this section, in the table's order. One worker each, keep-alive on, logs and debugging off."""
    own, theirs = Path(sys.executable).parent, PEER_PYTHON.parent
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or "nginx"
    spruce = [f"{own}/spruce", "run", "spruce_app.py", "--workers", "1", "--port", "{port}", "--loop"]
    granian = [f"{theirs}/granian", "--interface", "rsgi", "--no-ws", "--no-log", "--port", "{port}", "--loop"]
    uvicorn = [f"{theirs}/uvicorn", "--http", "httptools", "--no-access-log", "--log-level", "error"]
    uvicorn += ["--port", "{port}", "--loop"]
    gunicorn = [f"{theirs}/gunicorn", "--bind", "127.0.0.1:{port}", "--log-level", "error"]
    gunicorn += ["--worker-class", "gthread", "--threads", "4"]
    return [
        Server(NGINX, [nginx, "-p", "{folder}", "-c", "{folder}/nginx.conf"], routed=False),
        Server(SPRUCE, [*spruce, "lean"], routed=True),
        Server(SPRUCE_ASYNCIO, [*spruce, "asyncio"], routed=True),
        Server(SPRUCE_UVLOOP, [*spruce, "uvloop"], routed=True),
        Server(GRANIAN, [*granian, "asyncio", "raw_rsgi:app"], routed=False),
        Server(GRANIAN_UVLOOP, [*granian, "uvloop", "raw_rsgi:app"], routed=False),
        Server("uvicorn, raw ASGI, asyncio's loop", [*uvicorn, "asyncio", "raw_asgi:app"], routed=False),
        Server("uvicorn, raw ASGI, uvloop", [*uvicorn, "uvloop", "raw_asgi:app"], routed=False),
        Server("FastAPI on uvicorn, uvloop", [*uvicorn, "uvloop", "fastapi_app:app"], routed=True),
        Server("Flask on gunicorn, 4 threads", [*gunicorn, "flask_app:app"], routed=True),
        Server("Django on gunicorn, 4 threads", [*gunicorn, "django_app:app"], routed=True),
    ]


def report(rounds: int, seconds: int) -> str:
    """Measure every server, `seconds` in each round, and return the table and the verdicts."""
    if not Path("/proc/self/task").exists():
        return "HTTP: not measured: the CPU time of a process tree is read from Linux's /proc."
    if not shutil.which("wrk"):
        return "HTTP: not measured: wrk is not installed: apt-get install wrk nginx-light"
    peers = servers()
    with (
        tempfile.TemporaryDirectory(prefix="bench-http-", ignore_cleanup_errors=True) as folder,
        running(peers, HERE / "http_peers", Path(folder)),
    ):
        figures = measure(peers, rounds, seconds)
    return "\n".join([render(peers, figures), *verdicts(TARGETS, figures)])


def measure(peers: list[Server], rounds: int, seconds: int) -> Figures:
    """Drive each server once per round; a first drive warms it up. One that fails is left out from then on."""
    figures = Figures()
    for turn in range(-1, rounds):
        by_name = {server.name: server for server in peers if not server.trouble}
        for name in rotated(list(by_name), turn):
            try:
                figure = drive(by_name[name], seconds if turn >= 0 else 1)
            except FailedUnderLoad as error:
                by_name[name].trouble = f"failed under load: {error}"
                figures.drop(name)
                continue
            if turn >= 0:
                figures.add(name, figure)
    return figures


def drive(server: Server, seconds: int) -> float:
    """Return the CPU microseconds per request over one run of wrk. Raises FailedUnderLoad.

    When wrk stops, each connection has one more request under way, which the server answers and wrk doesn't count.
    """
    assert server.process
    _, core = server_and_client_cores()
    before = cpu_nanoseconds(server.process.pid)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", server.url],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    ).stdout
    spent = cpu_nanoseconds(server.process.pid) - before
    if failed := re.search(r"(Non-2xx|Socket errors).*", output):
        raise FailedUnderLoad(failed[0])
    counted = re.search(r"(\d+) requests in", output)
    assert counted, output
    return spent / (int(counted[1]) + CONNECTIONS) / 1000


def render(peers: list[Server], figures: Figures) -> str:
    """Return the table of this section, and below it what is wrong with the servers that have no figures."""
    rows = []
    for server in peers:
        if server.name not in figures:
            rows.append([server.name, *"–––––"])
            continue
        to_nginx, to_spruce = (figures.ratio(server.name, base) for base in (NGINX, SPRUCE))
        spread = figures.spread(server.name, NGINX)
        spent = [f"{figure:.1f}" for figure in (figures.median(server.name), figures.lowest(server.name))]
        shown = ["–" if figure is None else f"{figure:.2f}" for figure in (to_nginx, spread, to_spruce)]
        rows.append([server.name, *spent, *shown])
    columns = ["CPU µs", "lowest", "× nginx", "±", "× spruce"]
    notes = [f"{server.name}: {server.trouble}" for server in peers if server.trouble]
    if NGINX not in figures:
        notes.append("apt-get install nginx-light")
    return "\n".join([table(f"HTTP: a routed view, {CONNECTIONS} connections", columns, rows), *notes])
