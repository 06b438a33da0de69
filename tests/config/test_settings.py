"""Settings: defaults, refusals, and the places they are read from."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from spruce.config import KNOWN, Settings
from spruce.errors import ConfigError


def refusal(settings: Settings, key: str, value: object = "x") -> str:
    with pytest.raises(ConfigError) as caught:
        settings[key] = value
    return str(caught.value)


def test_settings_begin_with_every_default() -> None:
    """A key that was not set can be read all the same."""
    assert {key: setting.default for key, setting in KNOWN.items()} == Settings()


def test_defaults_are_not_shared() -> None:
    """Changing one app's list leaves the next app's alone."""
    Settings()["MIDDLEWARE"].append("x")
    assert Settings()["MIDDLEWARE"] == []


def test_keywords_and_a_mapping_set_values() -> None:
    """Settings are made from a mapping, from keywords, or both; keywords win."""
    settings = Settings({"DEBUG": True, "COLOUR": "red"}, COLOUR="blue")
    assert (settings["DEBUG"], settings["COLOUR"]) == (True, "blue")


@pytest.mark.parametrize(
    ("slip", "meant"), [("DEBG", "DEBUG"), ("debug", "DEBUG"), ("DATABASE", "DATABASES"), ("SECRETKEY", "SECRET_KEY")]
)
def test_a_slip_is_refused_with_the_right_name(slip: str, meant: str) -> None:
    """A key that is nearly a known one names that one."""
    text = f"there is no setting {slip!r}; did you mean {meant!r}? A setting of your own needs another name."
    assert refusal(Settings(), slip) == text


@pytest.mark.parametrize("key", ["COLOUR", "PAGE_SIZE", "DATABASE_URL", "MAIL_SERVER"])
def test_own_keys_are_free(key: str) -> None:
    """A key that is near none of the known ones holds whatever the program likes."""
    settings = Settings()
    settings[key] = object
    assert settings[key] is object


def test_a_value_of_the_wrong_type_is_refused() -> None:
    """The error comes where the key is set."""
    text = "MAX_CONTENT_LENGTH must be int or None, not str '1 MB'. " + KNOWN["MAX_CONTENT_LENGTH"].doc
    assert refusal(Settings(), "MAX_CONTENT_LENGTH", "1 MB") == text


def test_every_way_of_setting_checks() -> None:
    """update, |=, setdefault and the constructor refuse what an assignment refuses."""
    settings = Settings()
    with pytest.raises(ConfigError):
        settings.update(DEBG=True)
    with pytest.raises(ConfigError):
        settings |= {"DEBG": True}
    with pytest.raises(ConfigError):
        settings.setdefault("DEBG", True)
    with pytest.raises(ConfigError):
        Settings(DEBG=True)
    assert "DEBG" not in settings


def test_setdefault_and_in_place_or_set() -> None:
    """The other ways of setting work as a dict's."""
    settings = Settings()
    assert settings.setdefault("DEBUG", True) is False
    assert settings.setdefault("COLOUR", "red") == "red"
    settings |= {"COLOUR": "blue"}
    assert (type(settings), settings["COLOUR"]) == (Settings, "blue")


def test_a_copy_has_resources_of_its_own() -> None:
    """What one app has opened does not pass to the copy of its settings."""
    settings = Settings(COLOUR="red")
    settings.resources["db"] = "open"
    assert settings.copy() == settings
    assert settings.copy().resources == {}


def test_secrets_are_not_in_the_repr() -> None:
    """Logging the settings gives neither the key nor the databases' passwords away."""
    text = repr(Settings(SECRET_KEY="hush", DATABASES={"default": "postgresql://me:hush@db"}, COLOUR="red"))
    assert "hush" not in text
    assert "'SECRET_KEY': (hidden)" in text
    assert "'COLOUR': 'red'" in text


def test_from_mapping_takes_capitals_only() -> None:
    """Other keys of a mapping are passed over."""
    settings = Settings()
    settings.from_mapping({"COLOUR": "red", "size": 3}, DEBUG=True)
    assert (settings["COLOUR"], settings["DEBUG"], "size" in settings) == ("red", True, False)


def test_from_object_reads_attributes_in_capitals() -> None:
    """A class or any object serves as a source, inherited attributes included."""

    class Shared:
        COLOUR = "red"

    class Local(Shared):
        DEBUG = True
        size = 3

    settings = Settings()
    settings.from_object(Local)
    settings.from_object(SimpleNamespace(TESTING=True))
    assert (settings["COLOUR"], settings["DEBUG"], settings["TESTING"], "size" in settings) == (
        "red",
        True,
        True,
        False,
    )


