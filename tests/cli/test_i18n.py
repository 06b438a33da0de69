"""`spruce i18n`, from the first text to the compiled catalogue."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from spruce.cli.main import main

Write = Callable[..., Path]
APP = """
from spruce import App
from spruce.i18n import gettext as _, ngettext

app = App(__name__, LANGUAGES={"en": "English", "de": "Deutsch"}, LANGUAGE_CODE="en")

@app.get("/")
def index(count: int = 0):
    return _("Hello") + " " + ngettext("%(num)d page", "%(num)d pages", count)
"""


def said(*arguments: str, status: int = 0) -> list[str]:
    result = CliRunner().invoke(main, ["i18n", *arguments])
    assert result.exit_code == status, result.output
    return result.output.splitlines()


@pytest.fixture(autouse=True)
def app(write: Write) -> None:
    """An app with three texts, one of them in a template."""
    write("app.py", APP)
    write("templates/page.html", "<p>{% trans name=user %}Bye {{ name }}{% endtrans %}</p>")


def test_from_the_texts_to_what_is_read(write: Write, tmp_path: Path) -> None:
    """Found, translated by hand, compiled, and found again after a change."""
    assert said("extract") == ["3 texts are in locale/messages.pot"]
    assert said("update") == ["de: 0 of 3 translated, in locale/de/LC_MESSAGES/messages.po"]
    path = tmp_path / "locale/de/LC_MESSAGES/messages.po"
    text = path.read_text("utf-8").replace('msgid "Hello"\nmsgstr ""', 'msgid "Hello"\nmsgstr "Guten Tag"')
    path.write_text(text, "utf-8")
    assert said("compile") == ["de: 1 of 3 translated, in locale/de/LC_MESSAGES/messages.po"]
    assert path.with_suffix(".mo").is_file()
    write("app.py", APP.replace("Hello", "Hello!"))
    assert said("update", "zh_hans", "de") == [
        "zh_Hans: 0 of 3 translated, in locale/zh_Hans/LC_MESSAGES/messages.po",
        "de: 0 of 3 translated, 1 unsure, in locale/de/LC_MESSAGES/messages.po",
    ]


def test_an_installed_app_has_its_own(write: Write) -> None:
    """In its folder."""
    write("app.py", "from spruce import App\napp = App('x', INSTALLED_APPS=['blog'])\n")
    write("blog/__init__.py", "from spruce.i18n import gettext_lazy\nTITLE = gettext_lazy('Post')\n")
    assert said("update", "--of", "blog", "de") == ["de: 0 of 1 translated, in blog/locale/de/LC_MESSAGES/messages.po"]
    assert said("update", "--of", "blgo", status=1) == ["Error: there is no installed app 'blgo'. There are blog."]


def test_what_is_missing_is_told(write: Write) -> None:
    """A language, translations, an app of Spruce."""
    assert said("update", "klingon", status=1) == [
        "Error: there is no language 'klingon'. Languages are written like 'de', 'pt-BR' or 'zh-Hans'."
    ]
    assert said("compile", status=1) == [
        "Error: there are no translations in locale. Write: spruce i18n update zh-Hans"
    ]
    write("app.py", "from spruce import App\napp = App('x')\n")
    write("plain.py", "def application(environ, start_response): return []\n")
    assert said("extract", "--app", "plain.py", status=1) == [
        "Error: plain:application, a WSGI app, has no texts that Spruce can find. Its own framework may."
    ]
