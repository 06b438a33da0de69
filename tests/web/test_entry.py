"""Contexts that are entered by hand."""

from spruce import config
from spruce.errors import NotFound
from spruce.web import App, g, request


def test_a_request_context_is_routed() -> None:
    """The endpoint and the values are there, or why there are none."""
    app = App(__name__)
    app.add_url_rule("/<int:x>", "view", lambda x: "")
    with app.test_request_context("/3?a=b", method="GET", headers={"X-A": "1"}):
        assert (request.endpoint, request.view_args, request.args["a"], request.headers["X-A"]) == (
            "view",
            {"x": 3},
            "b",
            "1",
        )
    with app.test_request_context("/nope"):
        assert request.endpoint is None
        assert isinstance(request.routing_exception, NotFound)


def test_leaving_tears_down() -> None:
    """The request's functions where there is a request, the app's always, with the error that ended it."""
    app = App(__name__)
    calls: list[str] = []
    app.teardown_request(lambda error: calls.append(f"request {g.name} {error!r}"))
    app.teardown_appcontext(lambda error: calls.append(f"app {g.name} {error!r}"))
    with app.app_context() as entry:
        entry.g.name = "one"
    try:
        with app.test_request_context():
            g.name = "two"
            raise KeyError("x")
    except KeyError:
        pass
    assert calls == ["app one None", "request two KeyError('x')", "app two KeyError('x')"]


def test_a_context_brings_its_apps_settings() -> None:
    """And takes them away."""
    first, second = App(__name__), App(__name__)
    entry = first.app_context()
    entry.push()
    assert config.current() is first.config
    with second.app_context():
        assert config.current() is second.config
    assert config.current() is first.config
    entry.pop()
    assert config.current() is second.config
