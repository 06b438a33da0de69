"""What new passwords are looked at by."""

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import config
from spruce.auth import passwords
from spruce.auth.user import User
from spruce.errors import ConfigError, ValidationError
from spruce.i18n import override


def problems(password: str, user: Any = None, validators: Any = None) -> list[str]:
    """What is wrong with a password, as it is told."""
    try:
        passwords.validate_password(password, user, validators)
    except ValidationError as error:
        return error.messages
    return []


def test_a_password_has_eight_characters_at_least_asvs_6_2_1() -> None:
    assert problems("qp8x!zA") == ["This password is too short. It must contain at least 8 characters."]
    assert problems("qp8x!zAk") == []
    assert problems("短短短短短短短", validators=[passwords.MinimumLengthValidator(3)]) == []


def test_the_most_common_ones_are_refused_asvs_6_2_4() -> None:
    """All of the first 3,000 that are long enough, whatever their capitals."""
    lines = gzip.decompress(Path(passwords.__file__).with_name("common_passwords.txt.gz").read_bytes()).decode()
    common = [line for line in lines.splitlines() if not line.startswith("#!") and len(line) >= 8]
    assert len(common) > 8000
    accepted = [one for one in common[:3000] if not problems(one.title() if one[0].isalpha() else one)]
    assert accepted == []
    assert problems("PassWord1 ") == ["This password is too common."]


def test_no_mixture_of_characters_is_asked_for_asvs_6_2_5() -> None:
    for password in ("pandaseatbamboo", "48201937465", "  a b c  d e ", "ПРИВЕТМИРУ", "熊猫喜欢吃竹子吗"):
        assert problems(password) == []


def test_long_ones_are_fine_asvs_6_2_9() -> None:
    """64 characters and many more, spaces included."""
    assert problems("correct horse battery staple " * 40) == []


@pytest.mark.parametrize(
    ("password", "name"),
    [("Testclient1", "username"), ("example.com", "email"), ("xmas-eve-2026", "first name"), ("evesmas x", "")],
)
def test_what_everybody_knows_of_the_user_is_refused(password: str, name: str) -> None:
    user = User(username="testclient", email="user@example.com", first_name="xmas-eve-2026!")
    expected = [f"The password is too similar to the {name}."] if name else []
    assert problems(password, user) == expected


def test_likeness_needs_attributes_and_a_measure() -> None:
    like = passwords.UserAttributeSimilarityValidator(["nick"], 0.3)
    assert problems("panda123", SimpleNamespace(nick="panda"), [like]) == ["The password is too similar to the nick."]
    assert problems("panda123", SimpleNamespace(nick=None), [like]) == []

    class Named(User):
        nick = "panda"

        class Meta:
            proxy = True

    assert problems("panda123", Named(), [like]) == ["The password is too similar to the nick."]
    assert problems("a" * 200, SimpleNamespace(nick="a"), [passwords.UserAttributeSimilarityValidator(["nick"])]) == []
    with pytest.raises(ConfigError, match=r"^max_similarity is 0\.01, and must be at least 0\.1$"):
        passwords.UserAttributeSimilarityValidator(max_similarity=0.01)


def test_others_are_there_to_be_chosen(tmp_path: Path) -> None:
    tmp_path.joinpath("list.txt").write_text("House of Cards\n")
    assert problems("9" * 12, validators=[passwords.NumericPasswordValidator()]) == [
        "This password is entirely numeric."
    ]
    assert problems("9" * 12, validators=[passwords.MaximumLengthValidator(10)]) == [
        "Your password can have 10 characters at most."
    ]
    own = passwords.CommonPasswordValidator(tmp_path / "list.txt")
    assert problems("house of cards", validators=[own]) == ["This password is too common."]
    assert problems("password", validators=[own]) == []


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert problems("1234") == [
        "This password is too short. It must contain at least 8 characters.",
        "This password is too common.",
    ]


def test_what_is_wanted_can_be_told_beforehand() -> None:
    assert passwords.password_validators_help_texts() == [
        "Your password must contain at least 8 characters.",
        "Your password can’t be too similar to your other personal information.",
        "Your password can’t be a commonly used password.",
    ]
    assert passwords.NumericPasswordValidator().get_help_text() == "Your password can’t be entirely numeric."


def test_it_is_told_in_chinese() -> None:
    token = config.use(config.Settings(LANGUAGES={"en": "English", "zh-Hans": "中文"}))
    try:
        with override("zh-Hans"):
            assert problems("1234") == ["密码太短，至少需要 8 个字符。", "这个密码太常见了。"]
    finally:
        config.leave(token)


def test_settings_name_validators_or_have_them() -> None:
    described = [{"NAME": "spruce.auth.passwords.MinimumLengthValidator", "OPTIONS": {"min_length": 12}}]
    settings = config.Settings(AUTH_PASSWORD_VALIDATORS=described)
    token = config.use(settings)
    try:
        assert problems("elevenchars") == ["This password is too short. It must contain at least 12 characters."]
        settings["AUTH_PASSWORD_VALIDATORS"] = []
        assert problems("1") == []
        settings["AUTH_PASSWORD_VALIDATORS"] = [{"NAME": "spruce.auth.passwords.Nothing"}]
        with pytest.raises(ConfigError, match=r"^AUTH_PASSWORD_VALIDATORS has \{'NAME': 'spruce\.auth\.passwords\.N"):
            problems("1")
    finally:
        config.leave(token)
