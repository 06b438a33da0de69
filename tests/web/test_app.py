"""The app: settings, routes, hooks, and the way of a request through it."""

import gc
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from spruce import config, events
from spruce.errors import ConfigError, Forbidden, MiddlewareNotUsed, RoutingError, abort
from spruce.http import Handler
from spruce.web import App, Request, Response, after_this_request, current_app, g, request, stream_with_context, url_for
from spruce.web.client import Client


def hello_app(**settings: Any) -> App:
    """Return an app that greets."""
    app = App(__name__, **settings)

    @app.get("/hello/<name>")
    def greet(name: str) -> str:
        return f"Hello, {name}"

    return app


# Settings


def test_settings_are_keywords_in_capitals() -> None:
    """They become the process's settings, which other layers read."""
    app = App(__name__, DEBUG=True)
    assert app.config["DEBUG"]
    assert app.debug
    assert config.current() is app.config


def test_a_keyword_that_is_no_setting_is_refused() -> None:
    """With what it was probably meant to be."""
    with pytest.raises(ConfigError) as caught:
        App(__name__, debug=True)
    assert str(caught.value) == "App() has no argument 'debug'; did you mean 'DEBUG'? Settings are written in capitals."


def test_the_environment_goes_before_keywords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the app has the last word."""
    monkeypatch.setenv("SPRUCE_DEBUG", "1")
    assert App(__name__, DEBUG=False).debug


def test_debug_and_testing_are_settings() -> None:
    """Both spellings are one thing."""
    app = App(__name__)
    app.debug = app.testing = True
    assert (app.config["DEBUG"], app.config["TESTING"]) == (True, True)


def test_folders_are_beside_the_module(tmp_path: Path) -> None:
    """Templates, static files and the instance folder."""
    app = App(__name__)
    here = Path(__file__).parent
    assert Path(app.root_path) == here
    assert app.static_folder == str(here / "static")
    assert app.template_folder == str(here / "templates")
    assert app.instance_path == str(here / "instance")
    assert App(__name__, instance_path=str(tmp_path)).instance_path == str(tmp_path)
    assert App("spruce.web").instance_path == str(Path(config.__file__).parents[2] / "instance")


def test_views_see_the_settings_of_their_own_app() -> None:
    """Also when another app was made later."""
    first = App(__name__, SERVER_NAME="first")
    first.add_url_rule("/", "view", lambda: str(config.current()["SERVER_NAME"]))
    App(__name__, SERVER_NAME="second")
    assert first.test_client().get("/").text == "first"
    assert config.current()["SERVER_NAME"] == "second"


# Routes


def test_routes_have_a_decorator_for_each_method() -> None:
    """And one for several."""
    app = App(__name__)
    for method in ("get", "post", "put", "delete", "patch"):
        getattr(app, method)(f"/{method}", endpoint=method)(lambda: request.method)
    app.route("/both", methods=["GET", "POST"], endpoint="both")(lambda: request.method)
    client = app.test_client()
    for method in ("get", "post", "put", "delete", "patch"):
        assert getattr(client, method)(f"/{method}").text == method.upper()
    assert [client.get("/both").text, client.post("/both").text] == ["GET", "POST"]


def test_head_and_options_are_answered_for_the_view() -> None:
    """HEAD without a body but with its length, OPTIONS with what is allowed."""
    client = hello_app().test_client()
    head = client.head("/hello/ann")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", "10")
    options = client.options("/hello/ann")
    assert (options.status_code, options.data, options.headers["Allow"]) == (200, b"", "GET, HEAD, OPTIONS")


def test_a_wrong_method_is_a_405_with_what_is_allowed() -> None:
    """RFC 9110, 15.5.6."""
    response = hello_app().test_client().post("/hello/ann")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_missing_slash_is_redirected_with_its_query() -> None:
    """By 308, so that a form stays a POST."""
    app = App(__name__)
    app.add_url_rule("/a/", "a", lambda: request.query_string.decode())
    response = app.test_client().get("/a?x=1&y=%20")
    assert (response.status_code, response.headers["Location"]) == (308, "/a/?x=1&y=%20")
    assert app.test_client().get("/a?x=1", follow_redirects=True).text == "x=1"


def test_strict_slashes_may_be_turned_off_for_all() -> None:
    """For the rules that are added from then on."""
    app = App(__name__)
    app.url_map.strict_slashes = False
    app.add_url_rule("/a/", "a", lambda: "a")
    assert app.test_client().get("/a").text == "a"


def test_a_route_may_be_added_after_the_first_request() -> None:
    """The stack is put together anew."""
    app = hello_app()
    assert app.test_client().get("/later").status_code == 404
    app.add_url_rule("/later", "later", lambda: "now")
    assert app.test_client().get("/later").text == "now"


def test_an_endpoint_may_get_its_view_later() -> None:
    """And one without any says so when a request comes."""
    app = App(__name__, TESTING=True)
    app.add_url_rule("/a", "page")
    with pytest.raises(RoutingError) as caught:
        app.test_client().get("/a")
    assert str(caught.value) == (
        "the endpoint 'page' has a rule and no view. Give it one with @app.endpoint(...) or in app.view_functions."
    )
    app.endpoint("page")(lambda: "here")
    assert app.test_client().get("/a").text == "here"


def test_a_second_view_of_a_name_is_refused() -> None:
    """With where both of them are."""
    app = hello_app()

    def greet() -> str:
        return ""

    with pytest.raises(RoutingError) as caught:
        app.add_url_rule("/other", view_func=greet)
    assert str(caught.value) == (
        f"the endpoint 'greet' has a view already, {__name__}.hello_app.<locals>.greet; "
        f"{__name__}.test_a_second_view_of_a_name_is_refused.<locals>.greet needs another name. "
        "Rename the function, or give endpoint='...'."
    )


def test_methods_as_a_text_are_refused() -> None:
    """They would be taken for one method a letter."""
    with pytest.raises(RoutingError) as caught:
        App(__name__).add_url_rule("/", "a", lambda: "", methods="POST")
    assert str(caught.value) == "methods of '/' must be a list, not the text 'POST'. Write ['POST']."


def test_another_app_may_be_mounted() -> None:
    """It has its own settings, URLs and hooks; this app's after_request is around it."""
    outer, inner = App("outer"), App("inner")
    inner.add_url_rule("/", "index", lambda: f"{current_app.name} {request.root_path} {url_for('index')}")
    inner.add_url_rule("/a b", "page", lambda: f"{request.path} {config.current() is inner.config}")
    outer.add_url_rule("/innermost", "own", lambda: current_app.name)
    outer.mount("/inner", inner)
    outer.mount("/inner/deep", lambda request: Response(request.path))

    @outer.after_request
    def mark(response: Response) -> Response:
        response.headers["X-App"] = current_app.name
        return response

    client = outer.test_client()
    assert client.get("/inner").text == "inner /inner /inner/"
    assert client.get("/inner/a%20b").text == "/a b True"
    assert client.get("/inner/a%20b").headers["X-App"] == "outer"
    assert client.get("/inner/deep/x").text == "/x"
    assert client.get("/inner/deep/%2541").text == "/%41"
    assert client.get("/inner/nope").status_code == 404
    assert client.get("/innermost").text == "outer"


