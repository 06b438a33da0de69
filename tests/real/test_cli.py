"""The command `spruce` in real processes: serving each kind of app, and refusing in one line."""

import signal
import socket
import sys
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

HELLO = """
    from spruce import App

    app = App(__name__)

    @app.get("/hello/<name>")
    def hello(name):
        return f"Hello, {name}!"

    @app.get("/broken")
    def broken():
        return 1 / 0
"""
WSGI = """
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"Hello, " + environ["PATH_INFO"].rpartition("/")[2].encode() + b"!"]
"""
ASGI = """
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        name = scope["path"].rpartition("/")[2].encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"Hello, " + name + b"!"})
"""

Serve = Callable[..., Any]
Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def programs(tmp_path: Path) -> None:
    """The programs that are served, in the folder where the command runs."""
    for name, source in {"hello": HELLO, "plain": WSGI, "modern": ASGI}.items():
        (tmp_path / f"{name}.py").write_text(dedent(source))


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("hello.py", "hello:app, a Spruce app"),
        ("hello:app", "hello:app, a Spruce app"),
        ("plain.py", "plain:application, a WSGI app"),
        ("modern.py", "modern:app, an ASGI app"),
        ("hello:app.asgi", "hello:app.asgi, an ASGI app"),
    ],
)
def test_every_kind_of_app_is_served_and_named(serve: Serve, target: str, found: str) -> None:
    """What was found is told in the first line, where it listens in the last."""
    served = serve(target)
    assert served.ask("/hello/world") == (200, "Hello, world!")
    assert served.stop() == 0
    lines = served.output.splitlines()
    assert (lines[0], lines[-1]) == (f"Found {found}", f"Serving on {served.url} (Ctrl+C stops it)")


@pytest.mark.parametrize("loop", ["lean", "asyncio", "uvloop"])
def test_every_loop_serves(serve: Serve, loop: str) -> None:
    """The same answers on every loop."""
    assert serve("hello.py", "--loop", loop).ask("/hello/world") == (200, "Hello, world!")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_ends_it_cleanly(serve: Serve, number: signal.Signals, workers: str) -> None:
    """Status 0 and no traceback, with one process or several."""
    served = serve("hello.py", "--workers", workers)
    assert served.ask("/hello/world") == (200, "Hello, world!")
    assert served.stop(number) == 0
    assert "Traceback" not in served.output


def test_the_variable_names_the_app(serve: Serve) -> None:
    """Without a target SPRUCE_APP is served."""
    assert serve(SPRUCE_APP="plain.py").ask("/world") == (200, "Hello, world!")


def test_debug_shows_the_error_and_production_does_not(serve: Serve) -> None:
    """The page of a failing view tells everything in debug mode and nothing otherwise; the log has it in both."""
    for options, shown in ((["--debug", "--no-reload"], True), ([], False)):
        served = serve("hello.py", *options)
        cookie = served.give_debug_token() if shown else "none=1"
        status, page = served.ask("/broken", Accept="text/html", Cookie=cookie)
        assert status == 500
        assert ("ZeroDivisionError" in page) is shown
        served.stop()
        assert "ZeroDivisionError: division by zero" in served.output
        assert ('"GET /broken" 500' in served.output) is shown  # each answer is told in debug mode


def test_a_unix_socket_serves(serve: Serve, tmp_path: Path) -> None:
    """Beside an address; the path is gone afterwards."""
    path = tmp_path / "app.sock"
    served = serve("hello.py", "--bind", f"unix:{path}", "--bind", "127.0.0.1:0")
    connection = HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(path))
    connection.request("GET", "/hello/world")
    assert connection.getresponse().read() == b"Hello, world!"
    connection.close()
    assert served.ask("/hello/world") == (200, "Hello, world!")
    assert served.stop() == 0
    assert not path.exists()


def test_a_change_restarts_it_in_reload_mode(serve: Serve, tmp_path: Path) -> None:
    """The address stays open, and soon the answer is that of the new code."""
    served = serve("hello.py", "--reload")
    assert served.ask("/hello/world") == (200, "Hello, world!")
    (tmp_path / "hello.py").write_text(dedent(HELLO).replace("Hello, {name}", "Good day, {name}"))
    served.wait_for("Restarting: hello.py changed")
    served.wait_for("Found hello:app", times=2)
    assert served.ask("/hello/world") == (200, "Good day, world!")


def test_a_port_in_use_says_what_to_do(spruce: Run) -> None:
    """Another process's port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = spruce("run", "hello.py", "--port", str(port))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: 127.0.0.1:{port} is in use")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (["run", "helo.py"], "Error: there is no file 'helo.py'; did you mean 'hello.py'?"),
        (["run", "helo"], "Error: there is no module 'helo'; did you mean 'hello'?"),
        (["run", "hello:ap"], "Error: module 'hello' has no 'ap'; did you mean 'app'?"),
        (["run", "hello.py", "--loop", "uvlop"], "Error: there is no loop 'uvlop'; did you mean 'uvloop'?"),
        (["run", "hello.py", "--bind", "nonsense"], "Error: 'nonsense' is no address to listen on."),
        (["routes", "plain.py"], "Error: plain:application, a WSGI app, has no routes that Spruce can list."),
    ],
)
def test_a_mistake_is_told_in_one_line(spruce: Run, arguments: list[str], start: str) -> None:
    """No traceback, and what to do instead."""
    result = spruce(*arguments)
    assert result.returncode == 1
    assert result.stderr.startswith(start)
    assert result.stderr.count("\n") == 1


def test_version_and_routes(spruce: Run) -> None:
    """The commands that answer and end."""
    assert spruce("--version").stdout.startswith("Spruce ")
    assert spruce("--version").stdout.endswith(f", Python {sys.version.split()[0]}\n")
    assert "/hello/<name>" in spruce("routes", "hello.py").stdout
