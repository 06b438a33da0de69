"""Records as the events of Elastic's intake, version 2: dicts by its schemas, which processors may change.

What each request sends is written by `lines`, without these dicts wherever it can.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from logging import getLogger
from typing import Any

import msgspec

from spruce.apm.failures import Failure, Raised
from spruce.apm.frames import Frame
from spruce.apm.settings import ApmSettings
from spruce.apm.sinks import Record
from spruce.apm.spans import Span, Transaction
from spruce.apm.texts import plain
from spruce.apm.what import Asked

__all__ = ["ERROR", "METRICSET", "SPAN", "TRANSACTION", "Events", "for_events", "line_of", "request_of"]

ERROR, TRANSACTION, SPAN, METRICSET = "error", "transaction", "span", "metricset"
_log = getLogger("spruce.apm")
_encode = msgspec.json.Encoder(enc_hook=repr).encode
_KEYWORD = 1024  # characters
_ELASTICS = "elasticapm.processors."

Processor = Callable[[Any, dict[str, Any]], Any]


def for_events(*kinds: str) -> Callable[[Processor], Processor]:
    """Let the decorated processor see events of these kinds only: ERROR, TRANSACTION, SPAN, METRICSET."""

    def decorate(processor: Processor) -> Processor:
        processor.event_types = frozenset(kinds)  # type: ignore[attr-defined] # functions take attributes
        return processor

    return decorate


class Events:
    """Makes lines of records, by the settings of a client."""

    def __init__(self, settings: ApmSettings, client: Any = None) -> None:
        self.settings = settings
        self.client = client
        self.processors = [found for one in settings.processors if (found := _loaded(one)) is not None]

    def encoded(self, record: Record) -> list[bytes]:
        """The events of a record as JSON; those of a transaction's spans are behind its own."""
        found = self._processed(record) if self.processors else self.events(record)
        return [line_of(kind, event) for kind, event in found]

    def events(self, record: Record) -> Iterator[tuple[str, dict[str, Any]]]:
        """The events of a record, each with its kind."""
        if isinstance(record, Transaction):
            if record.sampled:
                yield TRANSACTION, self._transaction(record)
                for span in record.spans:
                    yield SPAN, self.span(span, record)
        elif isinstance(record, Span):
            if record.transaction.sampled:
                yield SPAN, self.span(record, record.transaction)
        else:
            yield ERROR, self._failure(record)

    def _processed(self, record: Record) -> Iterator[tuple[str, dict[str, Any]]]:
        for kind, made in self.events(record):
            event: Any = msgspec.json.decode(line_of(kind, made))[kind]  # of its own, whatever a processor does with it
            for processor in self.processors:
                if kind not in getattr(processor, "event_types", (kind,)):
                    continue
                try:
                    event = processor(self.client, event)
                except Exception:
                    _log.exception("a processor of events raised, so the event is dropped: %r", processor)
                    event = None
                if not event:
                    break
            if event:
                yield kind, event

    def _transaction(self, one: Transaction) -> dict[str, Any]:
        event: dict[str, Any] = {
            "id": one.id,
            "trace_id": one.trace_id,
            "name": one.name[:_KEYWORD],
            "type": one.type,
            "duration": (one.duration or 0.0) * 1000,
            "timestamp": int(one.timestamp * 1e6),
            "result": one.result,
            "outcome": one.outcome,
            "sampled": True,
            "sample_rate": one.sample_rate,
            "span_count": {"started": one.started, "dropped": one.dropped},
        }
        if one.parent_id is not None:
            event["parent_id"] = one.parent_id
        return {**event, **self.rare(one), "context": self.context(one)}

    def rare(self, one: Transaction) -> dict[str, Any]:
        """What few transactions have."""
        event: dict[str, Any] = {}
        if one.links:
            event["links"] = [{"trace_id": link.trace_id, "span_id": link.span_id} for link in one.links]
        if one.dropped_stats:
            event["dropped_spans_stats"] = [_dropped(key, stats) for key, stats in one.dropped_stats.items()]
        if one.otel is not None:
            event["otel"] = one.otel
        return event

    def context(self, one: Transaction) -> dict[str, Any]:
        """What is known of a transaction besides."""
        context: dict[str, Any] = {}
        if one.request is not None:
            context["request"] = request_of(one.request)
        if one.response is not None:
            context["response"] = {"status_code": one.response.status}
            if one.response.headers is not None:
                context["response"]["headers"] = one.response.headers
        if one.user:
            context["user"] = {
                name: value if name == "id" and isinstance(value, int) else str(value)
                for name, value in one.user.items()
            }
        if one.labels:
            context["tags"] = one.labels
        custom: dict[str, Any] = dict(one.custom) if one.custom else {}
        if one.split:
            custom["time_ms"] = {kind: round(seconds * 1000, 3) for kind, seconds in one.split.items()}
        if one.repeats:
            custom["repeated_queries"] = [str(repeat) for repeat in one.repeats]
        if custom:
            context["custom"] = custom
        return context

    def span(self, span: Span, transaction: Transaction) -> dict[str, Any]:
        """The event of a span."""
        what = span.what
        event: dict[str, Any] = {
            "id": span.id,
            "transaction_id": transaction.id,
            "trace_id": transaction.trace_id,
            "parent_id": span.parent.id,
            "name": what.name[:_KEYWORD],
            "type": what.type,
            "subtype": what.subtype,
            "action": what.action,
            "timestamp": int((transaction.timestamp + span.began - transaction.began) * 1e6),
            "duration": (span.duration or 0.0) * 1000,
            "outcome": span.outcome,
            "sample_rate": transaction.sample_rate,
        }
        if what.context is not None or span.labels:
            event["context"] = {**_plain(what.context), **({"tags": span.labels} if span.labels else {})}
        if span.composite is not None:
            count, seconds, rule = span.composite
            event["composite"] = {"count": count, "sum": seconds * 1000, "compression_strategy": rule}
        if span.links:
            event["links"] = [{"trace_id": link.trace_id, "span_id": link.span_id} for link in span.links]
        if span.sync is not None:
            event["sync"] = span.sync
        if span.otel is not None:
            event["otel"] = span.otel
        if span.frames:
            event["stacktrace"] = [_frame(frame) for frame in span.frames]
        return event

    def _failure(self, failure: Failure) -> dict[str, Any]:
        event: dict[str, Any] = {
            "id": failure.id,
            "timestamp": int(failure.timestamp * 1e6),
            "culprit": failure.culprit[:_KEYWORD],
        }
        transaction = failure.transaction
        context: dict[str, Any] = {}
        if transaction is not None:
            event |= {
                "trace_id": failure.trace_id,
                "transaction_id": transaction.id,
                "parent_id": failure.parent_id,
                "transaction": {"sampled": transaction.sampled, "type": transaction.type},
            }
            if transaction.name:
                event["transaction"]["name"] = transaction.name[:_KEYWORD]
            context = self.context(transaction)
        if failure.raised is not None:
            event["exception"] = _raised(failure.raised)
        if failure.message is not None:
            event["log"] = _message(failure)
        if failure.custom:
            context["custom"] = {**context.get("custom", {}), **failure.custom}
        if failure.labels:
            context["tags"] = {**context.get("tags", {}), **failure.labels}
        if context:
            event["context"] = context
        return event


