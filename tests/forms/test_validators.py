"""Validators under the name that users of forms look for."""

from spruce.db import validators as own
from spruce.forms import validators


def test_they_are_those_of_models() -> None:
    """One set for both."""
    assert validators.__all__ == own.__all__
    assert validators.validate_slug is own.validate_slug
