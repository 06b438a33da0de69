"""The embedded engine's front: jobs go into a table of the app's own database, in the transaction that is open."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

from spruce import db
from spruce.db.transactions import opened
from spruce.errors import TaskResultDoesNotExist
from spruce.events import task_enqueued
from spruce.tasks.arguments import given, packed, unpacked
from spruce.tasks.bells import knock
from spruce.tasks.clock import wall
from spruce.tasks.definitions import Task, find_task
from spruce.tasks.engine import CHANNEL, Engine, engines
from spruce.tasks.results import TaskError, TaskResult, TaskResultStatus, moment
from spruce.tasks.store import Store

__all__ = ["Embedded", "new_id", "result_of", "slot_of"]

_STATUS = {"WAITING": "READY", "BLOCKED": "READY", "HELD": "READY"}


class _Last:
    """The time and count in the last id."""

    milliseconds = 0
    count = 0


def new_id() -> str:
    """An id that nobody can guess, and that sorts behind those that this process has made before."""
    now = time.time_ns() // 1_000_000
    if now > _Last.milliseconds:
        _Last.milliseconds, _Last.count = now, 0
    else:
        _Last.count += 1
    return f"{_Last.milliseconds:012x}{_Last.count:05x}{os.urandom(8).hex()[:15]}"


class Embedded:
    """Takes jobs into the database that the routers choose for them."""

    name = "embedded"

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or Store.chosen()

    def enqueue(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Take a job, in the transaction that is open."""
        task.check_arguments(args, kwargs)
        return self.add(task, args, kwargs)

    def add(self, task: Task[..., Any], args: Any, kwargs: Any, **more: Any) -> TaskResult[Any]:
        """Take a job whose row has `more` columns of these values; `marker` are arguments that go before all others."""
        marker = more.pop("marker", ())
        headers: dict[str, str] = dict(more.pop("headers", {}))
        id_ = more.pop("id", None) or new_id()
        if task_enqueued.subscribers:
            task_enqueued.emit(name=task.path, queue=task.queue_name, id=id_, headers=headers)
        row = _row(task, id_, args, kwargs) | more
        row["arguments"] = packed(task.path, (*marker, *args), kwargs, headers)
        entered = self.put(row)
        if entered != id_:
            return self.get_result(entered)
        same = None if marker else given(args, kwargs)
        return result_of(_complete(row), task, self.name, None if same is None else (*same, headers))

    def put(self, row: dict[str, Any]) -> str:
        """Take a job that is written down; return its id, or that of the one which its `unique_key` means already."""
        engine = self._near(row["queue"])
        channel = CHANNEL if engine is None and getattr(self.store.database.driver, "listens", False) else ""
        entered = self._enter(row, channel)
        if not channel:
            self._tell(engine)
        return entered

    def together(self) -> Any:
        """A block in which jobs are enqueued all or none."""
        return self.store.atomic()

    def _enter(self, row: dict[str, Any], channel: str) -> str:
        if row["state"] != "HELD":
            return self.store.add(row, channel)
        with self.store.atomic():
            entered = self.store.add(row, channel)
            self.store.admit([row["slot"]])
        return entered

    def _tell(self, engine: Engine | None) -> None:
        """Have a worker look, once the transaction is committed: that of this process, or the others."""
        database = self.store.database
        tell = partial(knock, getattr(database.driver, "path", "")) if engine is None else engine.ring
        if opened(database) is None:
            tell()
        else:
            db.on_commit(tell, using=self.store.alias)

    def _near(self, queue: str) -> Engine | None:
        """An engine of this process that takes jobs of a queue, and has room."""
        for engine in engines():
            if engine.store.alias == self.store.alias and engine.knows(queue) and engine.has_room:
                return engine
        return None

    def get_result(self, id: str) -> TaskResult[Any]:  # noqa: A002 - as the result's attribute
        """What is known of a job. Raises TaskResultDoesNotExist."""
        row = self.store.get(str(id))
        if row is None:
            raise TaskResultDoesNotExist(
                f"there is no job {id!r}", hint="It never was, or has been removed since it ended (TASKS_KEEP)."
            )
        return result_of(row, backend=self.name)

    def cancel(self, id: str) -> bool:  # noqa: A002 - as the result's attribute
        """Keep a job from running, or ask its worker to stop it, which it does within a second; False if it ended."""
        return self.store.cancel(str(id), wall())

    def replay(self, id: str) -> bool:  # noqa: A002 - the same
        """Have a job that has failed or was cancelled run again; False if it is neither."""
        result = self.get_result(id)
        task: Any = result.task
        slot = slot_of(task, result.args, result.kwargs)
        replayed = self.store.replay(str(id), slot, task.concurrency or 0, wall())
        self._tell(self._near(task.queue_name))
        return replayed


def _row(task: Task[..., Any], id_: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    now = wall()
    run_after = now if task.run_after is None else max(task.run_after.timestamp(), 0.0)
    slot = slot_of(task, args, kwargs)
    return {
        "id": id_,
        "task": task.path,
        "queue": task.queue_name,
        "priority": task.priority,
        "run_after": run_after,
        "state": "WAITING" if run_after > now else "READY" if slot is None else "HELD",
        "unique_key": _unique_key(task, args, kwargs),
        "slot": slot,
        "slots": task.concurrency or 0,
        "enqueued": now,
    }


def _complete(row: dict[str, Any]) -> dict[str, Any]:
    nothing = dict.fromkeys(("result", "progress", "started", "attempted", "finished"))
    return {"workers": "", "errors": "", "attempts": 0, "follows": None, **nothing, **row}


def result_of(
    row: Mapping[str, Any],
    task: Task[..., Any] | None = None,
    backend: str = "embedded",
    arguments: tuple[list[Any], dict[str, Any], dict[str, str]] | None = None,
) -> TaskResult[Any]:
    """What the row of a job says; `arguments` are what is in it, where that is known."""
    args, kwargs, headers = unpacked(row["arguments"]) if arguments is None else arguments
    part, note = json.loads(row["progress"]) if row["progress"] else (None, "")
    return TaskResult(
        task=task or find_task(row["task"]),
        id=row["id"],
        status=TaskResultStatus(_STATUS.get(row["state"], row["state"])),
        enqueued_at=moment(row["enqueued"]),
        started_at=moment(row["started"]),
        finished_at=moment(row["finished"]),
        last_attempted_at=moment(row["attempted"]),
        args=args[1:] if row["follows"] else args,
        kwargs=kwargs,
        backend=backend,
        errors=[TaskError.unpacked(line) for line in row["errors"].splitlines()],
        worker_ids=row["workers"].split(),
        run_after=moment(row["run_after"]),
        progress=part,
        progress_note=note,
        headers=headers,
        attempts=row["attempts"],
        _return_value=None if row["result"] is None else json.loads(row["result"]),
    )


def slot_of(task: Task[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """What jobs share that must not run at one time; None for those that may."""
    if task.concurrency is None:
        return None
    key = "" if task.concurrency_key is None else task.concurrency_key(*args, **kwargs)
    slot = f"{task.path} {key}"
    return slot if len(slot) <= 250 else sha256(slot.encode()).hexdigest()


def _unique_key(task: Task[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """What no second unfinished job may have; None for tasks that don't mind."""
    if not task.unique:
        return None
    if callable(task.unique):
        key = task.unique(*args, **kwargs)
    else:
        bound = task.signature_of_call.bind(*args, **kwargs)
        bound.apply_defaults()
        key = packed(task.path, bound.args, bound.kwargs, {})
    return sha256(f"{task.path} {key}".encode()).hexdigest()
