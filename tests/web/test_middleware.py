"""Middleware: Django's hooks in Django's order, functions, and names."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest

from spruce.errors import ConfigError, Forbidden, MiddlewareNotUsed, ViewError
from spruce.http import Handler
from spruce.web import App, Blueprint, Depends, MiddlewareMixin, Request, Response, TemplateResponse
from spruce.web.middleware import load

CALLS: list[str] = []


@pytest.fixture(autouse=True)
def _no_calls_yet() -> None:
    CALLS.clear()


def recording(name: str, **answers: Any) -> type[MiddlewareMixin]:
    """Return a middleware that records its calls, and answers from the hooks that are named."""

    class Recording(MiddlewareMixin):
        def process_request(self, request: Request) -> Response | None:
            CALLS.append(f"{name} request")
            return answers.get("request")

        def process_view(self, request: Request, view: Any, args: Any, kwargs: dict[str, Any]) -> Response | None:
            CALLS.append(f"{name} view {view.__name__} {args} {kwargs}")
            return answers.get("view")

        def process_exception(self, request: Request, exception: Exception) -> Response | None:
            CALLS.append(f"{name} exception {exception!r}")
            return answers.get("exception")

        def process_response(self, request: Request, response: Response) -> Response:
            CALLS.append(f"{name} response {response.status_code}")
            return response

    return Recording


def app_with(*middleware: Any) -> App:
    """Return an app with a view that works and one that doesn't."""
    app = App(__name__, MIDDLEWARE=list(middleware))

    @app.get("/<name>")
    def hello(name: str) -> str:
        CALLS.append("hello")
        return name

    @app.get("/boom")
    def boom() -> str:
        raise ValueError("boom")

    return app


def test_hooks_run_in_djangos_order() -> None:
    """Requests and views from the outermost in, responses from the innermost out."""
    app = app_with(recording("a"), recording("b"))
    assert app.test_client().get("/x").text == "x"
    assert CALLS == [
        "a request",
        "b request",
        "a view hello () {'name': 'x'}",
        "b view hello () {'name': 'x'}",
        "hello",
        "b response 200",
        "a response 200",
    ]


def test_process_request_may_answer() -> None:
    """Nothing further in is called; its own process_response is, and those further out."""
    app = app_with(recording("a"), recording("b", request=Response("busy", 503)), recording("c"))
    assert app.test_client().get("/x").status_code == 503
    assert CALLS == ["a request", "b request", "b response 503", "a response 503"]


def test_process_view_may_answer() -> None:
    """The view and further hooks of its kind are left out; every response hook runs."""
    app = app_with(recording("a", view=Response("instead", 202)), recording("b"))
    assert app.test_client().get("/x").text == "instead"
    assert CALLS == [
        "a request",
        "b request",
        "a view hello () {'name': 'x'}",
        "b response 202",
        "a response 202",
    ]


def test_process_exception_goes_from_the_innermost_out() -> None:
    """The first that answers ends it."""
    app = app_with(recording("a"), recording("b", exception=Response("sorry", 500)), recording("c"))
    assert app.test_client().get("/boom").text == "sorry"
    assert CALLS[-5:] == [
        "c exception ValueError('boom')",
        "b exception ValueError('boom')",
        "c response 500",
        "b response 500",
        "a response 500",
    ]


def test_process_exception_is_for_views_only() -> None:
    """A path of no view is not theirs; the response hooks see the 404."""
    app = app_with(recording("a"))
    assert app.test_client().get("/no/such").status_code == 404
    assert CALLS == ["a request", "a response 404"]


def test_an_unanswered_exception_is_a_500_for_all_middleware() -> None:
    """Whoever lies further out sees a response, as in Django."""
    app = app_with(recording("a"), recording("b"))
    assert app.test_client().get("/boom").status_code == 500
    assert CALLS[-2:] == ["b response 500", "a response 500"]


