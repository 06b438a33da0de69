"""Servers that are started together, checked for equal answers, and stopped by their own process groups."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from measure import server_and_client_cores

__all__ = ["Server", "fetch", "running"]

SECONDS_TO_START = 20
SECONDS_TO_STOP = 2


@dataclass
class Server:
    """A peer: its name in the table, its command with {port} and {folder} to be filled in, what went wrong."""

    name: str
    command: Sequence[str]
    routed: bool
    """Whether it takes the name from the path; one that doesn't answers everything as it answers /hello/world."""
    path: str = "/hello/world"
    answer: object = None
    """What the JSON at `path` must be; None where it is the greeting."""
    port: int = 0
    folder: Path = field(default_factory=Path)
    process: subprocess.Popen[bytes] | None = None
    trouble: str = ""

    @property
    def url(self) -> str:
        """What is measured."""
        return f"http://127.0.0.1:{self.port}{self.path}"


@contextlib.contextmanager
def running(
    servers: Sequence[Server], apps: Path, folder: Path, compare: Callable[[Server], str] | None = None
) -> Iterator[None]:
    """Start all servers on the first core and compare their answers. One that fails gets `trouble`; the rest go on."""
    try:
        for server in servers:
            start(server, apps, folder)
        for server in servers:
            if server.process:
                server.trouble = wait_until_up(server) or (compare or wrong_answer)(server)
        yield
    finally:
        stop([server.process for server in servers if server.process])


def start(server: Server, apps: Path, folder: Path) -> None:
    """Start a server in a session of its own, on a free port, with a folder for its output."""
    server.port = free_port()
    server.folder = Path(tempfile.mkdtemp(dir=folder))
    if (apps / "nginx.conf").is_file():
        config = (apps / "nginx.conf").read_text().replace("PORT", str(server.port))
        (server.folder / "nginx.conf").write_text(config.replace("FOLDER", str(server.folder)))
    core, _ = server_and_client_cores()
    with (server.folder / "output").open("wb") as output:
        try:
            server.process = subprocess.Popen(
                [word.format(port=server.port, folder=server.folder) for word in server.command],
                cwd=apps,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
        except FileNotFoundError:
            server.trouble = f"not installed: there is no {server.command[0]}"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_until_up(server: Server) -> str:
    """Wait until a server answers anything at all; return what is wrong with it, or ""."""
    assert server.process
    deadline = time.monotonic() + SECONDS_TO_START
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            fetch(server.url)
            return ""
        except OSError:
            time.sleep(0.1)
    lines = (server.folder / "output").read_text(errors="replace").strip().splitlines()
    return f"did not start: {lines[-1] if lines else 'it said nothing'}"


def fetch(url: str) -> tuple[int, bytes, str]:
    """Return status, body and content type of one GET."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read(), answer.headers.get("content-type", "")
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers.get("content-type", "")


def wrong_answer(server: Server) -> str:
    """Return how an answer of this server differs from what all must give, or ""."""
    if server.answer is not None:
        status, body, kind = fetch(server.url)
        if status == 200 and kind.startswith("application/json") and json.loads(body) == server.answer:
            return ""
        return f"wrong answer: {status}, {kind}, {body!r} instead of {server.answer}"
    for name in ["world", "Spruce"] if server.routed else ["world"]:
        expected = (200, f"Hello, {name}".encode(), "text/html; charset=utf-8")
        if (got := fetch(f"http://127.0.0.1:{server.port}/hello/{name}")) != expected:
            return f"wrong answer: {got} instead of {expected}"
    return ""


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the process groups that were started here: politely, then not."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signum)
        deadline = time.monotonic() + SECONDS_TO_STOP
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.01, deadline - time.monotonic()))
