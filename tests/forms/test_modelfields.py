"""Fields whose choices are rows."""

from typing import Any

import pytest

from spruce import db, forms
from spruce.errors import ValidationError
from spruce.forms.modelfields import InlineForeignKeyField, ModelChoiceIteratorValue

from .conftest import Author, Tag


def test_one_row(ann: Author) -> None:
    """By its key, or by another field."""
    field = forms.ModelChoiceField(Author.objects.all())
    assert field.clean(str(ann.pk)) == field.clean(ann) == ann
    assert forms.ModelChoiceField(Author.objects, to_field_name="name").clean("Ann") == ann
    assert forms.ModelChoiceField(Author.objects, required=False).clean("") is None
    assert [(str(value), label) for value, label in field.choices] == [("", "---------"), (str(ann.pk), "Ann")]
    assert (len(field.choices), bool(field.choices)) == (2, True)
    assert not forms.ModelChoiceField(Author.objects.none(), empty_label=None).choices


@pytest.mark.parametrize("value", ["0", "x", "9" * 40, "-1", "1.5", ["1"], {"a": 1}, "\0", "１2", True])
def test_what_is_no_row_is_no_choice(ann: Author, value: Any) -> None:
    """Whatever it is."""
    with pytest.raises(ValidationError) as refused:
        forms.ModelChoiceField(Author.objects.exclude(pk=1)).clean(value)
    assert refused.value.messages == ["Select a valid choice. That choice is not one of the available choices."]
    with pytest.raises(ValidationError):
        forms.ModelMultipleChoiceField(Author.objects.exclude(pk=1)).clean([value])


def test_choices_can_be_limited(ann: Author) -> None:
    """By conditions, a Q, or what a function gives."""
    for limit in ({"name": "Bob"}, db.Q(name="Bob"), lambda: {"name": "Bob"}):
        field = forms.ModelChoiceField(Author.objects, limit_choices_to=limit)
        assert not field.limited().exists()
    assert forms.ModelChoiceField(Author.objects).limited().exists()


def test_several_rows(ann: Author) -> None:
    """As a query; each has to be there."""
    field = forms.ModelMultipleChoiceField(Tag.objects)
    assert [tag.name for tag in field.clean(["2", "1", "2"])] == ["red", "blue"]
    assert list(forms.ModelMultipleChoiceField(Tag.objects, required=False).clean([])) == []
    for value, message in (
        ([], "This field is required."),
        ("1", "Enter a list of values."),
        (["x"], "“x” is not a valid value."),
        (["1", "7"], "Select a valid choice. 7 is not one of the available choices."),
    ):
        with pytest.raises(ValidationError) as refused:
            field.clean(value)
        assert refused.value.messages == [message]
    tags = list(Tag.objects.all())
    assert not field.has_changed(tags, ["2", "1"])
    assert field.has_changed(tags, ["2"])
    assert field.to_python(["1"]) == tags[:1]


def test_radio_buttons_have_no_empty_choice(ann: Author) -> None:
    """Unless the value may be empty."""
    assert forms.ModelChoiceField(Author.objects, widget=forms.RadioSelect).empty_label is None
    assert forms.ModelChoiceField(Author.objects, widget=forms.RadioSelect, blank=True).empty_label is not None
    assert forms.ModelChoiceField(Author.objects, initial=ann.pk).empty_label is None


def test_labels_and_changed_values(ann: Author) -> None:
    """Labels are a method's."""

    class Loud(forms.ModelChoiceField):
        def label_from_instance(self, obj: Any) -> str:
            return str(obj).upper()

    class Form(forms.Form):
        author = Loud(Author.objects, initial=ann)

    assert f'<option value="{ann.pk}" selected>ANN</option>' in str(Form())
    assert not Form({"author": str(ann.pk)}).has_changed()
    assert Form({"author": ""}).has_changed()
    assert not Loud(Author.objects, disabled=True).has_changed(ann, "")
    value = ModelChoiceIteratorValue(1, ann)
    assert (value == 1, str(value), {value: 2}[value], value.instance) == (True, "1", 2, ann)


def test_new_rows_are_choices_at_once(ann: Author) -> None:
    """The class of a form keeps none."""

    class Form(forms.Form):
        author = forms.ModelChoiceField(Author.objects)

    str(Form())
    bob = Author.objects.create(name="Bob")
    assert "Bob" in str(Form())
    assert Form({"author": str(bob.pk)}).is_valid()
    form = Form()
    form.fields["author"].choices = [("1", "one")]  # type: ignore[attr-defined] # a ChoiceField's
    assert "Bob" not in str(form)
    assert "Bob" in str(Form())


def test_the_owner_of_an_inline_form(ann: Author) -> None:
    """No other counts."""
    field = InlineForeignKeyField(ann)
    assert field.clean(str(ann.pk)) is field.clean("") is ann
    assert not field.has_changed(None, "5")
    with pytest.raises(ValidationError, match="The inline value did not match the parent instance"):
        field.clean("77")
    assert InlineForeignKeyField(ann, pk_field=True).clean("") is None
    assert InlineForeignKeyField(ann, to_field="name").initial == "Ann"
