"""Saying more about what runs, and asking for its ids."""

import pytest
from tests.apm.conftest import Records

from spruce import apm
from spruce.apm import Client
from spruce.apm.tracing import outcome_of_status


def test_outside_of_a_transaction_nothing_happens(client: Client, records: Records) -> None:
    """And there are no ids."""
    apm.set_transaction_name("a")
    apm.set_transaction_result("b")
    apm.set_transaction_outcome("success")
    apm.label(a=1)
    apm.set_custom_context({"a": 1})
    apm.set_user_context("ada")
    assert (apm.get_trace_id(), apm.get_transaction_id(), apm.get_span_id(), apm.get_trace_parent_header()) == (
        None,
        None,
        None,
        None,
    )
    assert records == []


def test_what_a_program_says_stays(client: Client) -> None:
    """Even if the framework has another name for it at the end."""
    transaction = client.begin_transaction("request")
    assert transaction is not None
    apm.set_transaction_name("first")
    apm.set_transaction_name("second", override=False)
    apm.set_transaction_result("OK")
    apm.set_transaction_result("other", override=False)
    apm.set_transaction_outcome("failure")
    apm.set_transaction_outcome("success", override=False)
    client.end_transaction("GET /", "HTTP 2xx")
    assert (transaction.name, transaction.result, transaction.outcome) == ("first", "OK", "failure")


def test_an_outcome_by_status(client: Client) -> None:
    """A service has failed from 500 on."""
    assert [outcome_of_status(status) for status in (200, 404, 499, 500, None)] == [
        "success",
        "success",
        "success",
        "failure",
        "unknown",
    ]
    transaction = client.begin_transaction("request")
    apm.set_transaction_outcome(http_status_code=503)
    client.end_transaction()
    assert transaction is not None
    assert transaction.outcome == "failure"
    with pytest.raises(ValueError, match=r"^an outcome is one of success, failure, unknown, not 'good'$"):
        apm.set_transaction_outcome("good")


def test_labels_users_and_custom_values(client: Client) -> None:
    """Each call adds to what is there."""
    transaction = client.begin_transaction("request")
    assert transaction is not None
    apm.label(a=1)
    apm.label(b="2")
    apm.set_custom_context({"a.b": [1]})
    apm.set_custom_context({"c": 2})
    apm.set_user_context(username="ada", user_id=7)
    apm.set_user_context(email="ada@example.org")
    client.end_transaction()
    assert transaction.labels == {"a": 1, "b": "2"}
    assert transaction.custom == {"a_b": [1], "c": 2}
    assert transaction.user == {"username": "ada", "id": 7, "email": "ada@example.org"}


def test_the_ids_of_what_runs(client: Client) -> None:
    """The header names the innermost span."""
    transaction = client.begin_transaction("request")
    assert transaction is not None
    assert apm.get_trace_id() == transaction.trace_id
    assert apm.get_transaction_id() == transaction.id
    assert apm.get_span_id() is None
    assert apm.get_trace_parent_header() == f"00-{transaction.trace_id}-{transaction.id}-01"
    with apm.capture_span("x") as span:
        assert span is not None
        assert apm.get_span_id() == span.id
        assert apm.get_trace_parent_header() == f"00-{transaction.trace_id}-{span.id}-01"
    client.end_transaction()
