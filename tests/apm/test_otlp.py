"""Export by OTLP: what arrives, read by OpenTelemetry's own package."""

import sys
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from tests.apm.collector import Collector, collecting
from tests.apm.conftest import Records

from spruce import apm
from spruce.apm import Client, get_client
from spruce.apm.spans import begin_span
from spruce.apm.what import Answered, Asked, What
from spruce.errors import ConfigError


def value_of(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [value_of(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def attributes(thing: Any) -> dict[str, Any]:
    return {one.key: value_of(one.value) for one in thing.attributes}


def arrived(collector: Collector) -> tuple[dict[str, Any], dict[str, Any]]:
    """The attributes of the resource, and the spans by name."""
    spans: dict[str, Any] = {}
    resource: dict[str, Any] = {}
    for body in [body for path, _, body in collector.requests if path == "/v1/traces"]:
        for one in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = attributes(one.resource)
            assert [scope.scope.name for scope in one.scope_spans] == ["spruce.apm"]
            spans |= {span.name: span for scope in one.scope_spans for span in scope.spans}
    return resource, spans


def send_a_trace(collector: Collector) -> None:
    """Record a request with all that one can have, and send it."""
    client = Client(otlp_endpoint=collector.url, otlp_headers="x-key=secret", otlp_metrics=False, environment="test")
    parent = apm.TraceParent("a" * 32, "b" * 16, True, "es=s:1")
    transaction = client.begin_transaction("request", parent, links=[apm.TraceParent("c" * 32, "d" * 16)])
    assert transaction is not None
    transaction.request = Asked("GET", "http", "shop.example", "/users/7?page=2", "1.1", "192.0.2.1")
    transaction.response = Answered(503)
    transaction.repeats = ["one too many"]
    transaction.split = {"cpu": 0.5}
    apm.set_user_context("ada", user_id=7)
    apm.label(shop="north", vip=True, weight=1.5)
    query = What("SELECT FROM a", "db", "sqlite", "query", True, True, "sqlite/default", {"db": {"statement": "x"}})
    begin_span(transaction, query).end(0.1)
    call = {"http": {"method": "GET", "url": "http://x/", "status_code": 200}, "destination": {"address": "x"}}
    begin_span(transaction, What("GET x", "external", "http", None, True, True, "x:80", call)).end()
    begin_span(transaction, What("SEND", "messaging", "tasks", "send", True, True, "tasks")).end()
    transaction.begin_span("work", "app").end()
    client.capture_exception(ValueError("no"), handled=False)
    client.capture_message("hello")
    apm.set_transaction_outcome("failure")
    client.end_transaction("GET /users/<int:id>", "HTTP 5xx")
    client.close()


def test_a_trace_arrives(records: Records) -> None:
    """With kinds, attributes, errors and links, by the names of OpenTelemetry."""
    with collecting() as collector:
        send_a_trace(collector)
        path, headers, _ = collector.requests[0]
        assert (path, headers["Content-Type"], headers["x-key"]) == ("/v1/traces", "application/x-protobuf", "secret")
        resource, spans = arrived(collector)
        assert resource["service.name"] == "python_service"
        assert (resource["deployment.environment.name"], resource["telemetry.sdk.name"]) == ("test", "spruce")
        request = spans["GET /users/<int:id>"]
        assert (request.trace_id.hex(), request.parent_span_id.hex()) == ("a" * 32, "b" * 16)
        assert (request.kind, request.status.code) == (OtlpSpan.SPAN_KIND_SERVER, Status.STATUS_CODE_ERROR)
        assert attributes(request) == {
            "spruce.result": "HTTP 5xx",
            "shop": "north",
            "vip": True,
            "weight": 1.5,
            "http.request.method": "GET",
            "http.route": "/users/<int:id>",
            "url.scheme": "http",
            "url.path": "/users/7",
            "url.query": "page=2",
            "server.address": "shop.example",
            "client.address": "192.0.2.1",
            "http.response.status_code": 503,
            "user.name": "ada",
            "user.id": 7,
            "spruce.time.cpu": 0.5,
            "spruce.repeated_queries": ["one too many"],
        }
        assert [link.span_id.hex() for link in request.links] == ["d" * 16]
        assert [(event.name, attributes(event)["exception.message"]) for event in request.events] == [
            ("exception", "ValueError: no"),
            ("exception", "hello"),
        ]
        assert spans["SELECT FROM a"].kind == spans["GET x"].kind == OtlpSpan.SPAN_KIND_CLIENT
        assert (spans["SEND"].kind, spans["work"].kind) == (OtlpSpan.SPAN_KIND_PRODUCER, OtlpSpan.SPAN_KIND_INTERNAL)
        assert attributes(spans["SELECT FROM a"]) == {
            "db.system.name": "sqlite",
            "db.query.text": "x",
            "db.query.summary": "SELECT FROM a",
        }
        assert attributes(spans["GET x"])["http.response.status_code"] == 200
        database = spans["SELECT FROM a"]
        assert database.end_time_unix_nano - database.start_time_unix_nano == pytest.approx(1e8, abs=1000)
        assert database.parent_span_id == request.span_id


def test_several_are_one_request(records: Records) -> None:
    """What is not sampled is not sent, late spans go alone."""
    with collecting() as collector:
        client = Client(otlp_endpoint=f"{collector.url}/v1/traces", otlp_metrics=False)
        transaction = client.begin_transaction("job")
        assert transaction is not None
        late = transaction.begin_span("late", "app")
        client.end_transaction("first")
        late.end()
        client.begin_transaction("job", apm.TraceParent("a" * 32, "b" * 16, False))
        client.end_transaction("not sampled")
        client.begin_transaction("job")
        client.end_transaction("second")
        client.close()
        assert sorted(arrived(collector)[1]) == ["first", "late", "second"]
        assert len(collector.requests) == 1


def test_what_is_too_much_is_dropped(records: Records) -> None:
    """And counted."""
    from spruce.apm.otlp import export

    client = Client(disable_send=True, otlp_endpoint="http://127.0.0.1:1", max_queue_size=0)
    otlp = export(client)
    client.begin_transaction("job")
    client.end_transaction()
    client.close()
    assert otlp.sender.stats()["dropped"] == 1


def test_what_cannot_be_told_costs_nothing_else(records: Records, caplog: pytest.LogCaptureFixture) -> None:
    """Texts that visitors choose may have no UTF-8, and numbers any length."""
    with collecting() as collector:
        client = Client(otlp_endpoint=collector.url, otlp_metrics=False)
        for name, labels in (("half \ud800", {"a\ud800": "\udcff", "large": 2**70}), ("fine", {})):
            client.begin_transaction("job")
            apm.label(**labels)
            client.end_transaction(name)
        broken = client.begin_transaction("job")
        assert broken is not None
        broken.began = "never"  # type: ignore[assignment] # as a program without types may
        client.end_transaction("broken", duration=1)
        client.close()
        spans = arrived(collector)[1]
    assert sorted(spans) == ["fine", "half ?"]
    assert attributes(spans["half ?"]) == {"a?": "?", "large": str(2**70)}
    (told,) = caplog.messages
    assert told.startswith("<Transaction 'broken' job 1000.0 ms> is not sent: TypeError(")


def test_the_package_may_be_missing(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told what to install."""
    monkeypatch.delitem(sys.modules, "spruce.apm.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.collector.trace.v1.trace_service_pb2", None)
    with pytest.raises(ConfigError) as caught:
        Client(otlp_endpoint="http://127.0.0.1:1")
    assert str(caught.value) == (
        "OTLP_ENDPOINT needs a package that is not installed: "
        "opentelemetry.proto.collector.trace.v1.trace_service_pb2. Install it with: pip install 'spruce[otlp]'."
    )
    assert get_client() is None
