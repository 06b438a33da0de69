"""Widgets of several parts."""

import datetime as dt
from typing import Any

import pytest

from spruce import forms

MOMENT = dt.datetime(2026, 1, 31, 12, 30, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("widget", "value", "html"),
    [
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
def test_parts_are_widgets_of_their_own(widget: forms.Widget, value: Any, html: str) -> None:
    """With the value of each."""
    assert widget.render("n", value) == html


@pytest.mark.parametrize(("data", "value", "omitted"), [({"n_0": "a"}, ["a", None], False), ({}, [None, None], True)])
def test_they_read_what_came(data: Any, value: Any, omitted: bool) -> None:
    """It is there if any part is."""
    widget = forms.SplitDateTimeWidget()
    assert widget.value_from_datadict(data, {}, "n") == value
    assert widget.value_omitted_from_data(data, {}, "n") is omitted


def test_ids_of_parts() -> None:
    """Each part has its number behind the id of the whole."""
    widget = forms.SplitDateTimeWidget({"class": "c"})
    page = widget.render("n", None, {"id": "id_n"})
    assert 'class="c" id="id_n_0"' in page.replace('id="id_n_0" class="c"', 'class="c" id="id_n_0"')
    assert widget.id_for_label("id_n") == ""


def test_what_a_multi_widget_is_follows_from_its_parts() -> None:
    """Hidden, multipart; a type for all of them."""
    assert forms.SplitHiddenDateTimeWidget().is_hidden
    assert forms.MultiWidget([forms.FileInput]).needs_multipart_form
    assert forms.MultiWidget([forms.TextInput]).render("n", ["a"], {"type": "tel"}) == (
        '<input type="tel" name="n_0" value="a">'
    )
