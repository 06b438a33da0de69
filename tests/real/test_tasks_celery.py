"""Jobs that Celery carries, in its own workers and a real Redis: killed, stopped, too slow, cancelled; none is lost."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.real.conftest import SPRUCE, Served
from tests.tasks.carried import carrying, redis_server

from spruce.tasks.celeryfront import CeleryFront

PROGRAM = """
import os
import time
from spruce import App, green, schedule, task
from spruce.tasks import carrier, celeryworker

carrier.VISIBLE_SECONDS = 3
celeryworker._LOOK_SECONDS = 0.3
app = App("carried", static_folder=None, TASKS=os.environ["TASKS"], DATABASES={"default": "sqlite://"})


def tell(text):
    out = os.open("told", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(out, f"{text}\\n".encode())
    os.close(out)


@task
def count(number):
    tell(number)
    green.sleep(0.02)
    return number


@task(timeout=0.2)
def busy():
    while True:
        pass


@task
def long(name):
    tell(f"{name} {os.getpid()}")
    green.sleep(60 if os.path.exists("slow") else 0)
    return name


@schedule(every=0.5, missed="all", overlap=True)
@task(queue="ticks", takes_context=True)
def tick(context):
    tell(f"tick {context.scheduled_for.timestamp()}")
"""


pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with redis_server() as made:
        yield made


@pytest.fixture
def front(url: str, tmp_path: Path) -> Iterator[CeleryFront]:
    """What takes jobs for the workers, in an empty Redis; the program is in the folder."""
    (tmp_path / "app.py").write_text(PROGRAM)
    with carrying(url) as made:
        made.direct = True
        yield made


@pytest.fixture
def work(url: str, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start `spruce worker`; it ends with the test."""
    running: list[Served] = []

    def start(*arguments: str) -> Served:
        command = [str(SPRUCE), "worker", "app.py", *arguments]
        running.append(Served(command, tmp_path, {"TASKS": f"celery+{url}"}, announcement="Found "))
        return running[-1]

    yield start
    for worker in running:
        worker.stop(signal.SIGKILL)


def enqueue(front: CeleryFront, name: str, *args: object) -> str:
    """Enqueue a job of the program, which is not loaded here."""
    from spruce.tasks.arguments import packed
    from spruce.tasks.embedded import new_id

    row = {"id": new_id(), "task": f"app.{name}", "queue": "default", "priority": 0, "run_after": 0.0, "leads": False}
    rest = {"state": "READY", "arguments": packed(name, args, {}, {}), "enqueued": time.time(), "unique_key": None}
    return front.put(row | rest)


def row_of(front: CeleryFront, id_: str) -> dict[str, object]:
    row = front.records.get(id_)
    assert row is not None
    return row


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ended(front: CeleryFront, id_: str) -> dict[str, object]:
    wait_until(lambda: row_of(front, id_)["finished"])
    return row_of(front, id_)


def told(folder: Path) -> list[str]:
    path = folder / "told"
    return path.read_text().splitlines() if path.exists() else []


def test_a_worker_that_is_killed_loses_nothing(front: CeleryFront, work: Callable[..., Served], tmp_path: Path) -> None:
    """All of it is killed at once, in the middle of a job; and then a message is lost, as if right before it began."""
    ids = [enqueue(front, "count", number) for number in range(30)]
    worker = work("--queue", "default")
    wait_until(lambda: len(told(tmp_path)) > 10)
    os.kill(worker.process.pid, signal.SIGKILL)
    front.records.client.rpop("default\x06\x164")
    again = work("--queue", "default")
    for number, id_ in enumerate(ids):
        row = ended(front, id_)
        assert (row["state"], row["result"]) == ("SUCCESSFUL", str(number))
    assert set(told(tmp_path)) >= {str(number) for number in range(30)}
    assert again.stop() == 0, again.output


def test_a_process_that_is_killed_or_works_too_long_is_replaced(
    front: CeleryFront, work: Callable[..., Served], tmp_path: Path
) -> None:
    (tmp_path / "slow").touch()
    worker = work("--queue", "default", "--processes", "1", "--grace", "1")
    id_, late = enqueue(front, "long", "first"), enqueue(front, "busy")
    wait_until(lambda: told(tmp_path))
    (tmp_path / "slow").unlink()
    os.kill(int(told(tmp_path)[0].split()[1]), signal.SIGKILL)
    row = ended(front, id_)
    assert (row["state"], row["result"]) == ("SUCCESSFUL", '"first"')
    assert int(str(row["lost"])) >= 1
    row = ended(front, late)
    assert row["state"] == "FAILED"
    assert "busy() took longer than its 0.2 s" in str(row["errors"])
    (tmp_path / "slow").touch()
    id_ = enqueue(front, "long", "cancelled")
    wait_until(lambda: "cancelled" in told(tmp_path)[-1])
    front._cancel(id_)
    kept = enqueue(front, "long", "handed back")
    wait_until(lambda: "handed back" in told(tmp_path)[-1])
    assert row_of(front, id_)["state"] == "CANCELLED"
    assert worker.stop() == 0, worker.output
    (tmp_path / "slow").unlink()
    work("--queue", "default", "--processes", "0")
    row = ended(front, kept)
    assert (row["state"], row["result"]) == ("SUCCESSFUL", '"handed back"'), row


def test_each_tick_is_enqueued_once_by_two_workers(
    front: CeleryFront, work: Callable[..., Served], tmp_path: Path
) -> None:
    workers = [work("--processes", "0"), work("--processes", "0")]
    wait_until(lambda: len(told(tmp_path)) >= 3)
    os.kill(workers[0].process.pid, signal.SIGKILL)
    wait_until(lambda: len(told(tmp_path)) >= 6)
    assert workers[1].stop() == 0, workers[1].output
    ticks = [float(line.split()[1]) for line in told(tmp_path)]
    assert sorted({*ticks}) == [min(ticks) + step / 2 for step in range(len({*ticks}))]


def test_what_celery_cannot_do_is_refused_at_the_start(
    url: str, tmp_path: Path, spruce: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app.py").write_text(PROGRAM.replace("@task(timeout=0.2)", "@task(concurrency=1)"))
    monkeypatch.setenv("TASKS", f"celery+{url}")
    ended = spruce("worker", "app.py")
    assert ended.returncode == 1  # type: ignore[attr-defined] # a process that ended
    assert "app.busy has concurrency=1: Celery cannot limit" in ended.stderr  # type: ignore[attr-defined] # the same


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_twenty_kills_in_a_thousand_jobs(front: CeleryFront, work: Callable[..., Served], tmp_path: Path) -> None:
    ids = [enqueue(front, "count", number) for number in range(1000)]
    workers = [work("--queue", "default"), work("--queue", "default")]
    chance = random.Random(1)
    for kill in range(20):
        wait_until(lambda most=(kill + 1) * 45: len(told(tmp_path)) > most)  # type: ignore[misc] # bound at once
        number = chance.randrange(2)
        os.kill(workers[number].process.pid, signal.SIGKILL)
        workers[number] = work("--queue", "default")
    states = Counter(str(ended(front, id_)["state"]) for id_ in ids)
    assert states == {"SUCCESSFUL": 1000}