@pytest.mark.parametrize("prefix", ["", "inner", "/inner/", "/"])
def test_a_mount_needs_a_prefix(prefix: str) -> None:
    """The error says how it is written."""
    with pytest.raises(RoutingError) as caught:
        App(__name__).mount(prefix, App(__name__))
    assert str(caught.value) == (
        f"nothing can be mounted at {prefix!r}. A prefix is '/name': a slash before, none behind."
    )


# Hooks


def test_hooks_run_around_the_view() -> None:
    """Before in the order of registration, after in the reverse, teardown at the end."""
    app = hello_app()
    calls: list[str] = []
    app.before_request(lambda: calls.append(f"before {request.endpoint} {request.view_args}"))
    app.before_request(lambda: calls.append("before 2"))

    @app.after_request
    def after(response: Response) -> Response:
        calls.append(f"after {response.status_code}")
        return response

    @app.after_request
    def after_first(response: Response) -> Response:
        calls.append("after first")
        response.headers["X-After"] = "1"
        return response

    app.teardown_request(lambda error: calls.append(f"teardown request {error}"))
    app.teardown_appcontext(lambda error: calls.append(f"teardown app {error}"))
    response = app.test_client().get("/hello/ann")
    assert (response.text, response.headers["X-After"]) == ("Hello, ann", "1")
    assert calls == [
        "before greet {'name': 'ann'}",
        "before 2",
        "after first",
        "after 200",
        "teardown request None",
        "teardown app None",
    ]


