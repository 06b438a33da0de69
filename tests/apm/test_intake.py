"""Export to Elastic's APM server: what arrives there."""

import json
from typing import Any

import pytest
from tests.apm.collector import collecting
from tests.apm.conftest import Records

from spruce import App, apm
from spruce.apm import Client, get_client
from spruce.apm.intake import export


@pytest.mark.parametrize(
    ("token", "sent"),
    [
        ({"SECRET_TOKEN": "s"}, "Bearer s"),
        ({"API_KEY": "k", "SECRET_TOKEN": "s"}, "ApiKey k"),
        ({}, None),
    ],
)
def test_requests_arrive(records: Records, token: dict[str, str], sent: str | None) -> None:
    """Behind the metadata, each event a line, with the token."""
    with collecting() as collector:
        app = App(
            __name__,
            ELASTIC_APM={"SERVER_URL": collector.url, "SERVICE_NAME": "shop", "METRICS_INTERVAL": "0s", **token},
            static_folder=None,
        )

        @app.get("/hello/<name>")
        def hello(name: str) -> str:
            if name == "bad":
                raise ValueError("bad")
            return name

        client = app.test_client()
        client.get("/hello/ada")
        client.get("/hello/bad")
        recorder = get_client()
        assert recorder is not None
        recorder.close()
        path, headers, _ = collector.requests[0]
        assert (path, headers["Content-Type"]) == ("/intake/v2/events", "application/x-ndjson")
        assert headers.get("Authorization") == sent
        assert [kind for kind, _ in collector.events] == ["metadata", "transaction", "error", "transaction"]
        assert collector.of("metadata")[0]["service"]["name"] == "shop"
        assert [event["name"] for event in collector.of("transaction")] == ["GET /hello/<name>"] * 2


def test_what_is_not_sampled_is_not_sent(records: Records) -> None:
    """It is nobody's loss, and not counted as one."""
    client = Client(disable_send=True, transaction_sample_rate=0)
    intake = export(client)
    client.begin_transaction("job")
    client.end_transaction()
    client.close()
    assert intake.sender.stats() == {"sent": 0, "dropped": 0, "waiting": 0, "failures": 0}


def test_what_is_too_much_is_not_even_encoded(records: Records) -> None:
    """It is counted, with its spans."""
    client = Client(disable_send=True, max_queue_size=0)
    intake = export(client)
    transaction = client.begin_transaction("job")
    assert transaction is not None
    transaction.begin_span("a", "app").end()
    client.end_transaction()
    client.capture_message("x")
    assert intake.sender.stats()["dropped"] == 3
    client.close()


@pytest.mark.parametrize("processors", [(), (lambda client, event: event,)])
def test_what_cannot_be_told_costs_nothing_else(
    records: Records, caplog: pytest.LogCaptureFixture, processors: tuple[Any, ...]
) -> None:
    """Texts that visitors choose may have no UTF-8, and what a program notes may be nothing for JSON."""
    deep: list[Any] = []
    deep.append(deep)
    odd: list[tuple[str, Any]] = [("half \ud800", {("a", 1): "\udcff"}), ("deep", {"deep": deep}), ("fine", {})]
    with collecting() as collector:
        client = Client(disable_send=True, server_url=collector.url, processors=processors)
        intake = export(client)
        for name, custom in odd:
            client.begin_transaction("job")
            apm.set_custom_context(custom)
            client.end_transaction(name)
        client.capture_message("half \ud800")
        client.close()
        assert [one["name"] for one in collector.of("transaction")] == ["half ?", "fine"]
        assert [one["log"]["message"] for one in collector.of("error")] == ["half ?"]
    assert intake.sender.stats()["dropped"] == 1
    (told,) = caplog.messages
    assert told.startswith("<Transaction 'deep' job ")
    assert " is not sent: RecursionError(" in told


def test_metrics_are_events_too(records: Records) -> None:
    """A set of them is a line."""
    with collecting() as collector:
        client = Client(disable_send=True, server_url=collector.url)
        intake = export(client)
        intake.measured({"timestamp": 1, "samples": {"a": {"value": 1}}})
        intake.measured({"timestamp": 2, "samples": {}, "transaction": {"name": "half \ud800", "type": "job"}})
        client.close()
        assert [json.loads(line) for line in collector.requests[0][2].splitlines()[1:]] == [
            {"metricset": {"timestamp": 1, "samples": {"a": {"value": 1}}}},
            {"metricset": {"timestamp": 2, "samples": {}, "transaction": {"name": "half ?", "type": "job"}}},
        ]
