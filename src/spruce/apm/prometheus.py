"""Metrics in the text form that Prometheus reads (version 0.0.4): what a view returns to be asked by it.

    app.add_url_rule("/metrics", view_func=apm.prometheus_metrics)

Written here rather than by prometheus_client: the form is a page long, and that library keeps a registry of its own,
with files shared by processes that know nothing of workers which are replaced. Each worker tells its own numbers, with
its process id as a label, so a scrape that should see all of them goes to each.
"""

import os
import re
from collections.abc import Iterable, Iterator

from spruce.apm.breakdown import Breakdown
from spruce.apm.gauges import Gauges
from spruce.apm.metrics import Histogram, Labels, registry
from spruce.http import Response

__all__ = ["CONTENT_TYPE", "prometheus_metrics", "tells", "text_of"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_:]")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_gauges = Gauges()
_DURATIONS = "spruce_transaction_duration_seconds"


class _Process:
    """What adds up transactions here; None as long as nothing records."""

    breakdown: Breakdown | None = None


def tells(breakdown: Breakdown | None) -> None:
    """Let this be what is told of transactions."""
    _Process.breakdown = breakdown


def prometheus_metrics() -> Response:
    """A view: the metrics of this process, for Prometheus. Anybody who reaches its URL can read them."""
    return Response(text_of(_Process.breakdown), 200, content_type=CONTENT_TYPE)


def text_of(breakdown: Breakdown | None = None) -> str:
    """The metrics of this process: the program's own, those of transactions, and what can be read off it."""
    families: dict[str, tuple[str, list[str]]] = {}
    for metric in registry:
        name = _name(metric.name)
        if metric.kind == "counter" and not name.endswith("_total"):
            name += "_total"
        lines = families.setdefault(name, (metric.kind, []))[1]
        if isinstance(metric, Histogram):
            lines += _histogram(name, metric, metric.labels)
        else:
            lines.append(_line(name, metric.labels, metric.value))
    if breakdown is not None and breakdown.durations:
        lines = families.setdefault(_DURATIONS, ("histogram", []))[1]
        for (kind, transaction, result), histogram in list(breakdown.durations.items()):
            lines += _histogram(_DURATIONS, histogram, (("name", transaction), ("result", result), ("type", kind)))
    for metric_name, value in _gauges.read().items():
        name = _name(metric_name)
        families[name] = ("gauge", [_line(name, (), value)])
    return "".join(f"# TYPE {name} {kind}\n{''.join(lines)}" for name, (kind, lines) in sorted(families.items()))


def _histogram(name: str, histogram: Histogram, labels: Labels) -> Iterator[str]:
    total = 0
    for bound, count in zip((*histogram.bounds, None), list(histogram.counts), strict=True):
        total += count
        yield _line(f"{name}_bucket", (*labels, ("le", "+Inf" if bound is None else f"{bound:g}")), total)
    yield _line(f"{name}_sum", labels, histogram.value)
    yield _line(f"{name}_count", labels, total)


def _line(name: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    pairs = [*labels, ("pid", str(os.getpid()))]
    told = ",".join(f'{_name(label)}="{text.translate(_ESCAPES)}"' for label, text in pairs)
    return f"{name}{{{told}}} {value:.12g}\n"


def _name(name: str) -> str:
    found = _NOT_IN_NAMES.sub("_", name)
    return f"_{found}" if found[:1].isdigit() else found
