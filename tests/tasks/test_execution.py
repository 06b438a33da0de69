"""One attempt of a job."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.tasks import jobs

from spruce import config, db, events, green
from spruce.errors import ConnectionLost, DeadlockDetected, IntegrityError
from spruce.tasks.execution import Execution, Stopped
from spruce.tasks.store import Mark, Store

Row = Callable[..., dict[str, Any]]


def attempt(store: Store, row: Row, name: str, arguments: str = "[[],{},{}]", **more: Any) -> Execution:
    """A job that was claimed."""
    store.add(row(task=f"tests.tasks.jobs.{name}", arguments=arguments, **more))
    (claim,) = store.claim("w", ["default"], 1, 0.0)
    return Execution(claim, store, "w")


def mark_of(execution: Execution) -> Mark:
    execution.run()
    assert execution.mark is not None
    return execution.mark


def test_a_value_is_written_with_the_mark(sqlite: Store, row: Row) -> None:
    mark = mark_of(attempt(sqlite, row, "add", '[[1],{"b":4},{}]'))
    assert (mark.state, mark.result, mark.error, mark.counts) == ("SUCCESSFUL", "5", "", True)
    assert mark.finished is not None


def test_a_failure_is_tried_again_as_often_as_the_task_says(sqlite: Store, row: Row) -> None:
    execution = attempt(sqlite, row, "failing", '[["word"],{},{}]')
    states = []
    for _ in range(3):
        mark = mark_of(execution)
        states.append(mark.state)
        assert '["ValueError", "Traceback' not in mark.error
        assert mark.error.startswith('["builtins.ValueError", "Traceback')
        sqlite.mark([mark._replace(run_after=0.0)], 0.0)
        sqlite.promote(1.0)
        claims = sqlite.claim("w", ["default"], 1, 0.0)
        execution = Execution(claims[0], sqlite, "w") if claims else execution
    assert states == ["WAITING", "WAITING", "FAILED"]


def test_an_attempt_that_was_lost_with_its_worker_is_none_of_them(sqlite: Store, row: Row) -> None:
    execution = attempt(sqlite, row, "failing", '[["word"],{},{}]', attempts=4, lost=3)
    assert execution.claim.attempts == 5
    assert mark_of(execution).state == "WAITING"


@pytest.mark.parametrize(
    ("name", "error"),
    [("leaves", "SystemExit: 3"), ("endless", "TaskTimeout: endless() took longer"), ("unfit", "InvalidTask: tests")],
)
def test_everything_that_a_job_raises_is_its_own(sqlite: Store, row: Row, name: str, error: str) -> None:
    mark = mark_of(attempt(sqlite, row, name))
    assert mark.state == "FAILED"
    assert error in mark.error


def test_an_atomic_job_commits_with_its_mark(store: Store, row: Row) -> None:
    execution = attempt(store, row, "write", '[["a"],{},{}]')
    execution.run()
    assert (execution.mark, execution.written) == (None, True)
    assert [entry.text for entry in jobs.Entry.objects.all()] == ["a"]
    found = store.get(execution.claim.id)
    assert found is not None
    assert (found["state"], found["result"]) == ("SUCCESSFUL", "null")


def test_an_atomic_job_that_fails_writes_nothing(store: Store, row: Row) -> None:
    assert mark_of(attempt(store, row, "write", '[["a",true],{},{}]')).state == "FAILED"
    assert jobs.Entry.objects.count() == 0


@pytest.mark.parametrize(
    ("lost", "error", "expected"),
    [
        (0, ConnectionLost("gone"), ("WAITING", True)),
        (0, DeadlockDetected("others"), ("WAITING", True)),
        (9, ConnectionLost("gone"), ("FAILED", False)),
        (0, IntegrityError("its own"), ("FAILED", False)),
    ],
)
def test_an_atomic_job_that_the_database_undid_has_not_failed(
    sqlite: Store, row: Row, lost: int, error: Exception, expected: tuple[str, bool]
) -> None:
    """Nothing of it was done, so it is run again, without costing a retry; up to ten times."""
    execution = attempt(sqlite, row, "raises", attempts=lost, lost=lost)
    jobs.done[:] = [error]
    mark = mark_of(execution)
    assert (mark.state, mark.lost) == expected
    assert sqlite.mark([mark], 0.0) == []
    found = sqlite.get(execution.claim.id)
    assert found is not None
    assert found["lost"] == lost + mark.lost


def test_an_atomic_job_that_was_taken_away_writes_nothing(store: Store, row: Row) -> None:
    """The mark changes no row, so the job's own writes are rolled back with it."""
    execution = attempt(store, row, "write", '[["a"],{},{}]')
    assert store.release(0.0) == 1
    store.claim("other", ["default"], 1, 0.0)
    execution.run()
    assert (execution.mark, execution.written) == (None, False)
    assert jobs.Entry.objects.count() == 0


@pytest.mark.parametrize(
    ("why", "state", "counts"),
    [("cancelled", "CANCELLED", True), ("handed back", "READY", False), ("fenced", None, None)],
)
def test_it_can_be_stopped_from_outside(sqlite: Store, row: Row, why: Any, state: Any, counts: Any) -> None:
    execution = attempt(sqlite, row, "told", "[[0.5],{},{}]")
    execution.thread = green.spawn(execution.run)
    while execution.progress is None:
        green.sleep(0)
    assert execution.progress == (0.5, "so far")
    execution.stop(why)
    execution.thread.wait()
    assert (execution.mark and execution.mark.state, execution.mark and execution.mark.counts) == (state, counts)


def test_one_that_never_starts_is_handed_back(sqlite: Store, row: Row) -> None:
    execution = attempt(sqlite, row, "add")
    assert execution.mark == Mark(execution.claim, "READY", counts=False)
    execution.stop("cancelled")
    assert execution.mark is not None
    assert execution.mark.state == "CANCELLED"


def test_a_task_that_this_program_does_not_have_is_left_to_others(sqlite: Store, row: Row) -> None:
    """While a program is replaced, the newer half may know it; after half an hour it has failed."""
    assert mark_of(attempt(sqlite, row, "gone")).state == "WAITING"
    assert mark_of(attempt(sqlite, row, "gone", attempts=29)).state == "FAILED"


def test_who_subscribes_is_told(sqlite: Store, row: Row) -> None:
    seen: list[dict[str, object]] = []
    leave = [
        hook.subscribe(lambda event: seen.append(dict(event.attributes)))
        for hook in (events.task_started, events.task_finished)
    ]
    attempt(sqlite, row, "failing", '[["x"],{},{"traceparent":"00-t-s-01"}]').run()
    for end in leave:
        end()
    started, finished = seen
    assert (started["name"], started["attempt"], started["trace_id"]) == ("tests.tasks.jobs.failing", 1, "t")
    assert (finished["status"], type(finished["exception"]), finished["headers"]) == (
        *("READY", ValueError),
        {"traceparent": "00-t-s-01"},
    )


def test_the_reason_of_a_stop_is_kept() -> None:
    assert Stopped("fenced").why == "fenced"


def test_a_job_reads_what_was_written_before_it_was_claimed(store: Store, row: Row) -> None:
    """With replicas, that is: it begins with the position that the primary has by then."""
    copies = config.current()["DATABASES"]["default"]
    if store.on_postgres:
        db.configure(DATABASE_REPLICAS=[copies])
    mark = mark_of(attempt(store, row, "written"))
    assert mark.result is not None
    assert mark.result.startswith('"default:') == store.on_postgres
    if store.on_postgres:
        db.configure(DATABASE_REPLICAS=[])
