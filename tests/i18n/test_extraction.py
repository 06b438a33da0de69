"""Texts found, catalogues updated and compiled."""

from pathlib import Path

import pytest

from spruce.errors import ConfigError
from spruce.i18n.extraction import compile_catalogues, extract, locales_in, update


def test_texts_are_found_in_python_and_templates(tmp_path: Path) -> None:
    """With their contexts, plurals and what is said to translators; lazy ones too."""
    (tmp_path / "app.py").write_text(
        "# Translators: on the first page\n_('Hello')\n"
        "gettext_lazy('Later')\nnpgettext_lazy('book', 'leaf', 'leaves', 2)\n"
    )
    (tmp_path / "page.html").write_text("{{ _('Bye') }}{{ pgettext('month', 'May') }}")
    for skipped in ("node_modules", "tests", ".hidden", "_private"):
        (tmp_path / skipped).mkdir()
        (tmp_path / skipped / "x.py").write_text("_('not this')")
    found = {(message.context, message.id): message for message in extract(tmp_path) if message.id}
    assert set(found) == {
        (None, "Hello"),
        (None, "Later"),
        ("book", ("leaf", "leaves")),
        (None, "Bye"),
        ("month", "May"),
    }
    assert found[None, "Hello"].auto_comments == ["on the first page"]
    assert [name for name, _ in found[None, "Bye"].locations] == ["page.html"]


def test_templates_may_have_the_tags_of_an_app(tmp_path: Path) -> None:
    """Such as `{% csrf_token %}` and `{% cache %}`, which come with Spruce."""
    (tmp_path / "page.html").write_text("<form>{% csrf_token %}{{ _('Go') }}</form>")
    assert [message.id for message in extract(tmp_path) if message.id] == ["Go"]


def test_what_is_translated_stays_and_what_has_gone_is_kept_aside(tmp_path: Path) -> None:
    """A translator's work isn't lost."""
    (tmp_path / "app.py").write_text("_('Hello')\n_('Something else')\n")
    (first,) = update(extract(tmp_path), tmp_path / "locale", ["de"])
    text = first.path.read_text("utf-8").replace('msgid "Hello"\nmsgstr ""', 'msgid "Hello"\nmsgstr "Guten Tag"')
    first.path.write_text(text, "utf-8")
    (tmp_path / "app.py").write_text("_('Something else')\n")
    (second,) = update(extract(tmp_path), tmp_path / "locale", ["de"])
    assert (second.total, second.translated, locales_in(tmp_path / "locale")) == (1, 0, ["de"])
    assert '#~ msgid "Hello"\n#~ msgstr "Guten Tag"' in second.path.read_text("utf-8")
    assert second.path.read_text("utf-8").startswith(f"# {tmp_path.name} in German.\n")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A template, a catalogue."""
    (tmp_path / "page.html").write_text("{% trans %}")
    with pytest.raises(ConfigError, match=r"^the template '.*page\.html' cannot be read: "):
        extract(tmp_path)
    path = tmp_path / "locale/de/LC_MESSAGES/messages.po"
    path.parent.mkdir(parents=True)
    path.write_text('msgid "x"\nno line\n')
    with pytest.raises(ConfigError, match=r"^the translations in '.*messages\.po' cannot be read: "):
        list(compile_catalogues(tmp_path / "locale"))
