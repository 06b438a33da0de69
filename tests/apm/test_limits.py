"""What keeps transactions small: what is put together, and what is only counted."""

from typing import Any

import pytest

from spruce.apm import Client, Span, Transaction
from spruce.apm.spans import begin_span
from spruce.apm.what import What


def begin(client: Client, **more: Any) -> Transaction:
    transaction = client.begin_transaction("request", **more)
    assert transaction is not None
    return transaction


QUERY = What("SELECT FROM a", "db", "sqlite", "query", True, True, "sqlite/default")


def add(parent: Transaction | Span, seconds: float = 0.001, **more: Any) -> Span:
    """Add a span that has ended: a query unless told otherwise."""
    span = begin_span(parent, QUERY._replace(**more))
    span.end(seconds)
    return span


def plain(parent: Transaction | Span, name: str = "work") -> Span:
    return parent.begin_span(name, "app")


def test_the_same_call_again_is_put_together(client: Client) -> None:
    """One span that tells how many, and how long they took together."""
    transaction = begin(client)
    for number in range(4):
        begin_span(transaction, QUERY, transaction.began + number).end(0.01)
    client.end_transaction()
    (span,) = transaction.spans
    assert span.composite is not None
    assert span.composite == (4, pytest.approx(0.04), "exact_match")
    assert span.duration == pytest.approx(3.01)
    assert transaction.started == 1


def test_calls_to_one_place_are_put_together_if_that_is_wanted(make_client: Any) -> None:
    """By default they aren't: SPAN_COMPRESSION_SAME_KIND_MAX_DURATION is 0."""
    for setting, names in (("0ms", ["SELECT FROM a", "SELECT FROM b"]), ("5ms", ["Calls to sqlite/default"])):
        client = make_client(SPAN_COMPRESSION_SAME_KIND_MAX_DURATION=setting)
        transaction = begin(client)
        add(transaction)
        add(transaction, name="SELECT FROM b")
        client.end_transaction()
        assert [span.name for span in transaction.spans] == names


@pytest.mark.parametrize(
    "second",
    [
        {"seconds": 0.06},
        {"resource": "sqlite/other"},
        {"name": "SELECT FROM b"},
        {"type": "cache"},
        {"exit": False},
    ],
)
def test_what_differs_is_not_put_together(client: Client, second: dict[str, Any]) -> None:
    """Slow calls, other places, other names, and what is no call to outside stay by themselves."""
    transaction = begin(client)
    add(transaction)
    add(transaction, **second)
    client.end_transaction()
    assert [span.composite for span in transaction.spans] == [None, None]


def test_nothing_is_put_together_across_something_else(client: Client) -> None:
    """Nor what has failed, nor what was told to another service."""
    transaction = begin(client)
    add(transaction)
    plain(transaction).end()
    add(transaction)
    failed = begin_span(transaction, QUERY)
    failed.outcome = "failure"
    failed.end(0.001)
    told = begin_span(transaction, QUERY)
    assert told.trace_parent.span_id == told.id
    told.end(0.001)
    client.end_transaction()
    assert [span.composite for span in transaction.spans] == [None] * 5


def test_short_calls_may_be_left_out(make_client: Any) -> None:
    """EXIT_SPAN_MIN_DURATION; they are counted by where they went."""
    client = make_client(EXIT_SPAN_MIN_DURATION="10ms")
    transaction = begin(client)
    add(transaction, seconds=0.001)
    add(transaction, seconds=0.02)
    client.end_transaction()
    assert (len(transaction.spans), transaction.started, transaction.dropped) == (1, 1, 1)
    assert transaction.dropped_stats == {("db", "sqlite", "sqlite/default", "success"): [1, 0.001]}


def test_the_places_of_dropped_calls_are_bounded(make_client: Any) -> None:
    """128 of them are told."""
    client = make_client(TRANSACTION_MAX_SPANS=0)
    transaction = begin(client)
    for number in range(200):
        add(transaction, resource=f"r{number}")
    client.end_transaction()
    assert transaction.dropped_stats is not None
    assert (len(transaction.dropped_stats), transaction.dropped) == (128, 200)
