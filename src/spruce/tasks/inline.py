"""For tests and scripts: jobs that run in the call that enqueues them, or that are only noted.

`TASKS = "inline"` runs a job at once, to its end, with its retries but without the pauses between them, and whenever it
is to run. `TASKS = "dummy"` notes jobs and runs none. Both keep the last 1,000 jobs in memory, for `get_result`.
"""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from spruce import config, db
from spruce.errors import TaskResultDoesNotExist
from spruce.events import task_enqueued, task_finished, task_started
from spruce.tasks.arguments import dumped, packed, unpacked
from spruce.tasks.calling import called
from spruce.tasks.definitions import Task
from spruce.tasks.embedded import new_id
from spruce.tasks.results import TaskContext, TaskError, TaskResult, TaskResultStatus

__all__ = ["Dummy", "Inline"]

_log = logging.getLogger("spruce.tasks")

_KEPT = 1000
_RESOURCE = "spruce.tasks.kept"


class Dummy:
    """Notes jobs; `results` are those that were enqueued, the oldest first."""

    name = "dummy"

    def enqueue(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Note a job."""
        task.check_arguments(args, kwargs)
        return self.add(task, args, kwargs)

    def add(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Note a job whose arguments fit."""
        return _copied(self._noted(task, args, kwargs))

    def _noted(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        headers: dict[str, str] = {}
        id_ = new_id()
        if task_enqueued.subscribers:
            task_enqueued.emit(name=task.path, queue=task.queue_name, id=id_, headers=headers)
        given = unpacked(packed(task.path, args, kwargs, headers))
        result: TaskResult[Any] = TaskResult(
            task=task,
            id=id_,
            status=TaskResultStatus.READY,
            enqueued_at=datetime.now(UTC),
            started_at=None,
            finished_at=None,
            last_attempted_at=None,
            args=given[0],
            kwargs=given[1],
            backend=self.name,
            errors=[],
            worker_ids=[],
            run_after=task.run_after,
            headers=headers,
        )
        kept = _kept()
        kept[id_] = result
        if len(kept) > _KEPT:
            del kept[next(iter(kept))]
        return result

    @property
    def results(self) -> list[TaskResult[Any]]:
        """The jobs that were enqueued, the oldest first."""
        return list(_kept().values())

    def clear(self) -> None:
        """Forget them."""
        _kept().clear()

    def get_result(self, id: str) -> TaskResult[Any]:  # noqa: A002 - as the result's attribute
        """What is known of a job. Raises TaskResultDoesNotExist."""
        found = _kept().get(id)
        if found is None:
            raise TaskResultDoesNotExist(f"there is no job {id!r}", hint="The last 1,000 are kept in memory.")
        return _copied(found)

    def cancel(self, id: str) -> bool:  # noqa: A002 - as the result's attribute
        """Keep a job from running; False if it has ended."""
        if self.get_result(id).is_finished:
            return False
        _kept()[id].status = TaskResultStatus.CANCELLED
        return True


class Inline(Dummy):
    """Runs each job at once, in the green thread that enqueues it."""

    name = "inline"

    def add(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Run a job, and return what has come of it; what its function raises is in there."""
        result = self._noted(task, args, kwargs)
        for left in range(task.retries, -1, -1):
            failure = self._attempt(task, result)
            if failure is None:
                break
            level, more = (logging.WARNING, "; again at once") if left else (logging.ERROR, "")
            _log.log(level, "job %s of %s failed%s", result.id, task.path, more, exc_info=failure)
        return _copied(result)

    def _attempt(self, task: Task[..., Any], result: TaskResult[Any]) -> BaseException | None:
        result.status = TaskResultStatus.RUNNING
        result.last_attempted_at = datetime.now(UTC)
        result.started_at = result.started_at or result.last_attempted_at
        result.worker_ids.append("inline")
        result.attempts += 1
        told = {"name": task.path, "queue": task.queue_name, "id": result.id, "attempt": result.attempts}
        told |= {"headers": result.headers, "trace_id": result.trace_id}
        task_started.emit(**told, waited=0.0, schedule=None)
        start, failure = perf_counter(), None
        try:
            value = dumped(self._call(task, result), task.path)
            result._return_value, result.status = json.loads(value), TaskResultStatus.SUCCESSFUL
        except KeyboardInterrupt:  # of whoever runs the program
            raise
        except BaseException as error:
            failure = error
            result.errors.append(TaskError.of(error))
            result.status = TaskResultStatus.FAILED
        result.finished_at = datetime.now(UTC)
        task_finished.emit(**told, seconds=perf_counter() - start, status=result.status.value, exception=failure)
        return failure

    def _call(self, task: Task[..., Any], result: TaskResult[Any]) -> Any:
        def tell(part: float, note: str) -> None:
            result.progress, result.progress_note = part, note

        first = [TaskContext(task_result=result, tell=tell)] if task.takes_context else []
        if not task.atomic:
            return called(task, [*first, *result.args], result.kwargs)
        with db.atomic():
            return called(task, [*first, *result.args], result.kwargs)


def _copied(result: TaskResult[Any]) -> TaskResult[Any]:
    """The result as it stands, which what comes later does not change."""
    return replace(result, errors=[*result.errors], worker_ids=[*result.worker_ids])


def _kept() -> dict[str, TaskResult[Any]]:
    kept: Any = config.current().resources.setdefault(_RESOURCE, {})
    return kept  # type: ignore[no-any-return] # nobody else keeps anything under this name
