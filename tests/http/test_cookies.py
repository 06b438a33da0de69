"""Cookies: read from a Cookie header, written into Set-Cookie."""

from datetime import UTC, datetime, timedelta

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
