"""Jobs as transactions, by what the hooks of jobs tell."""

from typing import Any

import pytest
from tests.apm.conftest import Records

from spruce import apm
from spruce.apm import Client
from spruce.events import task_enqueued, task_finished, task_started

JOB = {"name": "shop.tasks.resize", "queue": "images", "id": 5}


@pytest.fixture(autouse=True)
def _instrumented(client: Client) -> None:
    apm.instrument()


def run(headers: dict[str, str], status: str = "SUCCESSFUL", exception: Exception | None = None) -> None:
    """Tell of a job from its start to its end."""
    told: dict[str, Any] = {**JOB, "attempt": 2, "headers": headers, "trace_id": None}
    task_started.emit(**told, waited=0.5, schedule=None)
    task_finished.emit(**told, seconds=1.0, status=status, exception=exception)


def test_a_job_goes_on_in_the_trace_that_wanted_it(client: Client, records: Records) -> None:
    """By headers that travel with it."""
    headers: dict[str, str] = {}
    client.begin_transaction("request")
    task_enqueued.emit(**JOB, headers=headers)
    client.end_transaction("GET /")
    run(headers)
    request, job = records.transactions
    (span,) = request.spans
    assert (span.name, span.type, span.subtype) == ("SEND shop.tasks.resize to images", "messaging", "tasks")
    assert (job.trace_id, job.parent_id) == (request.trace_id, span.id)
    assert (job.name, job.type, job.result, job.outcome) == ("shop.tasks.resize", "messaging", "successful", "success")
    assert job.custom == {"job": {"id": "5", "queue": "images", "attempt": 2, "waited_ms": 500.0}}
    assert headers["tracestate"] == "es=s:1"


@pytest.mark.parametrize(("status", "outcome"), [("FAILED", "failure"), ("READY", "failure"), ("CANCELLED", "unknown")])
def test_how_a_job_may_end(records: Records, status: str, outcome: str) -> None:
    """What it raised is recorded."""
    run({}, status, ValueError("no") if outcome == "failure" else None)
    assert (records.last.outcome, records.last.result) == (outcome, status.lower())
    assert len(records.failures) == (outcome == "failure")


def test_what_is_not_sampled_is_told_as_such(client: Client, records: Records) -> None:
    """And a job that nobody traces has no headers."""
    headers: dict[str, str] = {}
    task_enqueued.emit(**JOB, headers=headers)
    assert headers == {}
    client.begin_transaction("request", apm.TraceParent("a" * 32, "b" * 16, False))
    task_enqueued.emit(**JOB, headers=headers)
    client.end_transaction()
    assert headers["traceparent"].endswith("-00")


def test_the_end_of_a_job_that_began_before(records: Records) -> None:
    """There is no transaction to end."""
    task_finished.emit(**JOB, attempt=1, headers={}, trace_id=None, seconds=1.0, status="FAILED", exception=None)
    assert records == []
