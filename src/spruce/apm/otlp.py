"""Export by OTLP over HTTP, for any back end that speaks OpenTelemetry: `OTLP_ENDPOINT`, needs `spruce[otlp]`.

A transaction becomes a span of kind server, consumer or internal; a call to outside becomes one of kind client or
producer. Attributes have the names of OpenTelemetry's semantic conventions. What was begun by OpenTelemetry's API goes
out by its kind and attributes, as they came. Errors are events of the span that they happened in.
"""

import os
from collections.abc import Mapping, Sequence
from logging import getLogger
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

from spruce.apm.cloud import cloud
from spruce.apm.failures import Failure
from spruce.apm.metadata import metadata_of
from spruce.apm.recorder import Recorder
from spruce.apm.sender import Sender
from spruce.apm.settings import ApmSettings
from spruce.apm.sinks import Record, hand_over, subscribe_late
from spruce.apm.spans import Span, Transaction
from spruce.apm.texts import kept_text
from spruce.apm.what import bridged_labels

__all__ = ["Otlp", "attributes", "export"]

_log = getLogger("spruce.apm")
_PATH = "/v1/traces"
_Span = trace_pb2.Span
_KINDS = {"request": _Span.SPAN_KIND_SERVER, "messaging": _Span.SPAN_KIND_CONSUMER}
_STATUS = {"failure": trace_pb2.Status.STATUS_CODE_ERROR}
_MOST_WAITING = 1000  # errors whose transactions still run


class Otlp:
    """A sink that sends records by OTLP: each as a message; messages that follow each other are one (protobuf)."""

    def __init__(self, client: Recorder) -> None:
        self.client = client
        self.settings: ApmSettings = client.settings
        endpoint = self.settings.otlp_endpoint
        url = endpoint if endpoint.endswith(_PATH) else f"{endpoint}{_PATH}"
        self.headers = {"Content-Type": "application/x-protobuf", **self.settings.otlp_headers}
        self.sender = Sender(self.settings, url, self.headers, rest=hand_over)
        self._resource: tuple[Any, Any] = (None, None)
        self._failures: dict[str, list[Failure]] = {}

    def __call__(self, records: Sequence[Record]) -> None:
        """Have records sent, or drop them when too many wait."""
        for record in records:
            try:
                self._add(record)
            except Exception as error:  # what a program notes may be anything, and mustn't cost what others have noted
                _log.warning("%a is not sent: %a", record, error)
                self.sender.drop(1)

    def _add(self, record: Record) -> None:
        if isinstance(record, Failure):
            self._keep(record)
            return
        transaction = record.transaction
        failures = self._failures.pop(transaction.id, ()) if transaction is record else ()
        if not transaction.sampled:
            return
        spans: list[Transaction | Span] = [record, *transaction.spans] if isinstance(record, Transaction) else [record]
        if self.sender.full:
            self.sender.drop(len(spans))
            return
        made = [_made(one, [failure for failure in failures if failure.parent_id == one.id]) for one in spans]
        scope = ScopeSpans(scope=InstrumentationScope(name="spruce.apm"), spans=made)
        told = ResourceSpans(resource=self.of_process(), scope_spans=[scope])
        self.sender.add(ExportTraceServiceRequest(resource_spans=[told]).SerializeToString(), len(spans))

    def of_process(self) -> Any:
        """What this process is, made once in each, and again when its cloud is known."""
        key = (os.getpid(), cloud())
        if self._resource[0] != key:
            self._resource = (key, Resource(attributes=attributes(_resource(self.settings))))
        return self._resource[1]

    def _keep(self, failure: Failure) -> None:
        """Keep an error until its transaction ends."""
        transaction = failure.transaction
        if transaction is not None and transaction.sampled and len(self._failures) < _MOST_WAITING:
            self._failures.setdefault(transaction.id, []).append(failure)


def _resource(settings: ApmSettings) -> dict[str, Any]:
    metadata = metadata_of(settings)
    service, process, system = metadata["service"], metadata["process"], metadata["system"]
    host = system.get("configured_hostname") or system["detected_hostname"]
    return {
        "service.name": service["name"],
        "service.version": service.get("version"),
        "service.instance.id": f"{settings.service_node_name or host}:{process['pid']}",  # workers tell numbers apart
        "deployment.environment.name": service.get("environment"),
        "telemetry.sdk.name": "spruce",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": service["agent"]["version"],
        "process.pid": process["pid"],
        "host.name": host,
        "host.arch": system["architecture"],
        **_place(metadata.get("cloud", {}), system),
        **metadata.get("labels", {}),
    }


def _place(place: Mapping[str, Any], system: Mapping[str, Any]) -> dict[str, Any]:
    """The cloud, the container and the pod."""
    kubernetes = system.get("kubernetes", {})
    return {
        "cloud.provider": place.get("provider"),
        "cloud.account.id": place.get("account", {}).get("id") or place.get("project", {}).get("name"),
        "cloud.region": place.get("region"),
        "cloud.availability_zone": place.get("availability_zone"),
        "host.id": place.get("instance", {}).get("id"),
        "host.type": place.get("machine", {}).get("type"),
        "container.id": system.get("container", {}).get("id"),
        "k8s.pod.uid": kubernetes.get("pod", {}).get("uid"),
        "k8s.pod.name": kubernetes.get("pod", {}).get("name"),
        "k8s.namespace.name": kubernetes.get("namespace"),
        "k8s.node.name": kubernetes.get("node", {}).get("name"),
    }


