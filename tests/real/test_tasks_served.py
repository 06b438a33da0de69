"""Jobs beside requests, and in processes of their own, as a user runs them."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.real.conftest import SPRUCE, Served

PROGRAM = """
import os
from spruce import App, current_app, green, task
from spruce.tasks import get_result

app = App(__name__, static_folder=None, TASKS=os.environ.get("WHO", "embedded"))


@task
def greet(name):
    return f"{current_app.name} {os.getpid()} {name}"


@task
def long():
    open("began", "w").close()
    green.sleep(0.5 if os.path.exists("short") else 60)


@app.post("/greet/<name>")
def enqueue(name):
    return {"id": greet.enqueue(name).id, "pid": os.getpid()}


@app.post("/long")
def enqueue_long():
    return {"id": long.enqueue().id}


@app.get("/job/<id>")
def job(id: str):
    found = get_result(id)
    return {"status": found.status, "attempts": found.attempts, "value": found._return_value}
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(PROGRAM)
    return tmp_path


@pytest.fixture
def work(app: Path) -> Iterator[Callable[..., Served]]:
    """Start `spruce worker`; it must end well."""
    running: list[Served] = []

    def start(*arguments: str) -> Served:
        command = [str(SPRUCE), "worker", "app.py", *arguments]
        running.append(Served(command, app, {"WHO": "worker"}, announcement="Found "))
        return running[-1]

    yield start
    for worker in running:
        assert worker.stop() == 0, worker.output


def ended(served: Served, answer: tuple[int, str]) -> dict[str, object]:
    """What has come of the job that an answer names."""
    while True:
        found = json.loads(served.ask(f"/job/{json.loads(answer[1])['id']}")[1])
        if found["status"] not in ("READY", "RUNNING"):
            return dict(found)
        time.sleep(0.02)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.02)


def test_web_workers_run_jobs_beside_requests(app: Path, serve: Callable[..., Served]) -> None:
    """That a job runs in the process that took the request is likely, not promised."""
    served = serve("app.py", "--workers", "2")
    for name in ("ann", "bob", "cid"):
        found = ended(served, served.ask(f"/greet/{name}", "POST"))
        assert str(found["value"]).split()[::2] == ["app", name]


def test_a_server_that_stops_hands_back_what_has_not_finished(app: Path, serve: Callable[..., Served]) -> None:
    served = serve("app.py", "--grace", "1.5")
    answer = served.ask("/long", "POST")
    wait_for(app / "began")
    assert served.stop() == 0
    again = serve("app.py", "--grace", "3")
    found = json.loads(again.ask(f"/job/{json.loads(answer[1])['id']}")[1])
    assert (found["status"], found["attempts"]) in [("READY", 0), ("RUNNING", 1)]
    (app / "short").touch()


def test_workers_run_what_web_workers_leave_to_them(
    app: Path, serve: Callable[..., Served], work: Callable[..., Served]
) -> None:
    """One that is killed is replaced, and its job is done by the next."""
    served = serve("app.py", WHO="worker")
    worker = work("--processes", "1")
    first = str(ended(served, served.ask("/greet/ann", "POST"))["value"]).split()
    assert int(first[1]) not in (served.process.pid, worker.process.pid)
    answer = served.ask("/long", "POST")
    wait_for(app / "began")
    (app / "short").touch()
    os.kill(int(first[1]), signal.SIGKILL)
    found = ended(served, answer)
    assert (found["status"], found["attempts"]) == ("SUCCESSFUL", 2)
    assert "was killed by signal 9" in worker.output


def test_a_worker_of_one_process_ends_when_it_is_told(app: Path, work: Callable[..., Served]) -> None:
    worker = work("--processes", "0", "--queue", "mail")
    assert "with 2 tasks" in worker.output  # what it says when it can be told; then it is


@pytest.mark.parametrize("processes", ["0", "1"])
def test_a_worker_that_is_told_to_stop_while_it_starts_ends_well(app: Path, processes: str) -> None:
    """It is told by the program that it loads."""
    (app / "app.py").write_text(f"{PROGRAM}\nimport signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    ended = subprocess.run(
        [str(SPRUCE), "worker", "app.py", "--processes", processes], cwd=app, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")
