"""Validators under the name that users of forms look for."""

from spruce.forms import validators
from spruce.validation import validators as own


def test_they_are_those_of_models() -> None:
    """One set for both."""
    assert validators.__all__ == own.__all__
    assert validators.validate_slug is own.validate_slug
