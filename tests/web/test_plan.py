"""How a view is called."""

import threading
from collections.abc import Callable
from typing import Any

from spruce.green import sleep
from spruce.web import App, Request, current_app, request
from spruce.web.plan import plan
from spruce.web.routing import Router


def text_of(view: Callable[..., Any]) -> str:
    return view()  # type: ignore[no-any-return] # a view of this test


def test_a_plan_passes_the_values_of_the_path_by_name() -> None:
    """The compiled call takes a request and the values of its path."""
    rule = Router().add("/<a>/<int:b>", "end", ["GET"])

    def view(b: int, a: str, request: Request) -> tuple[str, int, str]:
        return a, b, request.method

    call = plan(view, rule).compile()
    assert call(Request("GET", "/"), {"a": "x", "b": 2}) == ("x", 2, "GET")


def test_an_async_view_is_waited_for() -> None:
    """Beside plain ones, in the same app; it may use asyncio and the request."""
    import asyncio

    app = App(__name__)

    @app.get("/<name>")
    async def view(name: str) -> str:
        await asyncio.sleep(0)
        return f"{name} at {request.path}"

    assert app.test_client().get("/ann").text == "ann at /ann"


def test_a_plain_view_may_wait() -> None:
    """It blocks its own green thread only."""
    app = App(__name__)

    @app.get("/")
    def view() -> str:
        sleep(0)
        return "waited"

    assert app.test_client().get("/").text == "waited"


def test_a_view_that_blocks_runs_in_a_thread_of_its_own() -> None:
    """With the request and the app at hand."""
    app = App(__name__)

    @app.get("/<name>", thread=True)
    def view(name: str, size: int = 1) -> dict[str, Any]:
        own = threading.current_thread() is not threading.main_thread()
        return {"name": name, "size": size, "own": own, "path": request.path, "app": current_app.name}

    assert app.test_client().get("/a?size=2").json == {
        "name": "a",
        "size": 2,
        "own": True,
        "path": "/a",
        "app": app.name,
    }
