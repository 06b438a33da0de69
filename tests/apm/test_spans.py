"""Transactions and spans: the tree, limits, what is put together, and what is frozen."""

from typing import Any

import pytest
from tests.apm.conftest import Records

from spruce.apm import Client, Span, Transaction
from spruce.apm.spans import DroppedSpan, begin_span
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


def test_spans_are_kept_in_the_order_of_their_ends(client: Client) -> None:
    """Each knows what it is a part of."""
    transaction = begin(client)
    outer = plain(transaction, "outer")
    inner = plain(outer, "inner")
    inner.end()
    outer.end()
    client.end_transaction("GET /")
    assert [span.name for span in transaction.spans] == ["inner", "outer"]
    assert (inner.parent_id, outer.parent_id, transaction.parent_id) == (outer.id, transaction.id, None)
    assert transaction.started == 2


def test_what_has_ended_is_frozen(client: Client) -> None:
    """It may be read from any thread, and nobody changes it."""
    transaction = begin(client)
    span = plain(transaction)
    span.end(0.25)
    client.end_transaction("GET /", duration=0.5)
    with pytest.raises(AttributeError) as caught:
        span.name = "other"
    assert (
        str(caught.value) == "<Span 'work' app 250.0 ms> has ended, so its name can't be changed; do it while it runs"
    )
    with pytest.raises(AttributeError) as caught:
        transaction.label(a=1)
    assert str(caught.value) == (
        "<Transaction 'GET /' request 500.0 ms> has ended, so its labels can't be changed; do it while it runs"
    )
    transaction.end()
    span.end()
    assert (transaction.duration, span.duration, isinstance(span, Span), isinstance(transaction, Transaction)) == (
        0.5,
        0.25,
        True,
        True,
    )


def test_the_own_time_leaves_out_that_of_children(client: Client) -> None:
    """Where two children overlap, that time counts once."""
    transaction = begin(client)
    for start, seconds in ((0.0, 0.2), (0.1, 0.2)):
        begin_span(transaction, What("x", "app"), transaction.began + start).end(seconds)
    client.end_transaction("GET /", duration=1.0)
    assert transaction.self_time == pytest.approx(0.7)


def test_so_many_spans_are_kept(make_client: Any) -> None:
    """Others are counted, and calls to outside by where they go and how they ended."""
    client = make_client(TRANSACTION_MAX_SPANS=2, SPAN_COMPRESSION_ENABLED=False)
    transaction = begin(client)
    for number in range(5):
        span = add(transaction, seconds=0.5)
        assert isinstance(span, DroppedSpan) is (number >= 2)
    plain(transaction).end()
    client.end_transaction()
    assert (transaction.started, transaction.dropped, len(transaction.spans)) == (2, 4, 2)
    assert transaction.dropped_stats == {("db", "sqlite", "sqlite/default", "success"): [3, 1.5]}


def test_a_leaf_has_nothing_below(client: Client) -> None:
    """What a library does inside of a query is no news; it isn't counted either."""
    transaction = begin(client)
    query = begin_span(transaction, QUERY)
    assert isinstance(add(query), DroppedSpan)
    query.end()
    client.end_transaction()
    assert (len(transaction.spans), transaction.dropped, transaction.dropped_stats) == (1, 0, None)


def test_a_span_that_outlives_its_transaction_is_told_alone(client: Client, records: Records) -> None:
    """As that of a thread which goes on behind the response."""
    transaction = begin(client)
    late = plain(transaction)
    client.end_transaction()
    late.end()
    assert records == [transaction, late]
    assert transaction.spans == []
    assert isinstance(plain(transaction, "too late"), DroppedSpan)


def test_labels_and_contexts_are_added_to(client: Client) -> None:
    """What was said before stays."""
    transaction = begin(client)
    span = plain(transaction, "x")
    span.label(a=1)
    span.label(b=2)
    span.update_context("http", {"url": "/"})
    span.update_context("http", {"status_code": 200})
    assert (span.labels, span.context) == ({"a": 1, "b": 2}, {"http": {"url": "/", "status_code": 200}})
    assert repr(span) == "<Span 'x' app runs>"
    assert repr(transaction) == "<Transaction '' request runs>"
    span.end()
    client.end_transaction()
