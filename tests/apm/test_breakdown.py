"""What transactions are made of, added up."""

import pytest

from spruce.apm import Client, TraceParent
from spruce.apm.breakdown import Breakdown
from spruce.apm.spans import begin_span
from spruce.apm.what import What

QUERY = What("SELECT", "db", "sqlite", "query", True, True, "sqlite/default")


def add(client: Client, breakdown: Breakdown, name: str = "GET /", *, sampled: bool = True) -> None:
    """Add a transaction of a second, with two like queries in a span of the app."""
    parent = None if sampled else TraceParent("a" * 32, "b" * 16, False)
    transaction = client.begin_transaction("request", parent)
    assert transaction is not None
    if sampled:
        span = begin_span(transaction, What("work", "app"), transaction.began)
        for start in (0.0, 0.1):
            begin_span(span, QUERY, transaction.began + start).end(0.01)
        span.end(0.5)
    client.end_transaction(name, "HTTP 2xx", duration=1.0)
    breakdown([transaction])


def test_own_times_by_type(client: Client) -> None:
    """What children have taken is theirs; and it is told once."""
    breakdown = Breakdown()
    add(client, breakdown)
    add(client, breakdown)
    told = {
        (one["span"]["type"], one["span"].get("subtype")): (
            one["samples"]["span.self_time.count"]["value"],
            one["samples"]["span.self_time.sum.us"]["value"],
        )
        for one in breakdown.take()
    }
    assert told[("db", "sqlite")] == (4, pytest.approx(40_000, abs=2))
    assert told[("app", None)] == (4, pytest.approx(1_960_000, abs=4))
    assert list(breakdown.take()) == []


def test_durations_by_name_and_result(client: Client) -> None:
    """Of what isn't sampled, too."""
    breakdown = Breakdown()
    add(client, breakdown)
    add(client, breakdown, sampled=False)
    ((key, durations),) = breakdown.durations.items()
    assert (key, sum(durations.counts), durations.value) == (("request", "GET /", "HTTP 2xx"), 2, 2.0)
    assert len(list(breakdown.take())) == 2


def test_names_are_bounded(client: Client) -> None:
    """Whoever names transactions by data doesn't fill the memory."""
    breakdown = Breakdown()
    for number in range(1010):
        add(client, breakdown, f"GET /{number}")
    assert len(breakdown.durations) == 1000
    assert len(list(breakdown.take())) == 2000


def test_what_is_no_transaction_is_passed_over(client: Client) -> None:
    """Errors and late spans."""
    breakdown = Breakdown()
    transaction = client.begin_transaction("job")
    assert transaction is not None
    breakdown([transaction.begin_span("late", "app")])
    client.end_transaction()
    assert (breakdown.durations, list(breakdown.take())) == ({}, [])
