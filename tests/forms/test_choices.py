"""Choices in all the forms that they are written in."""

from spruce import db
from spruce.forms.choices import flat, normalized


class Size(db.TextChoices):
    SMALL = "s", "small"
    LARGE = "l", "large"


def test_choices_become_pairs() -> None:
    """Of pairs, dicts, groups, enumerations and iterators."""
    pairs = [("s", "small"), ("l", "large")]
    assert normalized(Size) == normalized(dict(pairs)) == normalized(pairs) == normalized(iter(pairs)) == pairs
    assert normalized({"A": dict(pairs), "x": "y"}) == normalized([("A", pairs), ("x", "y")])
    assert list(flat([("A", pairs), ("x", "y")])) == [*pairs, ("x", "y")]
    assert list(flat(None)) == []


def test_a_function_is_called_each_time() -> None:
    """So that choices may change."""
    found = [("a", "A")]
    choices = normalized(lambda: found)
    assert choices == [("a", "A")]
    found.append(("b", "B"))
    assert list(choices) == [("a", "A"), ("b", "B")]
    assert choices != 3
    assert hash(choices)
