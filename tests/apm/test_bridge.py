"""OpenTelemetry's API, as code and libraries use it, on our recorder."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import baggage, propagate, trace
from opentelemetry import context as otel_context
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan
from opentelemetry.trace import SpanKind, Status, StatusCode
from tests.apm.collector import collecting
from tests.apm.conftest import Records
from tests.apm.test_events import events
from tests.apm.test_lines import check
from tests.apm.test_otlp import arrived, attributes

from spruce import App, apm, green
from spruce.apm import Client, TracerProvider
from spruce.apm.bridge import bridge
from spruce.apm.spans import current
from spruce.errors import ConfigError


@pytest.fixture(autouse=True)
def _bridged() -> Iterator[None]:
    """OpenTelemetry's context is as it was, afterwards."""
    before = otel_context._RUNTIME_CONTEXT
    bridge()
    yield
    otel_context._RUNTIME_CONTEXT = before


tracer = trace.get_tracer("tests")


def test_without_a_parent_it_is_a_transaction(records: Records, client: Client) -> None:
    """With its spans below, labels, and an outcome."""
    with tracer.start_as_current_span("work", attributes={"shop.name": "north", "sizes": [1, 2]}) as outer:
        assert trace.get_current_span() is outer
        with tracer.start_as_current_span("part") as inner:
            inner.set_attribute("deep", True)
        outer.update_name("all the work")
    transaction = records.last
    assert (transaction.name, transaction.type, transaction.outcome) == ("all the work", "custom", "success")
    assert transaction.labels == {"shop_name": "north", "sizes": "1, 2"}
    (span,) = transaction.spans
    assert (span.name, span.type, span.subtype, span.labels) == ("part", "app", "internal", {"deep": True})
    assert span.parent_id == transaction.id
    assert current.get() is None
    assert not trace.get_current_span().get_span_context().is_valid


def test_its_kind_and_attributes_are_kept_as_they_came(records: Records, client: Client) -> None:
    """Elastic is given them, as its schemas have it, and OTLP; labels of the program's own stay what they are."""
    with tracer.start_as_current_span("work", kind=SpanKind.SERVER, attributes={"shop.name": "north", "none": None}):
        apm.label(tier="gold")
        trace.get_current_span().set_attribute("sizes", (1, 2.5))
        with tracer.start_as_current_span("call", kind=SpanKind.CLIENT, attributes={"peer.service": "x" * 20_000}):
            pass
        with tracer.start_as_current_span("part"):
            pass
    transaction = records.last
    call, part = transaction.spans
    assert transaction.otel == {"span_kind": "SERVER", "attributes": {"shop.name": "north", "sizes": [1, 2.5]}}
    assert call.otel == {"span_kind": "CLIENT", "attributes": {"peer.service": "x" * 10_000}}
    assert part.otel == {"span_kind": "INTERNAL", "attributes": {}}
    assert [event.get("otel") for _, event in events(transaction)] == [transaction.otel, call.otel, part.otel]
    check(transaction)
    assert transaction.labels == {"shop_name": "north", "sizes": "1, 2.5", "tier": "gold"}


def test_by_otlp_it_goes_out_as_it_came(records: Records) -> None:
    """Labels that were made of attributes are left out."""
    with collecting() as collector:
        client = Client(otlp_endpoint=collector.url, otlp_metrics=False)
        with tracer.start_as_current_span("work", kind=SpanKind.CONSUMER, attributes={"shop.name": "north"}):
            apm.label(tier="gold")
            tracer.start_span("push", kind=SpanKind.PRODUCER, attributes={"db.system": "redis"}).end()
        client.close()
        spans = arrived(collector)[1]
    assert spans["work"].kind == OtlpSpan.SPAN_KIND_CONSUMER
    assert attributes(spans["work"]) == {"shop.name": "north", "tier": "gold"}
    assert spans["push"].kind == OtlpSpan.SPAN_KIND_PRODUCER
    assert attributes(spans["push"])["db.system"] == "redis"
    assert "db_system" not in attributes(spans["push"])


def test_within_a_request_it_is_a_span(records: Records) -> None:
    """And the current span is the request, of which a view may say more."""
    app = App(__name__, ELASTIC_APM={"DISABLE_SEND": True, "OPENTELEMETRY_BRIDGE": True}, static_folder=None)

    @app.get("/orders/<int:number>")
    def order(number: int) -> str:
        trace.get_current_span().set_attribute("order", number)
        with tracer.start_as_current_span("price"), apm.capture_span("tax"):
            assert apm.get_trace_id() == trace.format_trace_id(trace.get_current_span().get_span_context().trace_id)
        trace.get_current_span().end()  # which is not its to end
        return str(number)

    app.test_client().get("/orders/4")
    transaction = records.last
    assert (transaction.name, transaction.result) == ("GET /orders/<int:number>", "HTTP 2xx")
    assert transaction.labels == {"order": 4}
    assert transaction.otel == {"attributes": {"order": 4}}
    check(transaction)
    tax, price = transaction.spans
    assert [tax.name, price.name] == ["tax", "price"]
    assert (tax.parent_id, price.parent_id) == (price.id, transaction.id)