def test_process_view_may_change_the_arguments() -> None:
    """They are the dict that the view is called with."""

    class Renaming(MiddlewareMixin):
        def process_view(self, request: Request, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
            kwargs["name"] = "changed"

    assert app_with(Renaming).test_client().get("/x").text == "changed"


def test_an_error_in_a_middleware_is_answered_for_those_outside() -> None:
    """An HTTP error becomes its page, through the app's handlers."""

    class Refusing(MiddlewareMixin):
        def process_request(self, request: Request) -> None:
            raise Forbidden

    app = app_with(recording("a"), Refusing)
    app.register_error_handler(403, lambda error: ("no", 403))
    response = app.test_client().get("/x")
    assert (response.status_code, response.text) == (403, "no")
    assert CALLS == ["a request", "a response 403"]


def test_a_function_is_a_middleware() -> None:
    """It takes a handler and returns one."""

    def shouting(handler: Handler) -> Handler:
        def middleware(request: Request) -> Response:
            response = handler(request)
            response.set_data(response.text.upper())
            return response

        return middleware

    assert app_with(shouting, recording("b")).test_client().get("/x").text == "X"


def passing(handler: Handler) -> Handler:
    """A middleware to be named."""
    return handler


def test_a_middleware_may_be_named() -> None:
    """By a dotted path; it is made once, when the first request comes."""
    assert load("spruce.web.middleware.MiddlewareMixin") is MiddlewareMixin
    made: list[int] = []

    def counting(handler: Handler) -> Handler:
        made.append(1)
        return handler

    app = app_with(counting, "spruce.web.middleware.MiddlewareMixin")
    client = app.test_client()
    assert [client.get("/x").text, client.get("/y").text] == ["x", "y"]
    assert made == [1]


@pytest.mark.parametrize(
    ("middleware", "text"),
    [
        ("Timing", "MIDDLEWARE has 'Timing', which names no module. Write 'package.module.Name'."),
        ("nowhere.Timing", "MIDDLEWARE has 'nowhere.Timing', but there is no module 'nowhere'"),
        (
            "spruce.web.middleware.MiddlewareMixing",
            "MIDDLEWARE has 'spruce.web.middleware.MiddlewareMixing', but 'spruce.web.middleware' has no "
            "'MiddlewareMixing'; did you mean 'MiddlewareMixin'?",
        ),
        (
            3,
            "MIDDLEWARE has 3, which is no middleware. "
            "A middleware is called with a handler and returns one; a class derives from MiddlewareMixin.",
        ),
    ],
)
def test_a_middleware_that_is_not_there_is_named(middleware: object, text: str) -> None:
    """With what there is instead."""
    with pytest.raises(ConfigError) as caught:
        load(middleware)
    assert str(caught.value) == text


def forgetful(handler: Handler) -> Callable[[Request], None]:
    """A middleware that forgets to return."""

    def middleware(request: Request) -> None:
        handler(request)

    return middleware


def test_a_middleware_that_returns_nothing_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a 500, the log says who forgot."""
    assert app_with(forgetful).test_client().get("/x").status_code == 500
    assert "forgetful returned None, which is no response. It must return the response, changed or not." in caplog.text


def tagging(name: str) -> Callable[[Handler], Handler]:
    """Return a middleware that puts its name behind those of the others further in."""

    def middleware(handler: Handler) -> Handler:
        def handle(request: Request) -> Response:
            response = handler(request)
            response.headers.add("X-Tag", name)
            return response

        return handle

    return middleware


def test_a_blueprint_and_a_view_may_have_middleware_of_their_own() -> None:
    """Within those of the app, the outer blueprint's around the inner's; they see errors as responses."""
    app = App(__name__, MIDDLEWARE=[tagging("app")])
    outer = Blueprint("outer", __name__, middleware=[tagging("outer")])
    inner = Blueprint("inner", __name__, middleware=[tagging("inner")])

    @inner.get("/inner/<int:number>", middleware=[tagging("first"), tagging("second")])
    def view(number: int) -> str:
        return str(10 // number)

    outer.register_blueprint(inner)
    outer.add_url_rule("/outer", "outer", lambda: "outer")
    app.register_blueprint(outer)
    app.add_url_rule("/plain", "plain", lambda: "plain")
    client = app.test_client()
    tags = ["second", "first", "inner", "outer", "app"]
    good, bad = client.get("/inner/5"), client.get("/inner/0")
    assert (good.text, good.headers.getlist("X-Tag")) == ("2", tags)
    assert (bad.status_code, bad.headers.getlist("X-Tag")) == (500, tags)
    assert client.get("/outer").headers.getlist("X-Tag") == ["outer", "app"]
    assert client.get("/plain").headers.getlist("X-Tag") == ["app"]


class Guard(MiddlewareMixin):
    """All hooks around one view."""

    def process_view(self, request: Request, view: Any, args: Any, kwargs: dict[str, Any]) -> str | None:
        return "stopped" if kwargs["number"] == 1 else None

    def process_exception(self, request: Request, exception: Exception) -> str:
        return f"caught {exception}"

    def process_template_response(self, request: Request, response: TemplateResponse) -> TemplateResponse:
        response.context["word"] = request.path
        return response


def test_hooks_hold_around_one_view_too(tmp_path: Path) -> None:
    """And for no other."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("{{ word }} {{ number }}")
    app = App(__name__, root_path=str(tmp_path))

    def view(number: int) -> TemplateResponse:
        return TemplateResponse("page.html", {"number": 6 // number, "word": "plain"}, 201)

    app.add_url_rule("/guarded/<int:number>", "guarded", view, middleware=[Guard])
    app.add_url_rule("/free/<int:number>", "free", view)
    client = app.test_client()
    page = client.get("/guarded/3")
    assert (page.text, page.status_code) == ("/guarded/3 2", 201)
    assert client.get("/guarded/1").text == "stopped"
    assert client.get("/guarded/0").text == "caught integer division or modulo by zero"
    assert client.get("/free/1").text == "plain 6"


class Renaming(MiddlewareMixin):
    """Chooses another template."""

    def process_template_response(self, request: Request, response: TemplateResponse) -> Any:
        response.context["order"] = [*response.context.get("order", []), type(self).__name__]
        return response if not request.args.get("bad") else "nothing"


class Second(Renaming):
    """Is further in."""


def test_template_responses_pass_the_middleware_before_they_are_rendered(tmp_path: Path) -> None:
    """The innermost first; what a view with dependencies returns as well."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("{{ order | join(' ') }}")
    app = App(__name__, root_path=str(tmp_path), MIDDLEWARE=[Renaming, Second], TESTING=True)

    @app.get("/")
    def view(number: Annotated[int, Depends(lambda: 1)]) -> TemplateResponse:
        return TemplateResponse("page.html")

    client = app.test_client()
    assert client.get("/").text == "Second Renaming"
    with pytest.raises(ViewError) as caught:
        client.get("/?bad=1")
    assert str(caught.value) == (
        "Renaming.process_template_response returned 'nothing', which is no TemplateResponse. "
        "It must return the response, changed or not."
    )


def test_a_middleware_that_is_not_used_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """It says so when it is made; the log says why at its lowest level."""

    class Unused(MiddlewareMixin):
        def __init__(self, get_response: Handler) -> None:
            raise MiddlewareNotUsed("there is nothing to do")

    app = App(__name__, MIDDLEWARE=[Unused, tagging("kept")], DEFAULT_MIDDLEWARE=[])
    app.add_url_rule("/", "view", lambda: "x")
    with caplog.at_level("DEBUG", "spruce.web"):
        assert app.test_client().get("/").headers.getlist("X-Tag") == ["kept"]
    assert caplog.messages == [
        f"the middleware {__name__}.test_a_middleware_that_is_not_used_is_left_out.<locals>.Unused is left out: "
        "there is nothing to do"
    ]
