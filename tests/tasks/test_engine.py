"""The engine: jobs from the call that enqueues them to their end."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.tasks import jobs

from spruce import App, config, db, green
from spruce.tasks import cancel, task
from spruce.tasks.engine import Engine, engines
from spruce.tasks.store import Store

Begin = Callable[..., Engine]
PATIENCE = 30


@db.atomic
def enqueue_and_fail(word: str) -> None:
    jobs.mail.enqueue(word)
    _ = 1 / 0


@task(takes_context=True)
def progressing(context: Any) -> str:
    context.set_progress(0.25, "a quarter")
    while not jobs.done:
        green.sleep(0.001)
    return "done"


@task
def names_its_app() -> str:
    from spruce import current_app

    return current_app.name


@pytest.mark.usefixtures("store")
def test_what_is_enqueued_is_run(engine: Begin) -> None:
    engine()
    assert jobs.add.enqueue(1, b=2).wait(PATIENCE) == 3
    assert jobs.later.enqueue("a").wait(PATIENCE) == "A"
    assert jobs.mail.enqueue("bob").wait(PATIENCE) == "bob", "a queue that it hears of"


@pytest.mark.usefixtures("store")
def test_in_a_transaction_it_exists_once_that_is_committed(engine: Begin) -> None:
    engine()
    with db.atomic():
        kept = jobs.mail.enqueue("kept")
    assert kept.wait(PATIENCE) == "kept"
    with pytest.raises(ZeroDivisionError):
        enqueue_and_fail("dropped")
    assert jobs.done == ["kept"]


def test_what_was_enqueued_before_it_began_is_run(store: Store, engine: Begin) -> None:
    results = [jobs.add.enqueue(number) for number in range(50)]
    made = engine(concurrency=3)
    assert [result.wait(PATIENCE) for result in results] == [number + 1 for number in range(50)]
    assert made.stats() == {"running": 0, "concurrency": 3, "claimed": 50, "finished": 50, "late": 0}
    assert store.queues() == []


@pytest.mark.usefixtures("store")
def test_a_failure_is_tried_again_and_then_kept(engine: Begin) -> None:
    engine()
    result = jobs.failing.enqueue("word")
    with pytest.raises(ValueError, match=r"^Task failed$"):
        result.wait(PATIENCE)
    assert (result.attempts, len(result.errors), len(result.worker_ids)) == (3, 3, 3)
    assert jobs.done == ["word"] * 3


@pytest.mark.usefixtures("store")
def test_a_job_waits_for_its_time(engine: Begin) -> None:
    engine()
    late, soon = jobs.mail.enqueue_in(3600, "late"), jobs.mail.enqueue_in(0.01, "soon")
    assert soon.wait(PATIENCE) == "soon"
    late.refresh()
    assert (late.status, jobs.done) == ("READY", ["soon"])


@pytest.mark.usefixtures("sqlite")
def test_no_more_run_at_one_time_than_the_task_allows(engine: Begin) -> None:
    engine()
    for result in [jobs.limited.enqueue(number) for number in range(6)]:
        result.wait(PATIENCE)
    most = now = 0
    for step in jobs.done:
        now += 1 if str(step).startswith("+") else -1
        most = max(most, now)
    assert (most, now) == (2, 0)


@pytest.mark.usefixtures("store")
def test_no_second_job_of_the_same_arguments_gets_in(engine: Begin) -> None:
    first, second, other = jobs.once.enqueue("a"), jobs.once.enqueue(word="a"), jobs.once.enqueue("b")
    assert (first.id == second.id, first.id == other.id) == (True, False)
    assert jobs.once_each.enqueue(1).id == jobs.once_each.enqueue(3).id
    engine()
    assert first.wait(PATIENCE) == "a"
    assert jobs.once.enqueue("a").id != first.id


@pytest.mark.usefixtures("sqlite")
def test_progress_and_cancelling(engine: Begin) -> None:
    engine()
    result = progressing.enqueue()
    while result.progress is None:
        green.sleep(0.01)
        result.refresh()
    assert (result.status, result.progress, result.progress_note) == ("RUNNING", 0.25, "a quarter")
    assert cancel(result.id)
    with pytest.raises(ValueError, match=r"^Task was cancelled$"):
        result.wait(PATIENCE)


@pytest.mark.usefixtures("sqlite")
def test_jobs_run_in_the_context_of_their_app(engine: Begin) -> None:
    engine(app=App("shop", static_folder=None))
    assert names_its_app.enqueue().wait(PATIENCE) == "shop"


def test_when_told_to_stop_it_hands_back_what_has_not_finished(store: Store) -> None:
    one = Engine(store)
    one.start()
    result = progressing.enqueue()
    while not one.running:
        green.sleep(0.001)
    one.stop(grace=0)
    result.refresh()
    assert (result.status, result.attempts, len(result.worker_ids)) == ("READY", 0, 1)
    assert (store.workers(), engines()) == ([], [])


def test_when_told_to_stop_it_lets_jobs_finish(store: Store) -> None:
    one = Engine(store)
    one.start()
    result = progressing.enqueue()
    while not one.running:
        green.sleep(0.001)
    stopping = green.spawn(one.stop, 30)
    green.sleep(0)
    assert not one.has_room
    jobs.done.append("go on")
    stopping.wait()
    result.refresh()
    assert result.return_value == "done"


def test_a_worker_that_was_taken_for_dead_drops_everything(sqlite: Store, engine: Begin) -> None:
    made = engine()
    result = progressing.enqueue()
    while not made.running:
        green.sleep(0.001)
    (worker,) = sqlite.workers()
    before = next(iter(made.running.values()))
    sqlite.bury(worker[0], worker[1])
    while before in made.running.values():
        green.sleep(0.01)
    jobs.done.append("go on")
    assert result.wait(PATIENCE) == "done"
    assert len(result.worker_ids) == 2


def test_it_knows_the_queues_of_all_tasks_and_takes_those_that_it_hears_of(sqlite: Store) -> None:
    one = Engine(sqlite)
    assert {"default", "mail"} <= set(one.queues)
    assert one.knows("new")
    assert one.queues[-1] == "new"


def test_a_database_that_is_away_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    """An engine that begins meanwhile goes on as soon as it is there; told once."""
    token = config.use(config.Settings(DATABASES={"default": "postgresql://nobody@127.0.0.1:1/none"}))
    one = Engine(Store("default"))
    one.start()
    while len(caplog.messages) < 2:
        green.sleep(0.01)
    one.stop(grace=0)
    db.databases.current().close()
    config.leave(token)
    told = {message.partition(":")[0] for message in caplog.messages}
    assert {"tasks wait for the database", "a worker of tasks cannot show that it lives"} <= told


def test_only_the_queues_that_it_is_told(sqlite: Store, engine: Begin) -> None:
    made = engine(queues=["mail"])
    assert not made.knows("default")
    other = jobs.add.enqueue(1)
    assert jobs.mail.enqueue("x").wait(PATIENCE) == "x"
    other.refresh()
    assert other.status == "READY"
    assert sqlite.queues() == ["default"]


@pytest.mark.usefixtures("sqlite")
def test_what_schedules_have_due_is_fired(engine: Begin) -> None:
    seen: list[float] = []

    def fire(now: float) -> float | None:
        seen.append(now)
        return now + 0.01 if len(seen) < 3 else None

    engine(fire=fire)
    while len(seen) < 3:
        green.sleep(0.001)
    assert seen == sorted(seen)
