"""What the stack is made of: only what somebody registered."""

import traceback
from typing import Any

import pytest

from spruce.errors import ViewError
from spruce.http import Handler
from spruce.web import App, Blueprint, MiddlewareMixin, Request, Response, note_of
from spruce.web.stack import build


def stack_name(app: App) -> str:
    """Return the name of the outermost part of an app's stack."""
    return build(app).__qualname__


def test_a_bare_app_has_a_bare_stack() -> None:
    """Errors are answered, nothing else."""
    assert stack_name(App(__name__, DEFAULT_MIDDLEWARE=[])) == "_finished.<locals>.finish"


def test_teardown_is_outermost() -> None:
    """It sees what every other part raised."""
    app = App(__name__, MAX_CONTENT_LENGTH=10)
    assert stack_name(app) == "_limited.<locals>.handle"
    app.teardown_appcontext(lambda error: None)
    assert stack_name(app) == "_torn_down.<locals>.handle"


def test_teardown_is_told_what_was_raised() -> None:
    """An error that leaves the app, as with TESTING."""
    app = App(__name__, TESTING=True)
    app.add_url_rule("/", "view", lambda: 1 / 0)
    seen: list[object] = []
    app.teardown_request(lambda error: seen.append(type(error)))
    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/")
    assert seen == [ZeroDivisionError]


def test_an_after_request_that_returns_nothing_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a 500."""
    app = App(__name__)

    @app.after_request
    def forgetful(response: Response) -> None:
        pass

    assert app.test_client().get("/").status_code == 500
    assert "forgetful returned None, which is no response. It must return the response, changed or not." in caplog.text


def test_a_middleware_that_makes_no_handler_is_refused() -> None:
    """When the stack is put together."""

    def forgetful(handler: Handler) -> None:
        pass

    with pytest.raises(ViewError) as caught:
        App(__name__, MIDDLEWARE=[forgetful]).handle(Request("GET", "/"))
    assert str(caught.value) == (
        f"the middleware {forgetful!r} made None of a handler. It must return what takes a request."
    )


def test_a_note_on_a_view_or_its_blueprints_is_found_before_it_is_called() -> None:
    """Of the method that is asked for; nothing for what is mounted, missing or moved."""
    app = App(__name__, static_folder=None)
    found: list[Any] = []

    def asking(handler: Handler) -> Handler:
        def ask(request: Request) -> Response:
            found.append((note_of(request, "note"), note_of(request, "note", "PUT")))
            return handler(request)

        return ask

    def view() -> str:
        return ""

    def put() -> str:
        return ""

    view.note, put.note = "view", "put"  # type: ignore[attr-defined] # as a decorator does it
    app.config["MIDDLEWARE"] = [asking]
    outer, inner = Blueprint("outer", __name__, url_prefix="/outer"), Blueprint("inner", __name__)
    outer.note = "outer"  # type: ignore[attr-defined] # the same
    inner.get("/inner")(lambda: "")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.add_url_rule("/view/", "view", view)
    app.add_url_rule("/view/", "put", put, methods=["PUT"])
    app.mount("/mounted", App("mounted"))
    client = app.test_client()
    for path in ("/view/", "/outer/inner", "/mounted/view/", "/nowhere", "/view"):
        client.get(path)
    assert found == [("view", "put"), ("outer", None), (None, None), (None, None), (None, None)]


def test_middleware_without_hooks_leaves_the_view_bare() -> None:
    """It costs its own calls; hooks of the view are looked for only where a middleware has some."""
    frames: list[str] = []

    def looking(handler: Handler) -> Handler:
        return handler

    class Hooked(MiddlewareMixin):
        def process_view(self, request: Request, view: object, args: object, kwargs: object) -> None:
            return None

    def view() -> str:
        frames.extend(frame.name for frame in traceback.extract_stack())
        return ""

    for middleware, called in (([looking], False), ([looking, Hooked], True)):
        app = App(__name__, DEFAULT_MIDDLEWARE=[], MIDDLEWARE=middleware)
        app.add_url_rule("/", "index", view)
        frames.clear()
        assert app.test_client().get("/").status_code == 200
        assert ("_called" in frames) is called


def test_a_request_that_nothing_answers_says_so() -> None:
    """What stands around the views may look at why."""
    seen: list[object] = []

    def looking(handler: Handler) -> Handler:
        def handle(request: Request) -> Response:
            response = handler(request)
            seen.append(type(request.routing_exception).__name__)
            return response

        return handle

    app = App(__name__, MIDDLEWARE=[looking])
    app.add_url_rule("/", "index", lambda: "", methods=["POST"])
    client = app.test_client()
    client.get("/nowhere")
    client.get("/")
    client.post("/")
    assert seen == ["NotFound", "MethodNotAllowed", "NoneType"]
