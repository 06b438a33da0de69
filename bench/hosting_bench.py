"""Servers of WSGI and ASGI apps, WebSockets, idle connections and two workers, each against its peers."""

from __future__ import annotations

import os
import re
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from clients import echo, idle
from http_bench import drive, measure
from http_servers import Server, running
from measure import Figures, Target, cpu_nanoseconds, process_tree, rotated, server_and_client_cores, table, verdicts
from peers import HERE, PEER_PYTHON

__all__ = ["report"]

APPS = HERE / "http_peers"
SOCKETS = 32
IDLE = 10_000
WSGI, WSGI_THREADS, GRANIAN, GEVENT = "spruce, WSGI", "spruce, WSGI, 1 thread", "granian, WSGI", "gunicorn gevent, WSGI"
ASGI, UVICORN = "spruce, ASGI, asyncio's loop", "uvicorn, ASGI, asyncio's loop"
ASGI_UVLOOP, UVICORN_UVLOOP = "spruce, ASGI, uvloop", "uvicorn, ASGI, uvloop"
TARGETS = [
    Target(WSGI, GRANIAN, 0.7),
    Target(WSGI, GEVENT, 0.15),
    Target(ASGI, UVICORN, 0.9),
    Target(ASGI_UVLOOP, UVICORN_UVLOOP, 0.9),
]
VIEW, ECHO, UVICORN_ECHO = "spruce, a view", "spruce, ASGI", "uvicorn, ASGI"
ECHO_TARGETS = [Target(VIEW, UVICORN_ECHO, 0.7), Target(ECHO, UVICORN_ECHO, 0.7)]
ONE, TWO = "spruce, 1 worker", "spruce, 2 workers"


def spruce(app: str, *options: str) -> list[str]:
    """The command that serves one of our apps."""
    return [f"{Path(sys.executable).parent}/spruce", "run", app, "--port", "{port}", *options]


def uvicorn(app: str, loop: str) -> list[str]:
    """The same for uvicorn, with what it is fastest with."""
    command = [f"{PEER_PYTHON.parent}/uvicorn", app, "--http", "httptools", "--no-access-log", "--log-level", "error"]
    return [*command, "--timeout-keep-alive", "600", "--port", "{port}", "--loop", loop]


def report(rounds: int, seconds: float, quick: bool) -> str:
    """Measure all of it and return the tables and the verdicts."""
    if not Path("/proc/self/task").exists():
        return "Hosting: not measured: the CPU time of a process tree is read from Linux's /proc."
    if not shutil.which("wrk"):
        return "Hosting: not measured: wrk is not installed: apt-get install wrk"
    parts = [
        contest("Hosting: a bare app, 64 connections", hosts(), ASGI, TARGETS, lambda peers: measure(peers, rounds, 1)),
        contest(
            f"WebSocket: 64 bytes there and back, {SOCKETS} connections",
            echoers(),
            VIEW,
            ECHO_TARGETS,
            lambda peers: echoes(peers, rounds, seconds),
        ),
        contest("Workers: a routed view, 64 connections", crews(), ONE, [], lambda peers: measure(peers, rounds, 1)),
        memory(2_000 if quick else IDLE),
    ]
    return "\n\n".join(parts)


def hosts() -> list[Server]:
    """Servers of one bare app each."""
    theirs = PEER_PYTHON.parent
    granian = [f"{theirs}/granian", "--interface", "wsgi", "--blocking-threads", "1", "--no-ws", "--no-log"]
    gevent = [f"{theirs}/gunicorn", "--bind", "127.0.0.1:{port}", "--log-level", "error", "--worker-class", "gevent"]
    return [
        Server(WSGI, spruce("raw_wsgi.py:app"), routed=False),
        Server(WSGI_THREADS, spruce("raw_wsgi.py:app", "--threads", "1"), routed=False),
        Server(GRANIAN, [*granian, "--port", "{port}", "raw_wsgi:app"], routed=False),
        Server(GEVENT, [*gevent, "raw_wsgi:app"], routed=False),
        Server(ASGI, spruce("raw_asgi.py:app", "--loop", "asyncio"), routed=False),
        Server(UVICORN, uvicorn("raw_asgi:app", "asyncio"), routed=False),
        Server(ASGI_UVLOOP, spruce("raw_asgi.py:app", "--loop", "uvloop"), routed=False),
        Server(UVICORN_UVLOOP, uvicorn("raw_asgi:app", "uvloop"), routed=False),
    ]


