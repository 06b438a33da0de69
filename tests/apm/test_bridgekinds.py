"""What a span of OpenTelemetry is, by names of today and of before."""

from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from spruce.apm.bridgekinds import result_of, transaction_type, what_of


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        (SpanKind.INTERNAL, {}, ("app", "internal", None, False, "")),
        (SpanKind.SERVER, {}, ("app", None, None, False, "")),
        (
            SpanKind.CLIENT,
            {"db.system.name": "postgresql", "db.namespace": "shop", "db.query.text": "SELECT 1"},
            ("db", "postgresql", "query", True, "postgresql/shop"),
        ),
        (SpanKind.CLIENT, {"db.system": "redis"}, ("db", "redis", "query", True, "redis")),
        (
            SpanKind.CLIENT,
            {"http.request.method": "GET", "url.full": "https://api.example/a?b=1"},
            ("external", "http", None, True, "api.example:443"),
        ),
        (
            SpanKind.CLIENT,
            {"http.method": "GET", "net.peer.name": "api.example", "net.peer.port": 8080},
            ("external", "http", None, True, "api.example:8080"),
        ),
        (SpanKind.CLIENT, {"http.url": "http://a.example:port/"}, ("external", "http", None, True, "a.example")),
        (SpanKind.CLIENT, {"http.method": "GET"}, ("external", "http", None, True, "http")),
        (
            SpanKind.PRODUCER,
            {"messaging.system": "kafka", "messaging.destination.name": "orders"},
            ("messaging", "kafka", "send", True, "kafka/orders"),
        ),
        (SpanKind.CONSUMER, {"messaging.system": "kafka"}, ("messaging", "kafka", "receive", False, "kafka")),
        (SpanKind.CLIENT, {"rpc.system": "grpc", "rpc.service": "Shop"}, ("external", "grpc", None, True, "Shop")),
        (SpanKind.CLIENT, {"peer.service": "billing"}, ("external", None, None, True, "billing")),
        (SpanKind.CLIENT, {}, ("external", None, None, False, "")),
    ],
)
def test_what_it_is(kind: SpanKind, attributes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """Its type, subtype and action, whether it goes out, and where to."""
    what = what_of("name", kind, attributes)
    assert (what.type, what.subtype, what.action, what.exit, what.resource) == expected
    assert (what.name, what.leaf) == ("name", False)


def test_what_is_known_of_it() -> None:
    """By Elastic's schema."""
    query = {"db.system": "mysql", "db.name": "shop", "db.statement": "SELECT 1"}
    assert what_of("q", SpanKind.CLIENT, query).context == {
        "db": {"type": "sql", "statement": "SELECT 1", "instance": "shop"},
        "service": {"target": {"type": "mysql", "name": "shop"}},
    }
    call = {"url.full": "http://a.example/", "http.request.method": "GET", "http.response.status_code": 204}
    assert what_of("c", SpanKind.CLIENT, call).context == {
        "http": {"url": "http://a.example/", "method": "GET", "status_code": 204},
        "service": {"target": {"type": "http", "name": "a.example:80"}},
    }


def test_transactions() -> None:
    """Their type and result."""
    assert transaction_type(SpanKind.SERVER, {}) == "request"
    assert transaction_type(SpanKind.CONSUMER, {}) == "messaging"
    assert transaction_type(SpanKind.INTERNAL, {}) == "custom"
    assert result_of({"http.response.status_code": 503}) == ("HTTP 5xx", "failure")
    assert result_of({"http.status_code": 404}) == ("HTTP 4xx", "success")
    assert result_of({}) == ("", "success")
