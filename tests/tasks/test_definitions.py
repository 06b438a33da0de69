"""Tasks, and what they refuse."""

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.tasks import jobs

from spruce import config
from spruce.errors import InvalidTask, TaskResultMismatch
from spruce.tasks import TaskContext, task
from spruce.tasks.definitions import Task, find_task, registry


@pytest.fixture(autouse=True)
def _inline() -> Any:
    token = config.use(config.Settings(TASKS="inline"))
    yield
    config.leave(token)


def test_a_task_has_the_defaults_of_django() -> None:
    made = jobs.add
    assert (made.name, made.path) == ("add", "tests.tasks.jobs.add")
    assert (made.priority, made.queue_name, made.run_after, made.takes_context) == (0, "default", None, False)
    assert repr(made) == "<Task tests.tasks.jobs.add>"
    assert registry["tests.tasks.jobs.add"] is made


def test_it_can_be_called_as_a_function() -> None:
    assert (jobs.add(1, b=4), jobs.add.call(1), jobs.later("a")) == (5, 2, "A")


def test_using_makes_another_one() -> None:
    """With other options for what is enqueued by it."""
    when = datetime(2030, 1, 1, tzinfo=UTC)
    other = jobs.add.using(priority=-5, queue="fast", run_after=when)
    assert (other.priority, other.queue_name, other.run_after, other.func) == (-5, "fast", when, jobs.add.func)
    assert jobs.add.using(queue_name="fast").queue_name == "fast"
    assert jobs.add.priority == 0
    assert jobs.add.using() == jobs.add
    now = datetime.now(UTC)
    for delay in (60, timedelta(minutes=1)):
        soon = jobs.add.using(run_after=delay).run_after
        assert soon is not None
        assert timedelta(seconds=55) < soon - now < timedelta(seconds=65)


def test_it_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps(jobs.add.using(priority=3)))
    assert (again.path, again.priority, again.func) == (jobs.add.path, 3, jobs.add.func)


def test_a_result_belongs_to_its_task() -> None:
    result = jobs.add.enqueue(1)
    assert jobs.add.get_result(result.id).id == result.id
    with pytest.raises(TaskResultMismatch) as refused:
        jobs.mail.get_result(result.id)
    assert str(refused.value) == f"job {result.id} is one of tests.tasks.jobs.add, not of tests.tasks.jobs.mail"


@pytest.mark.parametrize("args", [(), (1,), (1, 2), (1, 2, 3)])
@pytest.mark.parametrize(
    "function",
    [
        lambda: None,
        lambda a, b=1: None,
        lambda a, /, b: None,
        lambda a, *, b: None,
        lambda a, *, b=1: None,
        lambda a, *b: None,
        lambda **b: None,
    ],
)
def test_what_is_refused_is_what_the_function_would_refuse(function: Any, args: tuple[int, ...]) -> None:
    function.__qualname__ = function.__name__ = "made"
    try:
        function(*args)
    except TypeError:
        with pytest.raises(InvalidTask, match=r"^made\(\) cannot be called like that: "):
            Task(func=function).check_arguments(args, {})
    else:
        Task(func=function).check_arguments(args, {})


def test_arguments_that_do_not_fit_are_refused_at_once() -> None:
    with pytest.raises(InvalidTask) as refused:
        jobs.add.enqueue()  # type: ignore[call-arg] # the point of the test
    assert str(refused.value) == (
        "add() cannot be called like that: missing a required argument: 'a'. It is add(a: int, b: int = 1) -> int."
    )


def test_the_context_is_not_among_the_arguments() -> None:
    with pytest.raises(InvalidTask, match=r"It is told\(part: float\) -> int\.$"):
        jobs.told.enqueue(1, 2)  # type: ignore[call-arg] # the point of the test


def outer(**options: Any) -> Any:
    def inner() -> None: ...

    return task(**options)(inner) if options else task(inner)


def takes(context: TaskContext) -> None: ...


def wrong(ctx: TaskContext) -> None: ...


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            outer,
            "outer.<locals>.inner cannot be a task, since a worker could not find it. Define the function in a module.",
        ),
        (
            lambda: task(takes_context=True)(wrong),
            "wrong takes a context, so its first parameter has to be `context`",
        ),
        (lambda: Task(func=takes, priority=101), "the priority of takes is a whole number from -100 to 100, not 101"),
        (lambda: Task(func=takes, retries=-1), "takes: retries=-1 and concurrency=None cannot be"),
        (lambda: Task(func=takes, timeout=0), "takes: timeout=0 would let nothing run. None is for ever."),
        (lambda: Task(func=takes, queue_name=""), "takes: a queue's name has 1 to 100 letters, not 0"),
        (lambda: task(retrys=1), "@task has no option 'retrys'; did you mean 'retries'?"),  # type: ignore[call-overload] # the same
        (
            lambda: task(run_after=1),  # type: ignore[call-overload] # the same
            "@task has no option 'run_after'. Give it when you enqueue: .using(run_after=…).",
        ),
        (
            lambda: jobs.add.using(run_after=datetime(2030, 1, 1)),  # noqa: DTZ001 - the same
            "add: run_after must be an aware datetime, not datetime.datetime(2030, 1, 1, 0, 0)",
        ),
        (lambda: find_task("tests.tasks.jobs.ad"), "there is no task 'tests.tasks.jobs.ad' here; did you mean"),
        (lambda: find_task("nowhere.f"), "there is no task 'nowhere.f' here: No module named 'nowhere'"),
    ],
)
def test_what_cannot_be_is_told(make: Any, text: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        make()
    assert str(refused.value).startswith(text)


def test_a_task_is_found_by_importing_its_module() -> None:
    saved = registry.pop("tests.tasks.jobs.add")
    try:
        with pytest.raises(InvalidTask):
            find_task("tests.tasks.jobs.add")  # the module was imported before, so it makes none again
    finally:
        registry["tests.tasks.jobs.add"] = saved
    assert find_task("tests.tasks.jobs.add") is saved
