"""Events of Elastic's intake: each of them fits its schema, with what it is to tell."""

import json
import logging
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.apm.conftest import Records

from spruce import apm
from spruce.apm import Client, Transaction
from spruce.apm.events import ERROR, SPAN, TRANSACTION, Events, for_events
from spruce.apm.settings import read_settings
from spruce.apm.spans import begin_span
from spruce.apm.what import Answered, Asked, What

SCHEMAS = Path(__file__).parents[1] / "data" / "elastic_schemas"


def validator(kind: str) -> Any:
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{kind}.json").read_text("utf-8")))


VALIDATORS = {kind: validator(kind) for kind in ("transaction", "span", "error", "metadata", "metricset")}


def events(record: Any, **settings: Any) -> list[tuple[str, dict[str, Any]]]:
    """The events of a record, each checked against its schema."""
    found = []
    for line in Events(read_settings(settings, environ={})).encoded(record):
        assert b"\n" not in line
        ((kind, event),) = json.loads(line).items()
        VALIDATORS[kind].validate(event)
        found.append((kind, event))
    return found


def full_transaction(client: Client) -> Transaction:
    """A transaction with all that one can have."""
    transaction = client.begin_transaction(
        "request", apm.TraceParent("a" * 32, "b" * 16, True, "es=s:0.5"), links=[apm.TraceParent("c" * 32, "d" * 16)]
    )
    assert transaction is not None
    apm.label(a=1, b=True, c="text")
    apm.set_custom_context({"cart": {"items": 3}})
    apm.set_user_context("ada", "ada@example.org", 7)
    transaction.request = Asked(
        "POST", "https", "shop.example:8443", "/a%20b?x=1", "1.1", "192.0.2.1", {"A": "b"}, {"c": "d"}, "body"
    )
    transaction.response = Answered(201, {"Content-Type": "text/plain"})
    transaction.dropped_stats = {("db", "sqlite", "sqlite/default", "success"): [3, 0.5]}
    transaction.split = {"cpu": 0.25, "db": 0.125}
    with apm.capture_span(
        "work", labels={"l": 2}, links=[apm.TraceParent("e" * 32, "f" * 16)], duration=0.01, sync=True
    ):
        pass
    query = What("SELECT FROM a", "db", "sqlite", "query", True, True, "sqlite/default", {"db": {"statement": "x"}})
    for _ in range(2):
        begin_span(transaction, query).end(0.002)
    client.end_transaction("POST /a", "HTTP 2xx")
    return transaction


def test_all_of_a_transaction(client: Client) -> None:
    """In milliseconds, and microseconds since 1970."""
    transaction = full_transaction(client)
    (kind, event), *spans = events(transaction)
    assert kind == TRANSACTION
    assert {name: event[name] for name in ("name", "type", "result", "outcome", "sampled", "sample_rate")} == {
        "name": "POST /a",
        "type": "request",
        "result": "HTTP 2xx",
        "outcome": "unknown",
        "sampled": True,
        "sample_rate": 0.5,
    }
    assert (event["trace_id"], event["parent_id"], event["id"]) == ("a" * 32, "b" * 16, transaction.id)
    assert transaction.duration is not None
    assert event["duration"] == transaction.duration * 1000
    assert event["timestamp"] == int(transaction.timestamp * 1e6)
    assert event["span_count"] == {"started": 2, "dropped": 0}
    assert event["links"] == [{"trace_id": "c" * 32, "span_id": "d" * 16}]
    assert event["dropped_spans_stats"] == [
        {
            "destination_service_resource": "sqlite/default",
            "service_target_type": "sqlite",
            "service_target_name": "default",
            "outcome": "success",
            "duration": {"count": 3, "sum": {"us": 500000}},
        }
    ]
    assert event["context"] == {
        "request": {
            "method": "POST",
            "http_version": "1.1",
            "url": {
                "full": "https://shop.example:8443/a%20b?x=1",
                "protocol": "https:",
                "hostname": "shop.example",
                "port": 8443,
                "pathname": "/a%20b",
                "search": "?x=1",
            },
            "socket": {"remote_address": "192.0.2.1"},
            "headers": {"A": "b"},
            "cookies": {"c": "d"},
            "body": "body",
        },
        "response": {"status_code": 201, "headers": {"Content-Type": "text/plain"}},
        "user": {"username": "ada", "email": "ada@example.org", "id": 7},
        "tags": {"a": 1, "b": True, "c": "text"},
        "custom": {"cart": {"items": 3}, "time_ms": {"cpu": 250.0, "db": 125.0}},
    }
    assert [kind for kind, _ in spans] == [SPAN, SPAN]


