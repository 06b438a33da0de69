"""Calls to other services: one span each, with the trace in their headers."""

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from tests.apm.conftest import Records

from spruce import apm, green
from spruce.apm import Client, Span, trace_parent_from_headers
from spruce.apm.outgoing import Calling


class Service:
    """Another service: answers with the status in the path, and keeps the headers of requests."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.headers.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(int(self.path.strip("/").partition("?")[0]))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    made = Service()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def by_httpx(url: str) -> None:
    with httpx.Client() as client:
        client.get(url)


def by_httpx_async(url: str) -> None:
    async def get() -> None:
        async with httpx.AsyncClient() as client:
            await client.get(url)

    green.await_(get())


def by_requests(url: str) -> None:
    with requests.Session() as session:
        session.get(url)


def by_urllib3(url: str) -> None:
    with urllib3.PoolManager() as pool:
        pool.request("GET", url)


def by_urllib(url: str) -> None:
    try:
        urllib.request.urlopen(url).close()
    except urllib.error.HTTPError as error:
        error.close()


def by_aiohttp(url: str) -> None:
    async def get() -> None:
        async with aiohttp.ClientSession() as session, session.get(url, headers={"X-Mine": "1"}) as response:
            await response.read()

    green.await_(get())


WAYS = [by_httpx, by_httpx_async, by_requests, by_urllib3, by_urllib, by_aiohttp]


def only_span(client: Client, work: Callable[[], object]) -> Span:
    """The one span of a transaction in which `work` runs."""
    apm.instrument()
    client.begin_transaction("job")
    work()
    transaction = client.end_transaction()
    assert transaction is not None
    (span,) = transaction.spans
    return span


@pytest.mark.parametrize("way", WAYS)
def test_a_call_is_a_span(client: Client, service: Service, way: Callable[[str], None]) -> None:
    """It goes on in the other service, by the headers."""
    span = only_span(client, lambda: way(f"http://{service.place}/204?q=1"))
    assert (span.name, span.type, span.subtype, span.outcome) == (f"GET {service.place}", "external", "http", "success")
    assert (span.leaf, span.exit, span.resource) == (True, True, service.place)
    assert span.context is not None
    assert span.context["http"] == {"url": f"http://{service.place}/204?q=1", "method": "GET", "status_code": 204}
    headers = service.headers[-1]
    parent = trace_parent_from_headers(headers)
    assert parent is not None
    assert (parent.trace_id, parent.span_id, parent.tracestate) == (span.transaction.trace_id, span.id, "es=s:1")
    assert headers["elastic-apm-traceparent"] == headers["traceparent"]
    assert way is not by_aiohttp or headers["x-mine"] == "1"


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_may_be_a_failure(client: Client, service: Service, way: Callable[[str], None]) -> None:
    """From 400 on, whosever fault it is."""
    span = only_span(client, lambda: way(f"http://{service.place}/404"))
    assert span.context is not None
    assert (span.outcome, span.context["http"]["status_code"]) == ("failure", 404)


@pytest.mark.parametrize("way", WAYS)
def test_there_may_be_no_answer(client: Client, way: Callable[[str], None]) -> None:
    """Then it has failed, without a status."""
    apm.instrument()
    client.begin_transaction("job")
    with pytest.raises(Exception, match=r"."):
        way("http://127.0.0.1:1/x")
    transaction = client.end_transaction()
    assert transaction is not None
    assert [span.outcome for span in transaction.spans] == ["failure"]
    assert transaction.spans[0].context is not None
    assert "status_code" not in transaction.spans[0].context["http"]


@pytest.mark.parametrize("way", WAYS)
def test_outside_of_a_transaction_nothing_is_added(
    client: Client, service: Service, way: Callable[[str], None]
) -> None:
    """Neither a span nor a header."""
    apm.instrument()
    way(f"http://{service.place}/200")
    assert "traceparent" not in service.headers[-1]


def test_what_is_not_sampled_is_told_as_such(client: Client, service: Service) -> None:
    """So that the other service doesn't sample it either."""
    apm.instrument()
    transaction = client.begin_transaction("job", apm.TraceParent("a" * 32, "b" * 16, False))
    by_httpx(f"http://{service.place}/200")
    client.end_transaction()
    assert transaction is not None
    assert transaction.spans == []
    assert service.headers[-1]["traceparent"] == f"00-{'a' * 32}-{transaction.id}-00"


def test_elastics_own_header_may_be_left_out(make_client: Callable[..., Client], service: Service) -> None:
    """USE_ELASTIC_TRACEPARENT_HEADER."""
    only_span(make_client(USE_ELASTIC_TRACEPARENT_HEADER=False), lambda: by_httpx(f"http://{service.place}/200"))
    assert "elastic-apm-traceparent" not in service.headers[-1]


def test_when_it_has_ended_libraries_are_as_before(client: Client) -> None:
    """The same functions."""
    apm.uninstrument()
    before = [httpx.Client.send, requests.Session.send, urllib.request.AbstractHTTPHandler.do_open]
    apm.instrument()
    assert httpx.Client.send is not before[0]
    apm.uninstrument()
    assert [httpx.Client.send, requests.Session.send, urllib.request.AbstractHTTPHandler.do_open] == before


@pytest.mark.parametrize(
    ("url", "name", "resource", "shown"),
    [
        ("https://ada:secret@shop.example/a", "GET shop.example", "shop.example:443", "https://shop.example/a"),
        ("http://shop.example:8080/", "GET shop.example:8080", "shop.example:8080", "http://shop.example:8080/"),
        ("http://[::1]:8080/", "GET [::1]:8080", "[::1]:8080", "http://[::1]:8080/"),
    ],
)
def test_names_of_places(client: Client, records: Records, url: str, name: str, resource: str, shown: str) -> None:
    """Without the usual port, and never with a password."""
    client.begin_transaction("job")
    with Calling("get", url, client.settings):
        pass
    client.end_transaction()
    (span,) = records.last.spans
    assert span.context is not None
    assert (span.name, span.resource, span.context["http"]["url"]) == (name, resource, shown)
