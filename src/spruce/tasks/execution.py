"""One attempt of a job, from the arguments to the mark that says how it has ended."""

import json
import logging
import time
from contextlib import nullcontext
from typing import Any, Literal

from spruce import green
from spruce.db.causality import read_latest
from spruce.errors import ConcurrencyError, ConnectionLost, DatabaseError, InvalidTask, PoolTimeout, TaskFenced
from spruce.events import task_finished, task_started
from spruce.green import GreenletExit
from spruce.tasks.arguments import dumped, unpacked
from spruce.tasks.backoff import delay
from spruce.tasks.calling import called
from spruce.tasks.clock import wall
from spruce.tasks.definitions import Task, find_task
from spruce.tasks.results import TaskContext, TaskError, TaskResult, TaskResultStatus, moment, trace_id_of
from spruce.tasks.store import MOST_LOST, Claim, Mark, Store

__all__ = ["Crash", "Execution", "Point", "Stopped"]

_log = logging.getLogger("spruce.tasks")

_LOST_PAUSE = 0.5  # before a job whose transaction was undone is run again; doubled each time
_UNKNOWN_PAUSE = 10.0  # before another worker is asked whether it knows the task
_UNKNOWN_MOST = 30

Point = Literal["after claim", "before done mark", "before commit", "after done mark"]
"""Where a test may end an attempt as if its process had been killed."""

Why = Literal["cancelled", "fenced", "handed back"]


