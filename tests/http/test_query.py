"""Query strings and paths."""

from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spruce.errors.http import RequestEntityTooLarge
from spruce.http.query import decode_path, parse_query


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a=1&b=2", [("a", "1"), ("b", "2")]),
        ("a=1&a=2", [("a", "1"), ("a", "2")]),
        ("a", [("a", "")]),
        ("a=&=b", [("a", ""), ("", "b")]),
        ("&&a=1&", [("a", "1")]),
        ("q=red+panda%21", [("q", "red panda!")]),
        ("q=%E7%86%8A", [("q", "熊")]),
        ("q=%FF", [("q", "\ufffd")]),
        ("q=%zz", [("q", "%zz")]),
        ("a=1=2", [("a", "1=2")]),
    ],
)
def test_query_strings(text: str, found: list[tuple[str, str]]) -> None:
    assert list(parse_query(text).items(multi=True)) == found


@given(st.lists(st.sampled_from(["%", "%4", "%41", "%e7", "%8a", "%86", "a", "+", "熊", "=", "é"])).map("".join))
def test_texts_are_decoded_as_the_standard_library_does(text: str) -> None:
    """Escapes that are none, that are cut short, and pieces of UTF-8 in any order, too."""
    assert parse_query(f"x={text}")["x"] == unquote_plus(text)


def test_more_fields_than_the_limit_are_refused_before_they_are_parsed() -> None:
    assert len(parse_query("a=1&b=2", limit=2)) == 2
    with pytest.raises(RequestEntityTooLarge, match=r"The form has more than 2 fields\.$"):
        parse_query("a=1&b=2&c=3", limit=2)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a?b=c", "/a"),
        ("/%E7%86%8A", "/熊"),
        ("/a%2Fb", "/a/b"),
        ("/%ff", "/\ufffd"),
        ("*", "*"),
        ("/a%3Fb?c", "/a?b"),
    ],
)
def test_paths_are_decoded(target: str, path: str) -> None:
    assert decode_path(target) == path
