"""Blueprints: prefixes, names, hooks, files, and blueprints within."""

from pathlib import Path
from typing import Any

import pytest

from spruce.errors import RoutingError
from spruce.web import App, Blueprint, Response, g, render_template, request, url_for


def shop() -> Blueprint:
    """Return a blueprint with a view."""
    made = Blueprint("shop", __name__, url_prefix="/shop")

    @made.get("/")
    def index() -> str:
        return url_for(".index")

    @made.get("/<int:product>")
    def product(product: int) -> str:
        return f"{product} {request.endpoint} {request.blueprint}"

    return made


def test_a_blueprint_puts_its_prefix_and_name_before() -> None:
    """Before rules and endpoints."""
    app = App(__name__)
    app.register_blueprint(shop())
    client = app.test_client()
    assert client.get("/shop/").text == "/shop/"
    assert client.get("/shop/3").text == "3 shop.product shop"
    assert app.url_for("shop.product", product=4) == "/shop/4"


def test_a_registration_may_choose_prefix_name_and_defaults() -> None:
    """One blueprint may be in an app twice."""
    app = App(__name__)
    made = Blueprint("page", __name__)
    made.add_url_rule("/", "index", lambda language: f"{language} {request.endpoint}")
    app.register_blueprint(made, url_prefix="/en", url_defaults={"language": "en"})
    app.register_blueprint(made, url_prefix="/zh", name="zh", url_defaults={"language": "zh"})
    client = app.test_client()
    assert [client.get("/en/").text, client.get("/zh/").text] == ["en page.index", "zh zh.index"]


def test_a_blueprint_without_prefix_is_at_the_root() -> None:
    """Its rules are as they stand."""
    app = App(__name__)
    made = Blueprint("page", __name__)
    made.add_url_rule("/a", "a", lambda: "a")
    app.register_blueprint(made)
    assert app.test_client().get("/a").text == "a"


def test_hooks_of_a_blueprint_are_for_its_own_views() -> None:
    """From the app inwards before, from the innermost outwards after."""
    app = App(__name__)
    calls: list[str] = []

    def after(name: str) -> Any:
        def add(response: Response) -> Response:
            calls.append(f"after {name}")
            return response

        return add

    outer, inner = Blueprint("outer", __name__, url_prefix="/o"), Blueprint("inner", __name__, url_prefix="/i")
    for scaffold, name in ((app, "app"), (outer, "outer"), (inner, "inner")):
        scaffold.before_request(lambda name=name: calls.append(f"before {name}"))
        scaffold.after_request(after(name))
        scaffold.teardown_request(lambda error, name=name: calls.append(f"teardown {name}"))
        scaffold.add_url_rule("/", "view", lambda: "")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    client = app.test_client()
    client.get("/o/i/")
    names = ["app", "outer", "inner"]
    assert calls == [
        *(f"before {name}" for name in names),
        *(f"after {name}" for name in reversed(names)),
        *(f"teardown {name}" for name in reversed(names)),
    ]
    calls.clear()
    client.get("/")
    assert calls == ["before app", "after app", "teardown app"]


def test_hooks_for_the_app_hold_everywhere() -> None:
    """Those with app in their name."""
    app, made = App(__name__), Blueprint("page", __name__)
    made.before_app_request(lambda: setattr(g, "word", "w"))
    made.app_context_processor(lambda: {"added": "by blueprint"})
    made.app_errorhandler(404)(lambda error: (f"{g.word} gone", 404))
    made.app_template_filter("twice")(lambda text: text * 2)
    made.app_template_global()(shop)
    made.app_template_test("odd_one")(lambda number: number % 2 == 1)
    app.register_blueprint(made)
    assert app.test_client().get("/nope").text == "w gone"
    with app.test_request_context():
        template = app.jinja_env.from_text("{{ 'a'|twice }}{{ 3 is odd_one }}{{ shop is defined }}")
        assert template.render() == "aaTrueTrue"


