"""What `spruce ps` prints; that servers answer it is tried in tests/real."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from spruce.cli.main import main
from spruce.cli.ps import _lines, _printable, span

WORKER = {
    "pid": 12,
    "started": 1000.0,
    "cpu_seconds": 2.5,
    "memory": 50 * 2**20,
    "requests": 12345,
    "connections": 3,
    "lag": 0.0,
    "worst_lag": 0.0021,
    "held_up": None,
    "in_flight": [
        {
            "method": "GET",
            "path": "/report/7",
            "route": "/report/<int:id>",
            "client": "127.0.0.1",
            "age": 12.34,
            "does": "waits for Event.wait()",
            "stack": ['  File "shop.py", line 3, in report\n    event.wait()\n'],
        }
    ],
}
INSTANCE = {
    "pid": 11,
    "state": "serving",
    "started": 1000.0,
    "addresses": ["http://127.0.0.1:5000"],
    "command": ["spruce", "run", "shop.py"],
    "processes": [WORKER, {"pid": 13, "silent": True}, {**WORKER, "pid": 14, "held_up": 3.21, "in_flight": []}],
}


@pytest.fixture(autouse=True)
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPRUCE_RUN_DIR", str(tmp_path))
    return tmp_path


def test_nothing_runs() -> None:
    for arguments, said in (([], "No server of Spruce runs here"), (["7"], "No server of Spruce has the number 7")):
        result = CliRunner().invoke(main, ["ps", *arguments])
        assert (result.exit_code, result.output) == (0, f"{said}\n")
    assert CliRunner().invoke(main, ["ps", "--json"]).output == "[]\n"


def test_workers_stand_in_columns_with_their_requests_below() -> None:
    assert list(_lines(INSTANCE, 1090.0)) == [
        "spruce 11  serving  up 1 min  http://127.0.0.1:5000",
        "  spruce run shop.py",
        "  worker              age    cpu    memory  requests  connections  in flight                lag",
        "      12            1 min  2.5 s  50.0 MiB    12,345            3          1             2.1 ms",
        "      12.3 s  GET /report/7  [/report/<int:id>]  waits for Event.wait()",
        '            File "shop.py", line 3, in report',
        "              event.wait()",
        "      13  does not answer",
        "      14            1 min  2.5 s  50.0 MiB    12,345            3          0  held up for 3.2 s",
    ]


def test_one_process_alone_has_no_supervisor_to_tell_of() -> None:
    assert next(_lines({"pid": 12, "processes": [WORKER]}, 1000.0)) == "spruce 12"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-0.1, "0.0 s"), (3.21, "3.2 s"), (90, "1 min"), (3600 * 5 + 200, "5 h 3 min"), (86400 * 2 + 15000, "2 d 4 h")],
)
def test_times_are_said_as_people_do(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_a_terminal_obeys_nothing_that_it_shows() -> None:
    """Another user may have written it."""
    assert _printable("GET /\x1b[2J é") == "GET /?[2J é"


def test_a_process_that_was_killed_is_not_shown_and_one_that_lives_is(run_folder: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    own = run_folder / str(os.getpid())
    own.mkdir()
    for pid in (ended.pid, os.getpid()):
        (own / f"{pid}.sock").touch()
    result = CliRunner().invoke(main, ["ps", "--json"])
    assert json.loads(result.output) == [{"pid": os.getpid(), "processes": [{"pid": os.getpid(), "silent": True}]}]
