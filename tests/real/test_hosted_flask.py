"""A Flask application, unchanged, under `spruce run`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.real.conftest import Served

FOLDER = Path(__file__).parent


@pytest.fixture
def client(serve: Callable[..., Served]) -> Iterator[httpx.Client]:
    """A browser at the application."""
    served = serve("hosted_flask.py", folder=FOLDER)
    assert "a WSGI app" in served.output
    with httpx.Client(base_url=served.url, follow_redirects=True) as client:
        yield client


def test_sessions_forms_and_flashes(client: httpx.Client) -> None:
    """A login is remembered in a signed cookie, and told of once."""
    assert client.get("/user").json()["user"] is None
    page = client.post("/login", data={"user": "熊猫"})
    assert [answer.status_code for answer in page.history] == [302]
    assert page.text == "<h1>/</h1><p>Welcome, 熊猫</p>"
    assert client.get("/").text == "<h1>/</h1>"
    told = client.get("/user?a=b").json()
    assert told == {"user": "熊猫", "script": "", "path": "/user", "url": f"{client.base_url}/user?a=b"}


def test_files_and_bodies_go_up(client: httpx.Client) -> None:
    """A form with a file, a body with a length, and one without."""
    answer = client.post("/upload", data={"note": "hi"}, files={"file": ("a.txt", b"x" * 200_000)})
    assert answer.json() == {"name": "a.txt", "size": 200_000, "note": "hi"}
    assert client.put("/raw", content=b"x" * 300_000).text == "300000"
    assert client.put("/raw", content=iter([b"x" * 1000] * 50)).text == "50000"


def test_streams_and_files_come_down(client: httpx.Client) -> None:
    """The generator sees its request, and is closed; a part of a file can be asked for."""
    assert client.get("/stream").text == "/stream 0\n/stream 1\n/stream 2\n"
    assert client.get("/closed").json() == ["/stream"]
    assert client.get("/file").content == b"0123456789"
    part = client.get("/file", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert client.head("/file").headers["Content-Length"] == "10"


def test_errors_are_the_applications_own(client: httpx.Client) -> None:
    """Its handlers answer them, and what it doesn't know."""
    assert (client.get("/gone").status_code, client.get("/gone").text) == (410, "It has gone for good.")
    assert client.get("/nope").status_code == 404
    assert client.put("/").status_code == 405
    assert client.get("/broken").status_code == 500
