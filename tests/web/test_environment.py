"""The environment of templates: what they can use, and when they are read again."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spruce.errors import TemplateNotFound
from spruce.i18n import gettext_lazy, override
from spruce.web import App, Blueprint, g, render_template, render_template_string


def test_templates_have_the_request_and_its_friends() -> None:
    """Also in imported macros, as they are globals."""
    app = App(__name__)
    app.add_url_rule("/<x>", "view", lambda x: "")
    with app.test_request_context("/a?q=1"):
        g.word = "w"
        text = "{{ request.args.q }} {{ g.word }} {{ config.DEBUG }} {{ url_for('view', x='y') }} {{ {'a': 1}|tojson }}"
        assert render_template_string(text) == '1 w False /y {"a":1}'


def test_context_processors_add_values() -> None:
    """Of the app first, then of the blueprint; what the view passes goes before."""
    app, made = App(__name__), Blueprint("page", __name__)
    app.context_processor(lambda: {"a": "app", "b": "app", "c": "app"})
    made.context_processor(lambda: {"b": "page"})
    made.add_url_rule("/", "view", lambda: render_template_string("{{ a }} {{ b }} {{ c }}", c="view"))
    app.register_blueprint(made)
    assert app.test_client().get("/").text == "app page view"


def test_filters_globals_and_tests_may_be_added_any_time() -> None:
    """Before the first template and after it."""
    app = App(__name__)
    app.template_filter()(lambda_named("shout"))
    with app.app_context():
        assert render_template_string("{{ 'a'|shout }}") == "A"
        app.template_global("now")(lambda: "today")
        app.template_test("loud")(str.isupper)
        assert render_template_string("{{ now() }} {{ 'A' is loud }}") == "today True"


def lambda_named(name: str) -> object:
    def function(text: str) -> str:
        return text.upper()

    function.__name__ = name
    return function


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, "old"), ({"DEBUG": True}, "new"), ({"DEBUG": True, "TEMPLATES_AUTO_RELOAD": False}, "old")],
)
def test_a_changed_template_is_read_again_in_debug_mode(
    tmp_path: Path, settings: dict[str, bool], expected: str
) -> None:
    """Or when TEMPLATES_AUTO_RELOAD says so."""
    (tmp_path / "templates").mkdir()
    file = tmp_path / "templates" / "a.html"
    file.write_text("old")
    app = App(__name__, root_path=str(tmp_path), **settings)
    with app.app_context():
        assert render_template("a.html") == "old"
        file.write_text("new")
        os.utime(file, (1, 1))
        assert render_template("a.html") == expected


def test_a_template_outside_of_the_folders_is_not_found(tmp_path: Path) -> None:
    """Whatever its name is made of."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "secret.html").write_text("secret")
    app = App(__name__, root_path=str(tmp_path))
    with app.app_context(), pytest.raises(TemplateNotFound):
        render_template("../secret.html")


def test_an_app_without_folder_says_so() -> None:
    """There is nowhere to look."""
    app = App(__name__, template_folder=None)
    with app.app_context(), pytest.raises(TemplateNotFound) as caught:
        render_template("a.html")
    assert str(caught.value) == ("there is no template 'a.html'. Searched: nowhere, as the app has no template folder.")


def test_only_so_many_texts_are_kept_parsed() -> None:
    """A program that makes them up does not grow."""
    app = App(__name__)
    with app.app_context():
        for number in range(150):
            assert render_template_string(str(number)) == str(number)
        assert app.jinja_env.from_text("149") is app.jinja_env.from_text("149")
        assert len(app.jinja_env._strings) == 100


def test_templates_translate_and_format(tmp_path: Path) -> None:
    """By the tags and functions of Jinja2's own extension; what is put in is escaped."""
    folder = tmp_path / "locale/de/LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Hello %(name)s"\nmsgstr "Hallo %(name)s"\n\n'
        'msgid "%(num)s page"\nmsgid_plural "%(num)s pages"\nmsgstr[0] "%(num)s Seite"\nmsgstr[1] "%(num)s Seiten"\n\n'
        'msgctxt "month"\nmsgid "May"\nmsgstr "Mai"\n'
    )
    app = App(__name__, root_path=str(tmp_path), TIME_ZONE="Asia/Shanghai")
    source = (
        "{% trans name %}Hello {{ name }}{% endtrans %}|{{ _('Hello %(name)s', name=name) }}|"
        "{{ ngettext('%(num)s page', '%(num)s pages', 3) }}|{{ pgettext('month', 'May') }}|"
        "{{ 1234.5|format_currency('EUR') }}|{{ moment|format_datetime('dd.MM. HH:mm') }}|"
        "{{ moment|localtime('UTC') }}|"
        "{{ get_language() }} {{ text_direction() }} {{ label }}"
    )
    values = {"name": "<b>", "moment": datetime(2026, 1, 1, 20, tzinfo=UTC), "label": gettext_lazy("<i>")}
    with app.app_context(), override("de"):
        assert render_template_string(source, **values) == (
            "Hallo &lt;b&gt;|Hallo &lt;b&gt;|3 Seiten|Mai|1.234,50\xa0€|02.01. 04:00|2026-01-01 20:00:00+00:00|"
            "de ltr &lt;i&gt;"
        )


def test_formats_of_constants_follow_the_language(tmp_path: Path) -> None:
    """Jinja2 computes filters of constants when it compiles a template, but not these."""
    app = App(__name__)
    with app.app_context():
        shown = []
        for language in ("en", "de"):
            with override(language):
                shown.append(render_template_string("{{ 1234.5|format_number }}"))
    assert shown == ["1,234.5", "1.234,5"]
