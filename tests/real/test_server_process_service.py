"""Under a service manager: sockets that it opens, what it is told, and health while the app starts and stops."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

ASGI = """
    import asyncio, os

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            while not os.path.exists("go"):
                await asyncio.sleep(0.01)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"hello"})
"""
ACTIVATED = """
import os, sys
os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), "1"
os.dup2(int(sys.argv[1]), 3)
os.execv(sys.argv[2], sys.argv[2:])
"""
Serve = Callable[..., Any]


@pytest.fixture(autouse=True)
def program(tmp_path: Path) -> None:
    (tmp_path / "modern.py").write_text(dedent(ASGI))


def status(connection: HTTPConnection, path: str) -> tuple[int, bytes]:
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_manager_is_told_and_has_opened_the_socket(tmp_path: Path, workers: str) -> None:
    (tmp_path / "go").touch()
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        port = listening.getsockname()[1]
        spruce = Path(sys.executable).with_name("spruce")
        command = [spruce, "run", "modern.py", "--workers", workers]
        service = subprocess.Popen(
            [sys.executable, "-c", ACTIVATED, str(listening.fileno()), *command],
            cwd=tmp_path,
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"},
            pass_fds=[listening.fileno()],
        )
        listening.close()
        try:
            assert manager.recv(1000).startswith(b"READY=1")
            assert manager.recv(1000) == b"WATCHDOG=1"
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            assert status(connection, "/") == (200, b"hello")
            connection.close()
            if workers != "0":
                service.send_signal(signal.SIGHUP)
                told = [manager.recv(1000)]
                while not told[-1].startswith(b"READY=1"):
                    told.append(manager.recv(1000))
                assert any(one.startswith(b"RELOADING=1\nMONOTONIC_USEC=") for one in told)
            service.terminate()
            while (told_last := manager.recv(1000)) != b"STOPPING=1":
                assert told_last == b"WATCHDOG=1"
            assert service.wait(30) == 0
        finally:
            service.kill()
            service.wait()


@pytest.mark.parametrize("workers", ["0", "1"])
def test_health_tells_that_the_app_starts_and_stops(tmp_path: Path, workers: str) -> None:
    """Other requests wait until it has started; when it stops, those who ask have time to notice."""
    path = tmp_path / "app.sock"
    command = [Path(sys.executable).with_name("spruce"), "run", "modern.py", "--workers", workers]
    command += ["--bind", f"unix:{path}?mode=600", "--health", "/healthz", "--live", "/live", "--notice", "3600"]
    service = subprocess.Popen(command, cwd=tmp_path)
    try:
        connection = connected(path)
        assert status(connection, "/healthz") == (503, b"starting\n")
        assert status(connection, "/live") == (200, b"starting\n")
        other = connected(path)
        other.request("GET", "/")
        (tmp_path / "go").touch()
        assert other.getresponse().read() == b"hello"
        assert status(connection, "/healthz") == (200, b"ready\n")
        service.terminate()
        while status(connection, "/healthz") != (503, b"stopping\n"):
            assert status(connection, "/live")[0] == 200
        assert status(connection, "/") == (200, b"hello")
        connection.close()
        other.close()
        service.terminate()
        assert service.wait(30) == 0
    finally:
        service.kill()
        service.wait()


def connected(path: Path) -> HTTPConnection:
    """Return a connection to a Unix socket, as soon as there is one that listens."""
    connection = HTTPConnection("localhost", timeout=30)
    while connection.sock is None:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(30)
        with suppress(FileNotFoundError, ConnectionRefusedError):
            sock.connect(str(path))
            connection.sock = sock
            return connection
        sock.close()
    return connection
