"""Cookies: read from a Cookie header, written into Set-Cookie."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spruce.http.cookies import dump_cookie, parse_cookie


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "1"}),
        ("a = 1", {"a": "1"}),
        ("nothing; =x; a=1", {"a": "1"}),
        ('a="b c"', {"a": "b c"}),
        ('a="\\073\\"\\\\"', {"a": ';"\\'}),
        ("a=b=c", {"a": "b=c"}),
        ("a=ç\x86\x8a", {"a": "熊"}),
    ],
)
def test_cookie_headers(header: str, cookies: dict[str, str]) -> None:
    assert parse_cookie(header) == cookies


@pytest.mark.parametrize(
    "value", ["", "plain", "with space", 'quo"te', "semi;colon", "back\\slash", "熊猫", "tab\there"]
)
def test_what_is_written_is_read_again(value: str) -> None:
    header = dump_cookie("name", value, path=None)
    assert header.isascii()
    assert parse_cookie(header) == {"name": value}


def test_attributes() -> None:
    cookie = dump_cookie(
        "id",
        "1",
        max_age=timedelta(hours=1),
        expires=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
        path="/shop",
        domain=".例え.jp",
        secure=True,
        httponly=True,
        samesite="Lax",
        partitioned=True,
    )
    assert cookie == (
        "id=1; Domain=xn--r8jz45g.jp; Expires=Wed, 02 Jan 2030 03:04:05 GMT; Max-Age=3600; Secure; HttpOnly; "
        "Path=/shop; SameSite=Lax; Partitioned"
    )
    assert dump_cookie("id", expires=0) == "id=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"


def test_what_cannot_stand_in_a_cookie_is_refused() -> None:
    """A semicolon or a line break in an attribute would be another attribute, or another header."""
    with pytest.raises(ValueError, match=r"^'a b' cannot name a cookie: letters, digits and "):
        dump_cookie("a b")
    with pytest.raises(ValueError, match=r"^Path='/a; Secure' cannot stand in a cookie: no semicolon"):
        dump_cookie("a", path="/a; Secure")
    with pytest.raises(ValueError, match=r"^samesite='Loose' is unknown: it is 'Strict', 'Lax' or 'None'\.$"):
        dump_cookie("a", samesite="Loose")  # type: ignore[arg-type] # what is tested


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        (
            "__Host-id",
            {"secure": True, "domain": "shop.example"},
            "The cookie '__Host-id' needs secure=True, path='/' and no domain: its prefix promises that.",
        ),
        (
            "__host-id",
            {"secure": True, "path": "/a"},
            "The cookie '__host-id' needs secure=True, path='/' and no domain: its prefix promises that.",
        ),
        ("__Secure-id", {}, "The cookie '__Secure-id' needs secure=True: its prefix promises that."),
    ],
)
def test_a_prefix_is_a_promise(name: str, options: dict[str, Any], text: str) -> None:
    """RFC 6265bis, 4.1.3: browsers drop a cookie that doesn't keep it."""
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        dump_cookie(name, "1", **options)


def test_a_promise_that_is_kept_is_fine() -> None:
    """Partitioned cookies are secure anyway."""
    assert dump_cookie("__Host-id", "1", secure=True) == "__Host-id=1; Secure; Path=/"
    assert dump_cookie("__Secure-id", "1", partitioned=True, path="/a") == (
        "__Secure-id=1; Secure; Path=/a; Partitioned"
    )


def test_a_cookie_that_browsers_would_drop_is_refused() -> None:
    """The last byte that fits, and one more."""
    assert len(dump_cookie("a", "x" * 4086)) == 4096
    with pytest.raises(ValueError, match=r"^The cookie 'a' has 4,097 bytes with its attributes; ") as caught:
        dump_cookie("a", "x" * 4087)
    assert str(caught.value).endswith(
        "browsers drop one of more than 4,096. Keep less in it, or keep the data on the server and a key to it in the "
        "cookie."
    )
