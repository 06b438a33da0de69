"""Records as the viewer keeps them: a row to look for, and the rest as what JSON can carry; without what is secret."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from spruce.apm.failures import Failure, Raised
from spruce.apm.spans import Span, Transaction

__all__ = ["HIDDEN", "error_row", "request_row"]

_SECRET = re.compile(r"passw|secret|token|session|api[_-]?key|credit|csrf", re.IGNORECASE)
_QUERY = re.compile(rf"([?&][^=&]*(?:{_SECRET.pattern})[^=&]*=)[^&]*", re.IGNORECASE)
_LONGEST = 300  # characters of a parameter
_MOST = 50  # parameters of a query
HIDDEN = "[hidden]"
"""What is kept instead of something secret."""


def request_row(one: Transaction) -> tuple[Any, ...]:
    """The columns of a transaction that has ended, and last its detail."""
    asked = one.request
    target = _QUERY.sub(rf"\1{HIDDEN}", asked.target) if asked is not None else ""
    status = one.response.status if one.response is not None else None
    user = one.user or {}
    places = {id(told): place for place, told in enumerate(one.queries or ())}
    spans = [_span(span, one, places) for span in sorted(one.spans, key=lambda span: span.began)]
    detail = {
        "trace": one.trace_id,
        "result": one.result,
        "outcome": one.outcome,
        "split": one.split or {},
        "spans": spans,
        "dropped": one.dropped,
        "labels": one.labels or {},
        "custom": one.custom or {},
        "user": user,
        "request": None if asked is None else {**asked._asdict(), "target": target},
        "repeats": [_repeat(each) for each in one.repeats],
    }
    return (
        one.id,
        one.timestamp,
        one.duration or 0.0,
        one.name,
        one.type,
        target,
        status,
        int(one.outcome == "failure"),
        str(user.get("username") or user.get("email") or user.get("id") or ""),
        len(one.queries or ()),
        len(one.repeats),
        detail,
    )


def _span(span: Span, one: Transaction, places: Mapping[int, int]) -> dict[str, Any]:
    told: Mapping[str, Any] = span.detail if isinstance(span.detail, Mapping) else {}
    found: dict[str, Any] = {
        "id": span.id,
        "parent": span.parent_id,
        "name": span.name,
        "type": span.type,
        "subtype": span.subtype,
        "start": span.began - one.began,
        "seconds": span.duration or 0.0,
        "outcome": span.outcome,
    }
    if "sql" in told:
        found |= {**_query(told), "seconds": span.duration or 0.0}
    if span.composite is not None:
        times = found["times"] = span.composite[0]
        place = places.get(id(told))
        if place is not None:  # the queries that were put together follow each other
            found["queries"] = [_query(each) for each in (one.queries or ())[place : place + min(times, _MOST)]]
    return found


def _query(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sql": told["sql"],
        **_parameters(told["sql"], told.get("parameters")),
        "database": str(told.get("database") or ""),
        "seconds": told.get("seconds") or 0.0,
        "rows": told.get("rows"),
        "file": told.get("file") or "",
        "line": told.get("line") or 0,
    }


def _parameters(sql: str, parameters: Any) -> dict[str, Any]:
    """The parameters as texts, and whether something of them was left out."""
    if not parameters:
        return {"parameters": [], "cut": False}
    if _SECRET.search(sql):
        return {"parameters": [HIDDEN], "cut": False}
    values: Sequence[Any] = list(parameters.values()) if isinstance(parameters, Mapping) else list(parameters)
    texts = [repr(value) for value in values[:_MOST]]
    cut = len(values) > _MOST or any(len(text) > _LONGEST for text in texts)
    return {"parameters": [text[:_LONGEST] for text in texts], "cut": cut}


def _repeat(each: Any) -> dict[str, Any]:
    first = each.first
    return {"text": str(each), "times": each.times, "sql": first.sql, "file": first.file, "line": first.line}


def error_row(one: Failure) -> tuple[Any, ...]:
    """The columns of an error, and last its detail."""
    raised = one.raised
    kind = raised.type if raised is not None else (one.level or "message")
    message = _plain(raised) if raised is not None else one.message or ""
    family = sha256(f"{kind}\n{one.culprit}\n{one.param_message or ''}".encode("utf-8", "replace")).hexdigest()[:16]
    detail = {
        "raised": None if raised is None else _raised(raised),
        "message": one.message,
        "frames": [frame._asdict() for frame in one.frames],
        "custom": dict(one.custom or {}),
        "labels": dict(one.labels or {}),
        "trace": one.trace_id,
    }
    request = one.transaction.id if one.transaction is not None else None
    return one.id, one.timestamp, kind, message[:1000], one.culprit, family, request, detail


def _plain(one: Raised) -> str:
    """The text of an exception without its type, with which Elastic has it."""
    return one.message.removeprefix(f"{one.type}: ").removeprefix(one.type)


def _raised(one: Raised) -> dict[str, Any]:
    return {
        "type": f"{one.module}.{one.type}" if one.module not in ("", "builtins") else one.type,
        "message": _plain(one),
        "handled": one.handled,
        "frames": [frame._asdict() for frame in one.frames],
        "causes": [_raised(cause) for cause in one.causes],
    }