def test_all_of_a_span(client: Client) -> None:
    """With its place in the tree."""
    transaction = full_transaction(client)
    _, (_, work), (_, query) = events(transaction)
    assert (work["parent_id"], work["transaction_id"], work["trace_id"]) == (transaction.id, transaction.id, "a" * 32)
    assert (work["name"], work["type"], work["subtype"], work["action"]) == ("work", "code", "custom", None)
    assert (work["context"], work["links"], work["sync"]) == (
        {"tags": {"l": 2}},
        [{"trace_id": "e" * 32, "span_id": "f" * 16}],
        True,
    )
    assert work["stacktrace"][0]["function"] == "full_transaction"
    assert query["context"] == {"db": {"statement": "x"}}
    assert query["composite"] == {"count": 2, "sum": 4.0, "compression_strategy": "exact_match"}
    assert (query["sample_rate"], query["outcome"]) == (0.5, "success")


def test_a_span_that_outlived_its_transaction(client: Client, records: Records) -> None:
    """Goes alone."""
    transaction = client.begin_transaction("job")
    assert transaction is not None
    span = transaction.begin_span("late", "app")
    client.end_transaction()
    span.end()
    ((kind, event),) = events(records[-1])
    assert (kind, event["transaction_id"], event["name"]) == (SPAN, transaction.id, "late")


def test_what_is_not_sampled_is_not_sent(client: Client) -> None:
    """Nor are its spans."""
    transaction = client.begin_transaction("job", apm.TraceParent("a" * 32, "b" * 16, False))
    client.end_transaction()
    assert events(transaction) == []


def test_an_error_with_its_causes(client: Client, records: Records) -> None:
    """And with what is known of the request that it happened in."""
    transaction = client.begin_transaction("request")
    assert transaction is not None
    apm.set_user_context("ada")

    def fail() -> None:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error

    try:
        fail()
    except ValueError:
        client.capture_exception(handled=False, custom={"order": 5}, labels={"shop": "x"})
    client.end_transaction("GET /a")
    ((kind, event),) = events(records.failures[0])
    assert kind == ERROR
    assert event["exception"]["message"] == "ValueError: outer"
    assert (event["exception"]["type"], event["exception"]["handled"]) == ("ValueError", False)
    assert [cause["message"] for cause in event["exception"]["cause"]] == ["KeyError: 'inner'"]
    frame = event["exception"]["stacktrace"][0]
    assert frame["context_line"] == '            raise ValueError("outer") from error'
    assert (frame["filename"].endswith("test_events.py"), frame["library_frame"]) == (True, False)
    assert event["context"] == {"user": {"username": "ada"}, "custom": {"order": 5}, "tags": {"shop": "x"}}
    assert (event["transaction_id"], event["parent_id"], event["trace_id"]) == (
        transaction.id,
        transaction.id,
        transaction.trace_id,
    )
    assert event["transaction"] == {"sampled": True, "type": "request", "name": "GET /a"}


def test_a_message(client: Client, records: Records) -> None:
    """Outside of any transaction."""
    client.capture_message(
        param_message={"message": "%s", "params": ("x",)}, level="info", logger_name="shop", stack=True
    )
    ((kind, event),) = events(records[-1])
    assert kind == ERROR
    assert event["log"]["stacktrace"][0]["function"] == "test_a_message"
    del event["log"]["stacktrace"]
    assert event["log"] == {"message": "x", "level": "info", "param_message": "%s", "logger_name": "shop"}
    assert "trace_id" not in event


def test_what_json_has_not_is_told_as_text(client: Client) -> None:
    """A custom value may be anything."""
    transaction = client.begin_transaction("job")
    apm.set_custom_context({"thing": object})
    client.end_transaction()
    assert events(transaction)[0][1]["context"]["custom"] == {"thing": "<class 'object'>"}


def test_processors_change_and_drop_events(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """One after the other, those that want to see that kind."""
    transaction = full_transaction(client)

    @for_events(TRANSACTION)
    def rename(client: object, event: dict[str, Any]) -> dict[str, Any]:
        event["name"] = "renamed"
        event["context"]["user"] = {}
        return event

    @for_events(SPAN)
    def drop_queries(client: object, event: dict[str, Any]) -> dict[str, Any] | None:
        return None if event["type"] == "db" else event

    def broken(client: object, event: dict[str, Any]) -> dict[str, Any]:
        raise ValueError("broken")

    found = events(transaction, PROCESSORS=[rename, drop_queries, "elasticapm.processors.sanitize_http_headers"])
    assert [(kind, event["name"]) for kind, event in found] == [(TRANSACTION, "renamed"), (SPAN, "work")]
    assert events(transaction)[0][1]["context"]["user"]["username"] == "ada"
    with caplog.at_level(logging.ERROR, "spruce.apm"):
        assert events(transaction, PROCESSORS=[broken]) == []
    assert "a processor of events raised, so the event is dropped" in caplog.text


def test_a_processor_by_its_name(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a file of settings."""
    monkeypatch.setattr(apm, "only_named", lambda client, event: event if "name" in event else None, raising=False)
    assert len(events(full_transaction(client), PROCESSORS="spruce.apm.only_named")) == 3
