"""The front of jobs that Celery carries: a record of each in Redis, and a message that calls a worker to look at it.

Inside of `db.atomic()` a job is entered and sent once that is committed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from hashlib import sha256
from typing import Any, cast

from spruce import config, db
from spruce.db.transactions import opened
from spruce.green import running, tpool
from spruce.tasks.carrier import broker_of, carrier, check, records_url, send
from spruce.tasks.clock import wall
from spruce.tasks.definitions import Task, registry
from spruce.tasks.embedded import Embedded
from spruce.tasks.records import Records, step_of
from spruce.tasks.results import TaskResult
from spruce.tasks.scheduling import Schedule, Scheduler
from spruce.tasks.store import Store

__all__ = ["CeleryFront", "CeleryScheduler"]

_batch: ContextVar[list[dict[str, Any]] | None] = ContextVar("spruce.tasks.batch", default=None)


class CeleryFront(Embedded):
    """Takes jobs for Celery's workers. Raises InvalidTaskBackend for tasks that ask for what Celery has not.

    What blocks is done in an OS thread where there are green threads that would wait for it, unless it is `direct`.
    """

    name = "celery"

    def __init__(self, tasks: str) -> None:
        check(registry.values())
        broker = broker_of(tasks)
        self.celery = carrier(broker)
        self.records = Records(records_url(broker), float(config.current()["TASKS_KEEP"]))
        self.direct = False
        self.store = cast(Store, tpool.Proxy(self.records))  # it has the methods that the board asks for

    def _away(self, call: Callable[..., Any], *args: Any) -> Any:
        return call(*args) if self.direct or not running() else tpool.execute(call, *args)

    def add(self, task: Task[..., Any], args: Any, kwargs: Any, **more: Any) -> TaskResult[Any]:
        """Take a job whose record has `more` fields of these values."""
        check([task])
        return super().add(task, args, kwargs, **more)

    def put(self, row: dict[str, Any]) -> str:
        """Take a job that is written down, or have it taken with the others of its block, or transaction."""
        row |= {"step": step_of(row["priority"]), "turn": 1}
        batch = _batch.get()
        if batch is not None:
            batch.append(row)
            return str(row["id"])
        return self._entered([row])[0]

    @contextmanager
    def together(self) -> Iterator[None]:
        """A block in which jobs are enqueued all or none."""
        token = _batch.set([])
        try:
            yield
            rows = _batch.get()
        finally:
            _batch.reset(token)
        if rows:
            self._entered(rows)

    def _entered(self, rows: list[dict[str, Any]]) -> list[str]:
        """Enter jobs and send those that follow no other, once the transaction is committed; return their ids."""
        database = None if self.direct else opened(db.databases.current()["default"])
        if database is not None:
            db.on_commit(partial(self._away, self._take, rows))
            return [row["id"] for row in rows]
        ids: list[str] = self._away(self._take, rows)
        return ids

    def _take(self, rows: list[dict[str, Any]]) -> list[str]:
        ids = self.records.enter(rows)
        try:
            for row, id_ in zip(rows, ids, strict=True):
                if id_ == row["id"] and row["state"] != "BLOCKED":
                    send(self.celery, row)
        except BaseException:
            self.records.forget([row["id"] for row in rows])
            raise
        return [id_ or row["id"] for row, id_ in zip(rows, ids, strict=True)]

    def give(self, ids: Sequence[str]) -> None:
        """Send jobs that are entered to the broker; blocks the OS thread."""
        for id_ in ids:
            row = self.records.get(id_)
            if row is not None:
                send(self.celery, row)

    def cancel(self, id: str) -> bool:  # noqa: A002 - as the result's attribute
        """Keep a job from running, or stop it, with its process; False if it has ended."""
        self.get_result(id)
        return bool(self._away(self._cancel, str(id)))

    def _cancel(self, id_: str) -> bool:
        done: int = self.records.cancel(id_, wall())
        if done == 2:
            self.celery.control.revoke(id_, terminate=True, signal="SIGKILL")
        return done > 0

    def replay(self, id: str) -> bool:  # noqa: A002 - as the result's attribute
        """Have a job that has failed or was cancelled run again; False if it is neither."""
        self.get_result(id)
        return bool(self._away(self._replay, str(id)))

    def _replay(self, id_: str) -> bool:
        replayed = self.records.replay(id_, None, 0, wall())
        if replayed:
            self.give([id_])
        return replayed

    def close(self) -> None:
        """Close the connections to the broker and to Redis."""
        self.celery.close()
        self.records.close()


class CeleryScheduler(Scheduler):
    """Enqueues what schedules have due, each tick once: its job has an id that is made of it."""

    def _move_on(self, one: Schedule, due: float, following: float, ticks: Sequence[float], now: float) -> None:
        for tick in ticks:
            self._enqueue(one, tick, now, id=sha256(f"{one.name} {tick!r}".encode()).hexdigest()[:32])
        self.store.advance(one.name, due, following)
