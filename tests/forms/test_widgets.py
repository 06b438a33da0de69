"""Widgets as HTML, and what they read."""

import datetime as dt
from typing import Any

import pytest

from spruce import forms
from spruce.http import MultiDict

MOMENT = dt.datetime(2026, 1, 31, 12, 30, 5, tzinfo=dt.UTC)


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
        (forms.DateInput(), MOMENT, '<input type="date" name="n" value="2026-01-31">'),
        (forms.DateInput(), "x", '<input type="date" name="n" value="x">'),
        (forms.DateInput(format="%d.%m.%Y"), MOMENT.date(), '<input type="text" name="n" value="31.01.2026">'),
        (forms.DateTimeInput(), MOMENT, '<input type="datetime-local" name="n" value="2026-01-31T12:30:05">'),
        (forms.DateTimeInput(), MOMENT.date(), '<input type="datetime-local" name="n" value="2026-01-31">'),
        (forms.TimeInput(), MOMENT.time().replace(second=0), '<input type="time" name="n" value="12:30">'),
        (forms.TimeInput(), dt.time(1, 2, 3, 4), '<input type="time" name="n" value="01:02:03.000004">'),
        (forms.CheckboxInput(), True, '<input type="checkbox" name="n" checked>'),
        (forms.CheckboxInput(), False, '<input type="checkbox" name="n">'),
        (forms.CheckboxInput(), "x", '<input type="checkbox" name="n" value="x" checked>'),
        (forms.CheckboxInput(check_test=lambda value: value == 1), 2, '<input type="checkbox" name="n" value="2">'),
        (forms.SplitDateTimeWidget(), MOMENT,
         '<input type="date" name="n_0" value="2026-01-31" aria-label="Date">'
         '<input type="time" name="n_1" value="12:30:05" aria-label="Time">'),
        (forms.SplitDateTimeWidget(), None, '<input type="date" name="n_0" aria-label="Date">'
         '<input type="time" name="n_1" aria-label="Time">'),
        (forms.SplitHiddenDateTimeWidget(), MOMENT,
         '<input type="hidden" name="n_0" value="2026-01-31"><input type="hidden" name="n_1" value="12:30:05">'),
        (forms.MultiWidget({"": forms.TextInput, "b": forms.TextInput()}), ["a"],
         '<input type="text" name="n" value="a"><input type="text" name="n_b">'),
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
        (forms.SplitDateTimeWidget(), {"n_0": "a"}, ["a", None], False),
        (forms.SplitDateTimeWidget(), {}, [None, None], True),
    ],
)
def test_widgets_read_what_came(widget: forms.Widget, data: Any, value: Any, omitted: bool) -> None:
    """From data of one or several values."""
    assert widget.value_from_datadict(data, {}, "n") == value
    assert widget.value_omitted_from_data(data, {}, "n") is omitted


def test_ids_of_parts() -> None:
    """Each part has its number behind the id of the whole."""
    widget = forms.SplitDateTimeWidget({"class": "c"})
    page = widget.render("n", None, {"id": "id_n"})
    assert 'class="c" id="id_n_0"' in page.replace('id="id_n_0" class="c"', 'class="c" id="id_n_0"')
    assert widget.id_for_label("id_n") == ""
    assert forms.MultipleHiddenInput().render("n", ["a"], {"id": "x"}) == (
        '<input type="hidden" name="n" value="a" id="x_0">'
    )


def test_what_a_multi_widget_is_follows_from_its_parts() -> None:
    """Hidden, multipart; a type for all of them."""
    assert forms.SplitHiddenDateTimeWidget().is_hidden
    assert forms.MultiWidget([forms.FileInput]).needs_multipart_form
    assert forms.MultiWidget([forms.TextInput]).render("n", ["a"], {"type": "tel"}) == (
        '<input type="tel" name="n_0" value="a">'
    )
