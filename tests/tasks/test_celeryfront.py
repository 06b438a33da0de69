"""Jobs that are handed to Celery: entered, sent, seen, cancelled, run again."""

import json
from typing import Any

import pytest
from tests.tasks import jobs
from tests.tasks.test_carrier import Sent

from spruce import db
from spruce.errors import InvalidTaskBackend, TaskException, TaskResultDoesNotExist
from spruce.tasks import board, cancel, chain, get_result, group
from spruce.tasks.celeryfront import CeleryFront, CeleryScheduler
from spruce.tasks.scheduling import Schedule
from spruce.tasks.ticks import Every


def messages(front: CeleryFront, queue: str = "default", step: int = 4) -> list[dict[str, Any]]:
    """The headers of messages in the broker, in the order in which they go."""
    key = f"{queue}\x06\x16{step}" if step else queue
    return [json.loads(text)["headers"] for text in reversed(front.records.client.lrange(key, 0, -1))]


def test_a_job_is_a_record_and_a_message(front: CeleryFront) -> None:
    result = jobs.add.enqueue(1, b=2)
    assert (result.status, result.backend, result.args, result.kwargs) == ("READY", "celery", [1], {"b": 2})
    (message,) = messages(front)
    assert (message["id"], message["task"], message["spruce_turn"]) == (result.id, "tests.tasks.jobs.add", 1)
    assert get_result(result.id) == result


def test_queue_and_priority_are_those_of_the_broker(front: CeleryFront) -> None:
    jobs.mail.enqueue("ann")
    jobs.mail.using(priority=-100).enqueue("bob")
    assert len(messages(front, "mail", 5)) == len(messages(front, "mail", 0)) == 1


def test_a_job_of_later_has_a_time(front: CeleryFront) -> None:
    result = jobs.add.enqueue_in(60, 1)
    (message,) = messages(front)
    assert result.run_after is not None
    assert message["eta"].startswith(result.run_after.isoformat()[:19])
    assert [(one.ready, one.waiting) for one in board.queues()] == [(0, 1)]


def test_inside_of_a_transaction_it_is_sent_once_that_is_committed(front: CeleryFront) -> None:
    with db.atomic():
        result = jobs.add.enqueue(1)
        assert messages(front) == []
    assert [message["id"] for message in messages(front)] == [result.id]
    with db.atomic():
        gone = jobs.add.enqueue(1)
        db.set_rollback(True)
    assert len(messages(front)) == 1
    with pytest.raises(TaskResultDoesNotExist):
        gone.refresh()


def test_what_is_unique_is_there_once(front: CeleryFront) -> None:
    first, second, other = jobs.once.enqueue("a"), jobs.once.enqueue("a"), jobs.once.enqueue("b")
    assert first.id == second.id != other.id
    assert len(messages(front)) == 2
    assert cancel(first.id)
    assert jobs.once.enqueue("a").id != first.id


def test_a_chain_is_entered_as_a_whole_and_only_its_head_is_sent(front: CeleryFront) -> None:
    last = chain(group(jobs.add.s(1), jobs.add.s(2)), jobs.plain.si()).enqueue()
    assert len(messages(front)) == 2
    assert [(one.ready, one.waiting) for one in board.queues()] == [(2, 1)]
    front.records.cancel(messages(front)[0]["id"], 1.0)
    last.refresh()
    assert last.status == "CANCELLED"
    assert last.errors[0].traceback.endswith(", which this one follows, is cancelled")


def test_a_broker_that_is_away_leaves_no_record(front: CeleryFront) -> None:
    celery = front.celery
    front.celery = Sent("amqp://mq", ConnectionRefusedError("nobody there"))
    with pytest.raises(TaskException, match="the broker did not take the job: nobody there"):
        jobs.once.enqueue("a")
    front.celery = celery
    assert board.queues() == []
    assert front.records.client.keys("*job*") == []


def test_cancelled_and_failed_jobs_run_again(front: CeleryFront) -> None:
    result = jobs.add.enqueue(1)
    assert result.cancel()
    assert not result.cancel()
    assert board.replay(result.id)
    assert not board.replay(result.id)
    assert [message["spruce_turn"] for message in messages(front)] == [1, 2]
    result.refresh()
    assert result.status == "READY"


def test_options_of_a_task_are_checked_again_when_it_is_enqueued(front: CeleryFront) -> None:
    with pytest.raises(InvalidTaskBackend, match=r"tests\.tasks\.jobs\.limited has concurrency=2"):
        jobs.limited.enqueue(1)


def test_jobs_are_cleared(front: CeleryFront) -> None:
    result = jobs.add.enqueue(1)
    assert not board.clear(result.id)
    result.cancel()
    assert board.clear(result.id)
    with pytest.raises(TaskResultDoesNotExist) as missing:
        get_result(result.id)
    assert str(missing.value) == (
        f"there is no job {result.id!r}. It never was, or has been removed since it ended (TASKS_KEEP)."
    )


def test_each_tick_is_enqueued_once_by_however_many_schedulers(
    front: CeleryFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has seen the same row as another, and comes after it, changes nothing."""
    one = Schedule(name="mine", task=jobs.add, ticks=Every(10), args=[1])
    monkeypatch.setattr("spruce.tasks.scheduling.schedules", {"mine": one})
    first, second = CeleryScheduler(front), CeleryScheduler(front)
    assert first.fire(1001.0) == 1010.0
    assert second.fire(1002.0) == 1010.0
    first.fire(1010.5)
    second._move_on(one, 1010.0, 1020.0, [1010.0], 1010.6)
    assert front.records.tick("mine") == ("every 0:00:10", 1020.0, False)
    assert len(messages(front)) == 1
    assert front.records.get(messages(front)[0]["id"])["tick"] == 1010.0  # type: ignore[index] # it is there
    front.records.pause("mine", True)
    first.fire(1020.5)
    assert len(messages(front)) == 1
    assert front.records.tick("mine") == ("every 0:00:10", 1030.0, True)
