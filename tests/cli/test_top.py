"""`spruce top`: the viewer's first page in the terminal."""

import json
import time

import pytest
from click.testing import CliRunner, Result
from tests.cli.conftest import Write

from spruce.apm.history import History
from spruce.cli.main import main

APP = """
from spruce import App

app = App(__name__, VIEWER_FILE="seen.db")
"""


@pytest.fixture
def top(write: Write) -> "type[Top]":
    write("app.py", APP)
    return Top


class Top:
    """The command, and a file with what it shows."""

    @staticmethod
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--app", "app.py", "top", *arguments])

    @staticmethod
    def seen() -> History:
        history = History("seen.db")
        add = "INSERT INTO request (uid, at, seconds, name, failed) VALUES (?, ?, ?, ?, ?)"
        for number in range(4):
            history.change(add, (f"uid{number}", time.time(), 0.01 * (number + 1), "GET /shelves", number == 3))
        flight = (
            '{"pid": 7, "threads": 3, "dropped": 0, "flights": [{"uid": "abc", "name": "GET /slow", "seconds": 2.5,'
            ' "waits_for": "sleep()", "stack": ["shop.py:5 slow\\n    sleep(9)"]}]}'
        )
        # as a worker tells it, somewhat later than the command begins to look
        history.change("INSERT INTO flight VALUES (7, ?, ?)", (time.time() + 30, flight))
        return history


def test_it_shows_what_is_in_flight_and_the_busiest_routes(top: type[Top]) -> None:
    top.seen()
    result = top.run("--once", "--stacks")
    assert result.output == (
        "1 workers, 3 green threads, 1 in flight\n"
        "\n"
        "  for   id  worker  what       waits for\n"
        "2.5 s  abc       7  GET /slow  sleep()\n"
        "    shop.py:5 slow\n"
        "        sleep(9)\n"
        "\n"
        "requests  failed    p50    p95    p99  route, last minute\n"
        "       4       1  20 ms  40 ms  40 ms  GET /shelves\n"
    )


def test_it_cancels_by_id(top: type[Top]) -> None:
    history = top.seen()
    assert top.run("--cancel", "abc").output == "abc is cancelled within a second, if it runs still.\n"
    assert [row["uid"] for row in history.rows("SELECT uid FROM cancel")] == ["abc"]


def test_without_a_viewer_it_says_what_to_do(top: type[Top]) -> None:
    result = top.run("--once")
    assert result.exit_code == 1
    assert result.output.endswith(
        "Error: there is nothing to see in seen.db. The viewer writes it while the app is served: in debug mode, or "
        "with VIEWER_AUTHORIZE.\n"
    )


def test_what_visitors_have_chosen_says_nothing_to_the_terminal(top: type[Top]) -> None:
    """An escape would clear it, or write what looks like something else."""
    history = top.seen()
    add = "INSERT INTO request (uid, at, seconds, name, failed) VALUES ('odd', ?, 1, ?, 0)"
    history.change(add, (time.time(), "GET /\x1b[2J\nroot # \u202e"))
    flight = {"uid": "abc", "name": "\x1b]0;x\x07", "seconds": 2.5, "waits_for": "", "stack": ["a.py:1 f\n    \x9b2J"]}
    told = {"pid": 8, "threads": 1, "dropped": 0, "flights": [flight]}
    history.change("INSERT INTO flight VALUES (8, ?, ?)", (time.time() + 30, json.dumps(told)))
    output = top.run("--once", "--stacks").output
    assert r"GET /\x1b[2J\nroot # \u202e" in output
    assert r"\x1b]0;x\x07" in output
    assert r"    \x9b2J" in output
    assert all(line.isprintable() for line in output.splitlines())
