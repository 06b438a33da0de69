"""The jobs in a database: what moves them, and what may not."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import db, events
from spruce.db import transactions
from spruce.tasks.store import MOST_LOST, Claim, Mark, Store
from spruce.tasks.tables import Job

Row = Callable[..., dict[str, Any]]


def enter(store: Store, row: Row, **more: Any) -> str:
    return store.add(row(**more))


def take(store: Store, worker: str = "w", limit: int = 10, queues: tuple[str, ...] = ("default",)) -> list[Claim]:
    return store.claim(worker, queues, limit, 100.0)


def state_of(store: Store, id_: str) -> str:
    found = store.get(id_)
    assert found is not None
    return str(found["state"])


def alive(store: Store, *workers: str) -> None:
    for worker in workers:
        store.register(worker, "here", 1, "", 0.0)


def test_lower_priority_goes_first_then_time_then_order_of_entry(store: Store, row: Row) -> None:
    """As in `sched`: (priority, time, order of entry)."""
    for id_, priority, due in (("5", 1, 0.0), ("3", 0, 9.0), ("2", 0, 8.0), ("1", 0, 8.0), ("4", -1, 50.0)):
        enter(store, row, id=id_, priority=priority, run_after=due)
    assert [claim.id for claim in take(store, limit=3)] == ["4", "1", "2"]
    assert [claim.id for claim in take(store)] == ["3", "5"]


def test_queues_share_one_order_and_others_are_left_alone(store: Store, row: Row) -> None:
    for id_, queue, priority in (("1", "a", 3), ("2", "b", 1), ("3", "c", 0), ("4", "a", 2)):
        enter(store, row, id=id_, queue=queue, priority=priority)
    assert store.queues() == ["a", "b", "c"]
    assert [claim.id for claim in take(store, limit=2, queues=("a", "b"))] == ["2", "4"]
    assert store.has_ready(("a", "b"))
    assert [claim.id for claim in take(store, queues=("a", "b"))] == ["1"]
    assert not store.has_ready(("a", "b"))


def test_a_claim_counts_the_attempt_and_names_its_worker(store: Store, row: Row) -> None:
    id_ = enter(store, row)
    (claim,) = take(store, "first")
    assert (claim.id, claim.attempts, claim.fence, claim.workers.split()) == (id_, 1, 1, ["first"])
    assert take(store, "second") == []
    found = store.get(id_)
    assert found is not None
    assert (found["state"], found["worker"], found["attempted"], found["started"]) == ("RUNNING", "first", 100.0, 100.0)


def test_a_mark_is_written_by_who_holds_the_job(store: Store, row: Row) -> None:
    id_ = enter(store, row)
    (claim,) = take(store)
    assert store.mark([Mark(claim, "SUCCESSFUL", 5.0, "42")], 5.0) == []
    found = store.get(id_)
    assert found is not None
    assert (found["state"], found["result"], found["finished"], found["worker"]) == ("SUCCESSFUL", "42", 5.0, None)


def test_a_job_that_is_marked_as_done_stays_so(store: Store, row: Row) -> None:
    """No second mark of the same claim, and no release, runs it again."""
    id_ = enter(store, row)
    (claim,) = take(store)
    store.mark([Mark(claim, "SUCCESSFUL", 5.0, "1")], 5.0)
    late = Mark(claim, "WAITING", run_after=0.0)
    assert store.mark([late], 6.0) == [late]
    assert store.release(6.0) == 0
    assert state_of(store, id_) == "SUCCESSFUL"


def test_a_worker_that_was_taken_for_dead_is_fenced_off(store: Store, row: Row) -> None:
    """Its mark names the fence of its own claim, and the job has another by then, or none."""
    id_ = enter(store, row)
    alive(store, "paused", "other")
    (old,) = take(store, "paused")
    assert store.bury("paused", 0)
    assert store.release(1.0) == 1
    mark = Mark(old, "SUCCESSFUL", 5.0, "1")
    assert store.mark([mark], 5.0) == [mark]
    (new,) = take(store, "other")
    assert (new.fence, new.lost, new.attempts) == (2, 1, 2)
    assert store.mark([mark], 5.0) == [mark]
    assert store.mark([Mark(new, "SUCCESSFUL", 6.0, "2")], 6.0) == []
    found = store.get(id_)
    assert found is not None
    assert found["result"] == "2"


def test_many_marks_at_once_fence_each_alone(store: Store, row: Row) -> None:
    alive(store, "w")
    for number in range(4):
        enter(store, row, id=str(number))
    claims = take(store)
    db.execute("UPDATE spruce_task SET fence = fence + 1 WHERE id = '2'")
    marks = [Mark(claim, "SUCCESSFUL", 1.0, claim.id) for claim in claims]
    assert store.mark(marks, 1.0) == [marks[2]]
    assert [state_of(store, str(number)) for number in range(4)] == [
        *("SUCCESSFUL", "SUCCESSFUL", "RUNNING", "SUCCESSFUL")
    ]


def test_a_worker_that_has_beaten_since_is_not_buried(store: Store, row: Row) -> None:
    enter(store, row)
    alive(store, "w")
    take(store)
    assert store.beat("w")
    assert not store.bury("w", 0)
    assert not store.has_orphans()
    assert store.release(1.0) == 0
    assert [tuple(worker)[:2] for worker in store.workers()] == [("w", 1)]
    assert store.bury("w", 1)
    assert not store.beat("w")
    assert store.has_orphans()


def test_a_job_that_keeps_killing_its_workers_is_given_up(store: Store, row: Row) -> None:
    id_ = enter(store, row)
    for number in range(MOST_LOST):
        assert state_of(store, id_) == "READY", number
        assert len(take(store)) == 1
        assert store.release(7.0) == 1
    found = store.get(id_)
    assert found is not None
    assert (found["state"], found["finished"]) == ("FAILED", 7.0)
    assert found["errors"] == '["spruce.errors.TaskException", "its worker has died 10 times in the middle of it"]\n'


def test_jobs_wait_for_their_time(store: Store, row: Row) -> None:
    enter(store, row, id="1", state="WAITING", run_after=50.0)
    enter(store, row, id="2", state="WAITING", run_after=40.0)
    assert store.next_due() == 40.0
    assert (store.promote(39.0), take(store)) == (0, [])
    assert store.promote(45.0) == 1
    assert [claim.id for claim in take(store)] == ["2"]
    assert store.next_due() == 50.0


def test_slots_let_in_as_many_as_there_is_room_for(store: Store, row: Row) -> None:
    with store.atomic():
        for id_, priority in (("1", 5), ("2", 1), ("3", 1)):
            enter(store, row, id=id_, priority=priority, state="HELD", slot="s", slots=2)
        assert store.admit(["s"]) == 2
    assert store.held() == ["s"]
    claims = take(store)
    assert [claim.id for claim in claims] == ["2", "3"]
    store.mark([Mark(claims[0], "SUCCESSFUL", 1.0, "null")], 1.0)
    assert [claim.id for claim in take(store)] == ["1"]


def test_a_unique_key_is_free_again_when_its_job_has_ended(store: Store, row: Row) -> None:
    first = enter(store, row, unique_key="k")
    assert enter(store, row, unique_key="k") == first
    (claim,) = take(store)
    assert enter(store, row, unique_key="k") == first
    store.mark([Mark(claim, "WAITING", run_after=0.0)], 1.0)
    assert enter(store, row, unique_key="k") == first
    store.promote(1.0)
    (claim,) = take(store)
    store.mark([Mark(claim, "SUCCESSFUL", 1.0, "null")], 1.0)
    assert enter(store, row, unique_key="k") != first


def test_those_that_follow_are_let_go_by_the_last_that_ends(store: Store, row: Row) -> None:
    for id_ in ("1", "2"):
        enter(store, row, id=id_, group_id="g")
    enter(store, row, id="3", state="BLOCKED", follows="g", pending=2)
    first, second = take(store)
    store.mark([Mark(first, "SUCCESSFUL", 1.0, "10")], 1.0)
    assert state_of(store, "3") == "BLOCKED"
    store.mark([Mark(second, "SUCCESSFUL", 1.0, "20")], 1.0)
    assert state_of(store, "3") == "WAITING"
    assert store.results_of("g") == ["10", "20"]


def test_a_failure_cancels_all_that_follow(store: Store, row: Row) -> None:
    enter(store, row, id="1", leads=True)
    enter(store, row, id="2", state="BLOCKED", follows="1", pending=1, leads=True, group_id="g")
    enter(store, row, id="3", state="BLOCKED", follows="g", pending=1)
    (claim,) = take(store)
    store.mark([Mark(claim, "FAILED", 1.0, error="[]")], 1.0)
    assert [state_of(store, id_) for id_ in "123"] == ["FAILED", "CANCELLED", "CANCELLED"]
    found = store.get("3")
    assert found is not None
    assert found["errors"] == '["spruce.errors.TaskException", "job g, which this one follows, is cancelled"]\n'


def test_what_waits_is_cancelled_and_what_runs_is_asked_to_stop(store: Store, row: Row) -> None:
    waiting, running = enter(store, row, state="WAITING"), enter(store, row)
    (claim,) = take(store)
    assert store.cancel(waiting, 3.0)
    assert store.cancel(running, 3.0)
    assert (state_of(store, waiting), state_of(store, running)) == ("CANCELLED", "RUNNING")
    assert store.told("w", {running: (claim.fence, "[0.5, '']")}) == [running]
    store.mark([Mark(claim, "CANCELLED", 4.0)], 4.0)
    assert not store.cancel(running, 5.0)


def test_failed_jobs_can_be_replayed(store: Store, row: Row) -> None:
    id_ = enter(store, row)
    (claim,) = take(store)
    assert not store.replay(id_, None, 0, 5.0)
    store.mark([Mark(claim, "FAILED", 4.0, error="[]")], 4.0)
    assert store.replay(id_, None, 0, 5.0)
    (claim,) = take(store)
    assert (claim.id, claim.attempts, claim.fence, claim.errors) == (id_, 1, 2, "[]\n")


def test_ended_jobs_are_removed_after_their_time(store: Store, row: Row) -> None:
    for id_, state, finished in (("1", "SUCCESSFUL", 5.0), ("2", "SUCCESSFUL", 50.0), ("3", "FAILED", 5.0)):
        enter(store, row, id=id_, state=state, finished=finished)
    enter(store, row, id="4")
    assert store.sweep(10.0, 1.0) == 1
    assert [store.get(id_) is None for id_ in "1234"] == [True, False, False, False]
    assert store.sweep(10.0, 10.0) == 1
    assert [store.get(id_) is None for id_ in "1234"] == [True, False, True, False]


@pytest.mark.parametrize("waiting", [10, 3000])
def test_what_a_claim_reads_does_not_depend_on_how_many_wait(store: Store, row: Row, waiting: int) -> None:
    """The database looks into the index of those that are ready, and reads no row but those that it takes."""
    numbers = (
        "generate_series(1, :n)"
        if store.on_postgres
        else ("(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < :n) SELECT i FROM s)")
    )
    id_ = enter(store, row, priority=7)
    columns = (
        "task, queue, priority, run_after, arguments, attempts, lost, fence, workers, errors, slots, pending, leads"
    )
    rest = "cancelling, enqueued"
    for state in ("READY", "WAITING", "SUCCESSFUL"):
        db.execute(
            f"INSERT INTO spruce_task (id, state, {columns}, {rest}) "
            f"SELECT '{state}' || s.i, '{state}', {columns}, {rest} FROM spruce_task, {numbers} AS s(i) "
            f"WHERE id = '{id_}'"
            if store.on_postgres
            else f"INSERT INTO spruce_task (id, state, {columns}, {rest}) "
            f"SELECT '{state}' || s.i, '{state}', {columns}, {rest} FROM spruce_task, {numbers} AS s "
            f"WHERE id = '{id_}'",
            {"n": waiting},
        )
    db.execute("ANALYZE")
    seen: list[tuple[str, Any]] = []
    leave = events.db_query.subscribe(lambda event: seen.append((str(event["sql"]), event["parameters"])))
    with store.atomic():
        claims = take(store, limit=5)
        ((sql, parameters),) = [one for one in seen if one[0].startswith("UPDATE")]
        leave()
        assert len(claims) == 5
        explain = "EXPLAIN " if store.on_postgres else "EXPLAIN QUERY PLAN "
        plan = transactions.connection(store.database).rows(explain + sql, parameters)
    text = "\n".join(" ".join(map(str, line)) for line in plan)
    if store.on_postgres and waiting < 100:
        return  # it reads ten rows in whichever way
    assert "spruce_task_ready" in text, text
    assert "Seq Scan" not in text, text
    assert "SCAN spruce_task" not in text, text
    assert "Sort" not in text.partition("spruce_task_ready")[2], text


def test_what_waits_for_others_is_found_by_its_own_index(store: Store, row: Row) -> None:
    """Jobs that once followed others and have ended are not in it, however many there are."""
    id_ = store.add(row(follows="first"))
    columns = ", ".join(field.name for field in Job._meta.fields if field.name not in ("id", "state"))
    numbers = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :n) SELECT i FROM n) AS s"
    for state, many in (("SUCCESSFUL", 5000), ("BLOCKED", 20)):
        db.execute(
            f"INSERT INTO spruce_task (id, state, {columns}) SELECT '{state}' || s.i, '{state}', {columns} "
            f"FROM spruce_task, {numbers} WHERE id = '{id_}'",
            {"n": many},
        )
    db.execute("ANALYZE")
    explain = "EXPLAIN " if store.on_postgres else "EXPLAIN QUERY PLAN "
    count = "SELECT queue, run_after FROM spruce_task WHERE state = 'BLOCKED' LIMIT 10001"
    for sql in (count, "SELECT id FROM spruce_task WHERE follows = 'first' AND state = 'BLOCKED'"):
        plan = str(transactions.connection(store.database).rows(explain + sql, ()))
        assert "spruce_task_blocked" in plan, plan
