"""What is known of a job from outside."""

from collections.abc import Iterator

import pytest
from tests.tasks import jobs

from spruce import config
from spruce.errors import TaskTimeout
from spruce.tasks import TaskContext, TaskError, TaskResultStatus
from spruce.tasks.results import moment, trace_id_of


@pytest.fixture(autouse=True)
def settings() -> Iterator[config.Settings]:
    made = config.Settings(TASKS="inline")
    token = config.use(made)
    yield made
    config.leave(token)


def test_the_value_is_there_once_it_has_succeeded() -> None:
    result = jobs.add.enqueue(2)
    assert (result.status, result.is_finished, result.return_value, result.wait()) == ("SUCCESSFUL", True, 3, 3)
    assert (result.args, result.kwargs, result.attempts, result.worker_ids) == ([2], {}, 1, ["inline"])


def test_a_value_that_is_not_there_is_an_error(settings: config.Settings) -> None:
    failed = jobs.failing.enqueue("word")
    with pytest.raises(ValueError, match=r"^Task failed$"):
        _ = failed.return_value
    settings["TASKS"] = "dummy"
    waiting = jobs.add.enqueue(1)
    with pytest.raises(ValueError, match=r"^Task has not finished yet$"):
        _ = waiting.return_value
    assert waiting.cancel()
    waiting.refresh()
    with pytest.raises(ValueError, match=r"^Task was cancelled$"):
        waiting.wait()


def test_waiting_has_an_end(settings: config.Settings) -> None:
    settings["TASKS"] = "dummy"
    result = jobs.add.enqueue(1)
    with pytest.raises(TaskTimeout, match=rf"^job {result.id} of add is ready after 0 s$"):
        result.wait(0)


def test_an_error_keeps_the_class_and_the_traceback() -> None:
    (error, *_) = jobs.failing.enqueue("word").errors
    assert error.exception_class is ValueError
    assert error.traceback.endswith("ValueError: word\n")
    assert TaskError.unpacked(error.packed()) == error


@pytest.mark.parametrize(
    ("path", "text"),
    [("gone.Error", "cannot be imported: No module named 'gone'"), ("os.path.join", "is no exception")],
)
def test_a_class_that_is_gone_is_told(path: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{path}' {text}"):
        _ = TaskError(exception_class_path=path, traceback="").exception_class


def test_progress_is_between_nothing_and_all() -> None:
    told: list[tuple[float, str]] = []
    context = TaskContext(task_result=jobs.add.enqueue(1), tell=lambda part, note: told.append((part, note)))
    context.set_progress(-1)
    context.set_progress(7, "done")
    assert told == [(0.0, ""), (1.0, "done")]
    assert context.attempt == 1


def test_the_trace_is_that_of_traceparent() -> None:
    assert trace_id_of({"traceparent": "00-abc-def-01"}) == "abc"
    assert trace_id_of({"traceparent": "abc"}) == trace_id_of({}) == ""


def test_moments_are_aware() -> None:
    assert str(moment(0.5)) == "1970-01-01 00:00:00.500000+00:00"
    assert moment(None) is None
    assert TaskResultStatus("READY") is TaskResultStatus.READY