def test_from_object_imports_what_a_text_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module, or a class in it, can be named."""
    (tmp_path / "spruce_sample_settings.py").write_text("COLOUR = 'red'\nclass Local:\n    COLOUR = 'blue'\n")
    monkeypatch.syspath_prepend(tmp_path)
    settings = Settings()
    settings.from_object("spruce_sample_settings")
    assert settings["COLOUR"] == "red"
    settings.from_object("spruce_sample_settings:Local")
    assert settings["COLOUR"] == "blue"


def test_from_object_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module or class that does not exist is named; an import that fails inside of the module is its own error."""
    (tmp_path / "spruce_broken_settings.py").write_text("import spruce_not_there\n")
    (tmp_path / "spruce_empty_settings.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        ConfigError, match=r"^there is no module 'nowhere_settings' to read settings from\. Name it as in"
    ):
        Settings().from_object("nowhere_settings")
    with pytest.raises(ConfigError, match=r"^the module 'spruce_empty_settings' has no 'Local' to read settings from$"):
        Settings().from_object("spruce_empty_settings:Local")
    with pytest.raises(ModuleNotFoundError, match="spruce_not_there"):
        Settings().from_object("spruce_broken_settings")


def test_from_toml_sets_the_top_level(tmp_path: Path) -> None:
    """Tables become dicts, dates and numbers what TOML says they are."""
    (tmp_path / "app.toml").write_text('DEBUG = true\nPAGE_SIZE = 20\n[DATABASES]\ndefault = "sqlite://"\n')
    settings = Settings()
    settings.from_toml(tmp_path / "app.toml")
    assert (settings["DEBUG"], settings["PAGE_SIZE"], settings["DATABASES"]) == (True, 20, {"default": "sqlite://"})


def test_from_toml_names_the_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and broken TOML both say which file."""
    (tmp_path / "broken.toml").write_text("DEBUG = = 1")
    for name in ("missing.toml", "broken.toml"):
        with pytest.raises(ConfigError) as caught:
            Settings().from_toml(tmp_path / name)
        assert str(caught.value).startswith(f"the settings file {str(tmp_path / name)!r} cannot be read: ")


def test_from_environment_reads_typed_values() -> None:
    """Known keys are read as their type; own keys as JSON where they are JSON, else as text."""
    settings = Settings()
    settings.from_environment(
        {
            "SPRUCE_DEBUG": "yes",
            "SPRUCE_SECRET_KEY": "123",
            "SPRUCE_PAGE_SIZE": "20",
            "SPRUCE_COLOUR": "red",
            "HOME": "/",
        }
    )
    values = (settings["DEBUG"], settings["SECRET_KEY"], settings["PAGE_SIZE"], settings["COLOUR"])
    assert values == (True, "123", 20, "red")
    assert "HOME" not in settings


def test_from_environment_leaves_what_is_no_setting() -> None:
    """SPRUCE_APP names the app for the command, SPRUCE_LOOP the loop of scripts."""
    settings = Settings()
    settings.from_environment({"SPRUCE_APP": "hello.py", "SPRUCE_LOOP": "uvloop", "SPRUCE_": "odd"})
    assert settings == Settings()


def test_from_environment_reaches_into_dicts() -> None:
    """Two underscores set one entry and keep the others."""
    settings = Settings(DATABASES={"default": "sqlite://"})
    settings.from_environment({"SPRUCE_DATABASES__replica": "postgresql://db2", "SPRUCE_MAIL__smtp__port": "25"})
    assert settings["DATABASES"] == {"default": "sqlite://", "replica": "postgresql://db2"}
    assert settings["MAIL"] == {"smtp": {"port": 25}}


def test_from_environment_does_not_change_a_given_dict() -> None:
    """A dict that was passed to the app stays as it was."""
    given = {"default": "sqlite://"}
    Settings(DATABASES=given).from_environment({"SPRUCE_DATABASES__replica": "sqlite://"})
    assert given == {"default": "sqlite://"}


def test_from_environment_refuses_to_enter_what_is_no_dict() -> None:
    """Reaching into a text is an error that names the variable."""
    with pytest.raises(ConfigError) as caught:
        Settings(COLOUR="red").from_environment({"SPRUCE_COLOUR__dark": "1"})
    assert str(caught.value) == "SPRUCE_COLOUR__dark cannot be set inside of COLOUR, which is str and no dict"


def test_from_environment_reads_the_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the variables are the process's own."""
    monkeypatch.setenv("SPRUCE_COLOUR", "red")
    settings = Settings()
    settings.from_environment()
    assert settings["COLOUR"] == "red"
