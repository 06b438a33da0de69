"""gettext and its relatives."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spruce import config
from spruce.i18n import (
    gettext,
    gettext_lazy,
    ngettext,
    ngettext_lazy,
    npgettext,
    npgettext_lazy,
    override,
    pgettext,
    pgettext_lazy,
)

ENTRIES = """
msgid "Hello, %(name)s"
msgstr "Bonjour, %(name)s"

msgid "100% cotton"
msgstr "100% coton"

msgid "%(num)d page"
msgid_plural "%(num)d pages"
msgstr[0] "%(num)d page"
msgstr[1] "%(num)d feuilles"

msgctxt "month"
msgid "May"
msgstr "mai"

msgctxt "of a book"
msgid "%(num)d leaf"
msgid_plural "%(num)d leaves"
msgstr[0] "%(num)d feuille"
msgstr[1] "%(num)d feuilles"
"""


@pytest.fixture(autouse=True)
def french(settings: Callable[..., config.Settings], catalogue: Callable[..., Path]) -> None:
    """Some French, in which zero is singular."""
    settings(LOCALE_PATHS=[str(catalogue("fr", ENTRIES))])


def test_texts_are_those_of_the_language() -> None:
    """And those of the code where there is no translation."""
    assert gettext("Hello, %(name)s", name="Zoé") == "Hello, Zoé"
    with override("fr"):
        assert gettext("Hello, %(name)s", name="Zoé") == "Bonjour, Zoé"
        assert gettext("Good bye") == "Good bye"


def test_a_percent_sign_needs_no_second_one() -> None:
    """Where nothing is to be filled in."""
    with override("fr"):
        assert gettext("100% cotton") == "100% coton"


def test_numbers_choose_the_form() -> None:
    """By the rule of the language."""
    assert [ngettext("%(num)d page", "%(num)d pages", n) for n in (0, 1, 2)] == ["0 pages", "1 page", "2 pages"]
    with override("fr"):
        assert [ngettext("%(num)d page", "%(num)d pages", n) for n in (0, 1, 2)] == ["0 page", "1 page", "2 feuilles"]


def test_a_context_tells_words_apart() -> None:
    with override("fr"):
        assert (pgettext("month", "May"), pgettext("permission", "May")) == ("mai", "May")
        assert npgettext("of a book", "%(num)d leaf", "%(num)d leaves", 2) == "2 feuilles"


def test_lazy_texts_are_made_when_they_are_shown() -> None:
    """In the language that holds then."""
    lazy = [
        gettext_lazy("Hello, %(name)s", name="Zoé"),
        ngettext_lazy("%(num)d page", "%(num)d pages", 3),
        pgettext_lazy("month", "May"),
        npgettext_lazy("of a book", "%(num)d leaf", "%(num)d leaves", 3),
    ]
    assert [str(one) for one in lazy] == ["Hello, Zoé", "3 pages", "May", "3 leaves"]
    with override("fr"):
        assert [str(one) for one in lazy] == ["Bonjour, Zoé", "3 feuilles", "mai", "3 feuilles"]
