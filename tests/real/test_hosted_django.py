"""A Django project with its admin, unchanged, under `spruce run`, as WSGI and as ASGI."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.real.conftest import Served

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database with Django's tables and one user who may do all."""
    path = tmp_path_factory.mktemp("django") / "django.sqlite3"
    environment = {"DJANGO_DATABASE": str(path), "DJANGO_SUPERUSER_PASSWORD": "a long one"}
    for command in (["migrate"], ["createsuperuser", "--noinput", "--username", "ann", "--email", "ann@shop.example"]):
        subprocess.run(
            [sys.executable, "hosted_django.py", *command],
            cwd=FOLDER,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            timeout=100,
        )
    return environment


@pytest.fixture(params=["application", "application --patch", "asgi_application"])
def client(
    serve: Callable[..., Served], database: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[httpx.Client]:
    """A browser at the project."""
    application, *options = request.param.split()
    served = serve(f"hosted_django:{application}", *options, folder=FOLDER, **database)
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=60) as client:
        yield client


def submit(client: httpx.Client, path: str, fields: dict[str, str]) -> httpx.Response:
    """Open a page with a form, fill in the form and send it, with the token that was in it."""
    page = client.get(path)
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found is not None, page.text
    return client.post(
        str(page.url), data={"csrfmiddlewaretoken": found[1], **fields}, headers={"Referer": str(page.url)}
    )


def test_the_admin_works(client: httpx.Client) -> None:
    """Logging in, adding a group by its form, finding, changing and deleting it."""
    name = f"packers {client.base_url.port}"
    assert client.post("/admin/login/", data={"username": "ann", "password": "a long one"}).status_code == 403
    page = submit(client, "/admin/", {"username": "ann", "password": "wrong"})
    assert "Please enter the correct username" in page.text
    page = submit(client, "/admin/", {"username": "ann", "password": "a long one", "next": "/admin/"})
    assert "Site administration" in page.text
    page = submit(client, "/admin/auth/group/add/", {"name": name})
    assert "was added successfully" in page.text
    link = re.search(rf'href="(/admin/auth/group/\d+/change/)">{name}', client.get("/admin/auth/group/").text)
    assert link is not None
    page = submit(client, link[1], {"name": f"{name}!"})
    assert "was changed successfully" in page.text
    page = submit(client, link[1].replace("change", "delete"), {"post": "yes"})
    assert "was deleted successfully" in page.text


def test_static_files_paths_and_streams(client: httpx.Client) -> None:
    """Those of the admin are served, and what a view yields."""
    style = client.get("/static/admin/css/base.css")
    assert (style.status_code, style.headers["Content-Type"]) == (200, "text/css")
    assert "--primary" in style.text
    again = client.get("/static/admin/css/base.css", headers={"If-Modified-Since": style.headers["Last-Modified"]})
    assert again.status_code == 304
    assert client.get("/where/?a=b").json() == {
        "path": "/where/",
        "url": f"{client.base_url}/where/?a=b",
        "admin": "/admin/",
    }
    assert client.get("/stream/").text == "0\n1\n2\n"
    assert client.get("/nope/").status_code == 404


def test_green_threads_are_threads_to_it(serve: Callable[..., Served], database: dict[str, str]) -> None:
    """In a patched worker: ten transactions at once, each on its own connection; and asynchronous views."""
    served = serve("hosted_django:application", "--patch", folder=FOLDER, **database)
    with ThreadPoolExecutor(10) as pool:
        answers = [json.loads(text) for _, text in pool.map(served.ask, ["/together/"] * 10)]
    assert [answer["same"] for answer in answers] == [True] * 10
    assert len({answer["connection"] for answer in answers}) == len({answer["thread"] for answer in answers}) == 10
    assert served.ask("/later/") == (200, '{"users": 1}')
    assert "threads of the operating system" not in served.output
