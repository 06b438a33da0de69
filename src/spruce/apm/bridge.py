"""OpenTelemetry's API on our recorder: what code and libraries trace by it lands in our transactions.

    ELASTIC_APM={"OPENTELEMETRY_BRIDGE": True}      or: trace.set_tracer_provider(apm.TracerProvider())

A span without a parent here is a transaction, any other a span below what runs. `trace.get_current_span()` is what runs
here, whoever began it: a view may set attributes of its request by it. Needs `opentelemetry-api`, and no SDK.

Rules:

* There is one truth about what runs, our `current`. OpenTelemetry's own context is asked through ours, which puts that
  into it; what is attached there becomes ours.
* What a span is, a query or a call, is decided when it ends, since attributes come one by one (bridgekinds.py).
* What it was told is kept as it came (`otel`), besides what we make of it: Elastic and OTLP are given that, too.
* Without a client, or where nothing is sampled, spans record nothing and only carry the trace on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter, time
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context.context import Context
from opentelemetry.context.contextvars_context import ContextVarsRuntimeContext
from opentelemetry.trace.propagation import _SPAN_KEY
from opentelemetry.util._decorator import _agnosticcontextmanager

from spruce.apm.bridgekinds import result_of, transaction_type, what_of
from spruce.apm.recorder import get_client
from spruce.apm.spans import Span, Transaction, begin_span, current
from spruce.apm.traceparent import TraceParent
from spruce.apm.what import What, bridged_labels
from spruce.errors import ConfigError

__all__ = ["BridgeContext", "BridgeSpan", "Tracer", "TracerProvider", "bridge"]

Attributes = Mapping[str, Any] | None
_LONGEST = 10_000  # characters of an attribute
_OUTCOMES = {trace.StatusCode.OK: "success", trace.StatusCode.ERROR: "failure"}


class BridgeSpan(trace.Span):
    """A transaction or a span of ours, as OpenTelemetry's code sees it."""

    def __init__(self, thing: Transaction | Span, kind: trace.SpanKind | None = None) -> None:
        self.thing = thing
        self.kind = kind
        """None for what OpenTelemetry has not begun: that stays what it is."""
        if kind is not None:
            thing.otel = {"span_kind": kind.name, "attributes": {}}

    def __repr__(self) -> str:
        return f"<BridgeSpan of {self.thing!r}>"

    @property
    def attributes(self) -> dict[str, Any]:
        """What was set, by whomever."""
        otel = self.thing.otel
        return {} if otel is None else otel["attributes"]

    def get_span_context(self) -> trace.SpanContext:
        """The place in the trace, of the parent's for one that isn't kept."""
        thing: Any = self.thing
        while not getattr(thing, "kept", True):
            thing = thing.parent
        return _context_of(thing.trace_parent)

    def is_recording(self) -> bool:
        """Whether it still runs."""
        return not self.thing.ended and self.thing.duration is None

    def set_attribute(self, key: str, value: Any) -> None:
        """Note an attribute; all of them are labels, too."""
        self.set_attributes({key: value})

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Note several."""
        if self.is_recording():
            told = {name: _short(value) for name, value in attributes.items() if value is not None}
            if self.thing.otel is None:
                self.thing.otel = {"attributes": {}}
            self.attributes.update(told)
            self.thing.label(**bridged_labels(told))

    def update_name(self, name: str) -> None:
        """Name it anew."""
        if self.is_recording():
            self.thing.name = name
            if isinstance(self.thing, Transaction):
                self.thing.named = True

    def set_status(self, status: Any, description: str | None = None) -> None:
        """Say whether it is a success or a failure."""
        code = status.status_code if isinstance(status, trace.Status) else status
        if self.is_recording() and code in _OUTCOMES:
            self.thing.outcome = _OUTCOMES[code]

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Record an error that happened in it."""
        client = get_client()
        if client is not None and self.is_recording():
            token = current.set(self.thing)
            try:
                client.capture_exception(exception, handled=not escaped, custom=dict(attributes or {}))
            finally:
                current.reset(token)

    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Nothing: Elastic knows no events of spans. Exceptions are recorded by `record_exception`."""

    def add_link(self, context: trace.SpanContext, attributes: Attributes = None) -> None:
        """Note another place in a trace that it has to do with."""
        if self.is_recording() and context.is_valid:
            self.thing.links = (*self.thing.links, _parent_of(context))

    def end(self, end_time: int | None = None) -> None:
        """End it; `end_time` is in nanoseconds since 1970. A second time nothing happens."""
        if not self.is_recording() or self.kind is None:
            return
        thing = self.thing
        seconds = None if end_time is None else max(0.0, _moment(end_time) - thing.began)
        if isinstance(thing, Transaction):
            self._end_transaction(thing, seconds)
        else:
            thing.what = what_of(thing.name, self.kind, self.attributes)
            thing.end(seconds)

    def _end_transaction(self, transaction: Transaction, seconds: float | None) -> None:
        kind: Any = self.kind
        transaction.type = transaction_type(kind, self.attributes)
        result, outcome = result_of(self.attributes)
        transaction.result = transaction.result or result
        transaction.outcome = transaction.outcome or outcome
        client = get_client()
        if client is not None:
            client.finish(transaction, seconds)


class Tracer(trace.Tracer):
    """Begins transactions and spans by OpenTelemetry's names."""

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: trace.SpanKind = trace.SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[trace.Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> trace.Span:
        """Begin a span, which isn't the current one; `start_time` is in nanoseconds since 1970."""
        parent = trace.get_current_span(context)
        began = None if start_time is None else _moment(start_time)
        span = _below(parent, name, kind, began)
        if span is None:
            return trace.NonRecordingSpan(parent.get_span_context())
        for link in links or ():
            span.add_link(link.context)
        if attributes:
            span.set_attributes(attributes)
        return span

    @_agnosticcontextmanager  # so that it decorates functions and async functions, as other tracers' do
    def start_as_current_span(
        self,
        name: str,
        context: Context | None = None,
        kind: trace.SpanKind = trace.SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[trace.Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[trace.Span]:
        """Begin a span, the current one of the block or of each call of the decorated function."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        with trace.use_span(span, end_on_exit, record_exception, set_status_on_exception) as used:
            yield used


class TracerProvider(trace.TracerProvider):
    """Gives tracers that record with the client of the process: for `opentelemetry.trace.set_tracer_provider`."""

    def __init__(self) -> None:
        _share_context()

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Tracer:
        """A tracer; all of them are alike."""
        return Tracer()


class _Attached:
    """What `BridgeContext.detach` takes back."""

    __slots__ = ("ours", "theirs")

    def __init__(self, theirs: Any, ours: Any) -> None:
        self.theirs, self.ours = theirs, ours


class BridgeContext(ContextVarsRuntimeContext):
    """OpenTelemetry's context, in which what runs here is the current span, and the other way round."""

    def attach(self, context: Context) -> Any:
        """Let a context hold here, and its span be what runs."""
        span = context.get(_SPAN_KEY)
        ours = None
        if isinstance(span, BridgeSpan) and getattr(span.thing, "kept", True) and not span.thing.transaction.ended:
            ours = current.set(span.thing)
        return _Attached(super().attach(context), ours)

    def get_current(self) -> Context:
        """The context that holds here."""
        context = super().get_current()
        here = current.get()
        if here is None or here.transaction.ended:
            return context
        span = context.get(_SPAN_KEY)
        if isinstance(span, BridgeSpan) and span.thing is here:
            return context
        return trace.set_span_in_context(BridgeSpan(here), context)

    def detach(self, token: Any) -> None:
        """Let what was before hold again."""
        if isinstance(token, _Attached):
            if token.ours is not None:
                current.reset(token.ours)
            token = token.theirs
        super().detach(token)


def bridge() -> Callable[[], None]:
    """Make ours the tracer provider of the process; return what ends that our recorder is in its contexts.

    Raises ConfigError when there is another one already: OpenTelemetry takes only one.
    """
    before = trace.get_tracer_provider()
    if not isinstance(before, TracerProvider | trace.ProxyTracerProvider):
        raise ConfigError(
            f"OPENTELEMETRY_BRIDGE: the process has a tracer provider already, a {type(before).__qualname__}",
            hint="Remove its set_tracer_provider, or the setting.",
        )
    if not isinstance(before, TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    return _share_context()


def _share_context() -> Callable[[], None]:
    """Put our context before OpenTelemetry's; its own would be chosen by a variable, before it is first imported."""
    before = otel_context._RUNTIME_CONTEXT
    if isinstance(before, BridgeContext):
        return lambda: None
    otel_context._RUNTIME_CONTEXT = BridgeContext()

    def end() -> None:
        otel_context._RUNTIME_CONTEXT = before

    return end


def _below(parent: trace.Span, name: str, kind: trace.SpanKind, began: float | None) -> BridgeSpan | None:
    """A span below what runs here, or a transaction below what runs elsewhere or nowhere; None if none is recorded."""
    client = get_client()
    if client is None:
        return None
    place = parent.get_span_context()
    if isinstance(parent, BridgeSpan) and not parent.thing.transaction.ended:
        if not parent.thing.transaction.sampled:
            return None
        thing = parent.thing if getattr(parent.thing, "kept", True) else parent.thing.transaction
        return BridgeSpan(begin_span(thing, What(name, "app"), began), kind)
    trace_parent = _parent_of(place) if place.is_valid else None
    transaction = client.begin_transaction(transaction_type(kind, {}), trace_parent, began, auto_activate=False)
    if transaction is None:
        return None
    transaction.name, transaction.named = name, True
    return BridgeSpan(transaction, kind)


def _moment(nanoseconds: int) -> float:
    """A time since 1970 as one of `perf_counter`."""
    return perf_counter() - (time() - nanoseconds / 1e9)


def _context_of(place: TraceParent) -> trace.SpanContext:
    return trace.SpanContext(
        int(place.trace_id, 16),
        int(place.span_id, 16),
        is_remote=False,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED if place.sampled else trace.TraceFlags.DEFAULT),
        trace_state=trace.TraceState.from_header([place.tracestate] if place.tracestate else []),
    )


def _parent_of(context: trace.SpanContext) -> TraceParent:
    return TraceParent(
        trace.format_trace_id(context.trace_id),
        trace.format_span_id(context.span_id),
        bool(context.trace_flags.sampled),
        context.trace_state.to_header(),
    )


def _short(value: Any) -> Any:
    """An attribute that can be sent: texts, numbers, booleans, and lists of these."""
    if isinstance(value, list | tuple):
        return [_short(one) for one in value]
    return value if isinstance(value, bool | int | float) else str(value)[:_LONGEST]