def test_spans_of_ours_are_below(records: Records, client: Client) -> None:
    """Also where a library makes a span current by `use_span`, and attaches contexts itself."""
    outer = tracer.start_span("outer")
    with trace.use_span(outer, end_on_exit=True):
        token = otel_context.attach(trace.set_span_in_context(tracer.start_span("attached")))
        attached = trace.get_current_span()
        with apm.capture_span("ours"):
            pass
        otel_context.detach(token)
        attached.end()
        assert trace.get_current_span() is outer
    ours, attached_span = records.last.spans
    assert (ours.name, ours.parent_id) == ("ours", attached_span.id)
    assert attached_span.parent_id == records.last.id


def test_across_green_threads_tasks_and_threads(records: Records, client: Client) -> None:
    """Each inherits what runs where it was begun."""

    async def later() -> None:
        await asyncio.sleep(0)
        with tracer.start_as_current_span("task"):
            pass

    def spawned() -> None:
        green.sleep(0)
        with tracer.start_as_current_span("green"):
            pass

    def threaded() -> None:
        with tracer.start_as_current_span("thread"):
            pass

    def main() -> None:
        with tracer.start_as_current_span("outer"):
            thread = green.spawn(spawned)
            green.await_(later())
            green.tpool.execute(threaded)
            thread.wait()

    green.run(main)
    assert {span.name: span.parent_id for span in records.last.spans} == dict.fromkeys(
        ["task", "green", "thread"], records.last.id
    )


def test_it_decorates(records: Records, client: Client) -> None:
    """Functions, and async ones too."""

    @tracer.start_as_current_span("plain")
    def plain() -> str:
        return str(apm.get_transaction_id())

    @tracer.start_as_current_span("async")
    async def other() -> str:
        await asyncio.sleep(0)
        return str(apm.get_transaction_id())

    assert plain() == records.transactions[0].id
    assert asyncio.run(other()) == records.transactions[1].id
    assert [one.name for one in records.transactions] == ["plain", "async"]


def test_exceptions(records: Records, client: Client) -> None:
    """Are recorded where they happened, once, and make it a failure."""
    outer, inner = tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner")
    with pytest.raises(ZeroDivisionError), outer, inner:
        _ = 1 / 0
    (failure,) = records.failures
    assert failure.raised is not None
    assert failure.raised.type == "ZeroDivisionError"
    (span,) = records.last.spans
    assert (failure.parent_id, failure.transaction) == (span.id, records.last)
    assert (span.outcome, records.last.outcome) == ("failure", "failure")


def test_what_is_recorded_by_hand(records: Records, client: Client) -> None:
    """Statuses, exceptions with attributes, events, which are nothing, and links."""
    other = tracer.start_span("other")
    other.end()
    span = tracer.start_span("work", links=[trace.Link(other.get_span_context())])
    span.record_exception(ValueError("no"), {"why": "test"})
    span.add_event("something", {"a": 1})
    span.add_link(other.get_span_context())
    span.set_status(Status(StatusCode.ERROR, "no"))
    span.set_status(StatusCode.UNSET)
    span.end()
    span.set_attribute("late", 1)
    span.update_name("late")
    span.end()
    work = records.last
    assert (work.name, work.outcome, work.labels) == ("work", "failure", None)
    assert [link.span_id for link in work.links] == [records.transactions[0].id] * 2
    assert records.failures[0].custom == {"why": "test"}
    assert len(records.transactions) == 2


def test_times_of_its_own(records: Records, client: Client) -> None:
    """In nanoseconds since 1970."""
    now = time.time_ns()
    outer = tracer.start_span("outer", start_time=now - 5_000_000_000)
    inner = tracer.start_span("inner", context=trace.set_span_in_context(outer), start_time=now - 4_000_000_000)
    inner.end(now - 1_000_000_000)
    outer.end(now)
    transaction = records.last
    assert transaction.duration == pytest.approx(5, abs=0.5)
    assert transaction.timestamp == pytest.approx(now / 1e9 - 5, abs=0.5)
    assert transaction.spans[0].duration == pytest.approx(3, abs=0.5)


