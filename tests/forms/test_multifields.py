"""Fields made of fields, addresses, JSON."""

import datetime as dt
from typing import Any

import pytest

from spruce import forms
from spruce.errors import ValidationError


class PhoneField(forms.MultiValueField):
    """A country's code and a number."""

    widget = forms.MultiWidget([forms.TextInput, forms.TextInput])

    def __init__(self, **options: Any) -> None:
        parts = [forms.IntegerField(error_messages={"incomplete": "Which country?"}), forms.CharField(max_length=3)]
        super().__init__(parts, **options)

    def compress(self, data_list: list[Any]) -> Any:
        return data_list and f"+{data_list[0]} {data_list[1]}"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (forms.ComboField([forms.CharField(max_length=9), forms.EmailField()]), "a@b.cd", "a@b.cd"),
        (PhoneField(), ["49", "1"], "+49 1"),
        (PhoneField(required=False), ["", ""], []),
        (forms.SplitDateTimeField(), ["2026-01-31", "12:30"], dt.datetime(2026, 1, 31, 12, 30, tzinfo=dt.UTC)),
        (forms.SplitDateTimeField(required=False), None, None),
        (forms.GenericIPAddressField(), " 1.2.3.4 ", "1.2.3.4"),
        (forms.GenericIPAddressField(), "::FFFF:1.2.3.4", "::ffff:1.2.3.4"),
        (forms.GenericIPAddressField(unpack_ipv4=True), "::ffff:1.2.3.4", "1.2.3.4"),
        (forms.GenericIPAddressField(protocol="IPv6"), "0:0::1", "::1"),
        (forms.GenericIPAddressField(required=False), None, ""),
        (forms.JSONField(), '{"a": [1]}', {"a": [1]}),
        (forms.JSONField(), '"x"', "x"),
        (forms.JSONField(required=False), "", None),
    ],
)
def test_good_values(field: forms.Field, value: Any, expected: Any) -> None:
    """Become one."""
    assert field.clean(value) == expected


@pytest.mark.parametrize(
    ("field", "value", "messages"),
    [
        (forms.ComboField([forms.CharField(max_length=3), forms.EmailField()]), "abcd",
         ["Ensure this value has at most 3 characters (it has 4)."]),
        (PhoneField(), ["", "1"], ["This field is required."]),
        (PhoneField(), [], ["This field is required."]),
        (PhoneField(), "x", ["Enter a list of values."]),
        (PhoneField(), ["x", "1234"],
         ["Enter a whole number.", "Ensure this value has at most 3 characters (it has 4)."]),
        (PhoneField(require_all_fields=False), ["", "1"], ["Which country?"]),
        (forms.SplitDateTimeField(required=False), ["2026-01-31", ""], ["Enter a valid time."]),
        (forms.SplitDateTimeField(required=False), ["", "12:30"], ["Enter a valid date."]),
        (forms.GenericIPAddressField(), "1.2.3", ["Enter a valid IPv4 or IPv6 address."]),
        (forms.GenericIPAddressField(), "::x", ["This is not a valid IPv6 address."]),
        (forms.GenericIPAddressField(protocol="IPv4"), "::1", ["Enter a valid IPv4 address."]),
        (forms.GenericIPAddressField(protocol="IPv6"), "1.2.3.4", ["Enter a valid IPv6 address."]),
        (forms.JSONField(), "{", ["Enter a valid JSON."]),
        (forms.JSONField(), "[" * 100_000, ["Enter a valid JSON."]),
    ],
)  # fmt: skip
def test_bad_values(field: forms.Field, value: Any, messages: list[str]) -> None:
    """Tell what is wrong with each part, once."""
    with pytest.raises(ValidationError) as refused:
        field.clean(value)
    assert refused.value.messages == messages


def test_protocols_are_known() -> None:
    """And unpacking needs both."""
    with pytest.raises(ValueError, match="The protocol 'x' is unknown"):
        forms.GenericIPAddressField(protocol="x")
    with pytest.raises(ValueError, match="You can only use `unpack_ipv4`"):
        forms.GenericIPAddressField(protocol="ipv4", unpack_ipv4=True)


def test_whether_a_part_has_changed() -> None:
    """One is enough."""
    field = forms.SplitDateTimeField()
    moment = dt.datetime(2026, 1, 31, 12, 30, tzinfo=dt.UTC)
    assert not field.has_changed(moment, ["2026-01-31", "12:30"])
    assert field.has_changed(moment, ["2026-01-31", "12:31"])
    assert field.has_changed(None, ["2026-01-31", ""])
    assert PhoneField().has_changed(["x", ""], ["1", ""])
    assert not PhoneField(disabled=True).has_changed(["1", ""], ["2", ""])
    assert forms.JSONField().has_changed({"a": True}, '{"a": 1}')
    assert not forms.JSONField().has_changed({"a": 1, "b": 2}, '{"b": 2, "a": 1}')
    assert forms.JSONField().has_changed({}, "{")
    assert not forms.JSONField(disabled=True).has_changed({}, "{")


def test_json_is_shown_again() -> None:
    """As JSON, and what is none as it came."""

    class Form(forms.Form):
        data = forms.JSONField(initial={"a": "中"})

    assert Form()["data"].value() == '{"a": "中"}'
    assert Form({"data": '{"b":1}'})["data"].value() == '{"b": 1}'
    assert Form({"data": "{"})["data"].value() == "{"
    assert Form({})["data"].value() == "null"
    Form.base_fields["data"].disabled = True
    form = Form({"data": "{"})
    assert form.is_valid()
    assert form.cleaned_data == {"data": {"a": "中"}}


def test_what_compresses_says_so() -> None:
    """A class without is refused when it is used."""
    with pytest.raises(NotImplementedError):
        forms.MultiValueField([forms.CharField()]).clean(["a"])
    with pytest.raises(NotImplementedError):
        forms.MultiWidget([forms.TextInput]).render("a", "b")
