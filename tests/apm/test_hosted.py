"""Hosted apps: their routes are names of transactions, and what they catch themselves is recorded."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path, re_path
from fastapi import FastAPI
from flask import Flask
from tests.apm.conftest import Records

from spruce import apm, green
from spruce.apm import Client
from spruce.http import Handler, Request
from spruce.server import asgi, wsgi

_WSGI = "django.core.handlers.wsgi"
sys.modules.pop(_WSGI, None)  # by which a server sees that it hosts Django, as it doesn't in other tests

if not django_settings.configured:
    django_settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="k" * 50, LOGGING_CONFIG=None)
    django.setup()


@pytest.fixture(autouse=True)
def _urls_of_this_file() -> Iterator[None]:
    """Django answers by these, whatever its settings are in this process."""
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["*"], DEBUG=False):
        yield
    sys.modules.pop(_WSGI, None)


def shown(request: HttpRequest, **values: Any) -> HttpResponse:
    return HttpResponse(str(sorted(values)))


def broken(request: HttpRequest, **values: Any) -> HttpResponse:
    raise LookupError("broken")


urlpatterns = [
    path("users/<int:number>/", shown),
    re_path(r"^years/(?P<year>[0-9]{4})/$", shown),
    path("deep/<slug:shop>/", include([path("broken/<int:number>/", broken)])),
]


def flask_app() -> Flask:
    app = Flask("shop")
    app.add_url_rule("/users/<int:number>", view_func=lambda number: str(number), endpoint="user")

    @app.get("/deep/<shop>/broken/<int:number>")
    def broken_too(shop: str, number: int) -> str:
        raise LookupError("broken")

    return app


def fastapi_app() -> FastAPI:
    app = FastAPI()
    app.add_api_route("/users/{number}", lambda number: number)

    @app.get("/deep/{shop}/broken/{number}")
    def broken_too(shop: str, number: int) -> str:
        raise LookupError("broken")

    return app


def answered(handler: Handler, target: str) -> int:
    """The status of an answer, asked for as a server asks."""

    def main() -> int:
        response = handler(Request("GET", target, [(b"host", b"shop.example")]).under(""))
        list(response.iter_encoded())
        response.close()
        shutdown = getattr(handler, "shutdown", None)
        if shutdown is not None:
            shutdown()
        return response.status_code

    return green.run(main)  # type: ignore[no-any-return] # what main returns


HANDLERS: dict[str, Callable[[], Handler]] = {
    "flask": lambda: wsgi(flask_app(), threads=0),
    "flask in threads": lambda: wsgi(flask_app(), threads=1),
    "django": lambda: wsgi(get_wsgi_application(), threads=1),
    "django by asgi": lambda: asgi(get_asgi_application()),
    "fastapi": lambda: asgi(fastapi_app()),
}
USERS = {"flask": "/users/<int:number>", "django": "/users/<int:number>/", "fastapi": "/users/{number}"}
BROKEN = {
    "flask": "/deep/<shop>/broken/<int:number>",
    "django": "/deep/<slug:shop>/broken/<int:number>/",
    "fastapi": "/deep/{shop}/broken/{number}",
}


@pytest.mark.parametrize("kind", HANDLERS)
def test_names_are_routes(records: Records, client: Client, kind: str) -> None:
    """What no route answers has no name of its own."""
    apm.instrument()
    family = kind.split()[0]
    handler = HANDLERS[kind]()
    slash = "/" if family == "django" else ""
    assert answered(handler, f"/users/7{slash}") == 200
    assert records.last.name == f"GET {USERS[family]}"
    assert answered(HANDLERS[kind](), f"/none/7{slash}") == 404
    assert records.last.name == "GET unknown route"


@pytest.mark.parametrize("kind", HANDLERS)
def test_what_they_catch_is_recorded(records: Records, client: Client, kind: str) -> None:
    """With the name of the transaction, and the request that it was."""
    apm.instrument()
    family = kind.split()[0]
    slash = "/" if family == "django" else ""
    assert answered(HANDLERS[kind](), f"/deep/north/broken/3{slash}") == 500
    (failure,) = records.failures
    assert failure.raised is not None
    assert (failure.raised.type, failure.raised.handled) == ("LookupError", False)
    assert failure.culprit.endswith(".broken_too" if family != "django" else ".broken")
    transaction = records.last
    assert failure.transaction is transaction
    assert (transaction.name, transaction.outcome) == (f"GET {BROKEN[family]}", "failure")
    assert transaction.request.target == f"/deep/north/broken/3{slash}"


def test_routes_of_django_that_are_expressions(records: Records, client: Client) -> None:
    """Without what marks their begin and end."""
    apm.instrument()
    answered(HANDLERS["django"](), "/years/2026/")
    assert records.last.name == "GET /years/(?P<year>[0-9]{4})/"


def test_a_name_of_the_programs_own_stays(records: Records, client: Client) -> None:
    """As everywhere."""
    apm.instrument()
    app = flask_app()
    app.before_request(lambda: apm.set_transaction_name("mine"))
    answered(wsgi(app, threads=0), "/deep/north/broken/3")
    assert records.last.name == "mine"


def test_it_ends_with_the_client(records: Records, client: Client) -> None:
    """Then the frameworks' functions are their own again."""
    before = Flask.handle_exception
    apm.instrument()
    assert Flask.handle_exception is not before
    client.close()
    assert Flask.handle_exception is before
    assert "flask" in sys.modules
