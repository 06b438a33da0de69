"""What goes wrong in a worker stays there, is told, and is over soon; and a stop cuts nobody."""

import os
import re
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from websockets.sync.client import connect

APP = """
    import ctypes, os, re, signal
    from spruce import App, green

    app = App(__name__)
    kept = []

    @app.get("/")
    def index():
        return str(os.getpid())

    @app.get("/slow")
    def slow():
        open("begun", "a").write(".")
        green.sleep(0.6)
        return "done"

    @app.get("/compute")
    def compute():
        return str(re.match("(a+)+$", "a" * 50 + "b"))

    @app.get("/die/<how>")
    def die(how):
        if how == "exit":
            os._exit(3)
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        ctypes.string_at(0)

    @app.get("/grow")
    def grow():
        kept.append(b"x" * 100_000_000)
        return "grown"

    @app.websocket("/ws")
    def echo(ws):
        for message in ws:
            ws.send(message)
"""
Serve = Callable[..., Any]


@pytest.fixture(autouse=True)
def program(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(dedent(APP))


def wait_until_begun(folder: Path, count: int) -> None:
    """Wait until so many slow requests are in flight."""
    begun = folder / "begun"
    while not begun.exists() or len(begun.read_text()) < count:
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("how", "told"), [("exit", "exited with 3"), ("kill", "by signal 9"), ("segfault", "by signal 11")]
)
def test_a_crash_loses_its_own_request_only(serve: Serve, tmp_path: Path, how: str, told: str) -> None:
    """The one worker that there is comes back within a second; what the other one had in flight is finished."""
    served = serve("shop.py", "--workers", "2")
    with ThreadPoolExecutor(4) as threads:
        slow = [threads.submit(served.ask, "/slow") for _ in range(3)]
        wait_until_begun(tmp_path, 3)
        with pytest.raises(OSError, match=r"reset|without response"):
            served.ask(f"/die/{how}")
        assert re.match(rf"worker \d+ (was killed )?{told}", served.wait_for(told))
        assert served.ask("/")[0] == 200
        ends = [one.exception() for one in slow]
    assert all(end is None or isinstance(end, OSError) for end in ends)


def test_a_worker_that_computes_without_end_is_named_and_replaced(serve: Serve) -> None:
    """Though it holds the interpreter's lock, as a regular expression does."""
    served = serve("shop.py", "--hang", "2")
    before = served.ask("/")
    with ThreadPoolExecutor(1) as threads:
        lost = threads.submit(served.ask, "/compute")
        line = served.wait_for("is held up")
        assert re.fullmatch(r"worker \d+ is held up by .*/shop\.py:\d+ in compute; the last call first:\n", line)
        line = served.wait_for("replacing worker")
        assert re.fullmatch(
            r"replacing worker \d+, which has been held up for 2 s by .*/shop\.py:\d+ in compute; .*\n", line
        )
        assert isinstance(lost.exception(), OSError)
    assert served.ask("/") != before


def test_a_worker_that_has_grown_is_replaced(serve: Serve) -> None:
    served = serve("shop.py", "--max-memory", "100M")
    before = served.ask("/")
    assert served.ask("/grow") == (200, "grown")
    line = served.wait_for("MiB of memory")
    assert re.fullmatch(r"worker \d+ has \d+\.\d MiB of memory, its limit is 100\.0 MiB; another one starts\n", line)
    while served.ask("/") == before:
        time.sleep(0.01)


@pytest.mark.parametrize("workers", ["0", "1", "2"])
def test_a_stop_cuts_nobody(serve: Serve, tmp_path: Path, workers: str) -> None:
    """Requests in flight, one that waits to be accepted, an idle connection, and a WebSocket, which is told."""
    served = serve("shop.py", "--workers", workers)
    idle = socket.create_connection((served.host, served.port), timeout=30)
    idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert idle.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    with ThreadPoolExecutor(8) as threads, connect(f"ws://{served.host}:{served.port}/ws") as websocket:
        websocket.send("hello")
        assert websocket.recv(timeout=30) == "hello"
        slow = [threads.submit(served.ask, "/slow") for _ in range(8)]
        wait_until_begun(tmp_path, 8)
        waiting = socket.create_connection((served.host, served.port), timeout=30)
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        served.process.send_signal(signal.SIGTERM)
        assert [one.result() for one in slow] == [(200, "done")] * 8
        assert waiting.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        assert idle.recv(65536) == b""
        with pytest.raises(Exception, match="1001"):
            websocket.recv(timeout=30)
    for sock in (idle, waiting):
        sock.close()
    assert served.process.wait(30) == 0


def test_the_terminal_is_for_the_first_process(serve: Serve, tmp_path: Path) -> None:
    """Ctrl+C reaches every process of the group, and yet nobody is cut."""
    served = serve("shop.py", "--workers", "2")
    children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
    workers = [pid for child in children for pid in Path(f"/proc/{child}/task/{child}/children").read_text().split()]
    with ThreadPoolExecutor(4) as threads:
        slow = [threads.submit(served.ask, "/slow") for _ in range(4)]
        wait_until_begun(tmp_path, 4)
        for pid in (*workers, *children, str(served.process.pid)):
            os.kill(int(pid), signal.SIGINT)
        assert [one.result() for one in slow] == [(200, "done")] * 4
    assert served.process.wait(30) == 0
    assert "Traceback" not in served.output
