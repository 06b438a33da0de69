"""Transactions and their spans as lines of JSON: this is what each request pays.

What is the same for many of them is encoded once and kept: names, statements, addresses. The rest are numbers, between
these texts. Times are whole nanoseconds with an exponent, `12345e-6` for 0.012345 ms, since whole numbers are written
fastest. What few have is encoded as `events` makes it.
"""

from typing import Any

import msgspec

from spruce.apm.events import SPAN, Events, request_of
from spruce.apm.ids import ENDS
from spruce.apm.spans import Span, Transaction
from spruce.apm.what import Asked, What

__all__ = ["Lines"]

_encode = msgspec.json.Encoder(enc_hook=repr).encode
_KEYWORD = 1024  # characters
_KEPT = 4000
_NO_MORE = (None, None, None)  # headers, cookies and body of a request
_LONG = 1000  # characters of a request that is not kept: visitors choose its address


class Lines:
    """Writes sampled transactions, by the settings of `events`."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._kinds: dict[tuple[Any, ...], str] = {}
        self._requests: dict[tuple[Any, ...], str] = {}
        self._whats: dict[What, str] = {}
        self._clients: dict[str, str] = {}

    def write(self, one: Transaction) -> str:
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
        return "".join(lines)

    def _span(self, entry: Any, one: Transaction, end: str, digits: str = "") -> str:
        """The line of a span that is no mere leaf."""
        if type(entry) is tuple:
            what, parent, began, seconds, _, (count, total, rule) = entry
            own, above, outcome = f"{one.id[:13]}{digits}", parent or one, "success"
            more = f'"composite":{{"count":{count},"sum":{int(total * 1e9)}e-6,"compression_strategy":"{rule}"}},'
        else:
            span: Span = entry
            rare = span.labels or span.composite is not None or span.links or span.frames
            if rare or span.sync is not None or span.otel is not None:
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
        if one.links or one.dropped_stats or one.otel is not None:
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
        asked, answered = one.request, one.response
        if asked is None or asked[6:] != _NO_MORE or answered is None or answered.headers is not None:
            return _text(self._events.context(one))
        if one.user or one.labels or one.custom or one.repeats:
            return _text(self._events.context(one))
        client = asked.client
        socket = "" if client is None else f',"socket":{self._clients.get(client) or self._client(client)}'
        return (
            f'{{"request":{{{self._requests.get(asked[:5]) or self._request(asked)}{socket}}},'
            f'"response":{{"status_code":{answered.status}}}{_times(one.split)}}}'
        )

    def _request(self, asked: Asked) -> str:
        text = _text(request_of(asked._replace(client=None)))[1:-1]
        return text if len(text) > _LONG else _keep(self._requests, asked[:5], text)

    def _client(self, address: str) -> str:
        return _keep(self._clients, address, _text({"remote_address": address}))


def _times(split: dict[str, float] | None) -> str:
    """Where the time went, in ms."""
    if not split:
        return ""
    if len(split) == 1:
        return f',"custom":{{"time_ms":{{"cpu":{int(split["cpu"] * 1e9)}e-6}}}}'
    told = ",".join([f'"{kind}":{int(seconds * 1e9)}e-6' for kind, seconds in split.items()])
    return f',"custom":{{"time_ms":{{{told}}}}}'


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
