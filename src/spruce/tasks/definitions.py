"""Tasks: functions whose calls can be put off to a worker. `@task` makes one, `enqueue` puts off a call.

The names are those of `django.tasks`, with one difference in meaning: of two jobs the one with the lower `priority`
goes first, as everywhere in Spruce and in the standard library's `sched`.
"""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Protocol, TypedDict, TypeVar, Unpack, overload

from spruce import green
from spruce.errors import InvalidTask, TaskResultMismatch, nearest
from spruce.tasks.backoff import Backoff, check
from spruce.tasks.clock import wall
from spruce.tasks.results import TaskContext, TaskResult

__all__ = ["Backend", "Signature", "Task", "TaskOptions", "backend_finder", "find_task", "registry", "task"]

P = ParamSpec("P")
T = TypeVar("T")

registry: "dict[str, Task[..., Any]]" = {}
"""All tasks by the dotted names of their functions."""

PRIORITIES = range(-100, 101)


class Backend(Protocol):
    """What takes jobs, and knows of them."""

    name: str

    def enqueue(self, task: "Task[..., Any]", args: Any, kwargs: Any) -> TaskResult[Any]:
        """Take a job."""
        ...

    def get_result(self, id: str) -> TaskResult[Any]:  # noqa: A002 - as the result's attribute
        """What is known of a job. Raises TaskResultDoesNotExist."""
        ...

    def cancel(self, id: str) -> bool:  # noqa: A002 - the same
        """Keep a job from running, or stop it; False when it has ended."""
        ...


class _Finder:
    """Finds the backend that the settings name; set by `backends.py`, which knows them all."""

    find: Callable[[], Backend]


backend_finder = _Finder()


