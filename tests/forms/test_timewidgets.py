"""Widgets for dates and times."""

import datetime as dt
from typing import Any

import pytest

from spruce import forms

MOMENT = dt.datetime(2026, 1, 31, 12, 30, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("widget", "value", "html"),
    [
        (forms.DateInput(), MOMENT, '<input type="date" name="n" value="2026-01-31">'),
        (forms.DateInput(), "x", '<input type="date" name="n" value="x">'),
        (forms.DateInput(format="%d.%m.%Y"), MOMENT.date(), '<input type="text" name="n" value="31.01.2026">'),
        (forms.DateTimeInput(), MOMENT, '<input type="datetime-local" name="n" value="2026-01-31T12:30:05">'),
        (forms.DateTimeInput(), MOMENT.date(), '<input type="datetime-local" name="n" value="2026-01-31">'),
        (forms.TimeInput(), MOMENT.time().replace(second=0), '<input type="time" name="n" value="12:30">'),
        (forms.TimeInput(), dt.time(1, 2, 3, 4), '<input type="time" name="n" value="01:02:03.000004">'),
    ],
)  # fmt: skip
def test_they_are_the_browsers_pickers(widget: forms.Widget, value: Any, html: str) -> None:
    """In ISO 8601; a format makes a text of them."""
    assert widget.render("n", value) == html
