"""Telling metrics to Elastic every METRICS_INTERVAL: what is read off the process, the program's own, the breakdown."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain
from logging import getLogger
from typing import Any

from spruce.apm.breakdown import Breakdown
from spruce.apm.gauges import Gauges
from spruce.apm.metrics import Histogram, Metric, registry
from spruce.apm.settings import ApmSettings

__all__ = ["Reporter", "metricsets"]

_log = getLogger("spruce.apm")


def metricsets(settings: ApmSettings, gauges: Gauges, breakdown: Breakdown | None) -> Iterator[dict[str, Any]]:
    """What is to be told now, as sets of metrics by Elastic's schema, without what DISABLE_METRICS names."""
    now = int(time.time() * 1e6)
    hidden = settings.disable_metrics
    own = [{"samples": {name: {"value": value} for name, value in gauges.read().items()}}]
    made = chain(own, _of_the_program(), breakdown.take() if breakdown is not None else ())
    for one in made:
        samples = {name: sample for name, sample in one["samples"].items() if not hidden.match(name)}
        if samples:
            yield {**one, "samples": samples, "timestamp": now}


def _of_the_program() -> Iterator[dict[str, Any]]:
    by_labels: dict[Any, dict[str, Any]] = {}
    for metric in registry:
        by_labels.setdefault(metric.labels, {})[metric.name] = _sample(metric)
    for labels, samples in by_labels.items():
        yield {"samples": samples, "tags": dict(labels)} if labels else {"samples": samples}


def _sample(metric: Metric) -> dict[str, Any]:
    if not isinstance(metric, Histogram):
        return {"value": metric.value, "type": metric.kind}
    bounds = metric.bounds
    middles = [(low + high) / 2 for low, high in zip((0.0, *bounds), bounds, strict=False)]
    return {"values": [*middles, bounds[-1] if bounds else 0.0], "counts": list(metric.counts), "type": "histogram"}


class Reporter:
    """An OS thread that tells `sink` each set of metrics, until `close`; in a forked child, `start` makes another."""

    def __init__(self, settings: ApmSettings, sink: Callable[[dict[str, Any]], object], breakdown: Breakdown) -> None:
        self.settings, self.sink = settings, sink
        self.breakdown = breakdown if settings.breakdown_metrics else None
        self._gauges = Gauges()
        self._owner = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless this process has; what measures nothing, since METRICS_INTERVAL is 0, never does."""
        if self._owner == os.getpid() or self.settings.metrics_interval <= 0:
            return
        self._owner = os.getpid()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._ended,), name="spruce-apm-metrics", daemon=True)
        self._thread.start()

    def _run(self, ended: threading.Event) -> None:
        while not ended.wait(self.settings.metrics_interval):
            self.tell()

    def tell(self) -> None:
        """Tell them now."""
        try:
            for one in metricsets(self.settings, self._gauges, self.breakdown):
                self.sink(one)
        except Exception:
            _log.exception("metrics could not be told")

    def close(self) -> None:
        """Tell what there is for the last time, and end."""
        thread, self._thread = self._thread, None
        if thread is not None and self._owner == os.getpid():
            self._ended.set()
            thread.join()
            self.tell()
