"""Metrics as Prometheus reads them."""

import os
import re
from collections.abc import Iterator

import pytest
from tests.apm.conftest import Records

from spruce import App, apm
from spruce.apm.metrics import registry
from spruce.apm.prometheus import CONTENT_TYPE, text_of

PID = f'pid="{os.getpid()}"'
_LINE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\n"])*",?)*\} [-+0-9.e]+')


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
