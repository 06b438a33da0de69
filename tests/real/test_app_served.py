"""An app served by itself with `app.run()`, and by a WSGI server of others, in processes of their own."""

import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

VIEWS = """
    import asyncio
    import os
    import signal
    from wsgiref.simple_server import make_server

    from spruce import App, green
    from spruce.web import request

    app = App(__name__)

    @app.get("/hello/<name>")
    def hello(name):
        return f"Hello, {name}, at {request.path}"

    @app.get("/async")
    async def later():
        await asyncio.sleep(0)
        return "later"

    @app.get("/waiting")
    def waiting():
        return green.spawn(lambda: request.path).wait()

    @app.post("/form")
    def form():
        return request.form["name"]

    @app.get("/broken")
    def broken():
        return 1 / 0
"""
RUN = """
    app.run(port=0, debug=True, reload=False)
"""
WSGIREF = """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # wsgiref would take a SystemExit for an error of the app
    server = make_server("127.0.0.1", 0, app)
    print(f"Serving on http://127.0.0.1:{server.server_port}")
    with server:
        server.serve_forever()
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """Make a program of its own of the views and an end."""

    def make(end: str) -> Path:
        path = tmp_path / "hello.py"
        path.write_text(f"#!{sys.executable}\n" + dedent(VIEWS) + dedent(end))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


@pytest.mark.parametrize("end", [RUN, WSGIREF])
def test_an_app_is_served(serve: Callable[..., Any], program: Callable[[str], Path], end: str) -> None:
    """Views that return at once, wait, or are async; forms; and what isn't there."""
    served = serve(program=program(end))
    assert served.ask("/hello/ann") == (200, "Hello, ann, at /hello/ann")
    assert [served.ask("/async") for _ in range(2)] == [(200, "later")] * 2
    assert served.ask("/waiting") == (200, "/waiting")
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert served.ask("/form", "POST", b"name=%E7%86%8A", **form) == (200, "熊")
    assert served.ask("/nope")[0] == 404


def test_a_port_in_use_ends_the_program_with_one_line(program: Callable[[str], Path]) -> None:
    """No traceback: the line says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = program(f"\napp.run(port={port})\n")
        ended = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=False)
    line = f"Error: 127.0.0.1:{port} is in use by another process. Stop that process or choose another port\n"
    assert (ended.returncode, ended.stderr) == (1, line)


def test_debug_mode_shows_the_error_to_this_machine_only(
    serve: Callable[..., Any], program: Callable[[str], Path]
) -> None:
    """After the token was given; a forwarded request gets the plain page all the same; both are logged."""
    served = serve(program=program(RUN))
    cookie = served.give_debug_token()
    status, page = served.ask("/broken", Cookie=cookie)
    assert (status, "<h1>ZeroDivisionError</h1>" in page) == (500, True)
    status, page = served.ask("/broken", Cookie=cookie, X_Forwarded_For="10.0.0.1")
    assert (status, "ZeroDivisionError" in page) == (500, False)
    served.wait_for("GET '/broken' failed: ZeroDivisionError('division by zero')", 2)
