"""Catalogues: where translations are found."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from spruce import config
from spruce.errors import ConfigError
from spruce.i18n import Catalogues, catalogues_of, gettext, override

Make = Callable[..., config.Settings]
Write = Callable[..., Path]


def over(folder: Path) -> Catalogues:
    return Catalogues(config.Settings(LOCALE_PATHS=[str(folder)]))


def test_the_folders_of_the_settings_are_searched_first(settings: Make, catalogue: Write) -> None:
    """Then those that were added, then Spruce's own translations."""
    first = catalogue("zh_Hans", 'msgid "one"\nmsgstr "first"\n', "first")
    added = catalogue("zh_Hans", 'msgid "one"\nmsgstr "added"\n\nmsgid "two"\nmsgstr "added"\n', "added")
    made = settings(LOCALE_PATHS=[str(first)])
    catalogues_of(made).add(added)
    with override("zh-Hans"):
        assert [gettext(text) for text in ("one", "two", "Not Found", "nowhere")] == [
            "first",
            "added",
            "未找到",
            "nowhere",
        ]


def test_a_wider_language_completes_a_narrower_one(catalogue: Write) -> None:
    """`de` has what `de-AT` lacks."""
    catalogue("de_AT", 'msgid "January"\nmsgstr "Jänner"\n')
    folder = catalogue("de", 'msgid "January"\nmsgstr "Januar"\n\nmsgid "May"\nmsgstr "Mai"\n')
    found = over(folder).of("de-AT")
    assert (found.gettext("January"), found.gettext("May")) == ("Jänner", "Mai")


def test_an_added_folder_counts_at_once_and_only_once(catalogue: Write) -> None:
    """Also where the language has been read already."""
    folder = catalogue("de", 'msgid "yes"\nmsgstr "ja"\n')
    made = Catalogues(config.Settings())
    assert made.of("de").gettext("yes") == "yes"
    made.add(folder)
    made.add(folder)
    assert (made.of("de").gettext("yes"), made.folders) == ("ja", [folder])


def test_the_newer_of_source_and_compiled_is_read(catalogue: Write) -> None:
    """So nothing needs compiling while one writes; and what was compiled last holds in production."""
    folder = catalogue("de", 'msgid "yes"\nmsgstr "ja"\n')
    source = folder / "de/LC_MESSAGES/messages.po"
    with source.open("rb") as text, source.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(text))
    source.write_text(source.read_text().replace("ja", "jawohl"))
    os.utime(source, (1, 1))
    assert over(folder).of("de").gettext("yes") == "ja"
    os.utime(source.with_suffix(".mo"), (0, 0))
    assert over(folder).of("de").gettext("yes") == "jawohl"


def test_a_broken_catalogue_is_told(catalogue: Write) -> None:
    """With its path."""
    folder = catalogue("de", 'msgid "yes"\nthis is no line\n')
    with pytest.raises(ConfigError) as caught:
        over(folder).of("de")
    path = folder / "de/LC_MESSAGES/messages.po"
    assert str(caught.value).startswith(f"the translations in {str(path)!r} cannot be read: ")


def test_each_app_has_its_own(catalogue: Write) -> None:
    """They are kept with its settings."""
    one, other = config.Settings(LOCALE_PATHS=[str(catalogue("de", ""))]), config.Settings()
    assert catalogues_of(one) is catalogues_of(one)
    assert catalogues_of(other).folders == []


def test_another_setting_counts_at_once(catalogue: Write) -> None:
    """As a test that overrides it expects."""
    settings = config.Settings()
    made = Catalogues(settings)
    assert made.of("de").gettext("yes") == "yes"
    settings["LOCALE_PATHS"] = [str(catalogue("de", 'msgid "yes"\nmsgstr "ja"\n'))]
    assert made.of("de").gettext("yes") == "ja"
