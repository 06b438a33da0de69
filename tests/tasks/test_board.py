"""What there is to see of jobs, and to do about them."""

from collections.abc import Callable, Iterator

import pytest
from tests.tasks import jobs

from spruce import config, green, tasks
from spruce.errors import InvalidTask
from spruce.tasks.engine import Engine
from spruce.tasks.scheduling import schedules
from spruce.tasks.store import Store


@pytest.fixture(autouse=True)
def _own_schedules() -> Iterator[None]:
    before = dict(schedules)
    schedules.clear()
    yield
    schedules.clear()
    schedules.update(before)


def test_queues_are_counted(store: Store) -> None:
    jobs.mail.enqueue("a")
    jobs.mail.enqueue_in(60, "b")
    jobs.add.enqueue(1)
    store.claim("w", ["default"], 1, 0.0)
    default, mail = tasks.queues()
    assert (default.name, default.ready, default.waiting, default.running, default.failed) == ("default", 0, 0, 1, 0)
    assert (mail.name, mail.ready, mail.waiting, mail.running, default.lag) == ("mail", 1, 1, 0, 0.0)
    assert mail.lag >= 0


@pytest.mark.usefixtures("sqlite")
def test_what_runs_here_tells_where_it_is(engine: Callable[..., Engine]) -> None:
    made = engine()
    result = jobs.told.enqueue(0.5)
    while not made.running:
        green.sleep(0.001)
    (one,) = tasks.running()
    assert (one.result.id, one.worker, one.result.status) == (
        result.id,
        result.id and one.result.worker_ids[0],
        "RUNNING",
    )
    assert "in told" in one.stack
    result.cancel()
    while made.running:
        green.sleep(0.01)


@pytest.mark.usefixtures("store")
def test_what_has_failed_can_be_replayed_and_cleared(engine: Callable[..., Engine]) -> None:
    engine()
    result = jobs.failing.enqueue("word")
    with pytest.raises(ValueError, match=r"^Task failed$"):
        result.wait(30)
    assert [one.id for one in tasks.failed()] == [one.id for one in tasks.failed(task=jobs.failing.path)] == [result.id]
    assert tasks.failed(task="other") == []
    assert tasks.replay(result.id)
    while len(jobs.done) < 6:
        green.sleep(0.001)
    with pytest.raises(ValueError, match=r"^Task failed$"):
        result.wait(30)
    result.refresh()
    while not result.is_finished:
        result.refresh()
        green.sleep(0.001)
    assert (result.attempts, len(result.errors)) == (3, 6)
    assert tasks.clear(result.id)
    assert not tasks.clear(result.id)
    assert tasks.failed() == []


def test_a_task_that_is_gone_is_still_shown(store: Store, row: Callable[..., dict[str, object]]) -> None:
    store.add(row(task="old.module.task", state="FAILED", finished=1.0))
    (one,) = tasks.failed()
    assert one.task.path == "old.module.task"
    assert repr(one.task) == "<Task old.module.task, which this program does not have>"
    one.refresh()
    assert one.status == "FAILED"


@pytest.mark.usefixtures("store")
def test_schedules_tell_their_next_runs() -> None:
    tasks.schedule(cron="@yearly", tz="UTC", args=("x",))(jobs.once)
    (one,) = tasks.schedules(runs=2)
    assert (one.name, one.task, one.definition) == (jobs.once.path, jobs.once.path, "0 0 1 1 * UTC")
    first, second = one.next_runs
    assert (first.month, first.day, second.year - first.year, one.last_tick, one.paused) == (1, 1, 1, None, False)
    tasks.pause(jobs.once.path)
    assert [one.paused for one in tasks.schedules()] == [True]
    tasks.resume(jobs.once.path)
    assert [one.paused for one in tasks.schedules()] == [False]


@pytest.mark.usefixtures("store")
def test_a_wrong_name_is_told() -> None:
    tasks.schedule(every=60, name="nightly", args=("x",))(jobs.once)
    with pytest.raises(InvalidTask, match=r"^there is no schedule 'nightl'; did you mean 'nightly'\?$"):
        tasks.pause("nightl")


def test_a_backend_without_a_database_has_nothing_to_show() -> None:
    token = config.use(config.Settings(TASKS="inline"))
    try:
        with pytest.raises(InvalidTask, match=r"^the backend 'inline' keeps no jobs in a database to look at$"):
            tasks.queues()
    finally:
        config.leave(token)
