"""Leaves: what has nothing below it costs a tuple, and keeps to the rules of spans."""

import gc
from collections.abc import Iterator
from time import perf_counter
from typing import Any
from weakref import ref

import pytest

from spruce import apm
from spruce.apm import Client, Span, Transaction
from spruce.apm.leaves import note
from spruce.apm.sinks import hand_over
from spruce.apm.spans import begin_span, current
from spruce.apm.what import What

QUERY = What("SELECT FROM a", "db", "sqlite", "query", True, True, "sqlite/default")
OTHER = QUERY._replace(name="SELECT FROM b")
PAGE = What("a.html", "template", "jinja2", "render")


def begin(client: Client, **more: Any) -> Transaction:
    transaction = client.begin_transaction("request", **more)
    assert transaction is not None
    return transaction


def test_leaves_become_spans_when_somebody_asks(client: Client) -> None:
    """With ids of their own, in the order of their ends, frozen, and the same ones the next time."""
    transaction = begin(client)
    assert note(QUERY, 0.25, {"sql": "SELECT 1"}) is transaction
    note(PAGE, 0.5)
    assert [type(entry) for entry in transaction.entries] == [tuple, tuple]
    client.end_transaction("GET /")
    query, page = transaction.spans
    assert [(one.name, one.duration, one.parent_id, one.outcome) for one in (query, page)] == [
        ("SELECT FROM a", 0.25, transaction.id, "success"),
        ("a.html", 0.5, transaction.id, "success"),
    ]
    assert query.detail == {"sql": "SELECT 1"}
    assert query.id == f"{transaction.id[:-1]}1"
    assert transaction.spans == [query, page]
    assert transaction.started == 2
    with pytest.raises(AttributeError, match="has ended, so its name can't be changed"):
        query.name = "other"


def test_a_leaf_is_a_part_of_the_span_that_runs(client: Client) -> None:
    """And its time is not the span's own."""
    transaction = begin(client)
    with apm.capture_span("work", start=perf_counter() - 1) as span:
        assert span is not None
        note(PAGE, 0.25)
    client.end_transaction()
    assert [(one.name, one.parent_id) for one in transaction.spans] == [("a.html", span.id), ("work", transaction.id)]
    assert span.duration is not None
    assert span.self_time == pytest.approx(span.duration - 0.25)


def test_like_leaves_are_put_together(client: Client) -> None:
    """Those behind each other, also behind a span that was one of them; others and pages are not."""
    transaction = begin(client)
    begin_span(transaction, QUERY).end(0.001)
    note(QUERY, 0.002)
    note(QUERY._replace(), 0.003)
    note(OTHER, 0.001)
    note(OTHER, 0.001)
    note(PAGE, 0.001)
    note(OTHER, 0.001)
    begin_span(transaction, OTHER).end(0.001)
    client.end_transaction()
    assert [(one.name, one.composite and one.composite[0]) for one in transaction.spans] == [
        ("SELECT FROM a", 3),
        ("SELECT FROM b", 2),
        ("a.html", None),
        ("SELECT FROM b", 2),
    ]
    composite = transaction.spans[0].composite
    assert composite is not None
    assert (composite[1], composite[2]) == (pytest.approx(0.006), "exact_match")
    assert (transaction.started, transaction.dropped) == (4, 0)


def test_too_many_leaves_are_counted(make_client: Any) -> None:
    """Calls to outside by where they go; and those that were too short."""
    client = make_client(TRANSACTION_MAX_SPANS=1, SPAN_COMPRESSION_ENABLED=False, EXIT_SPAN_MIN_DURATION="1ms")
    transaction = begin(client)
    for seconds in (0.0005, 0.5, 0.25):
        note(QUERY, seconds)
    note(PAGE, 0.5)
    client.end_transaction()
    assert (transaction.started, transaction.dropped, len(transaction.entries)) == (1, 3, 1)
    assert transaction.dropped_stats == {("db", "sqlite", "sqlite/default", "success"): [2, 0.2505]}


def test_where_nothing_is_kept(client: Client) -> None:
    """Outside of a transaction, behind its end, in one that isn't sampled, below a leaf."""
    assert note(QUERY, 0.1) is None
    begin(client)
    client.end_transaction()
    assert note(QUERY, 0.1) is None
    unsampled = begin(client, trace_parent=apm.TraceParent("a" * 32, "b" * 16, False))
    assert note(QUERY, 0.1) is None
    client.end_transaction()
    transaction = begin(client)
    with apm.capture_span("SELECT", "db.sqlite", leaf=True):
        assert note(QUERY, 0.1) is transaction
    client.end_transaction()
    assert (unsampled.entries, len(transaction.entries)) == ([], 1)


def test_a_thread_outlives_the_span_it_was_begun_in(client: Client) -> None:
    """What it does is a part of that still, and is put together with nothing."""
    transaction = begin(client)
    span: Span = transaction.begin_span("work", "app")
    current.set(span)
    span.end(0.5)
    note(QUERY, 0.001)
    note(QUERY, 0.001)
    current.set(transaction)
    client.end_transaction()
    assert [(one.name, one.parent_id) for one in transaction.spans[1:]] == [("SELECT FROM a", span.id)] * 2


@pytest.fixture
def alone() -> Iterator[Client]:
    """Return a client without anybody who keeps what it records."""
    made = Client({"DISABLE_SEND": True, "METRICS_INTERVAL": "0s"})
    yield made
    made.close()


def test_a_transaction_with_leaves_is_no_garbage(alone: Client) -> None:
    """No reference leads from its parts back to it, so it goes away without the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        transaction: Transaction | None = begin(alone)
        note(QUERY, 0.1)
        note(PAGE, 0.1)
        alone.end_transaction()
        hand_over()
        gone = ref(transaction)
        transaction = None
        assert gone() is None
    finally:
        gc.enable()
