"""Transactions and their spans as lines of JSON, written at once: this is what each request pays.

What is the same for many of them is encoded once and kept: names, statements, addresses. The rest are numbers, between
these texts. Times are whole nanoseconds with an exponent, `12345e-6` for 0.012345 ms, since whole numbers are written
fastest. What few have is encoded as `events` makes it.
"""

from typing import Any

import msgspec

from spruce.apm.events import SPAN, Events, request_of
from spruce.apm.ids import ENDS
from spruce.apm.spans import Span, Transaction
from spruce.apm.webrequests import Asked
from spruce.apm.what import What

__all__ = ["Lines"]

_encode = msgspec.json.Encoder(enc_hook=repr).encode
_KEYWORD = 1024  # characters
_KEPT = 4000
_LONG = 1000  # characters of a request that is not kept: visitors choose its address


class Lines:
    """Writes sampled transactions, by the settings of `events`."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._kinds: dict[tuple[Any, ...], str] = {}
        self._requests: dict[tuple[Any, ...], str] = {}
        self._whats: dict[What, str] = {}
        self._clients: dict[str, str] = {}

    def write(self, one: Transaction) -> bytes:
        """The lines of a transaction and its spans, each with its line feed."""
        own, trace = f"{one.number:016x}", one.trace_id
        beginning = f'{{"span":{{"id":"{own[:13]}'
        rate = one.sample_rate
        told = "1.0" if rate == 1 else _text(rate)
        end = f'"transaction_id":"{own}","trace_id":"{trace}","sample_rate":{told}}}}}\n'
        start = (one.timestamp - one.began) * 1e6
        whats = self._whats
        lines = [self._transaction(one, own, trace)]
        entries: list[Any] = one.entries
        for entry, digits in zip(entries, ENDS, strict=False):
            if type(entry) is tuple and entry[5] is None:
                what, parent, began, seconds, _, _ = entry
                lines.append(
                    f'{beginning}{digits}","parent_id":"{own if parent is None else parent.id}",'
                    f'"timestamp":{int(start + began * 1e6)},"duration":{int(seconds * 1e9)}e-6,"outcome":"success",'
                    f"{whats.get(what) or self._what(what)}{end}"
                )
            else:
                lines.append(self._span(entry, one, end, digits))
        if len(entries) > len(ENDS):
            lines += [self._span(span, one, end) for span in one.spans[len(ENDS) :]]
        return "".join(lines).encode()

    def _span(self, entry: Any, one: Transaction, end: str, digits: str = "") -> str:
        """The line of a span that is no mere leaf."""
        if type(entry) is tuple:
            what, parent, began, seconds, _, (count, total, rule) = entry
            own, above, outcome = f"{one.id[:13]}{digits}", parent or one, "success"
            more = f'"composite":{{"count":{count},"sum":{int(total * 1e9)}e-6,"compression_strategy":"{rule}"}},'
        else:
            span: Span = entry
            if span.labels or span.composite is not None or span.links or span.frames or span.sync is not None:
                return _line({SPAN: self._events.span(span, one)})
            what, above, began, seconds, outcome = (
                span.what,
                span.parent,
                span.began,
                span.duration or 0.0,
                span.outcome,
            )
            own, more = span.id, ""
        return (
            f'{{"span":{{"id":"{own}","parent_id":"{above.id}",'
            f'"timestamp":{int((one.timestamp + began - one.began) * 1e6)},"duration":{int(seconds * 1e9)}e-6,'
            f'"outcome":"{outcome}",{more}{self._whats.get(what) or self._what(what)}{end}'
        )

    def _what(self, what: What) -> str:
        """What many spans have in common, as a part of a line."""
        common: dict[str, Any] = {
            "name": what.name[:_KEYWORD],
            "type": what.type,
            "subtype": what.subtype,
            "action": what.action,
        }
        if what.context is not None:
            common["context"] = dict(what.context)
        return _keep(self._whats, what, f"{_text(common)[1:-1]},")

    # ---- the transaction ---------------------------------------------------------------------------------------------

    def _transaction(self, one: Transaction, own: str, trace: str) -> str:
        key = (one.name, one.type, one.result, one.outcome, one.sample_rate)
        more = "" if one.parent_id is None else f'"parent_id":"{one.parent_id}",'
        if one.links or one.dropped_stats:
            more += f"{_text(self._events.rare(one))[1:-1]},"
        return (
            f'{{"transaction":{{"id":"{own}","trace_id":"{trace}",{more}{self._kinds.get(key) or self._kind(key)}'
            f'"duration":{int((one.duration or 0.0) * 1e9)}e-6,"timestamp":{int(one.timestamp * 1e6)},'
            f'"span_count":{{"started":{one.started},"dropped":{one.dropped}}},"context":{self._context(one)}}}}}\n'
        )

    def _kind(self, key: tuple[Any, ...]) -> str:
        name, kind, result, outcome, rate = key
        common = {
            "name": name[:_KEYWORD],
            "type": kind,
            "result": result,
            "outcome": outcome,
            "sampled": True,
            "sample_rate": rate,
        }
        return _keep(self._kinds, key, f"{_text(common)[1:-1]},")

    def _context(self, one: Transaction) -> str:
        split = one.split
        if one.exchange is None or one.user or one.labels or one.custom or one.repeats or not split or len(split) > 1:
            return _text(self._events.context(one))
        request = one.heard
        peer = request.peer
        key = (request.method, request.http_version, peer.scheme, request.host, request.target)
        client = "" if peer.client is None else f',"socket":{self._clients.get(peer.client[0]) or self._client(peer)}'
        return (
            f'{{"request":{{{self._requests.get(key) or self._request(key)}{client}}},'
            f'"response":{{"status_code":{one.status}}},"custom":{{"time_ms":{{"cpu":{int(split["cpu"] * 1e9)}e-6}}}}}}'
        )

    def _request(self, key: tuple[Any, ...]) -> str:
        method, version, scheme, host, target = key
        told = Asked(method, scheme, host, target, version, None)
        text = _text(request_of(told))[1:-1]
        return text if len(text) > _LONG else _keep(self._requests, key, text)

    def _client(self, peer: Any) -> str:
        return _keep(self._clients, peer.client[0], _text({"remote_address": peer.client[0]}))


def _keep(known: dict[Any, str], key: Any, text: str) -> str:
    """Keep a text for the next time; when there are too many, all are forgotten."""
    if len(known) >= _KEPT:
        known.clear()
    known[key] = text
    return text


def _text(value: Any) -> str:
    return _encode(value).decode()


def _line(value: Any) -> str:
    return f"{_encode(value).decode()}\n"
