"""Jobs that run at once, or not at all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.tasks import jobs

from spruce import config, db, events
from spruce.errors import InvalidTask, TaskResultDoesNotExist
from spruce.tasks import cancel, get_result
from spruce.tasks.backends import backend
from spruce.tasks.inline import Dummy


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[config.Settings]:
    made = config.Settings(TASKS="inline", DATABASES={"default": f"sqlite:///{tmp_path}/a.db"})
    token = config.use(made)
    jobs.done.clear()
    yield made
    db.databases.current().close()
    config.leave(token)


def test_a_job_runs_in_the_call_that_enqueues_it() -> None:
    assert jobs.mail.enqueue_at(datetime(2040, 1, 1, tzinfo=UTC), "bob").return_value == "bob"
    assert jobs.done == ["bob"]


def test_it_is_tried_again_at_once() -> None:
    result = jobs.failing.enqueue("word")
    assert (result.status, result.attempts, len(result.errors)) == ("FAILED", 3, 3)
    assert jobs.done == ["word"] * 3


def test_the_function_gets_what_json_gives_back() -> None:
    jobs.add.enqueue((1,), (2,))  # type: ignore[arg-type] # lists can be added, too
    assert jobs.done == [([1], [2])]
    assert jobs.unfit.enqueue().errors[0].exception_class is InvalidTask


def test_a_transaction_is_the_jobs_own() -> None:
    db.create_all(models=[jobs.Entry])
    jobs.write.enqueue("a")
    jobs.write.enqueue("b", fails=True)
    assert [entry.text for entry in jobs.Entry.objects.all()] == ["a"]


def test_what_fails_is_logged_as_by_a_worker(caplog: pytest.LogCaptureFixture) -> None:
    result = jobs.failing.enqueue("word")
    told = [(one.levelname, one.name, one.getMessage()) for one in caplog.records]
    name = "job " + result.id + " of tests.tasks.jobs.failing failed"
    assert told == [
        ("WARNING", "spruce.tasks", f"{name}; again at once"),
        ("WARNING", "spruce.tasks", f"{name}; again at once"),
        ("ERROR", "spruce.tasks", name),
    ]
    assert all(one.exc_info for one in caplog.records)


def test_an_exit_is_the_jobs_own() -> None:
    assert jobs.leaves.enqueue().errors[0].exception_class is SystemExit


def test_progress_is_kept() -> None:
    settled = jobs.told.using()
    object.__setattr__(settled, "func", lambda context, part: context.set_progress(part, "x") or context.attempt)
    result = settled.enqueue(0.5)
    assert (result.progress, result.progress_note, result.return_value) == (0.5, "x", 1)


def test_who_subscribes_is_told() -> None:
    seen: list[tuple[object, ...]] = []
    leave = [
        events.task_enqueued.subscribe(lambda event: event["headers"].update(traceparent="00-t-s-01")),  # type: ignore[attr-defined] # a dict
        events.task_started.subscribe(lambda event: seen.append((event["name"], event["attempt"], event["trace_id"]))),
        events.task_finished.subscribe(lambda event: seen.append((event["status"], event["queue"]))),
    ]
    result = jobs.mail.enqueue("x")
    for end in leave:
        end()
    assert seen == [("tests.tasks.jobs.mail", 1, "t"), ("SUCCESSFUL", "mail")]
    assert result.trace_id == "t"


def test_dummy_notes_jobs_and_runs_none(settings: config.Settings) -> None:
    settings["TASKS"] = "dummy"
    result = jobs.mail.enqueue("x")
    taker = backend()
    assert isinstance(taker, Dummy)
    assert (jobs.done, result.status) == ([], "READY")
    assert [(one.task.path, one.args) for one in taker.results] == [("tests.tasks.jobs.mail", ["x"])]
    assert cancel(result.id)
    assert get_result(result.id).status == "CANCELLED"
    assert result.status == "READY"  # as it stood; as with every other backend, refresh() looks again
    result.refresh()
    assert result.status == "CANCELLED"
    assert not cancel(result.id)
    taker.clear()
    with pytest.raises(TaskResultDoesNotExist):
        get_result(result.id)


def test_it_keeps_a_thousand(settings: config.Settings) -> None:
    settings["TASKS"] = "dummy"
    first = jobs.mail.enqueue("x")
    for _ in range(1000):
        jobs.mail.enqueue("x")
    with pytest.raises(TaskResultDoesNotExist) as missed:
        get_result(first.id)
    assert str(missed.value) == f"there is no job {first.id!r}. The last 1,000 are kept in memory."
