"""Jobs in a test: when they run, which time it is for them, and where their workers crash."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spruce import App, db, schedule, task
from spruce.errors import TaskException
from spruce.tasks import scheduling
from spruce.testing import Jobs

seen: list[object] = []


class Line(db.Model):
    text = db.CharField(max_length=20)

    class Meta:
        db_table = "tests_testing_line"


@task
def note(what: object) -> object:
    seen.append(what)
    return what


@task(retries=2, backoff=[60.0, 600.0])
def fails() -> None:
    raise ValueError("no")


@task(retries=1, backoff=lambda attempt: 1 / 3)
def fails_soon() -> None:
    raise ValueError("no")


@task(atomic=True)
def write(text: str) -> None:
    seen.append(text)
    Line.objects.create(text=text)


@task
def endless() -> None:
    endless.enqueue()


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setattr(scheduling, "schedules", {})
    seen.clear()
    app = App("tested", static_folder=None, DATABASES={"default": f"sqlite:///{tmp_path / 'test.db'}"})
    with Jobs(app, datetime(2026, 1, 31, 12, 0, tzinfo=UTC)) as made:
        db.create_all(models=[Line])
        yield made
        db.databases.current().close()


def test_nothing_runs_before_the_test_says_so(jobs: Jobs) -> None:
    result = note.enqueue(1)
    assert (seen, result.enqueued_at) == ([], jobs.now)
    assert [one.return_value for one in jobs.run()] == [1]
    assert jobs.run() == []
    result.refresh()
    assert (result.status, result.finished_at) == ("SUCCESSFUL", jobs.now)


def test_they_run_in_the_order_of_their_priority(jobs: Jobs) -> None:
    for priority in (5, -5, 0):
        note.using(priority=priority).enqueue(priority)
    jobs.run()
    assert seen == [-5, 0, 5]


def test_time_passes_when_the_test_says_so(jobs: Jobs) -> None:
    note.enqueue_in(3600, "later")
    assert jobs.advance(3599) == []
    (result,) = jobs.advance(timedelta(seconds=2))
    assert result.finished_at == datetime(2026, 1, 31, 13, 0, tzinfo=UTC)
    assert jobs.now == datetime(2026, 1, 31, 13, 0, 1, tzinfo=UTC)


def test_a_job_is_tried_again_at_its_time(jobs: Jobs) -> None:
    fails.enqueue()
    assert [(one.status, one.attempts) for one in jobs.advance(3600)] == [("READY", 1), ("READY", 2), ("FAILED", 3)]


def test_a_job_is_due_between_two_microseconds(jobs: Jobs) -> None:
    fails_soon.enqueue()
    assert len(jobs.advance(1)) == 2


def test_a_month_of_cron(jobs: Jobs) -> None:
    schedule(cron="30 3 * * *", tz="Europe/Berlin", kwargs={"what": "night"})(note)
    done = jobs.advance(timedelta(days=28))
    assert len(done) == len(seen) == 28
    assert done[0].finished_at == datetime(2026, 2, 1, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(("point", "calls"), [("after claim", 1), ("before done mark", 2), ("after done mark", 1)])
def test_a_job_whose_worker_crashes_is_done_by_the_next(jobs: Jobs, point: str, calls: int) -> None:
    result = note.enqueue("x")
    with jobs.crash_at(point):  # type: ignore[arg-type] # one of the points
        assert jobs.run() == []
    jobs.run()
    result.refresh()
    assert (result.status, seen) == ("SUCCESSFUL", ["x"] * calls)


@pytest.mark.parametrize("point", ["before done mark", "before commit", "after done mark"])
def test_what_an_atomic_job_writes_is_there_once(jobs: Jobs, point: str) -> None:
    write.enqueue("a")
    with jobs.crash_at(point, times=1):  # type: ignore[arg-type] # one of the points
        jobs.run()
    jobs.run()
    assert Line.objects.count() == 1


def test_a_crash_may_come_more_than_once(jobs: Jobs) -> None:
    note.enqueue("x")
    with jobs.crash_at("before done mark", times=2):
        jobs.run()
        jobs.run()
    assert [one.attempts for one in jobs.run()] == [3]


def test_a_crash_that_never_came_is_told(jobs: Jobs) -> None:
    with pytest.raises(TaskException) as told, jobs.crash_at("before commit"):
        jobs.run()
    assert str(told.value) == (
        "the worker came to 'before commit' 0 times, not 1. Call run() within the block; "
        "`before commit` is of tasks with atomic=True."
    )


def test_a_point_that_is_none_is_told(jobs: Jobs) -> None:
    with pytest.raises(TaskException) as told, jobs.crash_at("before done"):  # type: ignore[arg-type] # that is the test
        pass
    assert str(told.value) == (
        "there is no point 'before done'; did you mean 'before done mark'? "
        "It is one of ('after claim', 'before done mark', 'before commit', 'after done mark')."
    )


def test_jobs_that_enqueue_each_other_for_ever_are_told(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spruce.testing.jobs._MOST", 5)
    endless.enqueue()
    with pytest.raises(TaskException) as told:
        jobs.run()
    assert str(told.value).startswith("5 attempts at one time, the last of ")
    assert str(told.value).endswith("endless: jobs enqueue jobs for ever")
