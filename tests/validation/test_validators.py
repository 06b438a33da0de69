"""Validators."""

from typing import Any

import pytest

from spruce.errors import ValidationError
from spruce.validation import validators as v


@pytest.mark.parametrize(
    ("validate", "good", "bad", "message"),
    [
        (v.MinValueValidator(3), [3, 4], [2], "Ensure this value is greater than or equal to 3."),
        (v.MaxValueValidator(3), [3, 2], [4], "Ensure this value is less than or equal to 3."),
        (v.MinLengthValidator(2), ["ab"], ["a"], "Ensure this value has at least 2 characters (it has 1)."),
        (v.MaxLengthValidator(2), ["ab"], ["abc"], "Ensure this value has at most 2 characters (it has 3)."),
        (v.MaxLengthValidator(2, "too long"), ["ab"], ["abc"], "too long"),
        (v.RegexValidator("^a"), ["ab"], ["ba"], "Enter a valid value."),
        (v.RegexValidator("^a", "no", inverse_match=True), ["ba"], ["ab"], "no"),
        (v.validate_email, ["a@b.cd", "a.b+c@x-y.example", "a@localhost", "ü@bücher.example"],
         ["", "a", "@b.cd", "a@", "a@b", "a b@c.de", "a@-b.cd", "a..b@c.de", "a@b.cd\n", "x" * 65 + "@b.cd"],
         "Enter a valid email address."),
        (v.validate_url, ["http://a.b/c?d#e", "https://localhost:8000", "ftp://[::1]/"],
         ["", "a.b", "//a.b", "http://", "javascript:alert(1)", "http://a b", "http://a:x/", "http://[", "http://a\n"],
         "Enter a valid URL."),
        (v.validate_slug, ["a-b_1"], ["", "a b", "ä", "a\n"],
         "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."),
    ],
)  # fmt: skip
def test_validators(validate: Any, good: list[Any], bad: list[Any], message: str) -> None:
    """Silent for what is good, one message for what is bad."""
    for value in good:
        validate(value)
    for value in bad:
        with pytest.raises(ValidationError) as refused:
            validate(value)
        assert refused.value.messages == [message]
