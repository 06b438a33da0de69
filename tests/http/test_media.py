"""Content types."""

import pytest

from spruce.http.media import is_json, parse_options, with_charset


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("", ("", {})),
        ("text/html", ("text/html", {})),
        ("text/html; charset=utf-8", ("text/html", {"charset": "utf-8"})),
        ('form-data; name="a;b"; Filename="x\\"y"', ("form-data", {"name": "a;b", "filename": 'x"y'})),
        ("a;b=1;b=2;c", ("a", {"b": "1"})),
        ('a; b="unclosed', ("a", {"b": "unclosed"})),
        ('a; b="1" junk; c=2', ("a", {"b": "1", "c": "2"})),
    ],
)
def test_options_are_split(header: str, parts: tuple[str, dict[str, str]]) -> None:
    assert parse_options(header) == parts


def test_text_gets_a_charset() -> None:
    assert with_charset("text/plain") == "text/plain; charset=utf-8"
    assert with_charset("image/svg+xml") == "image/svg+xml; charset=utf-8"
    assert with_charset("application/json") == "application/json"
    assert with_charset("text/plain; charset=latin-1") == "text/plain; charset=latin-1"


def test_json_has_several_types() -> None:
    assert [is_json(name) for name in ("application/json", "application/problem+json", "text/json", "")] == [
        True,
        True,
        False,
        False,
    ]