class Stopped(GreenletExit):
    """Ends the green thread of an attempt from outside."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Crash(BaseException):
    """Ends an attempt as if its process had been killed: nothing is written, nobody is told."""


class Execution:
    """An attempt of a claimed job by a worker; `run` makes it."""

    backend = "embedded"

    def __init__(self, claim: Claim, store: Store, worker: str, app: Any = None) -> None:
        self.claim = claim
        self.store = store
        self.worker = worker
        self.app = app
        self.thread: green.GreenThread | None = None
        self.began = wall()
        self.progress: tuple[float, str] | None = None
        self.stopped: Why | None = None
        self.headers: dict[str, str] = {}
        self.mark: Mark | None = Mark(claim, "READY", run_after=claim.run_after, counts=False)  # if it never starts
        self.phase: Literal["before", "in", "after"] = "before"  # the call of the function
        self.written = False  # whether its mark was committed with the job's own writes

    def tell(self, part: float, note: str) -> None:
        """Take what the function says of its progress, to be written soon."""
        self.progress = (part, note)

    def reach(self, point: Point) -> None:
        """Come to a point; tests end the attempt there, by raising Crash."""

    def stop(self, why: Why) -> None:
        """End the attempt from outside, soon."""
        self.stopped = why
        if why != "handed back":
            self.mark = self._stopped_by(Stopped(why))
        if self.thread is not None:
            green.spawn_detached(self.thread.kill, Stopped(why))

    def run(self) -> None:
        """Make the attempt, and leave its mark in `mark`: None where it is written already, or must not be."""
        try:
            task = find_task(self.claim.task)
        except InvalidTask as error:
            self.mark = self._unknown(error)
            return
        self.reach("after claim")
        args, kwargs, self.headers = unpacked(self.claim.arguments)
        if task_started.subscribers:
            task_started.emit(**self._told(), waited=self.began - self.claim.run_after, schedule=self.claim.schedule)
        start = time.perf_counter()
        mark, failure = self._outcome(task, args, kwargs)
        if task_finished.subscribers:
            status = mark.state if mark is not None and mark.state != "WAITING" else "READY"
            task_finished.emit(**self._told(), seconds=time.perf_counter() - start, status=status, exception=failure)
        self.mark = None if self.written else mark

    def _told(self) -> dict[str, Any]:
        claim = self.claim
        told = {"name": claim.task, "queue": claim.queue, "id": claim.id, "attempt": claim.attempts}
        return {**told, "headers": self.headers, "trace_id": trace_id_of(self.headers)}

    def _outcome(self, task: Task[..., Any], args: Any, kwargs: Any) -> tuple[Mark | None, BaseException | None]:
        try:
            with self.app.app_context() if self.app is not None else nullcontext():
                read_latest()  # what has enqueued it was written before it was claimed
                return self._call(task, args, kwargs), None
        except Crash:
            raise
        except TaskFenced as error:
            _log.warning("job %s of %s was taken from this worker; what it did is undone", self.claim.id, task.path)
            return None, error
        except GreenletExit as error:
            return self._stopped_by(error), error
        except (Exception, green.Timeout) as error:
            return self.failed(task, error), error
        except BaseException as error:  # KeyboardInterrupt, SystemExit: of the job, never of the worker
            return self.failed(task, error), error

    def _call(self, task: Task[..., Any], args: Any, kwargs: Any) -> Mark:
        args = [*self._before(args), *args[1:]] if self.claim.follows else args
        if task.takes_context:
            args = [self._context(task, args, kwargs), *args]
        if not task.atomic:
            self.phase = "in"
            mark = self._succeeded(task, called(task, args, kwargs))
            self.reach("before done mark")
            return mark
        with self.store.atomic():
            self.phase = "in"
            value = called(task, args, kwargs)
            self.phase = "after"
            mark = self._succeeded(task, value)
            self.reach("before done mark")
            if self.store.mark([mark], wall()):
                raise TaskFenced(f"job {self.claim.id} is not this worker's any more")
            self.reach("before commit")
        self.written = True
        return mark

    def _before(self, args: Any) -> list[Any]:
        """What the job, or the group, that this one follows has returned; nothing for an immutable one."""
        if args[0] == "":
            return []
        values = [json.loads(text) for text in self.store.results_of(str(self.claim.follows))]
        return [values if args[0] == "many" else values[0]]

    def _context(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskContext:
        claim = self.claim
        result: TaskResult[Any] = TaskResult(
            task=task,
            id=claim.id,
            status=TaskResultStatus.RUNNING,
            enqueued_at=moment(claim.enqueued),
            started_at=moment(claim.started),
            last_attempted_at=moment(self.began),
            finished_at=None,
            args=list(args),
            kwargs=kwargs,
            backend=self.backend,
            errors=[TaskError.unpacked(line) for line in claim.errors.splitlines()],
            worker_ids=claim.workers.split(),
            run_after=moment(claim.run_after),
            headers=self.headers,
            attempts=claim.attempts,
        )
        return TaskContext(task_result=result, scheduled_for=moment(claim.tick), tell=self.tell)

    # ---- marks ------------------------------------------------------------------------------------------------------

    def _succeeded(self, task: Task[..., Any], value: Any) -> Mark:
        return Mark(self.claim, "SUCCESSFUL", wall(), dumped(value, task.path))

    def failed(self, task: Task[..., Any], error: BaseException) -> Mark:
        """What is to be said of an attempt that failed: that it is tried again, or given up."""
        if self.claim.lost + 1 < MOST_LOST and self._is_lost(task, error):
            _log.warning("job %s of %s was undone with its database; again soon: %s", self.claim.id, task.path, error)
            pause = delay(_LOST_PAUSE, self.claim.lost + 1)
            return Mark(self.claim, "WAITING", run_after=wall() + pause, lost=True)
        made = self.claim.attempts - self.claim.lost
        line = TaskError.of(error).packed()
        if made <= task.retries:
            pause = delay(task.backoff, made)
            _log.warning("job %s of %s failed; again in %.1f s", self.claim.id, task.path, pause, exc_info=error)
            return Mark(self.claim, "WAITING", error=line, run_after=wall() + pause)
        _log.error("job %s of %s failed", self.claim.id, task.path, exc_info=error)
        return Mark(self.claim, "FAILED", wall(), error=line)

    def _is_lost(self, task: Task[..., Any], error: BaseException) -> bool:
        """Whether nothing was done, and not for a reason of the job's: the database was away, or chose others."""
        if self.phase != "in":
            return isinstance(error, DatabaseError)
        return task.atomic and isinstance(error, ConnectionLost | PoolTimeout | ConcurrencyError)

    def _stopped_by(self, error: BaseException) -> Mark | None:
        why = error.why if isinstance(error, Stopped) else "handed back"
        if why == "fenced":
            return None
        if why == "cancelled":
            return Mark(self.claim, "CANCELLED", wall())
        return Mark(self.claim, "READY", run_after=self.claim.run_after, counts=False)

    def _unknown(self, error: InvalidTask) -> Mark:
        """Leave the job to others: while a program is replaced, the newer half may know the task."""
        _log.error("job %s cannot run: %s", self.claim.id, error)
        if self.claim.attempts >= _UNKNOWN_MOST:
            return Mark(self.claim, "FAILED", wall(), error=TaskError.of(error).packed())
        return Mark(self.claim, "WAITING", run_after=wall() + _UNKNOWN_PAUSE)
