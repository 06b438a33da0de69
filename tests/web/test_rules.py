"""Rules taken apart and put together."""

import pytest

from spruce.errors import RoutingError
from spruce.web.converters import CONVERTERS
from spruce.web.rules import Variable, parse, segments


def shape(rule: str) -> list[tuple[str, ...]]:
    """Return the segments of a rule, variables as `<name>`."""
    return [
        tuple(part if isinstance(part, str) else f"<{part.name}>" for part in segment)
        for segment in segments(parse(rule, CONVERTERS))
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("/", [()]),
        ("/a", [("a",)]),
        ("/a/", [("a",), ()]),
        ("/a/<b>", [("a",), ("<b>",)]),
        ("/a/<b>/", [("a",), ("<b>",), ()]),
        ("/x<a>-<b>.html/c", [("x", "<a>", "-", "<b>", ".html"), ("c",)]),
    ],
)
def test_a_rule_is_parted_at_its_slashes(rule: str, expected: list[tuple[str, ...]]) -> None:
    """A slash at the end leaves an empty segment."""
    assert shape(rule) == expected


def test_a_variable_knows_its_converter_as_it_was_written() -> None:
    """The spec is what two rules share when they share a converter."""
    parts = parse("/<int(min=1):page>", CONVERTERS)
    assert [part.spec for part in parts if isinstance(part, Variable)] == ["int(min=1)"]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("about", "the rule 'about' must begin with a slash. Write '/about'."),
        (
            "/<inte:x>",
            "the rule '/<inte:x>' asks for an unknown converter 'inte'; did you mean 'int'? "
            "Known are any, float, int, path, string, uuid; add one of your own to app.url_map.converters.",
        ),
        (
            "/<int x>",
            "the rule '/<int x>' has a bracket that is no variable: '/<int x>'. "
            "A variable is '<name>' or '<converter:name>', as in '/blog/<int:post_id>'.",
        ),
        (
            "/items/{item_id}",
            "the rule '/items/{item_id}' has braces, which stand for no value here. "
            "Write '/items/<item_id>', or with a converter, as in '<int:item_id>'.",
        ),
        ("/<x>/<x>", "the rule '/<x>/<x>' uses the name 'x' twice"),
        (
            "/<path(3):x>",
            "the rule '/<path(3):x>' gives 'path' arguments that it does not take: it takes no arguments",
        ),
        ("/<int(=3):x>", "the rule '/<int(=3):x>' has converter arguments that cannot be read: (=3)"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why(rule: str, text: str) -> None:
    """Each slip has its own text."""
    with pytest.raises(RoutingError) as caught:
        parse(rule, CONVERTERS)
    assert str(caught.value) == text
