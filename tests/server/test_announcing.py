"""Requests of hosted applications are told of as those of an app."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spruce import green
from spruce.events import Event, request_aborted, request_finished, request_started
from spruce.http import Handler, Request
from spruce.server import asgi, wsgi
from spruce.server.announcing import is_heard

Told = list[tuple[str, Any]]


@pytest.fixture
def told() -> Iterator[Told]:
    """Return what is told: names, and statuses with routes."""
    found: Told = []

    def note(event: Event) -> None:
        response: Any = event.attributes.get("response")
        found.append((event.name, response and (response.status_code, event.attributes.get("route"))))

    leaving = [hook.subscribe(note) for hook in (request_started, request_finished, request_aborted)]
    yield found
    for leave in leaving:
        leave()


def answer(handler: Handler, path: str = "/users/7") -> int:
    """The status of the answer to a request that runs in a green thread."""
    return int(green.spawn(lambda: handler(Request("GET", path)).status_code).wait())


class Route:
    """As routers of other frameworks have."""

    rule = path = "/users/<id>"


class Found:
    """As Werkzeug puts into the environ."""

    url_rule = Route


def plain(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    if environ["PATH_INFO"] == "/broken":
        raise ValueError("broken")
    if environ["PATH_INFO"] == "/users/7":
        environ["werkzeug.request"] = Found
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


async def coroutine(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    if scope["type"] == "http":
        scope["route"] = Route
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def test_wsgi(told: Told) -> None:
    """With the route, where the framework leaves it in the environ."""
    assert answer(wsgi(plain)) == 200
    assert answer(wsgi(plain), "/other") == 200
    assert told == [
        ("request.started", None),
        ("request.finished", (200, "/users/<id>")),
        ("request.started", None),
        ("request.finished", (200, None)),
    ]


def test_wsgi_in_os_threads(told: Told) -> None:
    """The same."""
    handler: Any = wsgi(plain, threads=1)
    assert answer(handler) == 200
    handler.shutdown()
    assert told == [("request.started", None), ("request.finished", (200, "/users/<id>"))]


def test_asgi(told: Told) -> None:
    """With the route, where the framework leaves it in the scope."""
    handler: Any = asgi(coroutine)
    assert answer(handler) == 204
    green.spawn(handler.shutdown).wait()
    assert told == [("request.started", None), ("request.finished", (204, "/users/<id>"))]


def test_what_an_application_raises(told: Told) -> None:
    """Has no response."""
    with pytest.raises(ValueError, match="broken"):
        answer(wsgi(plain), "/broken")
    assert told == [("request.started", None), ("request.aborted", None)]


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing is told."""
    for hook in (request_started, request_finished):
        monkeypatch.setattr(hook, "subscribers", ())
    assert not is_heard()
    assert answer(wsgi(plain)) == 200
    monkeypatch.setattr(request_finished, "subscribers", (lambda event: None,))
    assert is_heard()
