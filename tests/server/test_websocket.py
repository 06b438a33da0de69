"""Which requests can become WebSockets. What follows is tested on the wire."""

from collections.abc import Callable

from spruce.http import EMPTY_STREAM, Request, Response
from spruce.server.websocket import Upgradable


def test_only_a_get_that_asks_for_a_websocket_and_goes_on_can_become_one(talk: Callable[..., bytes]) -> None:
    seen: list[bool] = []

    def handler(request: Request) -> Response:
        seen.append(isinstance(request.stream, Upgradable))
        assert seen[-1] or request.stream is EMPTY_STREAM
        assert request.data == b""
        return Response("plain")

    get = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
    for head in (
        get,
        get.replace(b"GET", b"POST"),
        get.replace(b"WebSocket", b"h2c"),
        get.replace(b"Connection: Upgrade", b"Connection: Upgrade, close"),
        get.replace(b"1.1", b"1.0"),
    ):
        assert talk(handler, head).endswith(b"\r\n\r\nplain")
    assert seen == [True, False, False, False, False]
