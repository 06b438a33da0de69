"""Sessions in signed cookies: keys, former keys, size, and what the visitor can read."""

import re

import pytest

from spruce import App, session
from spruce.errors import SessionError

KEY = "a long random text that nobody guesses"


def make(**settings: object) -> App:
    app = App(__name__, **{"SECRET_KEY": KEY, "TESTING": True, **settings})

    @app.get("/set/<value>")
    def set_value(value: str) -> str:
        session["value"] = value
        return value

    @app.get("/get")
    def get_value() -> str:
        return str(session.get("value"))

    return app


def test_a_session_above_what_a_browser_keeps_is_a_clear_error() -> None:
    """Browsers would drop the cookie, and the session with it, without a word."""
    app = make()

    @app.get("/big")
    def big() -> str:
        session["small"], session["things"] = 1, [number * 7919 % 99991 for number in range(1500)]
        return ""

    with pytest.raises(SessionError) as caught:
        app.test_client().get("/big")
    assert re.fullmatch(
        r"the session has \d,\d{3} bytes as a cookie, and 3,900 are what browsers keep; the largest of it: 'things' "
        r"\(\d,\d{3} bytes\), 'small' \(11 bytes\)\. Keep less in it, such as an id instead of a thing, or set "
        r"SESSION_ENGINE = 'database'\.",
        str(caught.value),
    )


def test_a_long_text_is_compressed() -> None:
    client = make().test_client()
    client.get(f"/set/{'x' * 6000}")
    assert client.get("/get").text == "x" * 6000
    assert len(client.get_cookie("session") or "") < 300


def test_a_new_key_and_the_former_one() -> None:
    """What the former one signed is read, and signed with the new one at the next change."""
    client = make().test_client()
    client.get("/set/panda")
    cookie = client.get_cookie("session") or ""
    rotated = make(SECRET_KEY="the new key", SECRET_KEY_FALLBACKS=[KEY]).test_client()
    rotated.set_cookie("session", cookie)
    assert rotated.get("/get").text == "panda"
    rotated.get("/set/bear")
    alone = make(SECRET_KEY="the new key").test_client()
    alone.set_cookie("session", rotated.get_cookie("session") or "")
    assert alone.get("/get").text == "bear"
    alone.set_cookie("session", cookie)
    assert alone.get("/get").text == "None"


def test_without_a_key_sessions_are_empty_and_cannot_be_filled() -> None:
    client = make(SECRET_KEY=None).test_client()
    client.set_cookie("session", "whatever")
    assert client.get("/get").text == "None"
    with pytest.raises(SessionError) as caught:
        client.get("/set/x")
    assert str(caught.value) == (
        'the session cannot be kept, as SECRET_KEY is not set. Make one: python -c "import secrets; '
        'print(secrets.token_urlsafe(48))", and set it as SPRUCE_SECRET_KEY.'
    )


def test_what_another_purpose_signed_is_no_session() -> None:
    from spruce.middleware.signing import dumps

    client = make().test_client()
    client.set_cookie("session", dumps({"value": "forged"}, key=KEY))
    assert client.get("/get").text == "None"


def test_there_is_nothing_to_clear() -> None:
    app = make()
    app.prepare()
    assert app.session_interface is not None
    assert app.session_interface.store.clear_expired() == 0  # type: ignore[attr-defined] # the middleware's own
