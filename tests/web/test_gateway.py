"""An app under WSGI servers."""

import threading
from wsgiref.validate import validator

import pytest
from tests.web.guest import call, environ, guest

from spruce import green
from spruce.web import App


@pytest.fixture
def app() -> App:
    return guest()


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


def test_wsgi_requests_of_several_threads_share_one_hub(app: App) -> None:
    """And in a green thread the app is just called, in that one."""
    hubs = []

    @app.get("/hub")
    def hub() -> str:
        hubs.append(green.get_hub())
        return ""

    threads = [threading.Thread(target=call, args=(app, environ("GET", "/hub"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(hubs)) == 1

    def inside() -> None:
        call(app, environ("GET", "/hub"))
        assert hubs[-1] is green.get_hub() is not hubs[0]

    green.run(inside)
