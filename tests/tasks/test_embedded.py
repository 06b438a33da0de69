"""Jobs on their way into the database."""

import dataclasses
from collections.abc import Iterator

import pytest
from tests.tasks import jobs

from spruce import events
from spruce.errors import TaskResultDoesNotExist
from spruce.tasks import get_result, task
from spruce.tasks.embedded import Embedded, new_id, slot_of
from spruce.tasks.store import Store


@task(concurrency=1, concurrency_key=lambda user, **_: f"user {user}")
def per_user(user: int, note: str = "") -> None: ...


@pytest.fixture
def _traced() -> Iterator[None]:
    leave = events.task_enqueued.subscribe(lambda event: event["headers"].update(traceparent="00-trace-span-01"))  # type: ignore[attr-defined] # a dict
    yield
    leave()


def test_ids_sort_in_the_order_in_which_they_were_made() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert {len(one) for one in ids} == {32}
    assert len({one[17:] for one in ids}) == 1000, "nobody can guess them"


def test_what_is_enqueued_is_known_at_once(store: Store) -> None:
    result = jobs.mail.using(priority=-3).enqueue("bob")
    assert (result.status, result.args, result.attempts, result.worker_ids) == ("READY", ["bob"], 0, [])
    assert result.enqueued_at == result.run_after
    again = get_result(result.id)
    assert again.task == jobs.mail
    assert dataclasses.replace(again, task=result.task) == result
    row = store.get(result.id)
    assert row is not None
    assert (row["queue"], row["priority"], row["state"]) == ("mail", -3, "READY")


@pytest.mark.usefixtures("store", "_traced")
def test_headers_travel_with_the_job() -> None:
    result = jobs.add.enqueue(1)
    assert (result.trace_id, get_result(result.id).trace_id) == ("trace", "trace")


def test_what_is_to_run_later_waits(store: Store) -> None:
    result = jobs.add.enqueue_in(60, 1)
    row = store.get(result.id)
    assert row is not None
    assert (row["state"], result.status) == ("WAITING", "READY")


def test_what_shares_a_slot_is_held_back(store: Store) -> None:
    first, second, other = per_user.enqueue(1), per_user.enqueue(1, note="x"), per_user.enqueue(2)
    rows = [store.get(result.id) for result in (first, second, other)]
    assert [row and row["state"] for row in rows] == ["READY", "HELD", "READY"]
    assert slot_of(per_user, [1], {}) == f"{per_user.path} user 1"
    assert len(str(slot_of(per_user, ["u" * 300], {}))) == 64


@pytest.mark.usefixtures("store")
def test_a_job_that_is_not_there_is_told() -> None:
    with pytest.raises(TaskResultDoesNotExist) as missed:
        get_result("nothing")
    assert str(missed.value) == (
        "there is no job 'nothing'. It never was, or has been removed since it ended (TASKS_KEEP)."
    )


@pytest.mark.usefixtures("sqlite")
def test_a_cancelled_job_can_be_replayed() -> None:
    front = Embedded()
    result = per_user.enqueue(1)
    assert not front.replay(result.id)
    assert result.cancel()
    result.refresh()
    assert result.status == "CANCELLED"
    assert front.replay(result.id)
    result.refresh()
    assert (result.status, result.finished_at) == ("READY", None)
