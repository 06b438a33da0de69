"""The live server, asked by the standard library's client from the test's own thread."""

import socket
from urllib.request import urlopen

import pytest

from spruce import green
from spruce.errors import PortInUse
from spruce.http import Request, Response
from spruce.testing import LiveServer
from spruce.web import App


def test_an_app_is_served_beside_the_test() -> None:
    """On a port of its own, one after the other; views may wait."""
    app = App(__name__)

    @app.get("/<name>")
    def view(name: str) -> str:
        return green.spawn(lambda: f"Hello, {name}").wait()  # type: ignore[no-any-return] # a text

    for _ in range(2):
        with LiveServer(app) as server:
            assert server.url == f"http://127.0.0.1:{server.port}"
            with urlopen(f"{server.url}/ann") as answer:
                assert (answer.status, answer.read()) == (200, b"Hello, ann")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((server.host, server.port))


def test_any_handler_can_be_served() -> None:
    """Stopping it twice is fine."""
    server = LiveServer(lambda request: Response(request.path)).start()
    with urlopen(f"{server.url}/a/b") as answer:
        assert answer.read() == b"/a/b"
    server.stop()
    server.stop()


def test_a_port_that_is_taken_is_told() -> None:
    """By `start`, not by silence."""
    handle = lambda request: Response()  # noqa: E731 - as short as it gets
    with LiveServer(handle) as server, pytest.raises(PortInUse, match="is in use"):
        LiveServer(handle, port=server.port).start()


def test_a_request_is_told_where_it_came_in() -> None:
    """As by any server."""
    seen: list[Request] = []
    with LiveServer(lambda request: seen.append(request) or Response()) as server:
        urlopen(server.url).close()
    assert (seen[0].remote_addr, seen[0].host) == ("127.0.0.1", f"127.0.0.1:{server.port}")
