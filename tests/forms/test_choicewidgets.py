"""Widgets of choices."""

import datetime as dt
from typing import Any

import pytest

from spruce import forms, i18n
from spruce.http import MultiDict

PAIRS = [("a", "A"), ("more", [("b", "<B>")])]


def test_a_list_to_select_from() -> None:
    """With groups; the chosen one is selected."""
    assert forms.Select(choices=PAIRS).render("n", "b") == (
        '<select name="n">\n  <option value="a">A</option>\n  <optgroup label="more">\n'
        '  <option value="b" selected>&lt;B&gt;</option>\n  </optgroup>\n</select>'
    )
    page = forms.SelectMultiple(choices=PAIRS).render("n", ["a", "b"])
    assert (page.count("selected"), 'name="n" multiple' in page) == (2, True)
    assert forms.Select(choices=[("a", 1), ("a", 2)]).render("n", "a").count("selected") == 1


def test_buttons_and_boxes() -> None:
    """Each with a label and an id of its own."""
    page = forms.RadioSelect(choices=PAIRS).render("n", "a", {"id": "x", "required": True})
    assert '<div id="x">' in page
    assert '<label for="x_0"><input type="radio" name="n" value="a" id="x_0" required checked> A</label>' in page
    assert '<label for="x_1_0"><input type="radio" name="n" value="b" id="x_1_0" required> &lt;B&gt;</label>' in page
    page = forms.CheckboxSelectMultiple(choices=PAIRS).render("n", ["a", "b"])
    assert page.count("checked") == 2
    assert forms.RadioSelect().id_for_label("x") == ""


@pytest.mark.parametrize(
    ("widget", "data", "value"),
    [
        (forms.Select(), {"n": "a"}, "a"),
        (forms.SelectMultiple(), MultiDict([("n", "a"), ("n", "b")]), ["a", "b"]),
        (forms.SelectMultiple(), {"n": ["a"]}, ["a"]),
        (forms.NullBooleanSelect(), {"n": "true"}, True),
        (forms.NullBooleanSelect(), {"n": "3"}, False),
        (forms.NullBooleanSelect(), {"n": "unknown"}, None),
        (forms.NullBooleanSelect(), {"n": ["x"]}, None),
        (forms.SelectDateWidget(), {"n_year": "2026", "n_month": "1", "n_day": "31"}, "2026-01-31"),
        (forms.SelectDateWidget(), {"n_year": "2026", "n_month": "2", "n_day": "31"}, "2026-2-31"),
        (forms.SelectDateWidget(), {"n_year": "", "n_month": "", "n_day": ""}, None),
        (forms.SelectDateWidget(), {"n_year": "9" * 30, "n_month": "2", "n_day": "31"}, "0-0-0"),
        (forms.SelectDateWidget(), {"n": "2026-01-31"}, "2026-01-31"),
    ],
)
def test_what_came_is_read(widget: forms.Widget, data: Any, value: Any) -> None:
    """One, several, or put together."""
    assert widget.value_from_datadict(data, {}, "n") == value


def test_what_may_be_missing() -> None:
    """Boxes that aren't checked are not sent."""
    assert not forms.CheckboxSelectMultiple().value_omitted_from_data({}, {}, "n")
    assert not forms.SelectMultiple().value_omitted_from_data({}, {}, "n")
    assert forms.Select().value_omitted_from_data({}, {}, "n")
    assert forms.SelectDateWidget().value_omitted_from_data({}, {}, "n")


def test_required_only_where_html_allows_it() -> None:
    """A list needs an empty first choice, boxes never are."""
    assert not forms.Select(choices=PAIRS).use_required_attribute(None)
    assert forms.Select(choices=[("", "-"), *PAIRS]).use_required_attribute(None)
    assert forms.SelectMultiple(choices=PAIRS).use_required_attribute(None)
    assert not forms.CheckboxSelectMultiple().use_required_attribute(None)


def test_a_date_of_three_lists() -> None:
    """Months in the reader's language."""
    widget = forms.SelectDateWidget(years=[2025, 2026])
    page = widget.render("n", dt.date(2026, 1, 31))
    for part in (
        '<option value="2026" selected>2026</option>',
        '<option value="31" selected>31</option>',
        '<select name="n_month" aria-label="Month" id="id_n_month">',
        '<option value="">---</option>',
    ):
        assert part in page
    with i18n.override("zh-Hans"):
        assert '<option value="1" selected>一月</option>' in widget.render("n", "2026-1-31")
    assert forms.SelectDateWidget(empty_label=("y", "m", "d"), months={1: "J"}).render("n", "x").count('value="1"') == 2
    assert widget.id_for_label("x") == "x_month"
    with pytest.raises(ValueError, match="empty_label list/tuple must have 3 elements"):
        forms.SelectDateWidget(empty_label=["a"])  # type: ignore[arg-type] # that is what is refused


def test_unknown_yes_and_no() -> None:
    """None is unknown."""
    assert '<option value="unknown" selected>Unknown</option>' in forms.NullBooleanSelect().render("n", None)
    assert '<option value="false" selected>No</option>' in forms.NullBooleanSelect().render("n", False)
