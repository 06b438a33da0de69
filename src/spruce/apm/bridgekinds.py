"""What a span of OpenTelemetry is in Elastic's words, by its kind and attributes: a query, a call, a message.

Attributes are known by their names of today and by those of before 2024, which many libraries still write.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind

from spruce.apm.tracing import outcome_of_status
from spruce.apm.what import What

__all__ = ["result_of", "transaction_type", "what_of"]

_GOING_OUT = (SpanKind.CLIENT, SpanKind.PRODUCER)
_PORTS = {"http": 80, "https": 443}


def _first(attributes: Mapping[str, Any], *names: str) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) not in (None, "")), None)


def transaction_type(kind: SpanKind, attributes: Mapping[str, Any]) -> str:
    """The type of a transaction: `request`, `messaging`, or `custom`."""
    if kind is SpanKind.SERVER:
        return "request"
    return "messaging" if kind is SpanKind.CONSUMER or "messaging.system" in attributes else "custom"


def result_of(attributes: Mapping[str, Any]) -> tuple[str, str]:
    """The result and the outcome of a transaction whose status nobody has set."""
    status = _first(attributes, "http.response.status_code", "http.status_code")
    if isinstance(status, int):
        return f"HTTP {status // 100}xx", outcome_of_status(status)
    return "", "success"


def what_of(name: str, kind: SpanKind, attributes: Mapping[str, Any]) -> What:
    """What a span is that has ended."""
    exits = kind in _GOING_OUT
    system = _first(attributes, "db.system.name", "db.system")
    if system is not None:
        return _query(name, str(system), exits, attributes)
    messaging = _first(attributes, "messaging.system")
    if messaging is not None:
        queue = _first(attributes, "messaging.destination.name", "messaging.destination")
        resource = f"{messaging}/{queue}" if queue else str(messaging)
        action = "send" if kind is SpanKind.PRODUCER else "receive"
        return What(name, "messaging", str(messaging), action, False, exits, resource, _target(messaging, queue))
    rpc = _first(attributes, "rpc.system.name", "rpc.system")
    if rpc is not None:
        resource = _place(attributes) or str(_first(attributes, "rpc.service") or rpc)
        return What(name, "external", str(rpc), None, False, exits, resource, _target(rpc, resource))
    if exits and _first(attributes, "url.full", "http.url", "http.request.method", "http.method") is not None:
        return _call(name, attributes)
    if exits:
        resource = _place(attributes) or str(_first(attributes, "peer.service") or "")
        return What(name, "external", None, None, False, bool(resource), resource, None)
    return What(name, "app", "internal" if kind is SpanKind.INTERNAL else None)


def _query(name: str, system: str, exits: bool, attributes: Mapping[str, Any]) -> What:
    database = _first(attributes, "db.namespace", "db.name")
    told = {"type": "sql", "statement": _first(attributes, "db.query.text", "db.statement"), "instance": database}
    context = {"db": {key: one for key, one in told.items() if one is not None}, **_target(system, database)}
    resource = f"{system}/{database}" if database else system
    return What(name, "db", system, "query", False, exits, resource, context)


def _call(name: str, attributes: Mapping[str, Any]) -> What:
    resource = _place(attributes)
    told = {
        "url": _first(attributes, "url.full", "http.url"),
        "method": _first(attributes, "http.request.method", "http.method"),
        "status_code": _first(attributes, "http.response.status_code", "http.status_code"),
    }
    context = {"http": {key: one for key, one in told.items() if one is not None}, **_target("http", resource)}
    return What(name, "external", "http", None, False, True, resource or "http", context)


def _place(attributes: Mapping[str, Any]) -> str:
    """Host and port that are called; empty when they aren't told."""
    url = _first(attributes, "url.full", "http.url")
    if url is not None:
        parts = urlsplit(str(url))
        try:
            port = parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            port = None
        return f"{parts.hostname or ''}:{port}" if port else parts.hostname or ""
    host = _first(attributes, "server.address", "net.peer.name", "http.host")
    port = _first(attributes, "server.port", "net.peer.port")
    return f"{host or ''}:{port}" if host and port else str(host or "")


def _target(kind: Any, name: Any) -> dict[str, Any]:
    return {"service": {"target": {"type": str(kind), "name": str(name or "")}}}