class TaskOptions(TypedDict, total=False):
    """What `@task` takes."""

    queue: str
    queue_name: str
    priority: int
    retries: int
    backoff: Backoff
    timeout: float | None
    unique: bool | Callable[..., str]
    concurrency: int | None
    concurrency_key: Callable[..., str] | None
    atomic: bool
    thread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[P, T]):
    """A function whose calls can be enqueued; calling it runs the function here and now. See `task` for the options."""

    func: Callable[..., Any]
    priority: int = 0
    queue_name: str = "default"
    run_after: datetime | None = None
    takes_context: bool = False
    retries: int = 0
    backoff: Backoff = 1.0
    timeout: float | None = None
    unique: bool | Callable[..., str] = False
    concurrency: int | None = None
    concurrency_key: Callable[..., str] | None = None
    atomic: bool = False
    thread: bool = False
    path: str = field(default="", init=False)
    signature_of_call: inspect.Signature = field(init=False, repr=False, compare=False)
    _counts: range = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", _path(self.func))
        object.__setattr__(self, "signature_of_call", _validate(self))
        object.__setattr__(self, "_counts", _counts(self.signature_of_call))

    def __repr__(self) -> str:
        return f"<Task {self.path}>"

    def __reduce__(self) -> tuple[Any, ...]:
        given = {name: getattr(self, name) for name in ("priority", "queue_name", "run_after")}
        return _restored, (self.path, given)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.func.__name__

    @property
    def module_path(self) -> str:
        """The dotted name of the function, by which workers find it."""
        return self.path

    def using(
        self,
        *,
        priority: int | None = None,
        queue: str | None = None,
        queue_name: str | None = None,
        run_after: datetime | timedelta | float | None = None,
    ) -> "Task[P, T]":
        """Return the same task with other options for what is enqueued by it; `run_after` may be seconds from now."""
        changes: dict[str, Any] = {"priority": priority, "queue_name": queue or queue_name}
        changes["run_after"] = None if run_after is None else _moment(run_after)
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> TaskResult[T]:
        """Have a worker call the function; return what is known of the job.

        Inside of `db.atomic()` the job is part of the transaction: it exists once that is committed, and not at all if
        it is rolled back. Raises InvalidTask for arguments that do not fit the function, or JSON.
        """
        return self.get_backend().enqueue(self, args, kwargs)

    def enqueue_at(self, when: datetime, *args: P.args, **kwargs: P.kwargs) -> TaskResult[T]:
        """As `enqueue`, not before an aware datetime."""
        return self.using(run_after=when).enqueue(*args, **kwargs)

    def enqueue_in(self, delay: timedelta | float, *args: P.args, **kwargs: P.kwargs) -> TaskResult[T]:
        """As `enqueue`, not before so many seconds have passed."""
        return self.using(run_after=delay).enqueue(*args, **kwargs)

    def call(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function here and now, and wait for it if it is an `async def`."""
        value: Any = self.func(*args, **kwargs)
        done: T = green.await_(value) if inspect.isawaitable(value) else value
        return done

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """The same."""
        return self.call(*args, **kwargs)

    def get_result(self, result_id: str) -> TaskResult[T]:
        """What is known of a job of this task. Raises TaskResultDoesNotExist, and TaskResultMismatch for another's."""
        result = self.get_backend().get_result(result_id)
        if result.task.func is not self.func:
            raise TaskResultMismatch(f"job {result_id} is one of {result.task.path}, not of {self.path}")
        return result

    def get_backend(self) -> Backend:
        """What takes the jobs, by the setting TASKS."""
        return backend_finder.find()

    def s(self, *args: Any, **kwargs: Any) -> "Signature":
        """A call for a `chain` or `group`; it is given what the one before has returned, as its first argument."""
        return Signature(self, args, kwargs)

    def si(self, *args: Any, **kwargs: Any) -> "Signature":
        """A call for a `chain` or `group` that is given nothing but its own arguments."""
        return Signature(self, args, kwargs, immutable=True)

    def check_arguments(self, args: Any, kwargs: Any) -> None:
        """Raise InvalidTask unless the function can be called with them."""
        if not kwargs and len(args) in self._counts:
            return
        try:
            self.signature_of_call.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidTask(
                f"{self.name}() cannot be called like that: {error}", hint=f"It is {self.name}{self.signature_of_call}."
            ) from None


@dataclass(frozen=True, slots=True)
class Signature:
    """A call that is not made yet: of a task, with arguments. It is given what those before it returned, first.

    One that is `immutable` is given nothing but its own.
    """

    task: Task[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    immutable: bool = False


@overload
def task(function: Callable[P, T], /) -> Task[P, T]: ...
@overload
def task(
    *, takes_context: Literal[True], **options: Unpack[TaskOptions]
) -> Callable[[Callable[Concatenate[TaskContext, P], T]], Task[P, T]]: ...
@overload
def task(
    *, takes_context: Literal[False] = False, **options: Unpack[TaskOptions]
) -> Callable[[Callable[P, T]], Task[P, T]]: ...
def task(function: Any = None, /, *, takes_context: bool = False, **options: Any) -> Any:
    """Make a function of a module a task.

    `queue` and `priority` say where in which line jobs wait: lower numbers first, from -100 to 100. A job that raises
    is tried `retries` times more, after `backoff` (see `Backoff`); then it is kept as failed, to be replayed. After
    `timeout` seconds it is stopped, which counts as failing. While a job is not finished, `unique` lets no second one
    in with the same arguments (True), or for which the function returns the same text. `concurrency` is how many run
    at one time, on all workers, of the task or of each text that `concurrency_key(*args, **kwargs)` returns.

    `atomic=True` runs the function in a transaction of the database that jobs are in, which also holds the job's end:
    what it writes there is done exactly once. `thread=True` runs it in an OS thread, for code that blocks
    or computes for long. `takes_context` gives the function a TaskContext first.

    Raises InvalidTask for a function inside of another, which no worker could find, and options that can't be used.
    """
    if "queue" in options:
        options["queue_name"] = options.pop("queue")
    known = Task.__dataclass_fields__
    for name in options:
        if name == "run_after" or name not in known:
            raise InvalidTask(
                f"@task has no option {name!r}{nearest(name, [*TaskOptions.__annotations__, 'takes_context'])}",
                hint="Give it when you enqueue: .using(run_after=…)." if name == "run_after" else "",
            )

    def make(function: Callable[..., Any]) -> Task[..., Any]:
        made: Task[..., Any] = Task(func=function, takes_context=takes_context, **options)
        registry[made.path] = made
        return made

    return make if function is None else make(function)


def find_task(path: str) -> Task[..., Any]:
    """The task of a dotted name; its module is imported if need be. Raises InvalidTask."""
    found = registry.get(path)
    if found is None:
        try:
            import_module(path.rpartition(".")[0])
        except ImportError as error:
            raise InvalidTask(f"there is no task {path!r} here: {error}{nearest(path, registry)}") from error
        found = registry.get(path)
    if found is None:
        raise InvalidTask(f"there is no task {path!r} here{nearest(path, registry)}")
    return found


def _restored(path: str, given: dict[str, Any]) -> Task[..., Any]:
    return replace(find_task(path), **given)


def _path(function: Callable[..., Any]) -> str:
    """The dotted name; of a program that is run as a file, as if it were imported."""
    module = function.__module__
    if module == "__main__":
        module = Path(getattr(sys.modules["__main__"], "__file__", None) or "__main__").stem
    return f"{module}.{function.__qualname__}"


def _validate(made: Task[..., Any]) -> inspect.Signature:
    """What callers may pass. Raises InvalidTask."""
    function = made.func
    name = getattr(function, "__qualname__", repr(function))
    if not inspect.isfunction(function) or "<" in name:
        raise InvalidTask(
            f"{name} cannot be a task, since a worker could not find it", hint="Define the function in a module."
        )
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    if made.takes_context:
        if not parameters or parameters[0].name != "context":
            raise InvalidTask(f"{name} takes a context, so its first parameter has to be `context`")
        signature = signature.replace(parameters=parameters[1:])
    if isinstance(made.priority, bool) or not isinstance(made.priority, int) or made.priority not in PRIORITIES:
        raise InvalidTask(f"the priority of {name} is a whole number from -100 to 100, not {made.priority!r}")
    if made.run_after is not None and made.run_after.tzinfo is None:
        raise InvalidTask(f"{name}: run_after must be an aware datetime, not {made.run_after!r}")
    if not made.queue_name or len(made.queue_name) > 100:
        raise InvalidTask(f"{name}: a queue's name has 1 to 100 letters, not {len(made.queue_name)}")
    if made.retries < 0 or (made.concurrency is not None and made.concurrency < 1):
        raise InvalidTask(f"{name}: retries={made.retries!r} and concurrency={made.concurrency!r} cannot be")
    if made.timeout is not None and made.timeout <= 0:
        raise InvalidTask(f"{name}: timeout={made.timeout!r} would let nothing run", hint="None is for ever.")
    check(made.backoff)
    return signature


def _counts(signature: inspect.Signature) -> range:
    """How many arguments without names are surely right."""
    parameters = list(signature.parameters.values())
    listed = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if any(one.kind is one.KEYWORD_ONLY and one.default is one.empty for one in parameters):
        return range(0)
    return range(sum(one.default is one.empty for one in listed), len(listed) + 1)


def _moment(when: datetime | timedelta | float) -> datetime:
    if isinstance(when, datetime):
        return when
    return datetime.fromtimestamp(wall(), UTC) + (when if isinstance(when, timedelta) else timedelta(seconds=when))
