"""Languages: the one that holds, those of an app, those that somebody wants."""

from collections.abc import Callable

import pytest

from spruce import config, green
from spruce.errors import ConfigError
from spruce.i18n import (
    activate,
    deactivate,
    get_language,
    languages_of,
    locale_of,
    negotiate,
    normal,
    override,
    text_direction,
)

Make = Callable[..., config.Settings]


def test_the_setting_holds_until_another_is_activated(settings: Make) -> None:
    """And again after that was undone."""
    settings(LANGUAGE_CODE="zh_hans")
    assert get_language() == "zh-Hans"
    activate("PT-br")
    assert get_language() == "pt-BR"
    with override("de"):
        assert get_language() == "de"
        with override(None):
            assert get_language() == "zh-Hans"
    assert get_language() == "pt-BR"
    deactivate()
    assert get_language() == "zh-Hans"


def test_a_green_thread_has_its_own(settings: Make) -> None:
    """It begins with that of the thread that started it, and keeps its changes to itself."""
    settings()
    with override("de"):
        seen = green.spawn(lambda: (get_language(), activate("fr"))[0]).wait()
        assert (seen, get_language()) == ("de", "de")


@pytest.mark.parametrize(
    ("given", "usual", "locale"),
    [("EN", "en", "en"), ("pt_br", "pt-BR", "pt_BR"), ("zh-hans-cn", "zh-Hans-CN", "zh_Hans_CN")],
)
def test_case_and_underscores_do_not_matter(given: str, usual: str, locale: str) -> None:
    assert (normal(given), locale_of(given)) == (usual, locale)


def test_languages_are_a_dict_or_pairs_or_the_default_alone() -> None:
    both = {"en": "English", "zh-Hans": "简体中文"}
    assert languages_of(config.Settings(LANGUAGES={"en": "English", "zh_hans": "简体中文"})) == both
    assert languages_of(config.Settings(LANGUAGES=[("en", "English"), ("zh-hans", "简体中文")])) == both
    assert languages_of(config.Settings(LANGUAGE_CODE="de")) == {"de": "de"}


def test_languages_that_are_none_are_told() -> None:
    """With what to write instead."""
    with pytest.raises(ConfigError) as caught:
        languages_of(config.Settings(LANGUAGES=["en", "german"]))
    assert str(caught.value) == (
        "LANGUAGES is ['en', 'german'], which is no list of languages. "
        "Write LANGUAGES={'en': 'English', 'zh-Hans': '简体中文'}, or a list of such pairs."
    )
    with pytest.raises(ConfigError) as caught:
        languages_of(config.Settings(LANGUAGES={"de": "Deutsch", "fr": "Français"}))
    assert str(caught.value) == (
        "LANGUAGE_CODE is 'en', which LANGUAGES does not have: de, fr. Add it, or set LANGUAGE_CODE to one of them."
    )


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (["de-AT", "en"], "de"),
        (["zh-CN"], "zh-Hans"),
        (["zh_SG"], "zh-Hans"),
        (["zh"], "zh-Hans"),
        (["zh-TW", "de"], "de"),
        (["pt"], "pt_BR"),
        (["PT-br"], "pt_BR"),
        (["pt-PT"], None),
        (["*", "fr"], None),
        ([], None),
    ],
)
def test_what_is_wanted_finds_what_is_there(wanted: list[str], got: str | None) -> None:
    """The first that fits, exactly or nearly; in the form in which the app has it."""
    assert negotiate(wanted, ["en", "de", "pt_BR", "zh-Hans"]) == got


def test_the_direction_of_writing(settings: Make) -> None:
    settings()
    assert text_direction() == "ltr"
    with override("ar-EG"):
        assert text_direction() == "rtl"
