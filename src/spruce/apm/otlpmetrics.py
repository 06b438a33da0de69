"""Metrics by OTLP over HTTP: what is read off the process, the program's own, how long transactions take.

Names and units are those of OpenTelemetry's semantic conventions where these have any. What only grows is told as it is
since the process began (cumulative), as Prometheus and most back ends want it.
Buckets of histograms have exemplars: the traces of values that have come since the last time.
"""

import time
from collections.abc import Iterator
from logging import getLogger
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb

from spruce.apm.breakdown import Breakdown
from spruce.apm.gauges import Gauges
from spruce.apm.metrics import Counter, Exemplar, Histogram, Labels, Metric, registry
from spruce.apm.otlp import Otlp, attributes
from spruce.apm.reporter import Reporter
from spruce.apm.sender import Sender

__all__ = ["OtlpMetrics"]

_log = getLogger("spruce.apm")
_PATH = "/v1/metrics"
_TRACES = "/v1/traces"
_CUMULATIVE = pb.AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
_CONVENTIONS = {
    "system.cpu.total.norm.pct": ("system.cpu.utilization", "1"),
    "system.memory.total": ("system.memory.limit", "By"),
    "system.memory.actual.free": ("system.linux.memory.available", "By"),
    "system.process.cpu.total.norm.pct": ("process.cpu.utilization", "1"),
    "system.process.memory.rss.bytes": ("process.memory.usage", "By"),
    "system.process.memory.size": ("process.memory.virtual", "By"),
    "spruce.loop.lag.ms": ("spruce.loop.lag", "ms"),
}
"""Of what is read off the process: OpenTelemetry's name and unit."""


class OtlpMetrics(Reporter):
    """An OS thread that sends all metrics every METRICS_INTERVAL, as `otlp` sends traces, until `close`."""

    def __init__(self, otlp: Otlp, breakdown: Breakdown) -> None:
        super().__init__(otlp.settings, self._send, breakdown)
        self.otlp = otlp
        self.sender = Sender(otlp.settings, f"{otlp.settings.otlp_endpoint.removesuffix(_TRACES)}{_PATH}", otlp.headers)
        self._began = self._told_at = time.time_ns()
        self._transactions = breakdown

    def close(self) -> None:
        """Tell what there is for the last time, send it, and end."""
        super().close()
        self.sender.close()

    def tell(self) -> None:
        """Tell them now, unless nothing is recorded for now."""
        try:
            if self.otlp.client.recording:
                self._send(self.told())
        except Exception:
            _log.exception("metrics could not be told")

    def _send(self, metrics: Any) -> None:
        if metrics:
            scope = pb.ScopeMetrics(scope=InstrumentationScope(name="spruce.apm"), metrics=metrics)
            made = pb.ResourceMetrics(resource=self.otlp.of_process(), scope_metrics=[scope])
            data = ExportMetricsServiceRequest(resource_metrics=[made]).SerializeToString()
            self.sender.add(data, len(metrics))

    def told(self) -> list[Any]:
        """All of them as they are now, as OTLP's messages, each name once."""
        found: dict[str, Any] = {}
        now = time.time_ns()
        for name, unit, point, kind in self._points(self._gauges, now):
            if self.settings.disable_metrics.match(name):
                continue
            metric = found.get(name)
            if metric is None:
                metric = found[name] = pb.Metric(name=name, unit=unit)
                if kind is not pb.Gauge:
                    getattr(metric, kind.DESCRIPTOR.name.lower()).aggregation_temporality = _CUMULATIVE
                if kind is pb.Sum:
                    metric.sum.is_monotonic = True
            if metric.WhichOneof("data") in (None, kind.DESCRIPTOR.name.lower()):
                getattr(metric, kind.DESCRIPTOR.name.lower()).data_points.append(point)
        self._told_at = now
        return list(found.values())

    def _points(self, gauges: Gauges, now: int) -> Iterator[tuple[str, str, Any, Any]]:
        """Each value, with its name, unit and kind."""
        for read, value in gauges.read().items():
            name, unit = _CONVENTIONS.get(read, (read, ""))
            yield name, unit, pb.NumberDataPoint(time_unix_nano=now, as_double=value), pb.Gauge
        for metric in registry:
            if isinstance(metric, Histogram):
                yield metric.name, "", self._histogram(metric, now, dict(metric.labels)), pb.Histogram
            else:
                yield metric.name, "", *self._number(metric, now)
        for (kind, name, result), histogram in self._transactions.durations.items():
            told, labels = _of_transactions(kind, name, result)
            yield told, "s", self._histogram(histogram, now, labels), pb.Histogram

    def _number(self, metric: Metric, now: int) -> tuple[Any, Any]:
        point = pb.NumberDataPoint(time_unix_nano=now, as_double=metric.value, attributes=_labels(metric.labels))
        if not isinstance(metric, Counter):
            return point, pb.Gauge
        point.start_time_unix_nano = self._began
        return point, pb.Sum

    def _histogram(self, histogram: Histogram, now: int, labels: dict[str, Any]) -> Any:
        recent = [one for one in histogram.exemplars if one is not None and one.at * 1e9 > self._told_at]
        counts = list(histogram.counts)
        return pb.HistogramDataPoint(
            start_time_unix_nano=self._began,
            time_unix_nano=now,
            count=sum(counts),
            sum=histogram.value,
            bucket_counts=counts,
            explicit_bounds=histogram.bounds,
            attributes=attributes(labels),
            exemplars=[_exemplar(one) for one in recent],
        )


def _exemplar(one: Exemplar) -> Any:
    return pb.Exemplar(
        time_unix_nano=int(one.at * 1e9),
        as_double=one.value,
        trace_id=bytes.fromhex(one.trace_id),
        span_id=bytes.fromhex(one.span_id),
    )


def _labels(labels: Labels) -> list[Any]:
    return attributes(dict(labels))


def _of_transactions(kind: str, name: str, result: str) -> tuple[str, dict[str, Any]]:
    """The name and labels under which durations of transactions are known to OpenTelemetry."""
    method, _, route = name.partition(" ")
    if kind != "request" or not route:
        return "spruce.transaction.duration", {
            "spruce.type": kind,
            "spruce.name": name,
            "spruce.result": result or None,
        }
    return "http.server.request.duration", {
        "http.request.method": method,
        "http.route": route if route.startswith("/") else None,
        "spruce.result": result or None,
    }
