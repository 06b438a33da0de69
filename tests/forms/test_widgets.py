"""Widgets as HTML, and what they read."""

from typing import Any

import pytest

from spruce import forms
from spruce.http import MultiDict


@pytest.mark.parametrize(
    ("widget", "value", "html"),
    [
        (forms.TextInput(), None, '<input type="text" name="n">'),
        (forms.TextInput({"class": "a"}), 'a"<b>', '<input type="text" name="n" value="a&#34;&lt;b&gt;" class="a">'),
        (forms.TextInput({"type": "x"}), 0, '<input type="x" name="n" value="0">'),
        (forms.NumberInput(), 1, '<input type="number" name="n" value="1">'),
        (forms.EmailInput(), "a", '<input type="email" name="n" value="a">'),
        (forms.URLInput(), "a", '<input type="url" name="n" value="a">'),
        (forms.ColorInput(), "#fff", '<input type="color" name="n" value="#fff">'),
        (forms.SearchInput(), "a", '<input type="search" name="n" value="a">'),
        (forms.TelInput(), "1", '<input type="tel" name="n" value="1">'),
        (forms.PasswordInput(), "secret", '<input type="password" name="n">'),
        (forms.PasswordInput(render_value=True), "s", '<input type="password" name="n" value="s">'),
        (forms.HiddenInput(), "a", '<input type="hidden" name="n" value="a">'),
        (forms.MultipleHiddenInput(), ["a", "b"],
         '<input type="hidden" name="n" value="a"><input type="hidden" name="n" value="b">'),
        (forms.MultipleHiddenInput(), None, ""),
        (forms.Textarea(), "<a>", '<textarea name="n" cols="40" rows="10">\n&lt;a&gt;</textarea>'),
        (forms.CheckboxInput(), True, '<input type="checkbox" name="n" checked>'),
        (forms.CheckboxInput(), False, '<input type="checkbox" name="n">'),
        (forms.CheckboxInput(), "x", '<input type="checkbox" name="n" value="x" checked>'),
        (forms.CheckboxInput(check_test=lambda value: value == 1), 2, '<input type="checkbox" name="n" value="2">'),
    ],
)  # fmt: skip
def test_widgets_are_html(widget: forms.Widget, value: Any, html: str) -> None:
    """With their values escaped."""
    assert widget.render("n", value).replace("\n\n", "\n") == html


@pytest.mark.parametrize(
    ("widget", "data", "value", "omitted"),
    [
        (forms.TextInput(), {"n": "a"}, "a", False),
        (forms.TextInput(), {}, None, True),
        (forms.CheckboxInput(), {}, False, False),
        (forms.CheckboxInput(), {"n": "false"}, False, False),
        (forms.CheckboxInput(), {"n": "on"}, True, False),
        (forms.CheckboxInput(), {"n": 1}, True, False),
        (forms.MultipleHiddenInput(), MultiDict([("n", "a"), ("n", "b")]), ["a", "b"], False),
        (forms.MultipleHiddenInput(), {"n": ["a"]}, ["a"], False),
    ],
)
def test_widgets_read_what_came(widget: forms.Widget, data: Any, value: Any, omitted: bool) -> None:
    """From data of one or several values."""
    assert widget.value_from_datadict(data, {}, "n") == value
    assert widget.value_omitted_from_data(data, {}, "n") is omitted


def test_each_of_several_has_an_id() -> None:
    """Its number behind the id of the whole."""
    assert forms.MultipleHiddenInput().render("n", ["a"], {"id": "x"}) == (
        '<input type="hidden" name="n" value="a" id="x_0">'
    )
