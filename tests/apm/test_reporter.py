"""Telling metrics to Elastic."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.apm.collector import collecting
from tests.apm.conftest import Records

from spruce import apm
from spruce.apm import Client
from spruce.apm.breakdown import Breakdown
from spruce.apm.gauges import Gauges
from spruce.apm.metrics import registry
from spruce.apm.reporter import Reporter, metricsets
from spruce.apm.settings import read_settings

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "elastic_schemas" / "metricset.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    registry.clear()
    yield
    registry.clear()


def sets(client: Client, **settings: Any) -> list[dict[str, Any]]:
    """The sets of metrics that are told, each by Elastic's schema."""
    breakdown = Breakdown()
    transaction = client.begin_transaction("request")
    assert transaction is not None
    client.end_transaction("GET /")
    breakdown([transaction])
    found = list(metricsets(read_settings(settings, environ={}), Gauges(), breakdown))
    for one in found:
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(one)))
    return found


def test_all_there_is(client: Client) -> None:
    """The process, the program's own by labels, and the breakdown."""
    apm.counter("orders", shop="a").inc(3)
    apm.gauge("baskets").set(2)
    apm.histogram("values", buckets=(1, 10)).observe(5)
    process, labelled, plain, breakdown = sets(client)
    assert "system.process.cpu.total.norm.pct" in process["samples"]
    assert (labelled["tags"], labelled["samples"]) == ({"shop": "a"}, {"orders": {"value": 3, "type": "counter"}})
    assert plain["samples"] == {
        "baskets": {"value": 2, "type": "gauge"},
        "values": {"values": [0.5, 5.5, 10], "counts": [0, 1, 0], "type": "histogram"},
    }
    assert breakdown["transaction"] == {"name": "GET /", "type": "request"}
    assert breakdown["timestamp"] > 1e15


def test_some_may_be_left_out(client: Client) -> None:
    """DISABLE_METRICS."""
    told = sets(client, DISABLE_METRICS="system.*,span.*")
    assert [name for one in told for name in one["samples"] if not name.startswith("spruce.")] == []


def test_a_service_tells_them(records: Records) -> None:
    """Each METRICS_INTERVAL, from the first transaction on, and at the end."""
    with collecting() as collector:
        client = Client(server_url=collector.url, metrics_interval="5ms", api_request_time="5ms")
        client.begin_transaction("request")
        client.end_transaction("GET /")
        while not collector.of("metricset"):
            assert collector.came.acquire(timeout=30)
        client.close()
        kinds = {name for one in collector.of("metricset") for name in one["samples"]}
        assert {"system.memory.total", "span.self_time.count"} <= kinds
    assert "spruce-apm-metrics" not in [thread.name for thread in threading.enumerate()]


def test_nothing_is_measured_if_that_is_wanted() -> None:
    """METRICS_INTERVAL=0."""
    told: list[Any] = []
    reporter = Reporter(read_settings({"METRICS_INTERVAL": "0s"}, environ={}), told.append, Breakdown())
    reporter.start()
    reporter.close()
    assert told == []


def test_a_sink_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The next time it may be well again."""

    def broken(metricset: dict[str, Any]) -> None:
        raise ValueError("full")

    Reporter(read_settings(environ={}), broken, Breakdown()).tell()
    assert [record.getMessage() for record in caplog.records] == ["metrics could not be told"]
