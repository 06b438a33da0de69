"""Installed apps: packages that are found with all that lies in them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from spruce.errors import ConfigError
from spruce.i18n import gettext, override
from spruce.web import App, render_template, static
from spruce.web.installed import AppConfig, load

Write = Callable[..., None]
PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "%s"\nmsgstr "%s"\n'


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Return what writes a file below a folder that can be imported from; modules are forgotten after the test."""
    known = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(name: str, text: str = "") -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")

    yield write
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def refusal(*names: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(names)  # type: ignore[arg-type] # some are wrong on purpose
    return str(caught.value)


def test_a_package_without_more_is_enough(write: Write) -> None:
    """It gets a label and a name for people."""
    write("shop/__init__.py")
    write("shop/gift_cards/__init__.py")
    (found,) = load(["shop.gift_cards"]).values()
    assert (found.name, found.label, found.verbose_name) == ("shop.gift_cards", "gift_cards", "Gift cards")
    assert found.path == Path("shop/gift_cards").resolve()
    assert repr(found) == "<AppConfig 'gift_cards' of shop.gift_cards>"
    assert (found.folder("templates"), found.submodule("models")) == (None, None)


def test_models_are_imported_before_anybody_is_ready(write: Write) -> None:
    """Those of all apps, so that ready() may rely on them."""
    for name in ("blog", "news"):
        write(f"{name}/__init__.py")
        write(f"{name}/models.py")
    write(
        "blog/apps.py",
        """
        import sys
        from spruce import AppConfig
        class BlogConfig(AppConfig):
            verbose_name = "Weblog"
            def ready(self):
                self.seen = ("news.models" in sys.modules, self.app.name, list(self.app.installed))
        """,
    )
    app = App("hello", INSTALLED_APPS=["blog", "news"])
    assert "blog.models" not in sys.modules
    blog = app.installed["blog"]
    assert (blog.verbose_name, vars(blog)["seen"]) == ("Weblog", (True, "hello", ["blog", "news"]))
    assert app.installed["blog"] is blog


def test_a_configuration_is_named_or_the_default(write: Write) -> None:
    """Of several in one package."""
    write("blog/__init__.py")
    write(
        "blog/apps.py",
        """
        from spruce import AppConfig
        class Big(AppConfig):
            label = "big"
        class Small(AppConfig):
            label = "small"
            default = True
        """,
    )
    assert list(load(["blog"])) == ["small"]
    assert list(load(["blog.apps.Big"])) == ["big"]
    assert load(["blog.apps.Big"])["big"].name == "blog"


def test_templates_static_files_and_translations_are_found(write: Write, tmp_path: Path) -> None:
    """Those of the app itself hide those of the same name in its parts."""
    write("blog/__init__.py")
    write("blog/templates/blog/post.html", "{{ static('blog.css') }} of the part")
    write("blog/templates/base.html", "of the part")
    write("blog/static/blog.css", "p {}")
    write("blog/static/site.css", "of the part")
    write("blog/locale/de/LC_MESSAGES/messages.po", PO % ("Post", "Beitrag"))
    write("templates/base.html", "of the app")
    write("static/site.css", "of the app")
    write("locale/de/LC_MESSAGES/messages.po", PO % ("Home", "Start"))
    app = App("hello", root_path=str(tmp_path), INSTALLED_APPS=["blog"])
    with app.app_context(), override("de"):
        assert render_template("base.html") == "of the app"
        assert render_template("blog/post.html") == f"{static('blog.css')} of the part"
        assert (gettext("Post"), gettext("Home")) == ("Beitrag", "Start")
        hashed = static("blog.css")
    client = app.test_client()
    assert client.get("/static/blog.css").text == client.get(hashed).text == "p {}"
    assert client.get("/static/site.css").text == "of the app"
    assert client.get("/static/../blog/__init__.py").status_code == 404
    assert client.get("/static/none.000000000000.css").status_code == 404


def test_ready_may_add_routes(write: Write) -> None:
    """They are there before the first request."""
    write("blog/__init__.py")
    write(
        "blog/apps.py",
        """
        from spruce import AppConfig, Blueprint
        class BlogConfig(AppConfig):
            def ready(self):
                blog = Blueprint("blog", __name__, url_prefix="/blog")
                blog.add_url_rule("/", "index", lambda: "posts")
                self.app.register_blueprint(blog)
        """,
    )
    assert App("hello", INSTALLED_APPS=["blog"]).test_client().get("/blog/").text == "posts"


def test_a_wrong_name_is_told_with_the_nearest(write: Write) -> None:
    """A package's, a configuration's, one inside of a package."""
    write("blog/__init__.py")
    write("blog/inner/__init__.py")
    write("blog/apps.py", "from spruce import AppConfig\nclass BlogConfig(AppConfig):\n    pass\n")
    assert refusal("blgo") == (
        "INSTALLED_APPS has 'blgo', but there is no package 'blgo'; did you mean 'blog'? "
        "It is imported as Python does: from the folder of the app, or installed."
    )
    assert refusal("blog.apps.BlogConfg") == (
        "INSTALLED_APPS has 'blog.apps.BlogConfg', but blog.apps has neither a package nor an AppConfig 'BlogConfg'; "
        "did you mean 'BlogConfig'?"
    )
    assert refusal("blog.iner") == (
        "INSTALLED_APPS has 'blog.iner', but blog has neither a package nor an AppConfig 'iner'; did you mean 'inner'?"
    )
    assert refusal(AppConfig) == f"INSTALLED_APPS has {AppConfig!r}, which is no text. Write the name of a package."


def test_what_is_unclear_is_asked(write: Write) -> None:
    """Two apps of one label, two configurations of one package."""
    for name in ("a", "b"):
        write(f"{name}/__init__.py")
        write(f"{name}/blog/__init__.py")
    assert refusal("a.blog", "b.blog") == (
        "INSTALLED_APPS has two apps with the label 'blog': a.blog and b.blog. "
        "Give one of them another `label` in its AppConfig."
    )
    write("a/blog/apps.py", "from spruce import AppConfig\nclass X(AppConfig): pass\nclass Y(AppConfig): pass\n")
    assert refusal("a.blog") == (
        "a.blog.apps has several AppConfigs: X, Y. "
        "Set `default = True` in one, or name it: INSTALLED_APPS=['a.blog.apps.X']."
    )


def test_an_error_inside_of_a_package_is_its_own(write: Write) -> None:
    """It is not taken for a package that is missing, and it is raised each time."""
    write("blog/__init__.py")
    write("blog/models.py", "import no_such_library")
    app = App("hello", INSTALLED_APPS=["blog"])
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            _ = app.installed
