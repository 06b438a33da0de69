"""Records of jobs in Redis: who may begin and end them, and what is found when a message is lost."""

import pytest
from tests.tasks import jobs

from spruce.tasks import chain, group
from spruce.tasks.celeryfront import CeleryFront
from spruce.tasks.records import Records
from spruce.tasks.store import MOST_LOST, Mark


@pytest.fixture
def records(front: CeleryFront) -> Records:
    return front.records


def begun(records: Records, id_: str, turn: int = 1, worker: str = "w") -> Mark:
    claim, given = records.begin(id_, turn, worker, 5.0, False)
    assert claim is not None
    assert given == []
    return Mark(claim, "SUCCESSFUL", 6.0, "1")


def state(records: Records, id_: str) -> str:
    row = records.get(id_)
    assert row is not None
    return str(row["state"])


def test_a_job_is_begun_and_ended(records: Records) -> None:
    id_ = jobs.add.enqueue(1).id
    mark = begun(records, id_)
    assert (mark.claim.attempts, mark.claim.fence, mark.claim.workers, mark.claim.lost) == (1, 1, " w", 0)
    assert records.end(mark, 6.0) == []
    row = records.get(id_)
    assert row is not None
    assert (row["state"], row["result"], row["worker"], row["finished"]) == ("SUCCESSFUL", "1", None, 6.0)
    assert 0 < records.client.ttl(f"spruce:tasks:job:{id_}") <= records.keep
    assert records.counts() == []


def test_who_began_it_before_another_one_has_nothing_more_to_say(records: Records) -> None:
    """The second begin is that of a message that came again, since its worker was taken for dead."""
    id_ = jobs.add.enqueue(1).id
    late, own = begun(records, id_), begun(records, id_, worker="v")
    assert (own.claim.attempts, own.claim.fence, own.claim.lost) == (2, 2, 1)
    assert records.end(late, 6.0) is None
    assert state(records, id_) == "RUNNING"
    assert records.end(own, 6.0) == []
    assert records.end(own, 6.0) is None


def test_a_job_that_has_ended_is_not_begun_again(records: Records) -> None:
    id_ = jobs.add.enqueue(1).id
    records.end(begun(records, id_), 6.0)
    assert records.begin(id_, 1, "w", 7.0, True) == (None, [])
    assert records.begin("unknown", 1, "w", 7.0, False) == (None, [])


def test_a_job_that_is_tried_again_is_begun_by_its_new_message_only(records: Records) -> None:
    id_ = jobs.add.enqueue(1).id
    mark = begun(records, id_)
    assert records.end(mark._replace(state="WAITING", error='["E", "x"]', run_after=1.0), 6.0) == [id_]
    assert records.begin(id_, 1, "w", 7.0, False) == (None, [])
    again = begun(records, id_, 2)
    assert (again.claim.attempts, again.claim.errors) == (2, '["E", "x"]\n')
    assert records.end(again._replace(state="READY", counts=False), 6.0) == [id_]
    assert begun(records, id_, 3).claim.attempts == 2


def test_who_was_killed_before_the_new_message_was_sent_leaves_that_to_the_old_one(records: Records) -> None:
    id_ = jobs.add.enqueue(1).id
    records.end(begun(records, id_)._replace(state="WAITING", run_after=1.0), 6.0)
    assert records.begin(id_, 1, "w", 7.0, True) == (None, [id_])
    assert begun(records, id_, 3)


def test_followers_are_let_go_by_the_last_of_a_group(records: Records) -> None:
    last = chain(group(jobs.add.s(1), jobs.add.s(2)), jobs.once.s()).enqueue()
    ids = [row["id"] for row in records.listed("READY", 10)]
    assert records.end(begun(records, ids[0])._replace(result="2"), 6.0) == []
    assert records.end(begun(records, ids[1])._replace(result="3"), 6.0) == [last.id]
    follows = records.get(last.id)["follows"]  # type: ignore[index] # it is there
    assert records.results_of(follows) == ["2", "3"]
    assert begun(records, last.id, 1 + 1)


def test_what_follows_a_failed_one_is_cancelled_and_so_is_what_follows_that(records: Records) -> None:
    last = chain(jobs.add.s(1), jobs.add.s(), jobs.add.s()).enqueue()
    (head,) = records.listed("READY", 10)
    assert records.end(begun(records, head["id"])._replace(state="FAILED"), 6.0) == []
    assert state(records, last.id) == "CANCELLED"
    assert [row["id"] for row in records.listed("FAILED", 10)] == [head["id"]]
    records.trim(7.0)
    assert records.listed("FAILED", 10) == []


def test_a_job_that_kills_its_workers_is_given_up(records: Records) -> None:
    id_ = jobs.add.enqueue(1).id
    for _ in range(MOST_LOST):
        begun(records, id_)
    assert records.begin(id_, 1, "w", 7.0, True) == (None, [])
    row = records.get(id_)
    assert row is not None
    assert (row["state"], row["lost"]) == ("FAILED", MOST_LOST)
    assert row["errors"] == '["spruce.errors.TaskException", "its worker has died 10 times in the middle of it"]\n'


def test_only_one_of_those_who_miss_a_job_gives_it_again(records: Records) -> None:
    waiting, runs = jobs.add.enqueue(1).id, jobs.add.enqueue(2).id
    begun(records, runs)
    missed = records.unended("default", 4, 4e9)
    assert missed == {waiting: "1", runs: "1"}
    assert set(records.resend(missed, 8.0)) == {waiting, runs}
    assert records.resend(missed, 8.0) == []
    assert begun(records, runs, 2).claim.lost == 1
    assert records.unended("default", 4, 1.0) == {}


def test_progress_is_written_by_who_has_the_job(records: Records) -> None:
    result = jobs.add.enqueue(1)
    mark = begun(records, result.id)
    records.progress(result.id, mark.claim.fence, '[0.5, "half"]')
    records.progress(result.id, mark.claim.fence + 1, '[0.9, "late"]')
    result.refresh()
    assert (result.progress, result.progress_note) == (0.5, "half")
    assert records.claim_of(result.id) == mark.claim
    records.cancel(result.id, 6.0)
    assert records.claim_of(result.id) is None
    assert records.end(mark, 6.0) is None


def test_a_schedule_is_planted_once_and_again_when_its_definition_changes(records: Records) -> None:
    records.plant("a", "every 1", 10.0, None)
    records.plant("a", "every 2", 20.0, None)
    assert records.tick("a") == ("every 1", 10.0, False)
    records.plant("a", "every 2", 20.0, "every 1")
    assert records.advance("a", 20.0, 22.0)
    assert not records.advance("a", 20.0, 22.0)
    assert records.ticks() == [("a", "every 2", 22.0, 20.0, False)]
    assert not records.pause("b", True)
