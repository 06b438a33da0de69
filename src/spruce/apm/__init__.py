"""Performance monitoring with the names of Elastic's Python agent: transactions, spans, errors, metrics, in the box.

    app = App(__name__, ELASTIC_APM={"SERVICE_NAME": "shop", "SERVER_URL": "http://apm:8200"})

From then on each request is a transaction with its queries, pages and outgoing calls as spans. Nothing is loaded and
nothing costs anything before that.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spruce.apm.bridge import TracerProvider
    from spruce.apm.capture import async_capture_span, capture_span
    from spruce.apm.client import Client
    from spruce.apm.events import ERROR, METRICSET, SPAN, TRANSACTION, for_events
    from spruce.apm.failures import Failure, Raised
    from spruce.apm.frames import Frame
    from spruce.apm.instruments import instrument, uninstrument
    from spruce.apm.logs import (
        EcsFormatter,
        Formatter,
        LoggingFilter,
        LoggingHandler,
        setup_logging,
        structlog_processor,
    )
    from spruce.apm.metrics import counter, gauge, histogram
    from spruce.apm.prometheus import prometheus_metrics
    from spruce.apm.recorder import begun, get_client, in_flight
    from spruce.apm.settings import ApmSettings
    from spruce.apm.shortcuts import (
        begin_transaction,
        capture_exception,
        capture_message,
        end_transaction,
    )
    from spruce.apm.sinks import Record, Sink, subscribe
    from spruce.apm.spans import Span, Transaction
    from spruce.apm.traceparent import TraceParent, trace_parent_from_headers, trace_parent_from_string
    from spruce.apm.tracing import (
        get_span_id,
        get_trace_id,
        get_trace_parent_header,
        get_transaction_id,
        label,
        set_context,
        set_custom_context,
        set_transaction_name,
        set_transaction_outcome,
        set_transaction_result,
        set_user_context,
    )

__all__ = [
    "ERROR",
    "METRICSET",
    "SPAN",
    "TRANSACTION",
    "ApmSettings",
    "Client",
    "EcsFormatter",
    "Failure",
    "Formatter",
    "Frame",
    "LoggingFilter",
    "LoggingHandler",
    "Raised",
    "Record",
    "Sink",
    "Span",
    "TraceParent",
    "TracerProvider",
    "Transaction",
    "async_capture_span",
    "begin_transaction",
    "begun",
    "capture_exception",
    "capture_message",
    "capture_span",
    "counter",
    "end_transaction",
    "for_events",
    "gauge",
    "get_client",
    "get_span_id",
    "get_trace_id",
    "get_trace_parent_header",
    "get_transaction_id",
    "histogram",
    "in_flight",
    "instrument",
    "label",
    "prometheus_metrics",
    "set_context",
    "set_custom_context",
    "set_transaction_name",
    "set_transaction_outcome",
    "set_transaction_result",
    "set_user_context",
    "setup_logging",
    "structlog_processor",
    "subscribe",
    "trace_parent_from_headers",
    "trace_parent_from_string",
    "uninstrument",
]

_HOMES = {
    "spruce.apm.bridge": ("TracerProvider",),
    "spruce.apm.capture": ("async_capture_span", "capture_span"),
    "spruce.apm.client": ("Client",),
    "spruce.apm.recorder": ("begun", "get_client", "in_flight"),
    "spruce.apm.sinks": ("Record", "Sink", "subscribe"),
    "spruce.apm.events": ("ERROR", "METRICSET", "SPAN", "TRANSACTION", "for_events"),
    "spruce.apm.logs": (
        "EcsFormatter",
        "Formatter",
        "LoggingFilter",
        "LoggingHandler",
        "setup_logging",
        "structlog_processor",
    ),
    "spruce.apm.metrics": ("counter", "gauge", "histogram"),
    "spruce.apm.prometheus": ("prometheus_metrics",),
    "spruce.apm.failures": ("Failure", "Raised"),
    "spruce.apm.frames": ("Frame",),
    "spruce.apm.instruments": ("instrument", "uninstrument"),
    "spruce.apm.settings": ("ApmSettings",),
    "spruce.apm.shortcuts": ("begin_transaction", "capture_exception", "capture_message", "end_transaction"),
    "spruce.apm.spans": ("Span", "Transaction"),
    "spruce.apm.traceparent": ("TraceParent", "trace_parent_from_headers", "trace_parent_from_string"),
    "spruce.apm.tracing": (
        "get_span_id",
        "get_trace_id",
        "get_trace_parent_header",
        "get_transaction_id",
        "label",
        "set_context",
        "set_custom_context",
        "set_transaction_name",
        "set_transaction_outcome",
        "set_transaction_result",
        "set_user_context",
    ),
}
"""Where each name lives; a module is imported when a name of it is first used."""

_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name in _MODULE_OF:
        value = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
        return value
    raise AttributeError(f"module 'spruce.apm' has no attribute {name!r}")
