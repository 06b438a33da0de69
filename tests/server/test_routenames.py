"""Names of routes, by what Starlette and FastAPI leave in their scopes, and Flask in its environ."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from flask import Flask
from flask import request as flask_request
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route
from starlette.staticfiles import StaticFiles
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import EnvironBuilder

from spruce.server.routenames import route_of_environ, route_of_scope


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def other(request: Request) -> PlainTextResponse:
    return PlainTextResponse("other")


def fast() -> FastAPI:
    inner = APIRouter(prefix="/v2")
    inner.add_api_route("/thing/{number}", lambda number: number)
    outer = APIRouter(prefix="/api/{tenant}")
    outer.include_router(inner, prefix="/in")
    outer.add_api_route("/items/{number}", lambda tenant, number: number)
    below = FastAPI()
    below.add_api_route("/deep/{number}", lambda number: number)
    app = FastAPI()
    app.include_router(outer)
    app.mount("/below/{who}", below)
    app.add_api_route("/plain", lambda: 1)
    app.mount("/assets", StaticFiles(directory="."))
    return app


def starlette() -> Starlette:
    return Starlette(
        routes=[
            Route("/", hello),
            Route("/users/{number:int}", hello),
            Mount("/other", routes=[Route("/x", other)]),
            Mount("/tenants/{name}", routes=[Route("/orders/{number}", hello), Mount("/fast", app=fast())]),
            Host("admin.example", app=Starlette(routes=[Mount("/pages", routes=[Route("/{page}", hello)])])),
            Mount("/files", StaticFiles(directory=".")),
        ]
    )


def scope_after(app: Any, path: str, root: str = "", host: str = "shop.example") -> dict[str, Any]:
    """What an app has made of the scope of a request."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": root + path,
        "raw_path": (root + path).encode(),
        "query_string": b"",
        "root_path": root,
        "headers": [(b"host", host.encode())],
        "client": None,
        "server": None,
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        """Take it."""

    asyncio.run(app(scope, receive, send))
    return scope


@pytest.mark.parametrize("root", ["", "/shop"])
@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/plain", "/plain"),
        ("/api/acme/items/3", "/api/{tenant}/items/{number}"),
        ("/api/acme/in/v2/thing/3", "/api/{tenant}/in/v2/thing/{number}"),
        ("/below/bob/deep/4", "/below/{who}/deep/{number}"),
        ("/nothing", None),
    ],
)
def test_fastapi(path: str, route: str | None, root: str) -> None:
    """Routers that are included, apps that are mounted; what no route answers has none."""
    assert route_of_scope(scope_after(fast(), path, root), root) == route


@pytest.mark.parametrize("root", ["", "/shop"])
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/users/7", "/users/{number:int}"),
        ("/tenants/acme/orders/3", "/tenants/{name}/orders/{number}"),
        ("/nothing", None),
    ],
)
def test_starlette(path: str, route: str | None, root: str, kept: bool) -> None:
    """With its mounts; releases that don't keep the route in the scope, too."""
    scope = scope_after(starlette(), path, root)
    if not kept:
        scope.pop("route", None)
    assert route_of_scope(scope, root) == route


def test_what_is_mounted_in_what_is_mounted() -> None:
    """FastAPI in Starlette, an app of its own in that, and one by the name of its host."""
    app = starlette()
    assert route_of_scope(scope_after(app, "/tenants/a/fast/plain")) == "/tenants/{name}/fast/plain"
    deepest = route_of_scope(scope_after(app, "/tenants/a/fast/below/b/deep/1"))
    assert deepest == "/tenants/{name}/fast/below/{who}/deep/{number}"
    assert route_of_scope(scope_after(app, "/pages/1", host="admin.example")) == "/pages/{page}"


def test_an_app_without_routes() -> None:
    """A scope in which nothing is."""
    assert route_of_scope({"type": "http", "path": "/x", "root_path": ""}) is None
    assert route_of_scope({"path": "/x", "endpoint": hello, "router": SimpleNamespace(routes=[object()])}) is None


def test_flask() -> None:
    """By its rule while it answers, with what a dispatcher has mounted it below."""
    app = Flask("shop")
    seen: list[str | None] = []

    @app.get("/users/<int:number>")
    def user(number: int) -> str:
        seen.append(route_of_environ(flask_request.environ, root))
        return ""

    both = DispatcherMiddleware(Flask("other"), {"/api": app})
    for called, path, root in ((app, "/users/7", ""), (app, "/users/7", "/shop"), (both, "/api/users/7", "")):
        environ = EnvironBuilder(path, f"http://shop.example{root}/").get_environ()
        called(environ, lambda *_: None).close()
    assert seen == ["/users/<int:number>", "/users/<int:number>", "/api/users/<int:number>"]
    assert route_of_environ({}) is None
