"""FastAPI and Starlette applications, unchanged, under `spruce run`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.real.conftest import Served
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

SOURCE = Path(__file__).with_name("hosted_asgi.py")


@pytest.fixture
def hosted(serve: Callable[..., Served], tmp_path: Path) -> Callable[[str], Served]:
    """Serve one of the applications in a folder of its own, where it leaves traces."""
    shutil.copy(SOURCE, tmp_path)
    return lambda name: serve(f"hosted_asgi:{name}")


def test_fastapi_answers(hosted: Callable[[str], Served], tmp_path: Path) -> None:
    """Parameters, dependencies with clean-up, files, background tasks, its own documentation, state of its lifespan."""
    served = hosted("fastapi")
    assert (tmp_path / "started-FastAPI").exists()
    with httpx.Client(base_url=served.url, timeout=60) as client:
        order = {"product": "panda", "count": 2}
        answer = client.post("/orders/3", json=order, headers={"Authorization": "ann"})
        assert (answer.status_code, answer.json()) == (
            201,
            {"shop": 3, "order": order, "who": "ann", "db": "connection"},
        )
        assert client.post("/orders/3", json=order).json() == {"detail": "Who are you?"}
        assert client.post("/orders/x", json={}, headers={"Authorization": "ann"}).status_code == 422
        assert client.get("/events").json()[:2] == ["opened", "closed"]
        assert client.get("/later").json() == "soon"
        while "worked" not in client.get("/events").json():
            pass
        answer = client.post("/upload", data={"note": "hi"}, files={"file": ("a.bin", b"x" * 200_000)})
        assert answer.json() == {"name": "a.bin", "size": 200_000, "note": "hi"}
        assert client.get("/greeting").json() == "hello"
        assert client.get("/where").json() == {"root": "", "url": f"{served.url}/where", "for": f"{served.url}/events"}
        assert "/orders/{shop}" in client.get("/openapi.json").json()["paths"]
        assert client.get("/docs").status_code == 200
    assert served.stop() == 0
    assert (tmp_path / "stopped-FastAPI").exists()


def test_fastapi_talks(hosted: Callable[[str], Served]) -> None:
    """WebSockets with header fields of their own, closed by either side, and refused."""
    served = hosted("fastapi")
    url = f"ws://{served.host}:{served.port}/ws"
    with connect(f"{url}/panda", proxy=None) as websocket:
        assert websocket.response is not None
        assert websocket.response.headers["X-Room"] == "panda"
        websocket.send("hello")
        assert websocket.recv() == "panda: hello"
        websocket.send("leave")
        with pytest.raises(ConnectionClosed):
            websocket.recv()
        assert (websocket.close_code, websocket.close_reason) == (4001, "bye")
    with connect(f"{url}/panda", proxy=None) as websocket:
        websocket.close(4002)
    while "left 4002" not in httpx.get(f"{served.url}/events").json():
        pass
    with pytest.raises(InvalidStatus) as refused, connect(f"{url}/closed", proxy=None):
        pass
    assert refused.value.response.status_code == 403


def test_starlette_answers_and_talks(hosted: Callable[[str], Served], tmp_path: Path) -> None:
    """Streams both ways, files, middleware, WebSockets with a subprotocol."""
    served = hosted("starlette")
    with httpx.Client(base_url=served.url, timeout=60) as client:
        assert client.get("/?a=b").json() == {"root": "", "url": f"{served.url}/?a=b", "path": "/"}
        assert client.get("/stream").text == "0\n1\n2\n"
        assert client.put("/size", content=b"x" * 300_000).text == "300000"
        assert client.put("/size", content=iter([b"x" * 1000] * 50)).text == "50000"
        source = client.get("/files/hosted_asgi.py")
        assert source.text == SOURCE.read_text()
        assert client.get("/files/nope").status_code == 404
    with connect(f"ws://{served.host}:{served.port}/ws", proxy=None, subprotocols=["v1"]) as websocket:
        assert websocket.subprotocol == "v1"
        websocket.send(b"abc")
        assert websocket.recv() == b"cba"
    assert served.stop() == 0
    assert (tmp_path / "stopped-Starlette").exists()
