"""Attempts of jobs in Celery's worker, and the keeper beside it; how whole workers do is tested in tests/real."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from tests.tasks import jobs
from tests.tasks.test_celeryfront import messages

from spruce import App
from spruce.errors import ConfigError
from spruce.tasks import chain, group
from spruce.tasks.celeryfront import CeleryFront
from spruce.tasks.celeryworker import Keeper, perform, serve
from spruce.tasks.processes import Orders


def work(front: CeleryFront, queue: str = "default") -> int:
    """Do what messages ask for until there is none; return how many there were."""
    done = 0
    while text := front.records.client.rpop(f"{queue}\x06\x164"):
        headers = json.loads(text)["headers"]
        perform(front, None, headers["id"], headers["spruce_turn"], bool(headers.get("redelivered")))
        done += 1
    return done


def test_a_job_is_done(front: CeleryFront) -> None:
    result = jobs.add.enqueue(1, 2)
    assert work(front) == 1
    result.refresh()
    assert (result.status, result.return_value, result.attempts) == ("SUCCESSFUL", 3, 1)
    assert result.worker_ids[0].partition("@")[0].isdigit()


def test_a_job_that_fails_is_tried_again_by_a_message_of_its_own(front: CeleryFront) -> None:
    result = jobs.failing.enqueue("x")
    assert work(front) == 3
    result.refresh()
    assert (result.status, result.attempts, len(result.errors), jobs.done) == ("FAILED", 3, 3, ["x", "x", "x"])


def test_a_chain_hands_on_its_values(front: CeleryFront) -> None:
    result = chain(group(jobs.add.s(1), jobs.add.s(2)), jobs.plain.si(), jobs.once.si("end")).enqueue()
    assert work(front) == 4
    result.refresh()
    assert result.return_value == "end"


def test_the_context_knows_the_attempt_and_writes_progress(front: CeleryFront) -> None:
    result = jobs.told.using().enqueue(0.5)
    claim, _ = front.records.begin(result.id, 1, "w", 1.0, False)
    assert claim is not None
    from spruce.tasks.celeryworker import _Attempt

    attempt = _Attempt(claim, front.store, "w")
    attempt.tell(0.25, "a quarter")
    attempt.tell(0.5, "so soon it is not written")
    result.refresh()
    assert (result.progress, result.progress_note) == (0.25, "a quarter")


def test_processes_run_one_job_at_a_time(front: CeleryFront) -> None:
    with pytest.raises(ConfigError) as refused:
        serve(App("a", static_folder=None), front, 1, Orders(20))
    assert str(refused.value) == "Celery's processes run one job at a time, not 20. Say --processes instead."


class Consumer:
    """As much of Celery's consumer as the keeper looks at, which holds no messages but those of `tags`."""

    def __init__(self, front: CeleryFront, *tags: str) -> None:
        self.connection = front.celery.connection_for_read()
        channel: Any = self.connection.default_channel
        channel.qos._delivered.update(dict.fromkeys(tags))
        self.task_consumer = SimpleNamespace(channel=channel, queues=[SimpleNamespace(name="default")])
        self.added: list[str] = []

    def call_soon(self, function: Any, queue: str) -> None:
        function(queue)

    def add_task_queue(self, queue: str) -> None:
        self.added.append(queue)


def test_a_job_whose_message_is_lost_is_given_again(front: CeleryFront, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spruce.tasks.celeryworker._LOST_SECONDS", -60.0)
    result = jobs.add.enqueue(1, 2)
    front.records.client.delete("default\x06\x164")  # as who took it and was killed
    keeper = Keeper(front, wanted=False)
    keeper._sweep()
    assert messages(front) == []
    keeper._sweep()
    assert [message["spruce_turn"] for message in messages(front)] == [2]
    assert work(front) == 1
    result.refresh()
    assert result.status == "SUCCESSFUL"
    assert keeper.missing() == {}


def test_a_job_in_the_hands_of_a_worker_is_not_missing(front: CeleryFront, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spruce.tasks.celeryworker._LOST_SECONDS", -60.0)
    jobs.add.enqueue(1)
    text = front.records.client.rpop("default\x06\x164")
    front.records.client.hset("unacked", "tag", json.dumps([json.loads(text), "", "default"]))
    assert Keeper(front, wanted=False).missing() == {}


def test_a_job_that_waits_behind_others_is_not_missing(front: CeleryFront) -> None:
    jobs.add.enqueue(1)
    assert Keeper(front, wanted=False).missing() == {}


def test_messages_in_hand_are_renewed_and_new_queues_listened_to(front: CeleryFront) -> None:
    client = front.records.client
    client.zadd("unacked_index", {"mine": 1.0, "another's": 1.0})
    jobs.mail.enqueue("ann")
    consumer = Consumer(front, "mine", "acknowledged since")
    Keeper(front, wanted=False).look(consumer)
    consumer.task_consumer.channel.qos._delivered.clear()
    consumer.connection.release()
    renewed = dict(client.zrange("unacked_index", 0, -1, withscores=True))
    assert renewed["mine"] > 1000
    assert renewed["another's"] == 1.0
    assert set(renewed) == {"mine", "another's"}
    assert consumer.added == ["mail"]