def test_blueprints_within_blueprints_have_dotted_names() -> None:
    """Prefixes are joined, and error handlers asked from the innermost."""
    app = App(__name__)
    outer, inner = Blueprint("outer", __name__, url_prefix="/o/"), Blueprint("inner", __name__)
    inner.add_url_rule("/x", "x", lambda: 1 / 0)
    inner.add_url_rule("/y", "y", lambda: f"{request.blueprints} {url_for('.x')}")
    outer.errorhandler(ZeroDivisionError)(lambda error: "outer")
    outer.register_blueprint(inner, url_prefix="/in", name="again")
    app.register_blueprint(outer)
    client = app.test_client()
    assert client.get("/o/in/x").text == "outer"
    assert client.get("/o/in/y").text == "['outer.again', 'outer'] /o/in/x"


def test_a_blueprint_has_files_of_its_own(tmp_path: Path) -> None:
    """Templates after the app's, static files below its prefix."""
    for folder in ("app", "page"):
        (tmp_path / folder / "templates").mkdir(parents=True)
        (tmp_path / folder / "templates" / "both.html").write_text(folder)
    (tmp_path / "page" / "templates" / "own.html").write_text("own")
    (tmp_path / "page" / "files").mkdir()
    (tmp_path / "page" / "files" / "a.txt").write_text("static")
    app = App(__name__, root_path=str(tmp_path / "app"))
    made = Blueprint(
        "page",
        __name__,
        url_prefix="/p",
        root_path=str(tmp_path / "page"),
        template_folder="templates",
        static_folder="files",
    )
    made.add_url_rule("/", "view", lambda: render_template("both.html") + render_template("own.html"))
    app.register_blueprint(made)
    client = app.test_client()
    assert client.get("/p/").text == "appown"
    assert client.get("/p/files/a.txt").text == "static"
    assert app.url_for("page.static", filename="a.txt") == "/p/files/a.txt"


def test_what_is_recorded_is_called_at_each_registration() -> None:
    """Or at the first one only."""
    app, made = App(__name__), Blueprint("page", __name__)
    calls: list[str] = []
    made.record(lambda setup: calls.append(f"each {setup.name}"))
    made.record_once(lambda setup: calls.append(f"once {setup.name}"))
    app.register_blueprint(made)
    app.register_blueprint(made, name="again")
    assert calls == ["each page", "once page", "each again"]


def test_a_hook_that_is_added_late_holds_from_then_on() -> None:
    """The app is told."""
    app, made = App(__name__), shop()
    app.register_blueprint(made)
    client = app.test_client()
    assert client.get("/shop/3").status_code == 200
    made.before_request(lambda: ("closed", 503))
    assert client.get("/shop/3").status_code == 503


def late(app: App) -> None:
    made = shop()
    app.register_blueprint(made)
    made.get("/late")(late)


def twice(app: App) -> None:
    app.register_blueprint(shop())
    app.register_blueprint(shop())


def in_itself(app: App) -> None:
    made = shop()
    made.register_blueprint(made)


def dotted(app: App) -> None:
    shop().add_url_rule("/", "a.b", late)


def no_view(app: App) -> None:
    shop().add_url_rule("/", "a")


@pytest.mark.parametrize(
    ("mistake", "text"),
    [
        (
            late,
            "anything cannot be added to the blueprint 'shop' any more: it is in an app already. "
            "Add everything before app.register_blueprint().",
        ),
        (
            twice,
            "there is a blueprint 'shop' in the app already. "
            "Give another name, as in app.register_blueprint(blueprint, name='second').",
        ),
        (in_itself, "the blueprint 'shop' cannot be put into itself"),
        (dotted, "an endpoint of a blueprint cannot be named 'a.b': dots part it from the blueprint"),
        (no_view, "the rule '/' of the blueprint 'shop' has no view"),
        (lambda app: Blueprint("a.b", __name__), "a blueprint cannot be named 'a.b': dots part it from its endpoints"),
    ],
)
def test_a_mistake_says_what_to_do(mistake: Any, text: str) -> None:
    """Each has its own text."""
    with pytest.raises(RoutingError) as caught:
        mistake(App(__name__))
    assert str(caught.value) == text