def _made(one: Transaction | Span, failures: Sequence[Failure]) -> Any:
    transaction = one.transaction
    began = transaction.timestamp + one.began - transaction.began
    found = _Span(
        trace_id=bytes.fromhex(transaction.trace_id),
        span_id=bytes.fromhex(one.id),
        name=kept_text(one.name),
        kind=_kind(one),
        start_time_unix_nano=int(began * 1e9),
        end_time_unix_nano=int((began + (one.duration or 0.0)) * 1e9),
        attributes=attributes(_of_transaction(one) if isinstance(one, Transaction) else _of_span(one)),
        events=[_event(failure) for failure in failures],
        links=[_Span.Link(trace_id=bytes.fromhex(to.trace_id), span_id=bytes.fromhex(to.span_id)) for to in one.links],
        trace_state=transaction.tracestate,
        status=trace_pb2.Status(code=_STATUS.get(one.outcome or "", trace_pb2.Status.STATUS_CODE_UNSET)),
    )
    if one.parent_id is not None:
        found.parent_span_id = bytes.fromhex(one.parent_id)
    return found


def _kind(one: Transaction | Span) -> Any:
    told = (one.otel or {}).get("span_kind")
    if told is not None:
        return _Span.SpanKind.Value(f"SPAN_KIND_{told}")
    if isinstance(one, Transaction):
        return _KINDS.get(one.type, _Span.SPAN_KIND_INTERNAL)
    if not one.exit:
        return _Span.SPAN_KIND_INTERNAL
    return _Span.SPAN_KIND_PRODUCER if one.type == "messaging" else _Span.SPAN_KIND_CLIENT


def _of_transaction(one: Transaction) -> dict[str, Any]:
    found: dict[str, Any] = {"spruce.result": one.result or None}
    if one.request is not None:
        method, _, route = one.name.partition(" ")
        path, _, query = one.request.target.partition("?")
        found |= {
            "http.request.method": one.request.method,
            "http.route": route if method == one.request.method and route.startswith("/") else None,
            "url.scheme": one.request.scheme,
            "url.path": path,
            "url.query": query or None,
            "server.address": one.request.host,
            "client.address": one.request.client,
        }
    if one.response is not None:
        found["http.response.status_code"] = one.response.status
    for name, value in (one.user or {}).items():
        found[{"username": "user.name"}.get(name, f"user.{name}")] = value
    for kind, seconds in (one.split or {}).items():
        found[f"spruce.time.{kind}"] = seconds
    if one.repeats:
        found["spruce.repeated_queries"] = [str(repeat) for repeat in one.repeats]
    return found | _told(one)


def _told(one: Transaction | Span) -> dict[str, Any]:
    """What the program has told: labels, and attributes by OpenTelemetry's API, of which others are made labels."""
    attributes = one.otel["attributes"] if one.otel is not None else {}
    same = bridged_labels(attributes)
    return {**{name: value for name, value in (one.labels or {}).items() if name not in same}, **attributes}


def _of_span(span: Span) -> dict[str, Any]:
    context: Mapping[str, Any] = span.context or {}
    found: dict[str, Any] = {}
    if span.type == "db":
        database = context.get("db", {})
        found |= {
            "db.system.name": span.subtype,
            "db.namespace": database.get("instance"),
            "db.query.text": database.get("statement"),
            "db.query.summary": span.name,
        }
    if "http" in context:
        found |= {
            "http.request.method": context["http"].get("method"),
            "url.full": context["http"].get("url"),
            "http.response.status_code": context["http"].get("status_code"),
        }
    destination = context.get("destination", {})
    found |= {"server.address": destination.get("address"), "server.port": destination.get("port")}
    if span.composite is not None:
        found["spruce.composite.count"] = span.composite[0]
    return found | _told(span)


def _event(failure: Failure) -> Any:
    told: dict[str, Any] = {"exception.message": failure.message}
    if failure.raised is not None:
        raised = failure.raised
        module = f"{raised.module}." if raised.module else ""
        told = {
            "exception.type": f"{module}{raised.type}",
            "exception.message": raised.message,
            "exception.stacktrace": "\n".join(
                f'  File "{frame.path}", line {frame.line}, in {frame.function}' for frame in reversed(raised.frames)
            ),
            "exception.escaped": not raised.handled,
        }
    return _Span.Event(name="exception", time_unix_nano=int(failure.timestamp * 1e9), attributes=attributes(told))


def attributes(values: Mapping[str, Any]) -> list[Any]:
    """Values as OTLP's attributes, without those that are None."""
    return [KeyValue(key=kept_text(key), value=_value(value)) for key, value in values.items() if value is not None]


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int) and value.bit_length() < 64:  # what is larger is told as a text
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list | tuple):
        found = AnyValue()
        found.array_value.values.extend(_value(one) for one in value)
        return found
    return AnyValue(string_value=kept_text(str(value)))


def export(client: Recorder) -> Otlp:
    """Send what `client` records, until it is closed; return the sink."""
    otlp = Otlp(client)
    leave = subscribe_late(otlp)

    def end() -> None:
        leave()
        otlp.sender.close()

    client.closing.append(end)
    return otlp
