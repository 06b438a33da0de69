"""One declared key: what it takes, how text is read, what is never shown."""

from os import PathLike
from pathlib import Path

import pytest

from spruce.config import Setting
from spruce.errors import ConfigError

PORT = Setting("PORT", int, 80, "Where it listens.")
RATE = Setting("RATE", float, 1.0, "Per second.")
SHOUT = Setting("SHOUT", bool, False, "Louder.")
FOLDER = Setting("FOLDER", (str, PathLike), None, "Where files go.")
NAMES = Setting("NAMES", (list, tuple), [], "Who may come in.")
KEY = Setting("KEY", (str, bytes), None, "Long and random.", secret=True)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (PORT, 1),
        (RATE, 2),
        (RATE, 2.5),
        (SHOUT, True),
        (FOLDER, Path("x")),
        (FOLDER, None),
        (NAMES, ("a",)),
        (KEY, b"k"),
    ],
)
def test_values_of_the_type_are_taken(setting: Setting, value: object) -> None:
    """Each of the types is good, an int where a float is expected too, and None where it is the default."""
    setting.check(value)


@pytest.mark.parametrize(
    ("setting", "value", "text"),
    [
        (PORT, "80", "PORT must be int, not str '80'. Where it listens."),
        (PORT, True, "PORT must be int, not bool True. Where it listens."),
        (PORT, None, "PORT must be int, not NoneType None. Where it listens."),
        (RATE, False, "RATE must be float, not bool False. Per second."),
        (SHOUT, 1, "SHOUT must be bool, not int 1. Louder."),
        (FOLDER, 3, "FOLDER must be str or PathLike or None, not int 3. Where files go."),
        (KEY, 12345, "KEY must be str or bytes or None, not int (hidden). Long and random."),
    ],
)
def test_other_values_are_refused(setting: Setting, value: object, text: str) -> None:
    """The error tells what is expected and what came, but never a secret."""
    with pytest.raises(ConfigError) as caught:
        setting.check(value)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (SHOUT, "1", True),
        (SHOUT, " Yes ", True),
        (SHOUT, "off", False),
        (SHOUT, "", False),
        (PORT, "8080", 8080),
        (RATE, "0.5", 0.5),
        (NAMES, '["a", "b"]', ["a", "b"]),
        (FOLDER, "12", "12"),
        (KEY, "null", "null"),
    ],
)
def test_text_is_read_as_the_type(setting: Setting, text: str, value: object) -> None:
    """A text from the environment becomes a value of the key's own type, and stays text where that is the type."""
    assert setting.parse(text, "SPRUCE_X") == value


def test_null_is_none_where_none_is_the_default() -> None:
    """A number that may be None can be set so from the environment."""
    assert Setting("MOST", int, None, "").parse("null", "SPRUCE_MOST") is None


def test_text_that_cannot_be_read_is_refused() -> None:
    """The error names the variable, what it says and what is expected."""
    with pytest.raises(ConfigError) as caught:
        SHOUT.parse("loud", "SPRUCE_SHOUT")
    assert str(caught.value) == "SPRUCE_SHOUT is 'loud', which cannot be read as bool"


def test_secret_text_that_cannot_be_read_stays_hidden() -> None:
    """Not even the error about a secret shows it."""
    with pytest.raises(ConfigError) as caught:
        Setting("URLS", dict, {}, "", secret=True).parse("postgres://me:word@db", "SPRUCE_URLS")
    assert str(caught.value) == "SPRUCE_URLS is (hidden), which cannot be read as dict"


def test_each_settings_gets_a_default_of_its_own() -> None:
    """A list that is a default is not shared."""
    assert NAMES.initial() == []
    assert NAMES.initial() is not NAMES.initial()
