"""`spruce tasks`."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spruce.cli.main import main
from spruce.tasks.scheduling import schedules

Write = Callable[..., Path]

PROGRAM = """
from spruce import App, schedule, task
from spruce.tasks import Task

app = App(__name__, DATABASES={{"default": "sqlite:///{folder}/test.db"}})

@schedule(cron="@yearly", tz="UTC")
@task
def yearly(): ...

@task(queue="mail")
def send(to, subject=""): raise ValueError(to)
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["tasks", *arguments])


def run_in(tmp_path: Path, code: str) -> str:
    """Do something in the app; return what it prints."""
    return run_shell(f"from app import *; from spruce import tasks; app.app_context().push(); {code}", tmp_path)


def run_shell(code: str, tmp_path: Path) -> str:
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def _app(write: Write, tmp_path: Path) -> object:
    before = dict(schedules)
    write("app.py", PROGRAM.format(folder=tmp_path))
    yield
    schedules.clear()
    schedules.update(before)


def test_where_there_is_nothing(tmp_path: Path) -> None:
    assert [run(name).output for name in ("queues", "running", "failed")] == [
        *("There are no jobs\n", "No job runs\n", "No job has failed\n")
    ]


def test_jobs_are_shown_cancelled_replayed_and_cleared(tmp_path: Path) -> None:
    id_ = run_in(tmp_path, "print(send.enqueue('bob', subject='熊猫').id)")
    assert re.fullmatch(
        r"queue  ready  waiting  running  failed  lag\nmail       1        0        0       0  \d+\.\d s\n",
        run("queues").output,
    )
    assert run("queues", "--json").output.startswith('[{"name": "mail", "ready": 1, ')
    shown = run("show", id_).output
    assert shown.startswith('task:      app.send\nstatus:    READY\narguments: [["bob"], {"subject": "熊猫"}]\n')
    assert run("clear", id_).output == f"{id_} has not ended, or is not there\n"
    assert run("cancel", id_).output == f"{id_} is cancelled, or will be within a second\n"
    again = run("cancel", id_)
    assert (again.output, again.exit_code) == (f"{id_} has ended already\n", 1)
    assert run("replay", id_).output == f"{id_} will run again\n"
    assert run("replay", "nothing").output == (
        "there is no job 'nothing'. It never was, or has been removed since it ended (TASKS_KEEP).\n"
    )


def test_what_has_failed_is_listed_with_its_error(tmp_path: Path) -> None:
    id_ = run_in(
        tmp_path,
        "from spruce.tasks.engine import Engine; from spruce.tasks.store import Store; r = send.enqueue('bo\\x1bb'); "
        "e = Engine(Store.chosen()); e.start(); exec('while not r.is_finished:\\n import spruce.green\\n "
        "spruce.green.sleep(.01)\\n r.refresh()'); e.stop(); print(r.id)",
    )
    listed = run("failed").output.splitlines()
    assert listed[0].split() == ["id", "task", "attempts", "failed", "error"]
    assert listed[1].startswith(f"{id_}  app.send")
    assert listed[1].endswith("ago  ValueError: bo?b")
    assert run("show", id_).output.endswith("\nValueError: bo?b\n"), "a terminal obeys nothing that a job has written"
    assert run("failed", "--task", "app.other").output == "No job has failed\n"
    assert run("replay", "--all").output == f"{id_} will run again\n"
    assert run("clear", "--all").output == ""


def test_schedules_are_shown_paused_and_resumed(tmp_path: Path) -> None:
    shown = run("schedule", "--runs", "1").output
    assert re.fullmatch(
        r"schedule    when           next\napp.yearly  0 0 1 1 \* UTC  \d{4}-01-01 00:00:00\n", shown
    ), shown
    assert run("pause", "app.yearly").output == "app.yearly is paused\n"
    assert run("schedule").output.endswith("paused\n")
    assert run("resume", "app.yearly").output == "app.yearly goes on\n"
    assert run("pause", "app.yearl").stderr == "Error: there is no schedule 'app.yearl'; did you mean 'app.yearly'?\n"
