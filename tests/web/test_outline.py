"""What stands around the views, by name."""

from spruce.http import Handler
from spruce.middleware.csrf import CsrfViewMiddleware
from spruce.web import App, Blueprint, Response
from spruce.web.context import current_context
from spruce.web.outline import describe, middleware_of, middleware_of_app, name_of, working_on


def test_the_usual_middleware_stand_outside_unless_they_are_placed() -> None:
    """One that MIDDLEWARE names is there once, in its place."""

    def own(handler: Handler) -> Handler:
        return handler

    csrf = "spruce.middleware.csrf.CsrfViewMiddleware"
    app = App(__name__, MIDDLEWARE=[own, CsrfViewMiddleware])
    names = [name_of(one) for one in middleware_of_app(app)]
    assert names[-2:] == [name_of(own), csrf]
    assert names.count(csrf) == 1
    assert middleware_of_app(App(__name__, MIDDLEWARE=[own], DEFAULT_MIDDLEWARE=[])) == [own]


def own(handler: Handler) -> Handler:
    """A middleware of these tests."""
    return handler


def test_names_are_those_of_the_modules() -> None:
    """A dotted name stays what it is, a mounted app is told by itself, an object by its repr."""
    app = App("hello")
    assert name_of("package.module.Name") == "package.module.Name"
    assert name_of(own) == f"{__name__}.own"
    assert name_of(app.handle) == "<App 'hello'>"
    assert name_of(3) == "3"


def test_the_middleware_of_a_rule_is_that_of_its_blueprints_and_its_own() -> None:
    """The outer before the inner."""
    first, second, third = (lambda handler, n=n: handler for n in range(3))
    app, outer, inner = App(__name__), Blueprint("outer", __name__, middleware=[first]), Blueprint("inner", __name__)
    inner.middleware = [second]
    inner.add_url_rule("/", "index", lambda: "", middleware=[third])
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    (rule,) = app.url_map.iter_rules("outer.inner.index")
    assert middleware_of(app, rule) == [first, second, third]


def test_all_of_it_is_told_from_the_outside_in() -> None:
    """What is not used is not told."""
    app = App(__name__, DEFAULT_MIDDLEWARE=[], MIDDLEWARE=[own], MAX_CONTENT_LENGTH=5, static_folder=None)
    app.teardown_appcontext(own)

    @app.after_request
    def finish(response: Response) -> Response:
        return response

    app.mount("/legacy", App("legacy"))
    app.add_url_rule("/", "index", lambda: "", middleware=[own])
    assert describe(app) == [
        f"teardown_appcontext: {__name__}.own",
        "no body above 5 bytes",
        f"middleware: {__name__}.own",
        f"after_request of app: {name_of(finish)}",
        "mounted at /legacy: <App 'legacy'>",
        f"middleware of /: {__name__}.own",
        "router: 1 rules",
    ]


def test_middleware_is_made_where_the_app_is_at_hand() -> None:
    """And its settings; but no request."""
    app = App(__name__)
    with working_on(app):
        assert (current_context("a test").app, current_context("a test").request) == (app, None)
