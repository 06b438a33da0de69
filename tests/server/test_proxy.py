"""What goes on to a development server, and how. With real servers on both sides it is tested in tests/real."""

import socket

import pytest

from spruce import green
from spruce.errors import ConfigError, MethodNotAllowed, NotFound
from spruce.http import Request, Response
from spruce.server.proxy import Proxy, Upstream, _kept, unrouted, upstream
from spruce.server.worker import Lifespan


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/=http://127.0.0.1:5173", Upstream("/", "127.0.0.1", 5173)),
        ("/assets=http://localhost:3000/", Upstream("/assets", "localhost", 3000)),
        ("/=http://[::1]:5173", Upstream("/", "::1", 5173)),
        ("/=http://front", Upstream("/", "front", 80)),
    ],
)
def test_a_path_and_an_address_are_read(text: str, found: Upstream) -> None:
    assert upstream(text) == found
    assert upstream(f"{found.prefix}={found.url}") == found


@pytest.mark.parametrize(
    "text",
    [
        "/",
        "http://127.0.0.1:5173",
        "x=http://a",
        "/=https://a",
        "/=http://a/b",
        "/=http://a?b",
        "/=http://a:99999",
        "/=b",
    ],
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        upstream(text)
    assert str(caught.value) == (
        f"{text!r} is nothing that can be passed on to. Write a path and an address without one: /=http://127.0.0.1:5173."
    )


@pytest.mark.parametrize(
    ("prefix", "path", "takes"),
    [
        ("/", "/anything", True),
        ("/api", "/api", True),
        ("/api", "/api/x", True),
        ("/api", "/api?x", True),
        ("/api", "/apis", False),
        ("/api/", "/api", False),
    ],
)
def test_a_prefix_ends_where_a_segment_does(prefix: str, path: str, takes: bool) -> None:
    assert Upstream(prefix, "a", 1).takes(path) is takes


def test_a_router_says_itself_what_it_does_not_know() -> None:
    request = Request("POST", "/x")
    request.routing_exception = NotFound()
    assert unrouted(request, Response("", 404))
    request.routing_exception = MethodNotAllowed()
    assert not unrouted(request, Response("", 405))
    routed = Request("GET", "/notes/7")
    routed.url_rule = object()
    assert not unrouted(routed, Response("no such note", 404))


def test_of_others_the_status_tells_unless_they_may_have_read_the_body() -> None:
    assert unrouted(Request("GET", "/x"), Response("", 404))
    assert not unrouted(Request("GET", "/x"), Response("", 200))
    with_body = Request("POST", "/x", stream=socket.SocketIO)  # anything that is a stream
    assert not unrouted(with_body, Response("", 404))


def test_what_belongs_to_a_connection_stays() -> None:
    fields = [("Connection", "keep-alive, X-Own"), ("x-own", "1"), ("Upgrade", "h2c"), ("TE", "x"), ("Accept", "*/*")]
    assert _kept(fields) == [("Accept", "*/*")]


def test_a_server_that_is_not_there_is_told_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        port = taken.getsockname()[1]
        handler = Proxy(lambda request: Response("", 404), [Upstream("/", "127.0.0.1", port)])
        plain, page = green.run(
            lambda: [handler(Request("GET", "/", fields)) for fields in ([], [(b"Accept", b"text/html")])]
        )
    text = f"http://127.0.0.1:{port} does not answer: Connection refused. "
    text += "Start the development server, or leave --proxy out."
    assert (plain.status_code, plain.text) == (502, f"{text}\n")
    assert page.status_code == 502
    assert f"<p>{text}</p>" in page.text


def test_what_no_prefix_takes_stays_with_the_app() -> None:
    handler = Proxy(lambda request: Response("mine", 404), [Upstream("/front", "127.0.0.1", 1)])
    assert handler(Request("GET", "/x")).text == "mine"


def test_the_app_starts_and_stops_as_it_would_alone() -> None:
    said: list[str] = []

    class App:
        def startup(self) -> None:
            said.append("startup")

        def shutdown(self) -> None:
            said.append("shutdown")

        def __call__(self, request: Request) -> Response:
            return Response("hello")

    for handler in (Proxy(App(), []), Proxy(lambda request: Response(""), [])):
        assert isinstance(handler, Lifespan)
        handler.startup()
        handler.shutdown()
    assert said == ["startup", "shutdown"]
