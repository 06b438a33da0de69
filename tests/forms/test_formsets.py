"""Several forms of one class."""

from typing import Any

import pytest

from spruce import App, forms, request
from spruce.errors import ValidationError


class Line(forms.Form):
    name = forms.CharField()
    count = forms.IntegerField(required=False)


def sent(total: int, initial: int = 0, **more: str) -> dict[str, str]:
    """What comes for so many forms."""
    return {"form-TOTAL_FORMS": str(total), "form-INITIAL_FORMS": str(initial), **more}


def formset(data: Any = None, initial: Any = None, **options: Any) -> Any:
    return forms.formset_factory(Line, **options)(data, initial=initial)


def test_a_new_formset_has_extra_forms() -> None:
    """Behind those of what was there, as many as may be."""
    lines = formset(initial=[{"name": "a"}], extra=2)
    assert (len(lines), lines.total_form_count(), lines.initial_form_count()) == (3, 3, 1)
    assert (len(lines.initial_forms), len(lines.extra_forms)) == (1, 2)
    assert 'name="form-0-name" value="a"' in str(lines)
    assert 'name="form-TOTAL_FORMS" value="3"' in str(lines.management_form)
    assert len(formset(extra=9, max_num=3)) == 3
    assert len(formset(extra=0, min_num=2)) == 2
    assert len(formset(initial=[{}, {}], max_num=1)) == 2
    assert 'name="form-__prefix__-name"' in str(lines.empty_form)
    assert not lines.is_valid()
    assert bool(formset(extra=0))
    assert type(lines).__name__ == "LineFormSet"


def test_what_came_is_checked_form_by_form() -> None:
    """Untouched extra forms don't matter."""
    lines = formset(sent(2, **{"form-0-name": "a", "form-0-count": "1"}))
    assert lines.is_valid()
    assert lines.cleaned_data == [{"name": "a", "count": 1}, {}]
    lines = formset(sent(2, **{"form-0-name": "a", "form-1-count": "x"}))
    assert not lines.is_valid()
    assert lines.errors == [{}, {"name": ["This field is required."], "count": ["Enter a whole number."]}]
    assert lines.total_error_count() == 2
    assert repr(lines) == "<LineFormSet: bound=True valid=False total_forms=2>"
    with pytest.raises(AttributeError, match="'LineFormSet' object has no attribute 'cleaned_data'"):
        _ = lines.cleaned_data


def test_too_many_and_too_few() -> None:
    """Where the limits are to hold."""
    many = sent(3, **{f"form-{index}-name": "a" for index in range(3)})
    assert formset(many, max_num=2).is_valid()
    assert formset(many, max_num=2, validate_max=True).non_form_errors() == ["Please submit at most 2 forms."]
    assert formset(sent(1), min_num=1, validate_min=True).non_form_errors() == ["Please submit at least 1 form."]
    made = forms.formset_factory(Line, max_num=1, validate_max=True)
    assert made(many, error_messages={"too_many_forms": "max. %(num)d"}).non_form_errors() == ["max. 1"]
    with pytest.raises(ValueError, match="'absolute_max' must be greater or equal to 'max_num'"):
        forms.formset_factory(Line, max_num=2, absolute_max=1)


def test_a_client_does_not_make_forms_without_end() -> None:
    """And what is said of how many there are may be anything."""
    lines = formset(sent(10**9), max_num=3, absolute_max=5)
    assert len(lines.forms) == 5
    assert lines.non_form_errors() == ["Please submit at most 3 forms."]
    for data in ({}, {"form-TOTAL_FORMS": "x"}, {"form-TOTAL_FORMS": "-3", "form-INITIAL_FORMS": "-9"}):
        lines = formset({"a": "b", **data})
        assert len(lines.forms) == 0
        lines.is_valid()
    assert formset({"a": "b"}).non_form_errors()[0].startswith("ManagementForm data is missing or has been tampered")


def test_forms_can_be_ordered_and_deleted() -> None:
    """By a number and a box in each."""
    data = sent(3, 2, **{
        "form-0-name": "a", "form-0-ORDER": "2", "form-1-name": "b", "form-1-ORDER": "1",
        "form-2-name": "", "form-2-ORDER": "", "form-2-DELETE": "on",
    })  # fmt: skip
    lines = formset(data, can_order=True, can_delete=True)
    assert lines.is_valid()
    assert [form.cleaned_data["name"] for form in lines.ordered_forms] == ["b", "a"]
    assert len(lines.deleted_forms) == 1
    shown = formset(initial=[{"name": "a"}], can_order=True, can_delete=True, can_delete_extra=False)
    assert 'name="form-0-ORDER" value="1"' in str(shown)
    assert "DELETE" in shown[0].fields
    assert "DELETE" not in shown[1].fields
    with pytest.raises(AttributeError, match="ordered_forms"):
        _ = formset(data).ordered_forms


def test_a_formset_looks_at_its_forms_together() -> None:
    """In clean(), whose errors belong to no form."""

    class Distinct(forms.BaseFormSet):
        def clean(self) -> None:
            if len({form.cleaned_data.get("name") for form in self.forms}) < len(self.forms):
                raise ValidationError("twice the same")

    lines = formset(sent(2, **{"form-0-name": "a", "form-1-name": "a"}), formset=Distinct)
    assert lines.non_form_errors() == ["twice the same"]
    assert '<ul class="errorlist nonform"><li>twice the same</li></ul>' in str(lines)


def test_the_ways_to_show_a_formset() -> None:
    """As those of a form."""
    lines = formset()
    for page, tag in (
        (lines.as_p(), "<p>"),
        (lines.as_table(), "<tr>"),
        (lines.as_ul(), "<li>"),
        (lines.as_div(), "<div>"),
    ):
        assert tag in page
        assert "TOTAL_FORMS" in page
    assert not lines.is_multipart()
    assert not formset(extra=0).is_multipart()


def test_a_request_binds_a_formset() -> None:
    """As it does a form."""
    app = App(__name__)

    @app.post("/")
    def index() -> list[Any]:
        lines = forms.formset_factory(Line)(request)
        return [lines.is_valid(), lines.has_changed(), lines.cleaned_data]

    answer = app.test_client().post("/", data=sent(1, **{"form-0-name": "a"}))
    assert answer.json == [True, True, [{"name": "a", "count": None}]]
