"""The viewer before apps of other frameworks: what is in flight in them, with its stack, and how one is ended."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.real.conftest import Served

FLASK = """
import time
from flask import Flask

app = Flask(__name__)


@app.route("/books/<int:number>")
def books(number):
    return f"book {number}"


@app.route("/slow")
def slow():
    time.sleep(100)
    return "never"


@app.route("/fails")
def fails():
    raise KeyError("flask")
"""

DJANGO = """
import time

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(SECRET_KEY="k" * 50, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], DEBUG=False)


def books(request, number):
    return HttpResponse(f"book {number}")


def slow(request):
    time.sleep(100)
    return HttpResponse("never")


def fails(request):
    raise KeyError("django")


urlpatterns = [path("books/<int:number>", books), path("slow", slow), path("fails", fails)]
app = get_wsgi_application()
"""

STARLETTE = """
import asyncio

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def books(request):
    return PlainTextResponse(f"book {request.path_params['number']}")


async def slow(request):
    await asyncio.sleep(100)
    return PlainTextResponse("never")


async def fails(request):
    raise KeyError("starlette")


app = Starlette(routes=[Route("/books/{number:int}", books), Route("/slow", slow), Route("/fails", fails)])
"""

APPS = {
    "flask": (FLASK, ["--patch"], "/books/<int:number>"),
    "django": (DJANGO, ["--patch"], "/books/<int:number>"),
    "starlette": (STARLETTE, [], "/books/{number:int}"),
}


def until(client: httpx.Client, path: str, text: str) -> str:
    """A page of the viewer that has a text, as soon as it does."""
    deadline = time.monotonic() + 60
    while text not in (page := client.get(path).text):
        assert time.monotonic() < deadline, page
        time.sleep(0.1)
    return page


@pytest.mark.parametrize("name", APPS)
def test_requests_of_other_frameworks_are_seen_and_cancelled(
    name: str, tmp_path: Path, serve: Callable[..., Served]
) -> None:
    """By their routes, with their errors and stacks; the door is opened by the token that was printed."""
    source, options, route = APPS[name]
    (tmp_path / "app.py").write_text(source)
    served = serve("app.py", "--debug", "--no-reload", *options)
    door = next(line for line in served.output.splitlines() if line.startswith("Requests and errors")).rpartition(" ")[
        2
    ]
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=60) as client:
        assert client.get("/_spruce/").status_code == 404
        assert client.get(door).status_code == 200
        assert client.get("/books/7").text == "book 7"
        assert client.get("/fails").status_code == 500
        until(client, "/_spruce/requests", route.replace("<", "&lt;").replace(">", "&gt;"))
        until(client, "/_spruce/errors", f"&#39;{name}&#39;")
        answers: list[int] = []
        slow = threading.Thread(target=lambda: answers.append(httpx.get(f"{served.url}/slow", timeout=90).status_code))
        slow.start()
        client.get("/_spruce/")
        page = until(client, "/_spruce/flights", "sleep(100)")
        assert "GET /slow" in page
        uid = re.search(r'name="id" value="(\w+)"', page)
        assert uid is not None
        assert client.post("/_spruce/cancel", data={"id": uid[1]}).status_code == 200
        slow.join(60)
        assert answers == [503]
