"""What performance monitoring costs: a page of two queries and a template, with all of it recorded and sent, or none.

The collector is a server that takes everything; its own CPU is not counted.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from http_bench import CONNECTIONS, measure
from http_servers import Server, fetch, running
from measure import Figures, Target, table, verdicts
from peers import HERE, PEER_PYTHON

__all__ = ["report"]

APPS = HERE / "apm_peers"
PATH = "/category/1"
OFF, ON = "spruce", "spruce, all recorded and sent"
FLASK_OFF, FLASK_ON = "Flask on gunicorn", "Flask, elastic-apm"
TARGETS = [Target(ON, OFF, 1.10)]
_SHARE = 0.3  # of what elastic-apm adds


class Collector(BaseHTTPRequestHandler):
    """Takes what is posted, and knows of nothing else."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(202)

    def do_GET(self) -> None:
        self._answer(200)

    def _answer(self, status: int) -> None:
        body = b'{"version": "8.15.0"}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def servers(collector: str) -> list[Server]:
    """Each app without and with monitoring, one worker each."""
    spruce = [f"{Path(sys.executable).parent}/spruce", "run", "page_spruce.py", "--workers", "1", "--port", "{port}"]
    gunicorn = [
        f"{PEER_PYTHON.parent}/gunicorn",
        "--log-level",
        "error",
        "--worker-class",
        "gthread",
        "--threads",
        "1",
        "--bind",
        "127.0.0.1:{port}",
        "page_flask:app",
    ]
    recorded = ["env", f"COLLECTOR={collector}"]
    return [
        Server(name, command, routed=True, path=PATH)
        for name, command in (
            (OFF, spruce),
            (ON, [*recorded, *spruce]),
            (FLASK_OFF, gunicorn),
            (FLASK_ON, [*recorded, *gunicorn]),
        )
    ]


def wrong_page(server: Server) -> str:
    """Return what is wrong with the page of a server, or ""."""
    status, body, _ = fetch(server.url)
    return "" if status == 200 and body.count(b"<li>Tool ") == 10 else f"answered {status}: {body[:100]!r}"


def report(rounds: int, seconds: int) -> str:
    """Return the table and its verdicts."""
    if not Path("/proc/self/task").exists() or not shutil.which("wrk"):
        return "Performance monitoring: not measured: this needs Linux and wrk: apt-get install wrk"
    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    collector.daemon_threads = True
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    peers = servers(f"http://127.0.0.1:{collector.server_port}")
    with (
        tempfile.TemporaryDirectory(prefix="bench-apm-", ignore_cleanup_errors=True) as folder,
        running(peers, APPS, Path(folder), wrong_page),
    ):
        figures = measure(peers, rounds, seconds)
    collector.shutdown()
    collector.server_close()
    return _told(peers, figures)


def _told(peers: list[Server], figures: Figures) -> str:
    title = f"A page of two queries and a template, {CONNECTIONS} connections"
    rows = [[peer.name, *_figures(peer.name, figures)] for peer in peers]
    notes = [f"{peer.name}: {peer.trouble}" for peer in peers if peer.trouble]
    told = [*verdicts(TARGETS, figures), *_against_elastic(figures)]
    return "\n".join([table(title, ["CPU µs", "lowest"], rows), *notes, *told])


def _figures(name: str, figures: Figures) -> list[str]:
    return [f"{figures.median(name):.1f}", f"{figures.lowest(name):.1f}"] if name in figures else ["–", "–"]


def _against_elastic(figures: Figures) -> list[str]:
    """What ours adds to a request, as a share of what elastic-apm does."""
    if not all(name in figures for name in (OFF, ON, FLASK_OFF, FLASK_ON)):
        return []
    ours = figures.lowest(ON) - figures.lowest(OFF)
    theirs = figures.lowest(FLASK_ON) - figures.lowest(FLASK_OFF)
    share = ours / theirs
    outcome = "reached" if share <= _SHARE else "MISSED"
    return [f"{outcome}: it adds {ours:.1f} µs, {share:.2f} × elastic-apm's {theirs:.1f} µs (target: at most {_SHARE})"]