def test_before_request_may_answer() -> None:
    """With anything that a view may return; also for a path of no view."""
    app = hello_app()
    app.before_request(lambda: ({"busy": True}, 503) if request.args else None)
    client = app.test_client()
    assert client.get("/hello/ann").text == "Hello, ann"
    assert client.get("/hello/ann?x=1").json == {"busy": True}
    assert client.get("/nope?x=1").status_code == 503
    assert client.get("/nope").status_code == 404


def test_hooks_may_be_async() -> None:
    """They are waited for."""
    app = hello_app()

    @app.before_request
    async def before() -> None:
        g.word = "async"

    @app.after_request
    async def after(response: Response) -> Response:
        response.headers["X-Word"] = g.word
        return response

    assert app.test_client().get("/hello/ann").headers["X-Word"] == "async"


def test_after_request_sees_errors_as_responses() -> None:
    """An error handler's answer as well as a page of our own."""
    app = hello_app()
    seen: list[int] = []

    @app.after_request
    def after(response: Response) -> Response:
        seen.append(response.status_code)
        return response

    client = app.test_client()
    client.get("/nope")
    app.register_error_handler(404, lambda error: ("no", 410))
    client.get("/nope")
    assert seen == [404, 410]


def test_after_this_request_is_for_one_request() -> None:
    """Registered inside of it, before those of after_request."""
    app = App(__name__)

    @app.get("/")
    def view() -> str:
        @after_this_request
        def add(response: Response) -> Response:
            response.set_cookie("a", "1")
            return response

        return "x"

    app.add_url_rule("/other", "other", lambda: "y")
    client = app.test_client()
    assert "Set-Cookie" in client.get("/").headers
    assert "Set-Cookie" not in client.get("/other").headers


def test_teardown_of_a_stream_waits_for_its_end() -> None:
    """And runs with the request still there."""
    app = App(__name__)
    calls: list[str] = []

    @app.get("/")
    def view() -> Response:
        return Response(stream_with_context(calls.append(f"piece {n} of {request.path}") or "x" for n in range(2)))

    app.teardown_request(lambda error: calls.append(f"teardown of {request.path}"))
    assert app.test_client().get("/").text == "xx"
    assert calls == ["piece 0 of /", "piece 1 of /", "teardown of /"]


