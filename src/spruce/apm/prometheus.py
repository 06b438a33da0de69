"""Metrics in the text forms that Prometheus reads: what a view returns to be asked by it.

    app.add_url_rule("/metrics", view_func=apm.prometheus_metrics)

Who asks for OpenMetrics (version 1.0.0) gets that, with an exemplar for each bucket: the trace of a recent value. All
others get Prometheus' own form (0.0.4), which knows of none.

Written here rather than by prometheus_client: the form is a page long, and that library keeps a registry of its own,
with files shared by processes that know nothing of workers which are replaced. Each worker tells its own numbers, with
its process id as a label, so a scrape that should see all of them goes to each.
"""

import os
import re
from collections.abc import Iterable, Iterator

from spruce.apm.breakdown import Breakdown
from spruce.apm.gauges import Gauges
from spruce.apm.metrics import Exemplar, Histogram, Labels, registry
from spruce.apm.texts import kept_text
from spruce.http import Response
from spruce.web import has_request_context, request

__all__ = ["CONTENT_TYPE", "OPENMETRICS", "prometheus_metrics", "tells", "text_of"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_:]")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_gauges = Gauges()
_DURATIONS = "spruce_transaction_duration_seconds"
_Family = tuple[str, list[str]]
"""The kind of a family of metrics, and its lines."""


class _Process:
    """What adds up transactions here; None as long as nothing records."""

    breakdown: Breakdown | None = None


def tells(breakdown: Breakdown | None) -> None:
    """Let this be what is told of transactions."""
    _Process.breakdown = breakdown


def prometheus_metrics() -> Response:
    """A view: the metrics of this process, for Prometheus. Anybody who reaches its URL can read them."""
    openmetrics = has_request_context() and _wants_openmetrics()
    text = text_of(_Process.breakdown, openmetrics=openmetrics)
    return Response(text, 200, {"Vary": "Accept"}, content_type=OPENMETRICS if openmetrics else CONTENT_TYPE)


def _wants_openmetrics() -> bool:
    offered = ("text/plain", "application/openmetrics-text")  # the first for who takes anything
    return request.accept_mimetypes.best_match(offered) == offered[1]


def text_of(breakdown: Breakdown | None = None, *, openmetrics: bool = False) -> str:
    """The metrics of this process: the program's own, those of transactions, and what can be read off it."""
    families: dict[str, _Family] = {}
    for name, kind, lines in _told(breakdown, openmetrics=openmetrics):
        known, written = families.setdefault(name, (kind, []))
        if known == kind:  # else names differ only in what isn't allowed in them, and the first one stays
            written += lines
    text = "".join(f"# TYPE {name} {kind}\n{''.join(lines)}" for name, (kind, lines) in sorted(families.items()))
    return f"{text}# EOF\n" if openmetrics else text


def _told(breakdown: Breakdown | None, *, openmetrics: bool) -> Iterator[tuple[str, str, Iterable[str]]]:
    """The name of a family, its kind, and the lines of one metric of it."""
    for metric_name, value in _gauges.read().items():
        name = _name(metric_name)
        yield name, "gauge", [_line(name, (), value)]
    for metric in registry:
        name = _name(metric.name)
        if isinstance(metric, Histogram):
            yield name, metric.kind, _histogram(name, metric, metric.labels, openmetrics=openmetrics)
        elif metric.kind == "counter":
            total = name if name.endswith("_total") else f"{name}_total"
            yield (
                total.removesuffix("_total") if openmetrics else total,
                metric.kind,
                [_line(total, metric.labels, metric.value)],
            )
        else:
            yield name, metric.kind, [_line(name, metric.labels, metric.value)]
    if breakdown is not None:
        for (kind, transaction, result), histogram in breakdown.durations.items():
            labels = (("name", transaction), ("result", result), ("type", kind))
            yield _DURATIONS, "histogram", _histogram(_DURATIONS, histogram, labels, openmetrics=openmetrics)


def _histogram(name: str, histogram: Histogram, labels: Labels, *, openmetrics: bool) -> Iterator[str]:
    total = 0
    rows = zip((*histogram.bounds, None), list(histogram.counts), list(histogram.exemplars), strict=True)
    for bound, count, exemplar in rows:
        total += count
        line = _line(f"{name}_bucket", (*labels, ("le", _bound(bound, openmetrics=openmetrics))), total)
        yield _with_exemplar(line, exemplar) if openmetrics and exemplar is not None else line
    if not openmetrics or not histogram.bounds or histogram.bounds[0] >= 0:  # else the sum could fall: none is allowed
        yield _line(f"{name}_sum", labels, histogram.value)
        yield _line(f"{name}_count", labels, total)


def _bound(bound: float | None, *, openmetrics: bool) -> str:
    if bound is None:
        return "+Inf"
    return repr(float(bound)) if openmetrics else f"{bound:g}"  # `10.0`: OpenMetrics, section "Canonical Numbers"


def _with_exemplar(line: str, exemplar: Exemplar) -> str:
    place = f'trace_id="{exemplar.trace_id}",span_id="{exemplar.span_id}"'
    return f"{line[:-1]} # {{{place}}} {exemplar.value:.12g} {exemplar.at:.3f}\n"


def _line(name: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    pairs = [*labels, ("pid", str(os.getpid()))]
    told = ",".join(f'{_name(label)}="{kept_text(text).translate(_ESCAPES)}"' for label, text in pairs)
    return f"{name}{{{told}}} {value:.12g}\n"


def _name(name: str) -> str:
    found = _NOT_IN_NAMES.sub("_", name)
    return f"_{found}" if found[:1].isdigit() else found
