"""Celery's app: its broker, settings, and what it can't do."""

from typing import Any

import pytest
from tests.tasks import jobs

from spruce import config
from spruce.errors import InvalidTaskBackend, TaskException
from spruce.tasks import task
from spruce.tasks.carrier import VISIBLE_SECONDS, broker_of, carrier, check, records_url, send
from spruce.tasks.records import step_of


def test_a_broker_is_named_behind_celery() -> None:
    assert broker_of("celery+redis://127.0.0.1:1/0") == "redis://127.0.0.1:1/0"
    assert broker_of("celery+amqp://guest@mq//") == "amqp://guest@mq//"


@pytest.mark.parametrize(
    ("tasks", "problem"),
    [
        ("celery+redi://host", "TASKS is 'celery+redi://host', and 'redi' is no broker that can be used"),
        ("celery+sqs", "TASKS is 'celery+sqs', and 'sqs' is no broker that can be used"),
    ],
)
def test_other_brokers_are_refused(tasks: str, problem: str) -> None:
    with pytest.raises(InvalidTaskBackend) as refused:
        broker_of(tasks)
    assert str(refused.value).startswith(problem)
    assert str(refused.value).endswith("As in celery+redis://127.0.0.1:6379/0 and celery+amqp://guest@127.0.0.1//.")


def test_results_are_in_the_broker_if_it_is_a_redis() -> None:
    assert records_url("redis://one") == "redis://one"
    token = config.use(config.Settings(TASKS_RESULTS="redis://two"))
    try:
        assert records_url("amqp://mq") == "redis://two"
    finally:
        config.leave(token)
    with pytest.raises(InvalidTaskBackend) as refused:
        records_url("amqp://mq")
    assert str(refused.value) == (
        "a broker at amqp:// keeps no states and results of jobs. Set TASKS_RESULTS to a Redis, as redis://127.0.0.1:6379/0."
    )


def test_what_celery_cannot_do_is_refused_with_the_task_and_its_option() -> None:
    check([jobs.add, jobs.once, jobs.failing, jobs.endless])
    with pytest.raises(InvalidTaskBackend) as refused:
        check([jobs.add, jobs.write])
    assert str(refused.value) == (
        "tests.tasks.jobs.write has atomic=True: the end of a job that Celery carries is not in the app's database, so "
        "it can't be part of a transaction. Open db.atomic() in the function, and make it repeatable."
    )
    with pytest.raises(InvalidTaskBackend) as refused:
        check([jobs.limited])
    assert str(refused.value) == (
        "tests.tasks.jobs.limited has concurrency=2: Celery cannot limit how many jobs run at one time over all "
        "workers. Give the task a queue of its own, and that queue one worker with --processes 1."
    )


def test_a_message_is_acknowledged_when_its_job_has_ended_and_not_before() -> None:
    conf = carrier("redis://127.0.0.1:1/0").conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.broker_transport_options["visibility_timeout"] == VISIBLE_SECONDS
    assert carrier("amqp://mq").conf.broker_transport_options == {}


@pytest.mark.parametrize(("priority", "step"), [(-100, 0), (-80, 0), (-79, 1), (0, 4), (100, 9)])
def test_priorities_become_ten_steps(priority: int, step: int) -> None:
    assert step_of(priority) == step


class Sent:
    """Stands where Celery's app does, and keeps what is sent."""

    def __init__(self, broker: str, error: Exception | None = None) -> None:
        self.conf = carrier(broker).conf
        self.error = error
        self.options: dict[str, Any] = {}

    def send_task(self, name: str, **options: Any) -> None:
        if self.error is not None:
            raise self.error
        self.options = options


ROW = {"task": "a.b", "id": "1", "queue": "mail", "step": 2, "run_after": 0.0, "turn": 3, "arguments": "[[1],{},{}]"}


def test_rabbitmq_takes_higher_numbers_first() -> None:
    for broker, priority in (("redis://127.0.0.1:1/0", 2), ("amqp://mq", 7)):
        sent = Sent(broker)
        send(sent, ROW)  # type: ignore[arg-type] # as much of Celery as it uses
        assert (sent.options["priority"], sent.options["queue"], sent.options["task_id"]) == (priority, "mail", "1")
        assert (sent.options["eta"], sent.options["headers"]["spruce_turn"]) == (None, 3)


def test_a_broker_that_is_away_is_told() -> None:
    with pytest.raises(TaskException) as refused:
        send(Sent("amqp://mq", ConnectionRefusedError("nobody there")), ROW)  # type: ignore[arg-type] # the same
    assert str(refused.value) == ("the broker did not take the job: nobody there. Is it there? TASKS has its URL.")


def test_a_task_without_such_options_is_fine() -> None:
    check([task(jobs.plain.func)])
