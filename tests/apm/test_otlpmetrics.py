"""Metrics by OTLP: what arrives, read by OpenTelemetry's own package."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from tests.apm.collector import Collector, collecting
from tests.apm.conftest import Records

from spruce import App, apm
from spruce.apm import Client
from spruce.apm.breakdown import Breakdown
from spruce.apm.metrics import registry
from spruce.apm.otlp import Otlp
from spruce.apm.otlpmetrics import OtlpMetrics
from spruce.apm.sinks import subscribe_late

CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


@pytest.fixture(autouse=True)
def _own_metrics() -> Iterator[None]:
    """The program has none before the test, and none afterwards."""
    registry.clear()
    yield
    registry.clear()


def labels(thing: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in thing.attributes}


def arrived(collector: Collector) -> tuple[dict[str, Any], dict[str, Any]]:
    """The attributes of the resource, and the last metrics by name."""
    sent = [body for path, _, body in collector.requests if path == "/v1/metrics"]
    resource: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    for body in sent:
        for one in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            resource = labels(one.resource)
            assert [scope.scope.name for scope in one.scope_metrics] == ["spruce.apm"]
            metrics |= {metric.name: metric for scope in one.scope_metrics for metric in scope.metrics}
    return resource, metrics


def sent(collector: Collector, **settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What arrives of the metrics of a program that has done a little."""
    client = Client(
        {"OTLP_ENDPOINT": collector.url, "OTLP_HEADERS": "x-key=k", "METRICS_INTERVAL": "10m", **settings},
        service_name="shop",
    )
    for name, kind, result in [("GET /a/<b>", "request", "HTTP 2xx"), ("GET unknown route", "request", "HTTP 4xx")]:
        client.begin_transaction(kind)
        client.end_transaction(name, result, duration=0.03)
    client.begin_transaction("job")
    client.end_transaction("resize", duration=20)
    apm.counter("orders", shop="north").inc(3)
    apm.counter("orders", shop="south").inc()
    apm.gauge("baskets").set(7.5)
    apm.histogram("order_value", buckets=(10, 100)).observe(59.9)
    apm.histogram("order_value", buckets=(10, 100)).observe(1000)
    client.close()
    return arrived(collector)


def test_the_programs_own(records: Records) -> None:
    """Counters only grow, gauges are what they are, histograms keep their bounds."""
    with collecting() as collector:
        resource, metrics = sent(collector)
    assert (resource["service.name"], resource["process.pid"]) == ("shop", os.getpid())
    assert resource["service.instance.id"].endswith(f":{os.getpid()}")
    orders = metrics["orders"].sum
    assert (orders.is_monotonic, orders.aggregation_temporality) == (True, CUMULATIVE)
    assert [(labels(point), point.as_double) for point in orders.data_points] == [
        ({"shop": "north"}, 3),
        ({"shop": "south"}, 1),
    ]
    assert all(0 < point.start_time_unix_nano < point.time_unix_nano for point in orders.data_points)
    (baskets,) = metrics["baskets"].gauge.data_points
    assert baskets.as_double == 7.5
    (value,) = metrics["order_value"].histogram.data_points
    assert (list(value.explicit_bounds), list(value.bucket_counts)) == ([10, 100], [0, 1, 1])
    assert (value.count, value.sum) == (2, 1059.9)
    assert metrics["order_value"].histogram.aggregation_temporality == CUMULATIVE


def test_how_long_transactions_take(records: Records) -> None:
    """Requests by the name that OpenTelemetry has for that, others by one of ours."""
    with collecting() as collector:
        _, metrics = sent(collector)
    requests = metrics["http.server.request.duration"]
    assert requests.unit == "s"
    assert [labels(point) for point in requests.histogram.data_points] == [
        {"http.request.method": "GET", "http.route": "/a/<b>", "spruce.result": "HTTP 2xx"},
        {"http.request.method": "GET", "spruce.result": "HTTP 4xx"},
    ]
    (job,) = metrics["spruce.transaction.duration"].histogram.data_points
    assert labels(job) == {"spruce.type": "job", "spruce.name": "resize"}
    assert (job.count, job.sum, job.bucket_counts[-1]) == (1, 20, 1)


