"""An app under WSGI and ASGI servers."""

import inspect
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import Any
from wsgiref.validate import validator

import pytest

from spruce import green
from spruce.web import App, Response, request


@pytest.fixture
def app() -> App:
    """Return an app that tells what it got."""
    made = App(__name__)

    @made.route("/echo/<name>", methods=["GET", "POST"])
    def echo(name: str) -> dict[str, Any]:
        return {
            "name": name,
            "query": dict(request.args),
            "body": request.get_data(as_text=True),
            "url": request.url,
            "peer": request.remote_addr,
            "agent": request.user_agent,
            "type": request.content_type,
        }

    made.add_url_rule("/stream", "stream", lambda: (piece for piece in ["a", "b"]))
    made.add_url_rule("/empty", "empty", lambda: ("", 204))

    @made.get("/closing")
    def closing() -> Response:
        response = Response("closing")
        response.call_on_close(lambda: made.extensions.setdefault("closed", True))
        return response

    return made


def environ(method: str, path: str, query: str = "", body: bytes | None = None, **more: Any) -> dict[str, Any]:
    """Return the environ of a request."""
    made = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "10.0.0.1",
        "HTTP_HOST": "shop.example",
        "HTTP_USER_AGENT": "test",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(body or b""),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }
    if body is not None:
        made["CONTENT_LENGTH"] = str(len(body))
    return made


def call(app: Callable[..., Any], given: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    """Return status, headers and body that a WSGI app answers with."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda data: None

    body = app(given, start_response)
    try:
        whole = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    return started[0][0], dict(started[0][1]), whole


def test_a_wsgi_request_becomes_a_request(app: App) -> None:
    """Its path decoded once, its body no longer than it says, its mount point in the URL."""
    given = environ("POST", "/echo/熊 猫", "q=%26", b"body", CONTENT_TYPE="text/plain", SCRIPT_NAME="/app")
    given["wsgi.input"] = BytesIO(b"body and more")
    status, headers, body = call(app, given)
    assert (status, headers["Content-Type"]) == ("200 OK", "application/json")
    assert Response(body, content_type="application/json").json == {
        "name": "熊 猫",
        "query": {"q": "&"},
        "body": "body",
        "url": "https://shop.example/app/echo/%E7%86%8A%20%E7%8C%AB?q=%26",
        "peer": "10.0.0.1",
        "agent": "test",
        "type": "text/plain",
    }


def test_the_wsgi_side_keeps_the_interface(app: App) -> None:
    """As the standard library's validator sees it."""
    checked = validator(app)
    for method, path in (("GET", "/echo/x"), ("GET", "/stream"), ("HEAD", "/echo/x"), ("GET", "/no")):
        given = environ(method, path)
        given["wsgi.errors"] = _Errors()
        call(checked, given)


class _Errors:
    """A stream for errors, as the interface asks for."""

    def flush(self) -> None:
        """Do nothing."""

    def write(self, text: str) -> None:
        """Do nothing."""

    def writelines(self, texts: list[str]) -> None:
        """Do nothing."""


def test_wsgi_bodies_are_whole_streamed_or_none(app: App) -> None:
    """HEAD and 204 have none; what waits for the end is called at the end."""
    assert call(app, environ("GET", "/stream"))[2] == b"ab"
    status, headers, body = call(app, environ("HEAD", "/echo/x"))
    assert (status, body) == ("200 OK", b"")
    assert int(headers["Content-Length"]) > 0
    status, headers, body = call(app, environ("GET", "/empty"))
    assert (status, "Content-Length" in headers, body) == ("204 No Content", False, b"")
    assert call(app, environ("GET", "/closing"))[2] == b"closing"
    assert app.extensions["closed"]


def test_a_chunked_wsgi_body_is_read_where_the_server_ends_it(app: App) -> None:
    """Without a length nothing else is safe to read."""
    given = environ("POST", "/echo/x", **{"wsgi.input": BytesIO(b"body"), "wsgi.input_terminated": True})
    assert b'"body":"body"' in call(app, given)[2]
    given = environ("POST", "/echo/x", **{"wsgi.input": BytesIO(b"body")})
    assert b'"body":""' in call(app, given)[2]


def asgi(app: App, scope: dict[str, Any], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an ASGI app sends."""
    sent: list[dict[str, Any]] = []

    async def source() -> AsyncIterator[dict[str, Any]]:
        for message in messages:
            yield message

    received = source()

    async def receive() -> dict[str, Any]:
        return await anext(received)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    green.run(lambda: green.await_(app.asgi(scope, receive, send)))
    return sent


def scope(method: str, path: str, query: bytes = b"", **more: Any) -> dict[str, Any]:
    """Return the scope of a request."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "root_path": "",
        "query_string": query,
        "headers": [(b"host", b"shop.example"), (b"user-agent", b"test")],
        "client": ("10.0.0.1", 1234),
        "server": ("shop.example", 443),
        **more,
    }


def test_an_asgi_request_becomes_a_request(app: App) -> None:
    """Its body is waited for, piece by piece."""
    sent = asgi(
        app,
        scope("POST", "/app/echo/熊", b"q=1", root_path="/app"),
        {"type": "http.request", "body": b"bo", "more_body": True},
        {"type": "http.request", "body": b"dy"},
    )
    start, *bodies = sent
    assert (start["type"], start["status"]) == ("http.response.start", 200)
    assert (b"content-type", b"application/json") in start["headers"]
    assert [body.get("more_body") for body in bodies] == [False]
    assert Response(b"".join(body["body"] for body in bodies), content_type="application/json").json == {
        "name": "熊",
        "query": {"q": "1"},
        "body": "body",
        "url": "https://shop.example/app/echo/%E7%86%8A?q=1",
        "peer": "10.0.0.1",
        "agent": "test",
        "type": None,
    }


def test_asgi_bodies_are_streamed_or_none(app: App) -> None:
    """A message for each piece, and one that ends it."""
    assert [message["body"] for message in asgi(app, scope("GET", "/stream"))[1:]] == [b"a", b"b", b""]
    assert [message["body"] for message in asgi(app, scope("HEAD", "/stream"))[1:]] == [b""]
    assert [message["body"] for message in asgi(app, scope("GET", "/empty"))[1:]] == [b""]


def test_a_client_that_goes_away_ends_the_reading(app: App) -> None:
    """With an error that the view sees."""
    app.testing = True
    with pytest.raises(ConnectionResetError, match=r"^the client went away before it had sent the whole body$"):
        asgi(app, scope("POST", "/echo/x"), {"type": "http.disconnect"})


def test_an_asgi_server_sees_what_it_is(app: App) -> None:
    """Servers look whether `__call__` is a coroutine function."""
    assert inspect.iscoroutinefunction(app.asgi.__call__)


def test_the_asgi_server_starts_and_stops_the_app(app: App) -> None:
    """It tells when each is done."""
    sent = asgi(app, {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
