"""`--proxy`: an app and the development server behind it as one address."""

import json
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

BACK = """
    from spruce import App

    app = App(__name__)

    @app.get("/api/hello")
    def hello():
        return "from the app"

    @app.websocket("/api/ws")
    def echo(ws):
        ws.send("from the app")
"""
FRONT = """
    import os
    from spruce import App, green, request, Response

    app = App(__name__)

    @app.route("/<path:path>", methods=["GET", "POST"])
    def anything(path):
        body = request.get_data(as_text=True)
        told = {"path": path, "query": request.query_string.decode(), "method": request.method, "body": body,
                "host": request.host, "for": request.headers.get("X-Forwarded-For"),
                "encoding": request.headers.get("Transfer-Encoding"), "cookie": request.headers.get("Cookie")}
        return told, 201, {"X-Front": "yes", "Connection": "x-front2", "X-Front2": "no", "Set-Cookie": "a=b"}

    @app.get("/stream")
    def stream():
        def pieces():
            yield "first"
            while not os.path.exists("go"):
                green.sleep(0.01)
            yield "second"
        return Response(pieces(), content_type="text/plain")

    @app.websocket("/hmr", subprotocols=["vite-hmr"])
    def hmr(ws):
        ws.send(f"connected with {ws.subprotocol} for {request.host} and {request.headers.get('Cookie')}")
        for message in ws:
            if message == "bye":
                ws.close(4000, "so long")
            ws.send(message)
"""


@pytest.fixture
def served(serve: Callable[..., Any], tmp_path: Path) -> Any:
    for name, source in (("back", BACK), ("front", FRONT)):
        (tmp_path / f"{name}.py").write_text(dedent(source))
    front = serve("front.py")
    return serve("back.py", "--proxy", f"/={front.url}")


def test_what_the_app_routes_is_its_own_and_the_rest_goes_on(served: Any) -> None:
    assert served.ask("/api/hello") == (200, "from the app")
    status, text = served.ask("/src/main.ts?t=1", Cookie="c=d")
    assert (status, json.loads(text)) == (
        201,
        {
            "path": "src/main.ts",
            "query": "t=1",
            "method": "GET",
            "body": "",
            "host": f"127.0.0.1:{served.port}",
            "for": "127.0.0.1",
            "encoding": None,
            "cookie": "c=d",
        },
    )


def test_bodies_and_header_fields_go_through(served: Any) -> None:
    connection = HTTPConnection(served.host, served.port, timeout=30)
    for body, encoding in ((b"x" * 200_000, None), (iter([b"x" * 100_000] * 2), "chunked")):
        connection.request("POST", "/upload", body, {"Origin": served.url})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        assert (answer.status, told["body"], told["encoding"]) == (201, "x" * 200_000, encoding)
        assert (answer.getheader("X-Front"), answer.getheader("Set-Cookie")) == ("yes", "a=b")
    connection.close()


def test_an_answer_is_streamed(served: Any, tmp_path: Path) -> None:
    connection = HTTPConnection(served.host, served.port, timeout=30)
    connection.request("GET", "/stream")
    answer = connection.getresponse()
    assert answer.read1() == b"first"
    (tmp_path / "go").touch()
    assert answer.read() == b"second"
    connection.close()


def test_websockets_go_through(served: Any) -> None:
    """With their subprotocol, both ways, and with the reason for which the other side closes."""
    address = f"ws://{served.host}:{served.port}"
    with connect(f"{address}/api/ws") as websocket:
        assert websocket.recv(timeout=30) == "from the app"
    with connect(
        f"{address}/hmr?token=1", subprotocols=["vite-hmr"], additional_headers={"Cookie": "c=d"}
    ) as websocket:
        assert websocket.recv(timeout=30) == f"connected with vite-hmr for 127.0.0.1:{served.port} and c=d"
        for message in ("text", b"bytes", "x" * 100_000):
            websocket.send(message)
            assert websocket.recv(timeout=30) == message
        websocket.send("bye")
        with pytest.raises(ConnectionClosed):
            websocket.recv(timeout=30)
        assert (websocket.close_code, websocket.close_reason) == (4000, "so long")


def test_a_websocket_that_the_other_side_refuses_is_refused(served: Any) -> None:
    handshake = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    status, text = served.ask("/nothing", Sec_WebSocket_Key="x3JJHMbDL1EzLkh9GBhXDw==", **handshake)
    assert status == 502
    assert text.endswith(
        " has no answer that can be passed on: "
        "it refused the WebSocket (server rejected WebSocket connection: HTTP 201).\n"
    )
