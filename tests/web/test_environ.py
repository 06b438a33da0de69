"""Environs of WSGI as requests."""

from io import BytesIO

import pytest
from tests.web.guest import call, environ, guest

from spruce.web import App, Response


@pytest.fixture
def app() -> App:
    return guest()


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


def test_a_chunked_wsgi_body_is_read_where_the_server_ends_it(app: App) -> None:
    """Without a length nothing else is safe to read."""
    given = environ("POST", "/echo/x", **{"wsgi.input": BytesIO(b"body"), "wsgi.input_terminated": True})
    assert b'"body":"body"' in call(app, given)[2]
    given = environ("POST", "/echo/x", **{"wsgi.input": BytesIO(b"body")})
    assert b'"body":""' in call(app, given)[2]
