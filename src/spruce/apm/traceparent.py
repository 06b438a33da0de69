"""Where a trace comes from and goes to: W3C `traceparent` and `tracestate`, read and written.

Both are what the W3C's Trace Context says; in `tracestate` the entry `es=s:0.5` tells at which rate the trace was
sampled, as Elastic's agents agreed. A header that is wrong in any way is as good as none.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

__all__ = ["TraceParent", "trace_parent_from_headers", "trace_parent_from_string"]

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_RATE = re.compile(r"(?:^|;)s:([^;]*)")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_MOST_ENTRIES = 32  # of tracestate, W3C Trace Context section 3.3.1.1
_HEADERS = ("traceparent", "elastic-apm-traceparent")


class TraceParent(NamedTuple):
    """A place in a trace: the trace, the span in it that is the parent, and whether the trace is sampled.

    `tracestate` is that header as it came. As a span link it names what this one has to do with.
    """

    trace_id: str
    span_id: str
    sampled: bool = True
    tracestate: str = ""

    def to_string(self) -> str:
        """The value of the header `traceparent`."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    @property
    def sample_rate(self) -> float | None:
        """At which rate, from 0 to 1, the trace was sampled; None when nobody said."""
        for entry in self.tracestate.split(","):
            name, _, value = entry.strip().partition("=")
            if name == "es" and (found := _RATE.search(value)):
                try:
                    rate = float(found[1])
                except ValueError:
                    return None
                return rate if 0 <= rate <= 1 else None
        return None

    @property
    def from_elastic(self) -> bool:
        """Whether an agent that writes `es` into `tracestate` has had the trace in its hands."""
        return any(entry.strip().startswith("es=") for entry in self.tracestate.split(","))


def trace_parent_from_string(
    traceparent: str, tracestate: str | None = None, is_legacy: bool = False
) -> TraceParent | None:
    """Read the header `traceparent`; None when it is not valid. `is_legacy` changes nothing: both look the same."""
    found = _PARENT.fullmatch(traceparent.strip())
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return TraceParent(trace_id, span_id, bool(int(flags, 16) & 1), tracestate or "")


def trace_parent_from_headers(headers: Mapping[str, Any] | Iterable[tuple[str, str]]) -> TraceParent | None:
    """Find the trace in the header fields of a request or a message; None when there is no valid one.

    Takes a mapping or pairs; upper and lower case are the same. `traceparent` goes before `elastic-apm-traceparent`.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(_text(name).lower(), []).append(_text(value))
    for name in _HEADERS:
        if len(found.get(name, ())) == 1:  # two of them are none, W3C Trace Context section 3.2
            parent = trace_parent_from_string(found[name][0], _joined(found.get("tracestate", ())))
            if parent is not None:
                return parent
    return None


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _joined(states: Iterable[str]) -> str:
    entries = [entry.strip() for state in states for entry in state.split(",") if entry.strip()]
    return ",".join(entries) if len(entries) <= _MOST_ENTRIES else ""
