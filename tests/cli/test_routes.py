"""`spruce routes`: the table, its orders, and apps whose routes are not ours."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from click.testing import CliRunner

from spruce.cli.main import main

Write = Callable[..., Path]

SHOP = """
from spruce import App
app = App(__name__, static_folder=None)

@app.get("/")
def index(): return ""

@app.route("/orders/<int:number>", methods=["GET", "POST"])
def order(number): return ""

@app.delete("/baskets")
def empty(): return ""
"""


def lines(*arguments: str) -> list[str]:
    result = CliRunner().invoke(main, ["routes", *arguments])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_routes_are_listed_in_the_order_of_adding(write: Write) -> None:
    """Each with path, methods and endpoint, in columns; HEAD and OPTIONS go without saying."""
    write("shop.py", SHOP)
    assert (
        lines("shop.py")
        == dedent(
            """\
        Path                  Methods    Endpoint
        /                     GET        index
        /orders/<int:number>  GET, POST  order
        /baskets              DELETE     empty"""
        ).splitlines()
    )


def test_routes_are_sorted(write: Write) -> None:
    """By path or by endpoint."""
    write("shop.py", SHOP)
    assert [line.split()[0] for line in lines("shop.py", "--sort", "path")[1:]] == [
        "/",
        "/baskets",
        "/orders/<int:number>",
    ]
    assert [line.split()[-1] for line in lines("shop.py", "--sort", "endpoint")[1:]] == ["empty", "index", "order"]


def test_all_methods_are_listed_when_asked_for(write: Write) -> None:
    """HEAD and OPTIONS are what the app answers by itself."""
    write("shop.py", SHOP)
    assert lines("shop.py", "--all-methods")[1] == "/                     GET, HEAD, OPTIONS        index"


def test_routes_of_another_framework_cannot_be_listed(write: Write) -> None:
    """A WSGI app keeps its routes to itself."""
    write("plain.py", "def app(environ, start_response): ...\n")
    result = CliRunner().invoke(main, ["routes", "plain.py"])
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: plain:app, a WSGI app, has no routes that Spruce can list. Its own framework knows them.\n"
    )


def test_what_stands_around_the_views_is_listed_when_asked_for(write: Write) -> None:
    """From the outside in: hooks, middleware of the app, of routes, and the router."""
    write(
        "shop.py",
        """
        from spruce import App, Blueprint

        def timing(handler): return handler
        def login(handler): return handler

        app = App(__name__, static_folder=None, MIDDLEWARE=[timing, "spruce.web.CompressionMiddleware"])
        blueprint = Blueprint("admin", __name__, url_prefix="/admin", middleware=[login])

        @blueprint.get("/")
        def index(): return ""

        @blueprint.before_request
        def before(): pass

        @app.teardown_request
        def close(error): pass

        app.register_blueprint(blueprint)
        app.mount("/old", App("old"))
        """,
    )
    assert lines("shop.py", "--verbose")[2:] == [
        "",
        "Around the views, from the outside in:",
        "  teardown_request of app: shop.close",
        "  middleware: spruce.middleware.security.SecurityMiddleware",
        "  middleware: spruce.middleware.sessions.SessionMiddleware",
        "  middleware: spruce.middleware.csrf.CsrfViewMiddleware",
        "  middleware: shop.timing",
        "  middleware: spruce.web.CompressionMiddleware",
        "  mounted at /old: <App 'old'>",
        "  before_request of admin: shop.before",
        "  middleware of /admin/: shop.login",
        "  router: 1 rules",
    ]


def test_routes_of_installed_apps_are_listed(write: Callable[..., Path]) -> None:
    """They are added when the app is ready."""
    write("app.py", "from spruce import App\napp = App('hello', INSTALLED_APPS=['blog'])\n")
    write("blog/__init__.py")
    write(
        "blog/apps.py",
        """
        from spruce import AppConfig
        class BlogConfig(AppConfig):
            def ready(self):
                self.app.add_url_rule("/posts", "posts", lambda: "")
        """,
    )
    assert "/posts " in CliRunner().invoke(main, ["routes"]).output