def line_of(kind: str, event: dict[str, Any]) -> bytes:
    """An event as a line of JSON, without its line feed."""
    try:
        return _encode({kind: event})
    except (UnicodeEncodeError, TypeError):  # halves of pairs, and keys that are no texts
        return _encode({kind: plain(event)})


def _loaded(processor: Any) -> Processor | None:
    """A processor, which may be given by its dotted name; None for Elastic's own: their work is done here."""
    if not isinstance(processor, str):
        return processor  # type: ignore[no-any-return] # what the setting holds
    if processor.startswith(_ELASTICS):
        return None
    module, _, name = processor.rpartition(".")
    return getattr(import_module(module), name)  # type: ignore[no-any-return] # the same


def _user(user: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if name == "id" and isinstance(value, int) else str(value) for name, value in user.items()}


def _plain(context: Mapping[str, Any] | None) -> dict[str, Any]:
    return dict(context) if context else {}


def _dropped(key: tuple[str, str, str, str], stats: list[float]) -> dict[str, Any]:
    kind, subtype, resource, outcome = key
    return {
        "destination_service_resource": resource,
        "service_target_type": subtype or kind,
        "service_target_name": resource.rpartition("/")[2],
        "outcome": outcome,
        "duration": {"count": int(stats[0]), "sum": {"us": int(stats[1] * 1e6)}},
    }


def request_of(asked: Asked) -> dict[str, Any]:
    """What is told of a request."""
    path, _, query = asked.target.partition("?")
    host, _, port = (
        asked.host.rpartition(":") if asked.host[-1:].isdigit() and ":" in asked.host else (asked.host, "", "")
    )
    url: dict[str, Any] = {
        "full": f"{asked.scheme}://{asked.host}{asked.target}"[:_KEYWORD],
        "protocol": f"{asked.scheme}:",
        "hostname": host,
        "pathname": path[:_KEYWORD],
    }
    if port:
        url["port"] = int(port)
    if query:
        url["search"] = f"?{query}"[:_KEYWORD]
    event: dict[str, Any] = {"method": asked.method, "http_version": asked.http_version, "url": url}
    if asked.client is not None:
        event["socket"] = {"remote_address": asked.client}
    for name, value in (("headers", asked.headers), ("cookies", asked.cookies), ("body", asked.body)):
        if value is not None:
            event[name] = value
    return event


def _raised(raised: Raised) -> dict[str, Any]:
    return {
        "message": raised.message,
        "type": raised.type[:_KEYWORD],
        "module": raised.module[:_KEYWORD],
        "handled": raised.handled,
        "stacktrace": [_frame(frame) for frame in raised.frames],
        "cause": [_raised(cause) for cause in raised.causes],
    }


def _message(failure: Failure) -> dict[str, Any]:
    message: dict[str, Any] = {"message": failure.message, "level": failure.level}
    if failure.param_message is not None:
        message["param_message"] = failure.param_message[:_KEYWORD]
    if failure.logger is not None:
        message["logger_name"] = failure.logger
    if failure.frames:
        message["stacktrace"] = [_frame(frame) for frame in failure.frames]
    return message


def _frame(frame: Frame) -> dict[str, Any]:
    event: dict[str, Any] = {
        "abs_path": frame.path,
        "filename": frame.file,
        "function": frame.function,
        "module": frame.module,
        "lineno": frame.line,
        "library_frame": frame.library,
    }
    if frame.source:
        event |= {"context_line": frame.source, "pre_context": frame.before, "post_context": frame.after}
    if frame.locals is not None:
        event["vars"] = frame.locals
    return event
