"""Values shown without secrets."""

from typing import Any

import pytest

from spruce.http import Headers, MultiDict
from spruce.web.redaction import is_secret, show


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PASSWD",
        "api_key",
        "apikey",
        "x-api-key",
        "SECRET_KEY",
        "access_token",
        "Authorization",
        b"cookie",
        "session_id",
        "csrf_token",
        "private_key",
        "key",
        "pin",
        "DATABASE_URL",
        "credentials",
    ],
)
def test_names_that_sound_secret_are(name: object) -> None:
    """In any spelling."""
    assert is_secret(name)
    assert show(name, "value") == "(hidden)"


@pytest.mark.parametrize("name", ["name", "keyboard", "monkey", "pinned", "page", 3, None])
def test_other_names_are_not(name: object) -> None:
    """However near."""
    assert not is_secret(name)


class Broken:
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise KeyError("x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "'a'"),
        (
            {"user": "ann", "password": "x", "inner": {"token": "y"}},
            "{'user': 'ann', 'password': (hidden), 'inner': {'token': (hidden)}}",
        ),
        ([("cookie", "x"), ("accept", "y")], "[('cookie', (hidden)), ('accept', 'y')]"),
        ([(b"authorization", b"x")], "[(b'authorization', (hidden))]"),
        (Headers({"Cookie": "x", "Accept": "y"}), "Headers({'Cookie': (hidden), 'Accept': 'y'})"),
        (MultiDict({"q": "x", "token": "y"}), "MultiDict({'q': 'x', 'token': (hidden)})"),
        ("postgresql://shop:pass@host/db", "'postgresql://shop:(hidden)@host/db'"),
        (Broken(), "<Broken whose repr raised KeyError>"),
        ([Broken()], "[<Broken whose repr raised KeyError>]"),
        ("x" * 1000, "'" + "x" * 599 + " … (1002 characters)"),
    ],
)
def test_secrets_inside_of_values_are_hidden(value: Any, expected: str) -> None:
    """In dicts, headers, forms, raw headers and URLs; nothing that is shown can fail."""
    assert show("value", value) == expected


def test_a_value_that_holds_itself_is_shown() -> None:
    """To a certain depth."""
    value: dict[str, Any] = {}
    value["self"] = value
    assert show("value", value) == "{'self': {'self': {'self': {'self': {'self': {...}}}}}}"
