"""Signing: what was signed comes back, what was changed, is too old or signed elsewhere is refused."""

from datetime import timedelta
from typing import Any

import itsdangerous
import pytest

from spruce import config
from spruce.errors import BadSignature, ConfigError, SignatureExpired
from spruce.middleware.signing import Signer, TimestampSigner, dumps, loads

KEY = "a long random text that nobody guesses"
WRONG = (
    "the signature is wrong or missing. The text was changed or cut, or signed with another key or salt; "
    "a former key belongs into SECRET_KEY_FALLBACKS."
)


@pytest.fixture
def settings() -> Any:
    """Settings with a key and a former one."""
    settings = config.Settings(SECRET_KEY=KEY, SECRET_KEY_FALLBACKS=["the former key"])
    token = config.use(settings)
    yield settings
    config.leave(token)


def test_what_was_signed_comes_back() -> None:
    signer = Signer(key=KEY)
    signed = signer.sign("me: 熊猫")
    assert signed.startswith("me: 熊猫:")
    assert signer.unsign(signed) == "me: 熊猫"


@pytest.mark.parametrize(
    "change", [lambda text: text + "x", lambda text: "x" + text, lambda text: "me", lambda text: ""]
)
def test_what_was_changed_is_refused(change: Any) -> None:
    signer = Signer(key=KEY)
    with pytest.raises(BadSignature) as caught:
        signer.unsign(change(signer.sign("me")))
    assert str(caught.value) == WRONG


def test_a_salt_is_a_purpose() -> None:
    """What was signed for one doesn't count for another, nor with another key."""
    signed = Signer(key=KEY, salt="mail").sign("me")
    assert Signer(key=KEY, salt="mail").unsign(signed) == "me"
    for other in (Signer(key=KEY, salt="login"), Signer(key="another", salt="mail"), Signer(key=KEY)):
        with pytest.raises(BadSignature):
            other.unsign(signed)


def test_the_key_is_that_of_the_settings_and_former_ones_still_count(settings: Any) -> None:
    """Whatever is signed anew is signed with the new one."""
    old = Signer(key="the former key").sign("me")
    assert Signer().unsign(old) == "me"
    assert Signer(key=KEY).unsign(Signer().sign("me")) == "me"
    settings["SECRET_KEY_FALLBACKS"] = []
    with pytest.raises(BadSignature):
        Signer().unsign(old)


def test_without_a_key_nothing_is_signed() -> None:
    token = config.use(config.Settings())
    try:
        with pytest.raises(ConfigError) as caught:
            Signer()
    finally:
        config.leave(token)
    assert str(caught.value) == (
        'SECRET_KEY is not set, so nothing can be signed. Make one: python -c "import secrets; '
        'print(secrets.token_urlsafe(48))", and set it as SPRUCE_SECRET_KEY.'
    )


def test_values_are_signed_as_text_for_urls() -> None:
    """Compressed where that is less."""
    value = {"a": [1, "熊猫"], "b": "x" * 500}
    signer = Signer(key=KEY)
    plain, short = signer.sign_object(value), signer.sign_object(value, compress=True)
    assert signer.unsign_object(plain) == signer.unsign_object(short) == value
    assert len(short) < len(plain) / 4
    assert set(short) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")
    assert signer.sign_object(1, compress=True) == signer.sign_object(1)


def test_a_signed_text_that_is_no_value_is_refused() -> None:
    signer = Signer(key=KEY)
    for text in (".notcompressed", "...."):
        with pytest.raises(BadSignature):
            signer.unsign_object(signer.sign(text))


def test_a_signature_with_a_time_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = TimestampSigner(key=KEY).sign("me")
    assert TimestampSigner(key=KEY).unsign(signed, max_age=60) == "me"
    monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda self: 1_000_000)
    old = TimestampSigner(key=KEY).sign("me")
    assert TimestampSigner(key=KEY).unsign(old) == "me"
    with pytest.raises(SignatureExpired, match=r"^the signature is \d+ seconds old, and 60 are allowed$"):
        TimestampSigner(key=KEY).unsign(old, max_age=timedelta(minutes=1))


def test_a_signature_from_the_future_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock may be a little ahead, not a year."""
    monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda self: 4_000_000_000)
    with pytest.raises(SignatureExpired):
        TimestampSigner(key=KEY).unsign(TimestampSigner(key=KEY).sign("me"), max_age=60)


def test_dumps_and_loads_are_for_links(settings: Any) -> None:
    token = dumps({"user": 7}, salt="reset password")
    assert loads(token, salt="reset password", max_age=3600) == {"user": 7}
    with pytest.raises(BadSignature):
        loads(token, salt="confirm mail")
    assert loads(dumps([1], key="own"), key="own") == [1]
