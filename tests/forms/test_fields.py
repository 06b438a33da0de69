"""Fields of text, truth values and UUIDs, and what all fields share."""

import re
import uuid
from copy import deepcopy
from typing import Any

import pytest

from spruce import forms
from spruce.errors import ValidationError

ONE = uuid.UUID(int=1)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (forms.CharField(), " a ", "a"),
        (forms.CharField(strip=False), " a ", " a "),
        (forms.CharField(required=False), None, ""),
        (forms.CharField(required=False, empty_value=None), " ", None),
        (forms.CharField(), 3, "3"),
        (forms.RegexField("^a"), "ab ", "ab "),
        (forms.EmailField(), " a@b.cd ", "a@b.cd"),
        (forms.URLField(), "example.org/a", "https://example.org/a"),
        (forms.URLField(assume_scheme="http"), "//example.org", "http://example.org"),
        (forms.URLField(required=False), "", ""),
        (forms.SlugField(), "a-b_1", "a-b_1"),
        (forms.SlugField(allow_unicode=True), "中", "中"),
        (forms.UUIDField(), str(ONE), ONE),
        (forms.UUIDField(), ONE, ONE),
        (forms.UUIDField(required=False), "", None),
        (forms.BooleanField(), "on", True),
        (forms.BooleanField(required=False), "False", False),
        (forms.NullBooleanField(), "true", True),
        (forms.NullBooleanField(), "0", False),
        (forms.NullBooleanField(), [], None),
        (forms.NullBooleanField(), True, True),
        (forms.Field(required=False), "", ""),
    ],
)
def test_good_values(field: forms.Field, value: Any, expected: Any) -> None:
    """Become what the field is for."""
    assert field.clean(value) == expected


@pytest.mark.parametrize(
    ("field", "value", "code", "message"),
    [
        (forms.CharField(), "  ", "required", "This field is required."),
        (forms.CharField(max_length=2), "abc", "max_length", "Ensure this value has at most 2 characters (it has 3)."),
        (forms.CharField(min_length=2), "a", "min_length", "Ensure this value has at least 2 characters (it has 1)."),
        (forms.CharField(), "a\0", "null_characters_not_allowed", "Null characters are not allowed."),
        (
            forms.CharField(max_length=1, error_messages={"max_length": "<= %(limit_value)d"}),
            "ab",
            "max_length",
            "<= 1",
        ),
        (forms.RegexField("^a"), "b", "invalid", "Enter a valid value."),
        (forms.EmailField(), "a", "invalid", "Enter a valid email address."),
        (forms.URLField(), "javascript:alert(1)", "invalid", "Enter a valid URL."),
        (forms.URLField(), "http://[a", "invalid", "Enter a valid URL."),
        (forms.UUIDField(), "x", "invalid", "Enter a valid UUID."),
        (forms.UUIDField(), ["x"], "invalid", "Enter a valid UUID."),
        (forms.BooleanField(), False, "required", "This field is required."),
    ],
)
def test_bad_values(field: forms.Field, value: Any, code: str, message: str) -> None:
    """Are refused with a message and a code."""
    with pytest.raises(ValidationError) as refused:
        field.clean(value)
    assert [(error.code, error.text) for error in refused.value.error_list] == [(code, message)]


def test_attributes_for_browsers() -> None:
    """Lengths, and what the field is for."""
    field = forms.CharField(max_length=5, min_length=2, autocomplete="name")
    assert field.widget.attrs == {"maxlength": "5", "minlength": "2", "autocomplete": "name"}
    assert forms.CharField(max_length=5, widget=forms.HiddenInput).widget.attrs == {}


def test_whether_a_value_has_changed() -> None:
    """Compared as values; what cannot be read has."""
    assert not forms.CharField().has_changed(None, "")
    assert forms.CharField().has_changed("a", "b")
    assert not forms.CharField(disabled=True).has_changed("a", "b")
    assert forms.UUIDField().has_changed(ONE, "x")
    assert not forms.BooleanField().has_changed(True, "on")
    assert forms.NullBooleanField().has_changed(None, "true")


def test_a_copy_has_things_of_its_own() -> None:
    """So that a form may change its fields."""
    field = forms.CharField(validators=[print])
    copied = deepcopy(field)
    copied.widget.attrs["a"] = "b"
    copied.validators.clear()
    copied.error_messages["required"] = "x"
    assert field.widget.attrs == {}
    assert field.validators[0] is print
    assert str(field.error_messages["required"]) == "This field is required."


def test_the_expression_of_a_field_can_be_replaced() -> None:
    """And only the new one holds."""
    field = forms.RegexField("^a")
    field.regex = re.compile("^b")
    assert field.regex.pattern == "^b"
    assert field.clean("b") == "b"
    with pytest.raises(ValidationError):
        field.clean("a")


def test_values_as_widgets_get_them() -> None:
    """A UUID as text."""
    assert forms.UUIDField().prepare_value(ONE) == str(ONE)
    assert forms.UUIDField().prepare_value("x") == "x"
