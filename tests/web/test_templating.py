"""Templates from views."""

from pathlib import Path

import pytest

from spruce import events
from spruce.errors import ContextError, TemplateNotFound
from spruce.web import (
    App,
    get_template_attribute,
    render_block,
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """Return an app with some templates."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "hello.html").write_text("Hello, {{ name }}")
    (folder / "mail.txt").write_text("Hello, {{ name }}")
    (folder / "macros.html").write_text("{% macro greet(name) %}Hi, {{ name }}{% endmacro %}")
    return App(__name__, root_path=str(tmp_path))


def test_a_template_is_rendered_with_its_values(app: App) -> None:
    """What it inserts is escaped in pages and strings, not in plain text."""
    with app.app_context():
        assert render_template("hello.html", name="<b>") == "Hello, &lt;b&gt;"
        assert render_template("mail.txt", name="<b>") == "Hello, <b>"
        assert render_template_string("{{ name }}", name="<b>") == "&lt;b&gt;"
        assert render_template(["none.html", "hello.html"], name="x") == "Hello, x"
        assert render_template(app.jinja_env.find("hello.html"), name="y") == "Hello, y"


def test_a_missing_template_names_the_folders(app: App) -> None:
    """And the nearest template that is there."""
    with app.app_context():
        with pytest.raises(TemplateNotFound) as caught:
            render_template("helo.html")
        assert str(caught.value) == (
            f"there is no template 'helo.html'; did you mean 'hello.html'? Searched: {app.template_folder}."
        )
        with pytest.raises(TemplateNotFound, match=r"^there is no template 'x.xml' or 'y.xml'. Searched: "):
            render_template(["x.xml", "y.xml"])


def test_a_template_may_be_streamed(app: App) -> None:
    """Piece by piece, as a view's result."""
    app.add_url_rule("/", "view", lambda: stream_template("hello.html", name="x"))
    app.add_url_rule("/s", "text", lambda: stream_template_string("{{ request.path }} {{ name }}", name="x"))
    client = app.test_client()
    assert client.get("/").text == "Hello, x"
    assert client.get("/s").text == "/s x"


def test_a_macro_can_be_called(app: App) -> None:
    """What a template defines at its top level."""
    with app.app_context():
        assert get_template_attribute("macros.html", "greet")("<b>") == "Hi, &lt;b&gt;"


def test_subscribers_are_told_what_was_rendered(app: App) -> None:
    """The name and the time that it took."""
    seen: list[object] = []
    end = events.template_rendered.subscribe(lambda event: seen.append((event["name"], type(event["seconds"]))))
    try:
        with app.app_context():
            assert render_template("hello.html", name="x") == "Hello, x"
            render_template_string("x")
    finally:
        end()
    assert seen == [("hello.html", float), ("<string>", float)]


def test_outside_of_an_app_it_says_so() -> None:
    """The error names the function."""
    with pytest.raises(ContextError, match=r"^render_template is only there while an app works, and none does. "):
        render_template("hello.html")


def test_a_block_is_rendered_alone(app: App, tmp_path: Path) -> None:
    """With what its template sets and imports, the blocks of its parents, super() and context processors."""
    folder = tmp_path / "templates"
    (folder / "layout.html").write_text(
        "{% set brand = 'Panda' %}<html>{% block title %}{{ brand }}{% endblock %}{% block rows %}none{% endblock %}"
        "{% block foot %}{{ name }} at {{ brand }}{% endblock %}</html>"
    )
    (folder / "list.html").write_text(
        "{% extends 'layout.html' %}{% from 'macros.html' import greet %}{% set word = '<i>' %}"
        "{% block rows %}{{ greet(name) }} {{ word }} {{ super() }}{% endblock %}"
    )
    app.context_processor(lambda: {"name": "ann"})
    with app.app_context():
        assert render_block("list.html", "rows") == "Hi, ann &lt;i&gt; none"
        assert render_template("list.html#rows", name="bob") == "Hi, bob &lt;i&gt; none"
        assert render_block("list.html", "foot") == "ann at Panda"
        assert render_template("list.html").startswith("<html>Panda")


def test_a_missing_block_names_the_others(app: App, tmp_path: Path) -> None:
    """With the nearest."""
    (tmp_path / "templates" / "page.html").write_text("{% block rows %}{% endblock %}{% block title %}{% endblock %}")
    with app.app_context():
        with pytest.raises(TemplateNotFound) as caught:
            render_block("page.html", "row")
        assert str(caught.value) == (
            "the template 'page.html' has no block 'row'; did you mean 'rows'? Its blocks are rows, title."
        )
        with pytest.raises(TemplateNotFound) as caught:
            render_template("hello.html#rows")
        assert str(caught.value) == "the template 'hello.html' has no block 'rows'. Its blocks are none."
