"""Flask, Django, FastAPI and Starlette side by side, under paths of one Spruce app."""

import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import httpx
import pytest
from tests.real.conftest import Served
from websockets.sync.client import connect

FOLDER = Path(__file__).parent
PROGRAM = """
    import hosted_asgi
    import hosted_django
    import hosted_flask

    from spruce import App
    from spruce.server import asgi, wsgi

    app = App(__name__)
    inner = App("inner")


    @app.get("/")
    def home():
        return "Spruce"


    @inner.get("/")
    def inside():
        return "inside"


    inner.mount("/starlette", asgi(hosted_asgi.starlette))
    app.mount("/flask", wsgi(hosted_flask.app))
    app.mount("/django", wsgi(hosted_django.application))
    app.mount("/fastapi", asgi(hosted_asgi.fastapi))
    app.mount("/inner", inner)
"""


@pytest.fixture
def served(serve: Callable[..., Served], tmp_path: Path) -> Served:
    """The app."""
    for name in ("hosted_flask", "hosted_django", "hosted_asgi"):
        shutil.copy(FOLDER / f"{name}.py", tmp_path)
    (tmp_path / "together.py").write_text(dedent(PROGRAM))
    return serve("together.py", DJANGO_DATABASE=str(tmp_path / "django.sqlite3"))


def test_each_answers_below_its_path(served: Served, tmp_path: Path) -> None:
    """It knows where it is, makes links that lead there, and lives as long as the server."""
    assert (tmp_path / "started-FastAPI").exists()
    assert (tmp_path / "started-Starlette").exists()
    with httpx.Client(base_url=served.url, timeout=60, follow_redirects=True) as client:
        assert client.get("/").text == "Spruce"
        assert client.get("/inner/").text == "inside"
        assert client.get("/flask/user?a=b").json() == {
            "user": None,
            "script": "/flask",
            "path": "/user",
            "url": f"{served.url}/flask/user?a=b",
        }
        page = client.post("/flask/login", data={"user": "ann"})
        assert (page.url.path, page.text) == ("/flask/", "<h1>/flask/</h1><p>Welcome, ann</p>")
        assert client.get("/flask/user").json()["user"] == "ann"
        where = client.get("/django/where/").json()
        assert (where["path"], where["admin"]) == ("/django/where/", "/django/admin/")
        where = client.get("/fastapi/where").json()
        assert where == {
            "root": "/fastapi",
            "url": f"{served.url}/fastapi/where",
            "for": f"{served.url}/fastapi/events",
        }
        assert client.get("/fastapi/greeting").json() == "hello"
        assert client.get("/inner/starlette/").json() == {
            "root": "/inner/starlette",
            "url": f"{served.url}/inner/starlette/",
            "path": "/inner/starlette/",
        }
        assert client.get("/flask/nope").status_code == client.get("/nope").status_code == 404
    url = f"ws://{served.host}:{served.port}"
    with connect(f"{url}/fastapi/ws/panda", proxy=None) as websocket:
        websocket.send("hello")
        assert websocket.recv() == "panda: hello"
    with connect(f"{url}/inner/starlette/ws", proxy=None) as websocket:
        websocket.send(b"abc")
        assert websocket.recv() == b"cba"
    assert served.stop() == 0
    assert (tmp_path / "stopped-FastAPI").exists()
    assert (tmp_path / "stopped-Starlette").exists()
