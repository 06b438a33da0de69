"""New code on SIGHUP, without a request that is turned away."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from textwrap import dedent
from threading import Event
from typing import Any

import pytest

APP = """
    from spruce import App

    app = App(__name__)

    @app.get("/")
    def index():
        return "VERSION"
"""
Serve = Callable[..., Any]


def write(folder: Path, version: str) -> None:
    """Put an app there that answers with its version."""
    path = folder / "shop.py"
    path.write_text(dedent(APP).replace("VERSION", version))
    os.utime(path, (0, len(version)))  # or else Python might take the last one's bytecode, made in the same second


def keep_asking(port: int, enough: Event, least: int) -> list[str]:
    """Ask on connections that are kept as long as the server keeps them, until there is enough; return the answers."""
    answers: list[str] = []
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    while not enough.is_set() or len(answers) < least:
        connection.request("GET", "/")
        answers.append(connection.getresponse().read().decode())
    connection.close()
    return answers


@pytest.mark.parametrize(
    ("workers", "reloads", "requests"),
    [("1", 3, 300), ("2", 5, 1000), pytest.param("2", 50, 10_000, marks=pytest.mark.soak)],
)
def test_no_request_is_dropped(serve: Serve, tmp_path: Path, workers: str, reloads: int, requests: int) -> None:
    """Keep-alive included; after each signal the newest code answers soon."""
    write(tmp_path, "v0")
    served = serve("shop.py", "--workers", workers)
    enough = Event()
    with ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(keep_asking, served.port, enough, requests // 4) for _ in range(4)]
        try:
            for number in range(1, reloads + 1):
                write(tmp_path, "v" + "x" * number)
                served.process.send_signal(signal.SIGHUP)
                while served.ask("/") != (200, "v" + "x" * number):
                    assert served.process.poll() is None
        finally:
            enough.set()
        answers = [answer for one in asking for answer in one.result()]
    assert len(answers) >= requests
    assert {*answers} <= {"v0", *("v" + "x" * number for number in range(1, reloads + 1))}


def test_code_that_fails_leaves_the_old_workers_and_is_told(serve: Serve, tmp_path: Path) -> None:
    write(tmp_path, "v0")
    served = serve("shop.py", "--workers", "2")
    (tmp_path / "shop.py").write_text("1 / 0\n")
    served.process.send_signal(signal.SIGHUP)
    served.wait_for("the new code ended with status 1 before it served; what serves goes on with the old code")
    assert "Error: importing 'shop' failed: ZeroDivisionError: division by zero\n" in served.output
    assert served.ask("/") == (200, "v0")
    write(tmp_path, "v-mended")
    served.process.send_signal(signal.SIGHUP)
    while served.ask("/") != (200, "v-mended"):
        assert served.process.poll() is None


def test_a_generation_that_is_killed_is_replaced(serve: Serve, tmp_path: Path) -> None:
    """Its workers finish what they have; the sockets were never closed."""
    write(tmp_path, "v0")
    served = serve("shop.py", "--workers", "2")
    (generation,) = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
    os.kill(int(generation), signal.SIGKILL)
    assert served.ask("/") == (200, "v0")
    served.wait_for(f"process {generation} was killed by signal 9 (SIGKILL) after ")
    assert served.ask("/") == (200, "v0")


def test_code_that_fails_at_the_first_start_ends_the_command(spruce: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("1 / 0\n")
    result = spruce("run", "shop.py", "--port", "0")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f'Traceback (most recent call last):\n  File "{tmp_path}/shop.py", line 1, in <module>\n    1 / 0\n'
        "    ~~^~~\nZeroDivisionError: division by zero\n"
        "Error: importing 'shop' failed: ZeroDivisionError: division by zero\n"
    )


def test_with_reload_the_browser_shows_what_fails_until_it_is_mended(serve: Serve, tmp_path: Path) -> None:
    """Also at the very first start."""
    (tmp_path / "shop.py").write_text("1 / 0\n")
    served = serve("shop.py", "--reload")
    status, page = served.ask("/", Accept="text/html")
    assert status == 503
    assert "<h1>The app does not start</h1>" in page
    assert "ZeroDivisionError: division by zero" in page
    write(tmp_path, "v-mended")
    served.wait_for("Restarting: shop.py changed")
    while (answer := served.ask("/")) != (200, "v-mended"):
        assert answer[0] == 503


def test_a_link_to_the_newest_release_is_followed(serve: Serve, tmp_path: Path) -> None:
    """As deployments do it: the folder that it was started in is a link, which leads elsewhere later."""
    for version in ("v1", "v-two"):
        (tmp_path / version).mkdir()
        write(tmp_path / version, version)
    (tmp_path / "current").symlink_to("v1")
    served = serve("shop:app", folder=tmp_path / "current", PWD=str(tmp_path / "current"))
    assert served.ask("/") == (200, "v1")
    (tmp_path / "next").symlink_to("v-two")
    (tmp_path / "next").rename(tmp_path / "current")
    served.process.send_signal(signal.SIGHUP)
    while served.ask("/") != (200, "v-two"):
        assert served.process.poll() is None
