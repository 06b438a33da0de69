"""Metrics as Prometheus reads them."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.apm.conftest import Records

from spruce import App, apm
from spruce.apm import Client
from spruce.apm.breakdown import Breakdown
from spruce.apm.metrics import registry
from spruce.apm.prometheus import CONTENT_TYPE, OPENMETRICS, text_of

PID = f'pid="{os.getpid()}"'
_LINE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\n"])*",?)*\} [-+0-9.e]+')


def told(text: str) -> dict[str, Any]:
    """The families of metrics by name, read by Prometheus' own parser of OpenMetrics, which is strict."""
    found = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]  # it has no types
    return {family.name: family for family in found}


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    registry.clear()
    yield
    registry.clear()


def test_the_form_of_each_kind() -> None:
    """Names and labels are made fit; buckets count what is below, too."""
    apm.counter("orders.made", shop='a"b\\c\nd').inc(2)
    apm.gauge("2baskets").set(1.5)
    values = apm.histogram("values", buckets=(1, 10))
    for value in (0.5, 5, 50):
        values.observe(value)
    text = text_of()
    assert text.startswith(
        f"# TYPE _2baskets gauge\n_2baskets{{{PID}}} 1.5\n"
        f'# TYPE orders_made_total counter\norders_made_total{{shop="a\\"b\\\\c\\nd",{PID}}} 2\n'
    )
    assert (
        f'# TYPE values histogram\nvalues_bucket{{le="1",{PID}}} 1\nvalues_bucket{{le="10",{PID}}} 2\n'
        f'values_bucket{{le="+Inf",{PID}}} 3\nvalues_sum{{{PID}}} 55.5\nvalues_count{{{PID}}} 3\n'
    ) in text
    assert f"# TYPE spruce_green_threads gauge\nspruce_green_threads{{{PID}}} " in text
    for line in text.splitlines():
        assert line.startswith("# TYPE ") or _LINE.fullmatch(line), line


def test_a_view_tells_of_requests(records: Records) -> None:
    """By their names and results."""
    app = App(__name__, ELASTIC_APM={"DISABLE_SEND": True}, static_folder=None)
    app.add_url_rule("/metrics", "metrics", apm.prometheus_metrics)
    client = app.test_client()
    client.get("/metrics")
    response = client.get("/metrics")
    assert response.headers["Content-Type"] == CONTENT_TYPE
    labels = f'name="GET /metrics",result="HTTP 2xx",type="request",{PID}'
    assert f"spruce_transaction_duration_seconds_count{{{labels}}} 1\n" in response.text


def test_without_a_client_nothing_is_told_of_requests() -> None:
    """The rest is there all the same."""
    assert "spruce_transaction_duration_seconds" not in apm.prometheus_metrics().text


# ---- OpenMetrics -----------------------------------------------------------------------------------------------------


def test_openmetrics_is_read_by_prometheus_own_parser(client: Client) -> None:
    """Families are named without `_total`, bounds are canonical, sums only grow, the end is told."""
    apm.counter("orders.made", shop='a"b\\c\nd').inc(2)
    apm.counter("seen_total").inc()
    apm.gauge("2baskets").set(1.5)
    apm.histogram("values", buckets=(1, 10)).observe(5)
    apm.histogram("degrees", buckets=(-1, 1)).observe(-5)
    text = text_of(openmetrics=True)
    families = told(text)
    assert text.endswith("\n# EOF\n")
    assert {name: families[name].type for name in ("orders_made", "seen", "_2baskets", "values", "degrees")} == {
        "orders_made": "counter",
        "seen": "counter",
        "_2baskets": "gauge",
        "values": "histogram",
        "degrees": "histogram",
    }
    assert families["orders_made"].samples[0].labels == {"shop": 'a"b\\c\nd', "pid": str(os.getpid())}
    assert [sample.labels.get("le") for sample in families["values"].samples] == ["1.0", "10.0", "+Inf", None, None]
    assert {sample.name for sample in families["degrees"].samples} == {"degrees_bucket"}


def test_a_bucket_tells_the_trace_of_a_recent_value(client: Client) -> None:
    """Of the program's own histograms that of the span in which it was, of durations that of the transaction."""
    transaction = client.begin_transaction("job")
    assert transaction is not None
    with apm.capture_span("part") as span:
        assert span is not None
        apm.histogram("values", buckets=(1, 10)).observe(5)
    families = told(text_of(openmetrics=True))
    client.end_transaction()
    low, middle, high, *_ = families["values"].samples
    assert (low.exemplar, high.exemplar) == (None, None)
    assert (middle.exemplar.value, middle.exemplar.labels) == (
        5,
        {"trace_id": transaction.trace_id, "span_id": span.id},
    )
    assert float(middle.exemplar.timestamp) >= int(transaction.timestamp)
    assert "trace_id" not in text_of()


def test_requests_have_exemplars(records: Records) -> None:
    """Who asks for OpenMetrics finds the trace of a slow request at its bucket."""
    app = App(__name__, ELASTIC_APM={"DISABLE_SEND": True}, static_folder=None)
    app.add_url_rule("/metrics", "metrics", apm.prometheus_metrics)
    client = app.test_client()
    client.get("/metrics")
    response = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    families = told(response.text)
    samples = families["spruce_transaction_duration_seconds"].samples
    (exemplar,) = [sample.exemplar for sample in samples if sample.exemplar is not None]
    first = records.transactions[0]
    assert exemplar.labels == {"trace_id": first.trace_id, "span_id": first.id}
    assert exemplar.value == pytest.approx(first.duration)
    assert response.headers["Content-Type"] == OPENMETRICS


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", CONTENT_TYPE),
        ("*/*", CONTENT_TYPE),
        ("text/html", CONTENT_TYPE),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text;q=0.1,text/plain;q=0.5", CONTENT_TYPE),
        ("application/openmetrics-text;q=0", CONTENT_TYPE),
        (  # Prometheus 2.53
            "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPENMETRICS,
        ),
    ],
)
def test_the_client_chooses_the_form(accept: str, content_type: str) -> None:
    """Caches are told that it does."""
    app = App(__name__, static_folder=None)
    app.add_url_rule("/metrics", "metrics", apm.prometheus_metrics)
    response = app.test_client().get("/metrics", headers={"Accept": accept} if accept else {})
    assert (response.headers["Content-Type"], response.headers["Vary"]) == (content_type, "Accept")
    assert response.text.endswith("# EOF\n") == (content_type == OPENMETRICS)


def test_texts_without_utf_8_are_told_all_the_same(client: Client) -> None:
    """A visitor may have chosen one, and it would stay there."""
    breakdown = Breakdown()
    transaction = client.begin_transaction("job")
    apm.counter("searches", text="\ud800").inc()
    client.end_transaction("\udcff")
    assert transaction is not None
    breakdown([transaction])
    text = text_of(breakdown).encode().decode()
    assert f'searches_total{{text="?",{PID}}} 1' in text
    assert f'_count{{name="?",result="",type="job",{PID}}} 1' in text


def test_names_that_become_one_are_of_the_first_kind() -> None:
    """Two kinds of one name would be refused as a whole."""
    apm.gauge("a.b").set(1)
    apm.counter("a_b_total").inc()
    apm.gauge("a b_total").set(7)
    families = told(text_of(openmetrics=True))
    assert [sample.name for sample in families["a_b"].samples] == ["a_b"]
    assert text_of().count("# TYPE a_b_total ") == 1