def echoers() -> list[Server]:
    """Servers of a WebSocket that sends back what comes."""
    return [
        Server(VIEW, spruce("echo_spruce.py:app", "--loop", "asyncio"), routed=True),
        Server(ECHO, spruce("echo_asgi.py:app", "--loop", "asyncio"), routed=False),
        Server(UVICORN_ECHO, uvicorn("echo_asgi:app", "asyncio"), routed=False),
    ]


def crews() -> list[Server]:
    """One worker and two: what the second adds is what both have left over for requests."""
    return [Server(name, spruce("spruce_app.py", "--workers", name[8]), routed=True) for name in (ONE, TWO)]


def contest(
    title: str,
    peers: list[Server],
    to: str,
    targets: Sequence[Target],
    run: Callable[[list[Server]], Figures],
) -> str:
    """Start the servers, measure them, and return their table with the verdicts."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-hosting-", ignore_cleanup_errors=True) as folder,
        running(peers, APPS, Path(folder)),
    ):
        figures = run(peers)
    rows = []
    for server in peers:
        if server.name in figures:
            ratio = figures.ratio(server.name, to)
            spent = [f"{figure:.1f}" for figure in (figures.median(server.name), figures.lowest(server.name))]
            rows.append([server.name, *spent, "–" if ratio is None else f"{ratio:.2f}"])
        else:
            rows.append([server.name, *"–––"])
    notes = [f"{server.name}: {server.trouble}" for server in peers if server.trouble]
    columns = ["CPU µs", "lowest", f"× {to}"]
    return "\n".join([table(title, columns, rows), *notes, *verdicts(targets, figures)])


def echoes(peers: list[Server], rounds: int, seconds: float) -> Figures:
    """Drive each WebSocket once per round; return the CPU microseconds per message."""
    figures = Figures()
    cores = os.sched_getaffinity(0)
    _, core = server_and_client_cores()
    os.sched_setaffinity(0, {core})
    try:
        for turn in range(rounds):
            able = {server.name: server for server in peers if server.process and not server.trouble}
            for name in rotated(list(able), turn):
                assert able[name].process
                before = cpu_nanoseconds(able[name].process.pid)
                count = echo(able[name].port, SOCKETS, seconds)
                figures.add(name, (cpu_nanoseconds(able[name].process.pid) - before) / count / 1000)
    finally:
        os.sched_setaffinity(0, cores)
    return figures


def memory(connections: int) -> str:
    """Open connections that do nothing and return what each adds to the memory of its server."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < connections + 100:
        return f"Idle connections: not measured: {connections} of them need more descriptors than {most}."
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    peers = [
        Server("spruce, its own loop", spruce("spruce_app.py", "--loop", "lean"), routed=True),
        Server("spruce, uvloop", spruce("spruce_app.py", "--loop", "uvloop"), routed=True),
        Server(UVICORN, uvicorn("raw_asgi:app", "asyncio"), routed=False),
    ]
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="bench-hosting-", ignore_cleanup_errors=True) as folder,
        running(peers, APPS, Path(folder)),
    ):
        for server in peers:
            if server.process and not server.trouble:
                drive(server, 1)  # so that what is made for requests is there
                rows.append([server.name, f"{kibibytes_of(server, connections):.1f}"])
    return table(f"{connections} idle connections, kept alive", ["KiB each"], rows)


def kibibytes_of(server: Server, connections: int) -> float:
    """Return by how many KiB a connection makes the server larger."""
    assert server.process
    before = resident(server.process.pid)
    opened = idle(server.port, connections)
    after = resident(server.process.pid)
    for sock in opened:
        sock.close()
    return (after - before) / connections


def resident(pid: int) -> int:
    """Return the KiB of memory that a process and its descendants have to themselves or share."""
    total = 0
    for member in process_tree(pid):
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{member}/smaps_rollup").read_text(), re.MULTILINE)
        total += int(found[1]) if found else 0
    return total