def test_url_value_preprocessors_and_defaults_go_together() -> None:
    """A value that all rules hold can be taken out of every view."""
    app = App(__name__)

    @app.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.language = (values or {}).pop("language", None)

    @app.url_defaults
    def add(endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("language", g.language)

    @app.get("/<language>/about")
    def about() -> str:
        return f"{g.language} {app.url_for('about')}"

    assert app.test_client().get("/zh/about").text == "zh /zh/about"


def test_a_class_of_requests_limits_their_size() -> None:
    """MAX_CONTENT_LENGTH holds for every body."""
    app = App(__name__, MAX_CONTENT_LENGTH=3)
    app.add_url_rule("/", "view", lambda: request.get_data(as_text=True), methods=["POST"])
    assert app.test_client().post("/", data="abc").text == "abc"
    assert app.test_client().post("/", data="abcd").status_code == 413


# Requests


def test_hooks_of_the_process_see_each_request() -> None:
    """Access logs and traces subscribe to them."""
    app = hello_app()
    seen: list[tuple[str, Any]] = []
    ends = [
        events.request_started.subscribe(lambda event: seen.append((event.name, event["request"].path))),  # type: ignore[attr-defined] # it is a Request
        events.request_finished.subscribe(lambda event: seen.append((event.name, event["response"].status_code))),  # type: ignore[attr-defined] # it is a Response
    ]
    try:
        app.test_client().get("/hello/ann")
    finally:
        for end in ends:
            end()
    assert seen == [("request.started", "/hello/ann"), ("request.finished", 200)]


def test_an_app_is_named_after_its_module() -> None:
    """Its logger too."""
    app = App("shop")
    assert (app.name, repr(app), app.logger) == ("shop", "<App 'shop'>", logging.getLogger("shop"))


def python_calls(function: Callable[[], object]) -> list[str]:
    """Return the names of the Python functions that one call runs."""
    names: list[str] = []

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            names.append(frame.f_code.co_name)

    gc.disable()  # whoever listens to the collector would be counted
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
        gc.enable()
    return names[1:]


def test_a_request_without_hooks_costs_ten_calls() -> None:
    """Every part of the way is named here; hooks that nobody registered are not on it."""
    app = hello_app()
    app.config["DEFAULT_MIDDLEWARE"] = []
    asked = Request("GET", "/hello/ann")
    app.handle(asked)
    assert python_calls(lambda: app.handle(asked)) == [
        "handle",
        "current",
        "finish",
        "call_view",
        "match",
        "walk",
        "call",
        "greet",
        "respond",
        "__init__",
    ]


def test_a_request_leaves_no_context_behind() -> None:
    """Nor when its view raised."""
    app = App(__name__, TESTING=True)
    app.add_url_rule("/", "view", lambda: abort(403))
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)
    assert app.handle(Request("GET", "/")).status_code == Forbidden.code
    with pytest.raises(ZeroDivisionError):
        app.handle(Request("GET", "/boom"))
    assert repr(current_app).startswith("<proxy: current_app is only there while an app works")


def test_the_class_of_clients_may_be_another() -> None:
    """With methods of its own."""

    class Mine(Client):
        def hello(self) -> str:
            return self.get("/hello/mine").text

    app = hello_app()
    app.test_client_class = Mine
    client = app.test_client()
    assert isinstance(client, Mine)
    assert client.hello() == "Hello, mine"


def test_what_comes_out_of_the_app_is_told() -> None:
    """Whoever was told of the beginning of a request is told of its end in any case."""
    app = App(__name__, static_folder=None, TESTING=True)

    @app.get("/")
    def broken() -> None:
        raise ValueError("broken")

    seen: list[str] = []
    hooks = (events.request_started, events.request_finished, events.request_aborted)
    leaving = [hook.subscribe(lambda event: seen.append(event.name)) for hook in hooks]
    with pytest.raises(ValueError, match="broken"):
        app.test_client().get("/")
    for leave in leaving:
        leave()
    assert seen == ["request.started", "request.aborted"]


def test_what_the_stack_starts_is_told_of_the_first_request() -> None:
    """Once, through the test client and through a server."""
    seen: list[str] = []
    leaving: list[Callable[[], None]] = []

    class Watching:
        def __init__(self, handler: Handler) -> None:
            leaving.append(events.request_started.subscribe(lambda event: seen.append(event["request"].path)))  # type: ignore[attr-defined] # it is one
            raise MiddlewareNotUsed("it only watches")

    for call in (lambda app: app.test_client().get("/a"), lambda app: app.handle(Request("GET", "/a"))):
        call(App(__name__, static_folder=None, MIDDLEWARE=[Watching], DEFAULT_MIDDLEWARE=[]))
        leaving.pop()()
    assert seen == ["/a", "/a"]
