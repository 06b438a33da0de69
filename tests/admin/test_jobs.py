"""The page of jobs: queues, failures, one job, and how much of very many is counted."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.auth.people import counted

from spruce import App, db
from spruce.admin.jobs import queue_counts
from spruce.admin.models import LogEntry
from spruce.tasks.tables import Job
from spruce.web.client import Client

from .running import breaks, do, running_app

PATH = "/admin/system/jobs/"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app in which all of it is on."""
    yield from running_app(tmp_path)


def test_a_job_that_failed_is_shown_and_runs_again(app: App, root: Client) -> None:
    with app.app_context():
        job = breaks.enqueue("<oh>")
        assert "tests.admin.running.breaks" in root.get(PATH).text
        Job.objects.filter(pk=job.id).update(
            state="FAILED", finished=5.0, errors='["builtins.ValueError", "Traceback\\nValueError: <oh>"]\n'
        )
    page = root.get(PATH).text
    assert "<td>ValueError: &lt;oh&gt;</td>" in page
    assert '<td class="number">1</td>' in page
    page = root.get(f"{PATH}?job={job.id}").text
    for text in ("Traceback\nValueError: &lt;oh&gt;", "[&#39;&lt;oh&gt;&#39;]", "Run again"):
        assert text in page
    do(root, PATH, "replay", job.id)
    with app.app_context():
        assert Job.objects.get(pk=job.id).state == "READY"
        assert LogEntry.objects.get().object_name == f"tests.admin.running.breaks ({job.id})"
    do(root, PATH, "cancel", job.id)
    do(root, PATH, "remove", job.id)
    assert root.get(f"{PATH}?job={job.id}").status_code == 404
    answer = root.post(PATH, data={"action": "remove", "key": job.id, "confirmed": "yes"}, follow_redirects=True)
    assert "Select the objects first." in answer.text


def test_who_may_only_look_has_no_buttons(app: App, log_in: Callable[[str], Client]) -> None:
    with app.app_context():
        breaks.enqueue("x")
    assert "<button" not in log_in("seer").get(PATH).text.partition("<main")[2]
    assert "Cancel" in log_in("clerk").get(PATH).text


def test_a_queue_with_very_many_jobs_is_not_counted_to_its_end(app: App, root: Client) -> None:
    """One query, by an index of each state."""
    with app.app_context():
        job = breaks.enqueue("x")
        names = "task, queue, priority, run_after, state, arguments, enqueued"
        zeros = "attempts, lost, fence, workers, errors, slots, pending, leads, cancelling"
        db.execute(
            f"INSERT INTO spruce_task (id, {names}, {zeros}) WITH RECURSIVE n(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10100) "
            f"SELECT 'job' || i, {names}, 0, 0, 0, '', '', 0, 0, FALSE, FALSE FROM spruce_task, n WHERE id = :id",
            {"id": job.id},
        )
        with counted() as queries:
            found = queue_counts()
        assert (found[0].ready, found[0].failed, len(queries)) == ("more than 10,000", "0", 1)
        plan = [str(row) for row in db.execute(f"EXPLAIN QUERY PLAN {queries[0]}").all()]
        assert not [line for line in plan if "SCAN spruce_task" in line and "INDEX" not in line], plan
        assert [line for line in plan if "USING INDEX spruce_task_blocked" in line], plan
        with counted() as queries:
            assert "more than 10,000" in root.get(PATH).text
        for query in [sql for sql in queries if "spruce_task " in sql]:
            plan = [str(row) for row in db.execute(f"EXPLAIN QUERY PLAN {query.replace('?', '100')}").all()]
            whole = [line for line in plan if "SCAN spruce_task" in line and "USING INDEX spruce_task_" not in line]
            assert whole == [], query
