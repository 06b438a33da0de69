"""What is known of a job from outside: its state, arguments, errors and value; and what its function is told."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from time import monotonic
from traceback import format_exception
from typing import Any, Generic, Protocol, TypeVar

from spruce import green
from spruce.errors import TaskTimeout

__all__ = ["Owner", "TaskContext", "TaskError", "TaskResult", "TaskResultStatus", "moment", "trace_id_of"]

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.5


class Owner(Protocol):
    """A task, as its results see it."""

    @property
    def func(self) -> Any:
        """The function."""

    @property
    def path(self) -> str:
        """The dotted name of the function."""

    @property
    def name(self) -> str:
        """The function's name."""

    def get_result(self, result_id: str) -> Any:
        """What is known of a job."""

    def get_backend(self) -> Any:
        """What takes the jobs."""


class TaskResultStatus(StrEnum):
    """Where a job stands. READY is everything before it runs: until its time, between attempts, in a line."""

    READY = "READY"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    SUCCESSFUL = "SUCCESSFUL"
    CANCELLED = "CANCELLED"


_ENDED = frozenset({TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL, TaskResultStatus.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskError:
    """What an attempt failed with."""

    exception_class_path: str
    traceback: str

    @property
    def exception_class(self) -> type[BaseException]:
        """The class of the exception. Raises ValueError when there is none of that name any more."""
        module, _, name = self.exception_class_path.rpartition(".")
        try:
            found = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(f"{self.exception_class_path!r} cannot be imported: {error}") from None
        if not (isinstance(found, type) and issubclass(found, BaseException)):
            raise ValueError(f"{self.exception_class_path!r} is no exception")
        return found

    @classmethod
    def of(cls, error: BaseException) -> "TaskError":
        """The error that an exception is."""
        kind = type(error)
        path = f"{kind.__module__}.{kind.__qualname__}"
        return cls(exception_class_path=path, traceback="".join(format_exception(error)))

    def packed(self) -> str:
        """The error as a line of JSON."""
        return json.dumps([self.exception_class_path, self.traceback])

    @classmethod
    def unpacked(cls, line: str) -> "TaskError":
        """The error of such a line."""
        path, traceback = json.loads(line)
        return cls(exception_class_path=path, traceback=traceback)


@dataclass(slots=True, kw_only=True)
class TaskResult(Generic[T]):
    """A job as it stood when this was made; `refresh()` looks again. Times are aware, in UTC."""

    task: Owner
    id: str
    status: TaskResultStatus
    enqueued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    last_attempted_at: datetime | None
    args: list[Any]
    kwargs: dict[str, Any]
    backend: str
    errors: list[TaskError]
    worker_ids: list[str]
    run_after: datetime | None = None
    progress: float | None = None
    """How much has been done, from 0 to 1, as the job's function has told; None if it hasn't."""
    progress_note: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 0
    """How often it was started, not counting what a worker handed back when it was told to stop."""
    _return_value: T | None = None

    @property
    def return_value(self) -> T:
        """What the function returned, as JSON gives it back. Raises ValueError unless it has succeeded."""
        if self.status is TaskResultStatus.SUCCESSFUL:
            return self._return_value  # type: ignore[return-value] # it is there by now, None where that was returned
        if self.status in _ENDED:
            raise ValueError("Task failed" if self.status is TaskResultStatus.FAILED else "Task was cancelled")
        raise ValueError("Task has not finished yet")

    @property
    def is_finished(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.status in _ENDED

    @property
    def trace_id(self) -> str:
        """The id of the trace that the job belongs to, "" without one."""
        return trace_id_of(self.headers)

    def refresh(self) -> None:
        """Look at the job again. Raises TaskResultDoesNotExist once it has been removed."""
        fresh = self.task.get_result(self.id)
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))

    def wait(self, timeout: float | None = None) -> T:
        """Block until the job has ended, and return its value.

        Raises TaskTimeout after so many seconds, and ValueError when it has failed or was cancelled.
        """
        deadline = None if timeout is None else monotonic() + timeout
        pause = _FIRST_PAUSE
        while not self.is_finished:
            if deadline is not None and monotonic() >= deadline:
                raise TaskTimeout(f"job {self.id} of {self.task.name} is {self.status.lower()} after {timeout:g} s")
            green.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            self.refresh()
        return self.return_value

    def cancel(self) -> bool:
        """Keep the job from running, or stop it; see `tasks.cancel`."""
        cancelled: bool = self.task.get_backend().cancel(self.id)
        return cancelled


def trace_id_of(headers: Mapping[str, str]) -> str:
    """The trace's id in the header `traceparent` (W3C Trace Context 3.2), "" without it."""
    parts = headers.get("traceparent", "").split("-")
    return parts[1] if len(parts) >= 4 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What a function that `takes_context` is given first."""

    task_result: TaskResult[Any]
    scheduled_for: datetime | None = None
    """The tick of its schedule, for a job that one has enqueued."""
    tell: Callable[[float, str], None] = lambda part, note: None

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self.task_result.attempts

    def set_progress(self, part: float, note: str = "") -> None:
        """Tell how much is done, from 0 to 1, and what; free to call often: it is written about once a second."""
        self.tell(min(max(part, 0.0), 1.0), note)


def moment(seconds: float | None) -> datetime | None:
    """The time of so many seconds since the epoch."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
