"""What each converter takes from a URL and writes into one."""

from typing import Any
from uuid import UUID

import pytest

from spruce.errors import NotFound, RoutingError
from spruce.web import BaseConverter
from spruce.web.routing import Router


def value(rule: str, path: str) -> Any:
    """Return what the variable `x` of a rule becomes."""
    router = Router()
    router.add(rule, "end", ["GET"])
    return router.match(path, "GET")[1]["x"]


def url(rule: str, x: object) -> str:
    """Return the path that a rule builds for `x`."""
    router = Router()
    router.add(rule, "end", ["GET"])
    return router.build("end", {"x": x})[0]


@pytest.mark.parametrize(
    ("rule", "path", "expected"),
    [
        ("/<x>", "/abc", "abc"),
        ("/<string:x>", "/熊猫", "熊猫"),
        ("/<string(length=2):x>", "/de", "de"),
        ("/<string(minlength=2, maxlength=3):x>", "/abc", "abc"),
        ("/<int:x>", "/007", 7),
        ("/<int(fixed_digits=4):x>", "/0042", 42),
        ("/<int(signed=True):x>", "/-3", -3),
        ("/<int(min=1, max=9):x>", "/9", 9),
        ("/<float:x>", "/2.50", 2.5),
        ("/<float(signed=True):x>", "/-2.5", -2.5),
        ("/<path:x>", "/a/b/c.txt", "a/b/c.txt"),
        ("/<any(about, help):x>", "/help", "help"),
        ('/<any("a b", c):x>', "/a b", "a b"),
        (
            "/<uuid:x>",
            "/6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        ),
    ],
)
def test_a_text_that_fits_becomes_a_value(rule: str, path: str, expected: object) -> None:
    """Each converter makes its own type of value."""
    found = value(rule, path)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/<x>", "/"),
        ("/<x>", "/a/b"),
        ("/<string(length=2):x>", "/abc"),
        ("/<int:x>", "/-3"),
        ("/<int:x>", "/1.5"),
        ("/<int:x>", "/1_0"),
        ("/<int:x>", "/+1"),
        ("/<int:x>", "/٣"),
        ("/<int:x>", "/" + "9" * 5000),
        ("/<int(fixed_digits=4):x>", "/42"),
        ("/<int(min=1, max=9):x>", "/10"),
        ("/<float:x>", "/2"),
        ("/<float:x>", "/nan"),
        ("/<any(about, help):x>", "/helper"),
        ("/<uuid:x>", "/6ba7b810"),
    ],
)
def test_a_text_that_does_not_fit_is_not_found(rule: str, path: str) -> None:
    """A URL whose variable doesn't fit is no URL of the rule."""
    with pytest.raises(NotFound):
        value(rule, path)


@pytest.mark.parametrize(
    ("rule", "x", "expected"),
    [
        ("/<x>", "a b/ü", "/a%20b%2F%C3%BC"),
        ("/<int(fixed_digits=4):x>", 42, "/0042"),
        ("/<int:x>", "7", "/7"),
        ("/<float:x>", 2, "/2.0"),
        ("/<path:x>", "a/b.txt", "/a/b.txt"),
        ("/<any(about, help):x>", "help", "/help"),
    ],
)
def test_a_value_becomes_text(rule: str, x: object, expected: str) -> None:
    """URLs are built with the converter's own spelling."""
    assert url(rule, x) == expected


@pytest.mark.parametrize(
    ("rule", "x", "text"),
    [
        (
            "/<any(about, help):x>",
            "no",
            "the rule '/<any(about, help):x>' cannot hold x='no': it is none of 'about', 'help'. "
            "Its converter is 'any(about, help)'.",
        ),
        (
            "/<int(max=9):x>",
            10,
            "the rule '/<int(max=9):x>' cannot hold x=10: it is out of the converter's bounds. "
            "Its converter is 'int(max=9)'.",
        ),
        (
            "/<int:x>",
            -1,
            "the rule '/<int:x>' cannot hold x=-1: it is out of the converter's bounds. Its converter is 'int'.",
        ),
    ],
)
def test_a_value_that_cannot_stand_in_a_url_is_refused(rule: str, x: object, text: str) -> None:
    """The error names the rule, the value and the converter."""
    with pytest.raises(RoutingError) as caught:
        url(rule, x)
    assert str(caught.value) == text


class WordsConverter(BaseConverter):
    """Words with plus signs between."""

    regex = r"\w+(?:\+\w+)*"

    def to_python(self, value: str) -> list[str]:
        return value.split("+")

    def to_url(self, value: list[str]) -> str:
        return "+".join(super(WordsConverter, self).to_url(word) for word in value)


class TailConverter(BaseConverter):
    """Anything that ends in .txt, slashes included."""

    regex = r"[a-z/]+\.txt"


def test_a_converter_of_ones_own_works_both_ways() -> None:
    """It is registered by name and used like the others."""
    router = Router()
    router.converters["words"] = WordsConverter
    router.add("/tags/<words:x>", "tags", ["GET"])
    assert router.match("/tags/a+b", "GET")[1] == {"x": ["a", "b"]}
    assert router.build("tags", {"x": ["c", "d e"]}) == ("/tags/c+d%20e", {})


def test_a_converter_whose_pattern_has_a_slash_may_span_segments() -> None:
    """`part_isolating` follows from the pattern."""
    assert not TailConverter.part_isolating
    assert WordsConverter.part_isolating
    router = Router()
    router.converters["tail"] = TailConverter
    router.add("/<tail:x>/raw", "raw", ["GET"])
    assert router.match("/a/b.txt/raw", "GET")[1] == {"x": "a/b.txt"}
