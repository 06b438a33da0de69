"""What there is to see and to do for whoever looks after the jobs: the command line, the admin, a viewer.

All of this is about the database that jobs are in; it costs nothing as long as nobody looks.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from traceback import format_stack
from typing import Any

from spruce.errors import InvalidTask, TaskResultDoesNotExist, nearest
from spruce.tasks.backends import backend
from spruce.tasks.clock import wall
from spruce.tasks.definitions import registry
from spruce.tasks.embedded import Embedded, result_of
from spruce.tasks.engine import engines
from spruce.tasks.results import TaskResult, moment
from spruce.tasks.scheduling import Scheduler
from spruce.tasks.scheduling import schedules as known_schedules

__all__ = [
    "QueueState",
    "RunningJob",
    "ScheduleState",
    "clear",
    "failed",
    "pause",
    "queues",
    "replay",
    "resume",
    "running",
    "schedules",
]


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many jobs of a queue are `ready` for a worker, `waiting` for something else, `running` and `failed`.

    `lag` is for how many seconds the one that goes first has been due.
    """

    name: str
    ready: int
    waiting: int
    running: int
    failed: int
    lag: float


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job that runs: its result, the worker, for how many seconds; and where in its code it is, if that is here."""

    result: TaskResult[Any]
    worker: str
    seconds: float
    stack: str


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """A schedule: its task, when, the next and last tick, and whether it is paused."""

    name: str
    task: str
    definition: str
    next_runs: list[datetime]
    last_tick: datetime | None
    paused: bool


def _front() -> Embedded:
    found = backend()
    if not isinstance(found, Embedded):
        raise InvalidTask(f"the backend {found.name!r} keeps no jobs in a database to look at")
    return found


def queues() -> list[QueueState]:
    """All queues in which there are jobs, by name."""
    found: dict[str, dict[str, Any]] = {}
    for name, state, count, first in _front().store.counts():
        found.setdefault(name, {})[state] = (count, first)
    return [_queue(name, states) for name, states in sorted(found.items())]


def _queue(name: str, states: dict[str, Any]) -> QueueState:
    counts = {state: count for state, (count, _) in states.items()}
    waiting = sum(counts.get(state, 0) for state in ("WAITING", "BLOCKED", "HELD"))
    lag = max(0.0, wall() - states["READY"][1]) if "READY" in states else 0.0
    return QueueState(name, counts.get("READY", 0), waiting, counts.get("RUNNING", 0), counts.get("FAILED", 0), lag)


def running() -> list[RunningJob]:
    """The jobs that run, on all workers, the longest first."""
    here = {id_: execution for engine in engines() for id_, execution in engine.running.items()}
    found = []
    for row in _front().store.listed("RUNNING", 1000):
        execution = here.get(row["id"])
        thread = None if execution is None else execution.thread
        frame = None if thread is None else getattr(thread.carrier, "gr_frame", None)
        stack = "" if frame is None else "".join(format_stack(frame))
        found.append(RunningJob(_result(row), row["worker"] or "", wall() - (row["attempted"] or wall()), stack))
    return sorted(found, key=lambda one: -one.seconds)


def failed(limit: int = 100, task: str | None = None) -> list[TaskResult[Any]]:
    """The jobs that have failed for good, the latest first, of all tasks or one."""
    rows = (row for row in _front().store.listed("FAILED", 100_000 if task else limit) if task in (None, row["task"]))
    return [_result(row) for row in islice(rows, limit)]


def replay(id: str) -> bool:  # noqa: A002 - as the result's attribute
    """Have a job that has failed or was cancelled run again, with all its retries; False if it is neither.

    Raises TaskResultDoesNotExist.
    """
    return _front().replay(id)


def clear(id: str) -> bool:  # noqa: A002 - as the result's attribute
    """Remove a job that has ended; False if it has not, or there is none."""
    return _front().store.clear(id)


def schedules(runs: int = 1) -> list[ScheduleState]:
    """The schedules of this program, each with its next `runs`, those of a paused one too, by name."""
    rows = {row[0]: row for row in _front().store.ticks()}
    found = []
    for name, one in sorted(known_schedules.items()):
        row = rows.get(name)
        begun = row is not None and row[1] == str(one.ticks)
        tick = row[2] if row is not None and begun else one.ticks.after(wall())
        ticks = [tick]
        while len(ticks) < runs:
            ticks.append(one.ticks.after(ticks[-1]))
        last = None if row is None else moment(row[3])
        times = [when for when in map(moment, ticks) if when is not None]
        found.append(ScheduleState(name, one.task.path, str(one.ticks), times, last, row is not None and row[4]))
    return found


def pause(name: str) -> None:
    """Have a schedule enqueue nothing until it is resumed; its ticks pass. Raises InvalidTask for an unknown one."""
    _set_paused(name, True)


def resume(name: str) -> None:
    """Have a paused schedule go on with its next tick. Raises InvalidTask for an unknown one."""
    _set_paused(name, False)


def _set_paused(name: str, paused: bool) -> None:
    if name not in known_schedules:
        raise InvalidTask(f"there is no schedule {name!r}{nearest(name, known_schedules)}")
    front = _front()
    if front.store.tick(name) is None:
        Scheduler(front).fire(wall())
    front.store.pause(name, paused)


def _result(row: dict[str, Any]) -> TaskResult[Any]:
    """The result of a row, whose task may not exist any more."""
    try:
        return result_of(row, backend=_front().name)
    except InvalidTask:
        return result_of(row, _Gone(row["task"]), _front().name)  # type: ignore[arg-type] # as much of a task as a list shows


class _Gone:
    """A task that this program doesn't have."""

    func = None

    def __init__(self, path: str) -> None:
        self.path = self.name = path
        self.queue_name = "default"

    def __repr__(self) -> str:
        return f"<Task {self.path}, which this program does not have{nearest(self.path, registry)}>"

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """What is known of a job."""
        row = _front().store.get(result_id)
        if row is None:
            raise TaskResultDoesNotExist(f"there is no job {result_id!r}")
        return _result(row)

    def get_backend(self) -> Embedded:
        """What takes the jobs."""
        return _front()