def test_exemplars(records: Records) -> None:
    """The traces of durations, and of the program's own values, each told once."""
    with collecting() as collector:
        client = Client({"OTLP_ENDPOINT": collector.url, "METRICS_INTERVAL": "10m"})
        breakdown = Breakdown()
        leave = subscribe_late(breakdown)
        reporter = OtlpMetrics(Otlp(client), breakdown)
        client.begin_transaction("job")
        apm.histogram("order_value", buckets=(10, 100)).observe(59.9)
        client.end_transaction("resize")
        first = {metric.name: metric for metric in reporter.told()}
        again = {metric.name: metric for metric in reporter.told()}
        leave()
        reporter.close()
        client.close()
    job = records.last
    for name, value in (("order_value", 59.9), ("spruce.transaction.duration", job.duration)):
        (exemplar,) = first[name].histogram.data_points[0].exemplars
        assert (exemplar.trace_id.hex(), exemplar.span_id.hex()) == (job.trace_id, job.id)
        assert exemplar.as_double == value
        assert exemplar.time_unix_nano >= job.timestamp * 1e9 - 1000
        assert not again[name].histogram.data_points[0].exemplars


def test_the_process(records: Records) -> None:
    """By OpenTelemetry's names and units."""
    with collecting() as collector:
        _, metrics = sent(collector)
    (memory,) = metrics["process.memory.usage"].gauge.data_points
    assert memory.as_double > 1_000_000
    assert metrics["process.memory.usage"].unit == "By"
    assert metrics["process.cpu.utilization"].unit == "1"
    assert "system.process.memory.rss.bytes" not in metrics


def test_a_name_of_two_kinds_is_told_as_the_first(records: Records) -> None:
    """A back end would refuse it otherwise."""
    apm.counter("process.memory.usage").inc()
    with collecting() as collector:
        _, metrics = sent(collector)
    assert metrics["process.memory.usage"].WhichOneof("data") == "gauge"
    assert len(metrics["process.memory.usage"].gauge.data_points) == 1


def test_where_it_goes(records: Records) -> None:
    """Beside the traces, wherever these go, with the same headers."""
    with collecting() as collector:
        sent(collector, OTLP_ENDPOINT=f"{collector.url}/otlp/v1/traces")
        told = {path: headers for path, headers, _ in collector.requests}
    assert set(told) == {"/otlp/v1/traces", "/otlp/v1/metrics"}
    headers = told["/otlp/v1/metrics"]
    assert (headers["x-key"], headers["Content-Type"]) == ("k", "application/x-protobuf")


@pytest.mark.parametrize("setting", [{"OTLP_METRICS": "false"}, {"METRICS_INTERVAL": "0s"}])
def test_it_may_be_off(records: Records, setting: dict[str, str]) -> None:
    """Then there are traces only."""
    with collecting() as collector:
        assert sent(collector, **setting) == ({}, {})
        assert {path for path, _, _ in collector.requests} == {"/v1/traces"}


def test_some_may_be_hidden(records: Records) -> None:
    """By the names that they are sent under."""
    with collecting() as collector:
        _, metrics = sent(collector, DISABLE_METRICS="process.*,http.server.*")
    assert not [name for name in metrics if name.startswith(("process.", "http.server."))]
    assert "orders" in metrics


def test_what_fails_is_told_in_the_log(records: Records, caplog: pytest.LogCaptureFixture) -> None:
    """And ends nothing."""
    with collecting() as collector:
        client = Client({"OTLP_ENDPOINT": collector.url, "METRICS_INTERVAL": "10m"})
        gauge = apm.gauge("odd")
        gauge.value = "much"  # type: ignore[assignment] # which set takes from programs without types
        client.begin_transaction("job")
        client.end_transaction("resize")
        client.close()
    assert "metrics could not be told" in caplog.text


def test_an_app_with_both(records: Records) -> None:
    """Elastic and OpenTelemetry are told of the same requests."""
    with collecting() as elastic, collecting() as other:
        settings = {
            "SERVER_URL": elastic.url,
            "OTLP_ENDPOINT": other.url,
            "METRICS_INTERVAL": "10m",
            "CENTRAL_CONFIG": False,
        }
        app = App(__name__, ELASTIC_APM=settings, static_folder=None)
        app.add_url_rule("/", "home", lambda: "hello")
        app.test_client().get("/")
        client = app.config.resources["apm"]
        assert isinstance(client, Client)
        client.close()
        _, metrics = arrived(other)
        (point,) = metrics["http.server.request.duration"].histogram.data_points
        assert labels(point)["http.route"] == "/"
        assert any("span" in one for one in elastic.of("metricset"))