def test_a_trace_that_comes_from_elsewhere(records: Records, client: Client) -> None:
    """By OpenTelemetry's propagators; and what goes out goes on from here, with its baggage."""
    context = propagate.extract({"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "es=s:0.5,x=1"})
    headers: dict[str, str] = {}
    with tracer.start_as_current_span("work", context=context, kind=SpanKind.SERVER):
        token = otel_context.attach(baggage.set_baggage("who", "ada"))
        with apm.capture_span("ours") as span:
            assert span is not None
            propagate.inject(headers)
            assert headers["traceparent"] == f"00-{'a' * 32}-{span.id}-01"
        otel_context.detach(token)
    transaction = records.last
    assert (transaction.trace_id, transaction.parent_id, transaction.type) == ("a" * 32, "b" * 16, "request")
    assert transaction.sample_rate == 0.5
    assert headers["tracestate"] == "es=s:0.5,x=1"
    assert headers["baggage"] == "who=ada"


def test_what_is_not_sampled_carries_the_trace_on(records: Records, client: Client) -> None:
    """Nothing is recorded of it."""
    context = propagate.extract({"traceparent": f"00-{'a' * 32}-{'b' * 16}-00"})
    with tracer.start_as_current_span("work", context=context), tracer.start_as_current_span("part") as part:
        assert not part.is_recording()
        assert trace.format_trace_id(part.get_span_context().trace_id) == "a" * 32
        assert not part.get_span_context().trace_flags.sampled
    assert records.last.sampled is False
    assert records.last.spans == []


def test_without_a_client_nothing_is_recorded(records: Records) -> None:
    """Code goes on as with no provider at all."""
    with tracer.start_as_current_span("work") as span:
        assert not span.is_recording()
    assert records == []


def test_spans_that_are_too_many(records: Records, make_client: Any) -> None:
    """What is below one that isn't kept is below its parent."""
    make_client(TRANSACTION_MAX_SPANS=1)
    with tracer.start_as_current_span("outer") as outer:
        tracer.start_span("first").end()
        with tracer.start_as_current_span("second") as second:
            assert second.get_span_context() == outer.get_span_context()
            with tracer.start_as_current_span("third"):
                assert apm.get_span_id() is None
    assert [span.name for span in records.last.spans] == ["first"]
    assert records.last.dropped == 2


def test_what_goes_on_behind_its_transaction(records: Records, client: Client) -> None:
    """Is a transaction of its own in the same trace."""
    outer = tracer.start_span("outer")
    context = trace.set_span_in_context(outer)
    outer.end()
    tracer.start_span("later", context=context).end()
    first, second = records.transactions
    assert (second.trace_id, second.parent_id) == (first.trace_id, first.id)


def test_a_context_of_nothing_is_a_new_trace(records: Records, client: Client) -> None:
    """As OpenTelemetry has it for `context=Context()`."""
    with tracer.start_as_current_span("outer"):
        tracer.start_span("apart", context=otel_context.Context()).end()
    apart, outer = records.transactions
    assert apart.trace_id != outer.trace_id


def test_another_provider_stays() -> None:
    """OpenTelemetry takes only one, so a setting can't replace that of the program."""
    program = """
from opentelemetry import trace
from spruce import apm
trace.set_tracer_provider(trace.NoOpTracerProvider())
client = apm.Client(disable_send=True, opentelemetry_bridge=True)
try:
    apm.instrument()
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "ConfigError OPENTELEMETRY_BRIDGE: the process has a tracer provider already, a NoOpTracerProvider. "
        "Remove its set_tracer_provider, or the setting.\n"
    )


def test_it_is_an_extra(monkeypatch: pytest.MonkeyPatch, records: Records) -> None:
    """What is missing is told with the command that installs it."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "spruce.apm.bridge")
    client = Client(disable_send=True, opentelemetry_bridge=True)
    with pytest.raises(ConfigError) as caught:
        apm.instrument(client)
    assert str(caught.value) == (
        "OPENTELEMETRY_BRIDGE needs a package that is not installed: opentelemetry. "
        "Install it with: pip install 'spruce[opentelemetry]'."
    )


def test_a_provider_that_a_program_sets_itself() -> None:
    """Is all that it needs."""
    program = """
from opentelemetry import trace
from spruce import apm
trace.set_tracer_provider(apm.TracerProvider())
apm.Client(disable_send=True)
apm.subscribe(lambda one: print(one.name, [span.name for span in one.spans]))
with trace.get_tracer("x").start_as_current_span("work"):
    with apm.capture_span("part"):
        pass
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "work ['part']\n"


def test_its_names() -> None:
    """A tracer is what OpenTelemetry takes for one."""
    provider = TracerProvider()
    assert isinstance(provider.get_tracer("a", "1", "https://schema", {"b": 1}), trace.Tracer)
    assert repr(trace.get_current_span()).startswith("NonRecordingSpan")
