"""What validating does for each field, found out once."""

from typing import Any

from spruce import forms
from spruce.forms.steps import steps_of


class Own(forms.CharField):
    """A field of the program's own, which may keep something."""


class Remembering(forms.TextInput):
    """A widget of the program's own."""


class Form(forms.Form):
    name = forms.CharField()
    box = forms.BooleanField(required=False)
    fixed = forms.CharField(disabled=True)

    def clean_name(self) -> Any:
        return self.cleaned_data["name"]


def test_steps_know_what_to_read_and_call() -> None:
    """Plainly where that will do."""
    name, box, fixed = steps_of(Form, Form.base_fields, shared=True) or ()
    assert (name.read, name.method, name.special) == (None, "clean_name", False)
    assert box.read is not None
    assert fixed.special


def test_only_what_keeps_nothing_is_shared() -> None:
    """Files and classes of others are copied for each form."""
    for field in (forms.FileField(), Own(), forms.CharField(widget=Remembering)):
        assert steps_of(Form, {"a": field}, shared=True) is None
        assert steps_of(Form, {"a": field}, shared=False) is not None


def test_a_form_that_is_only_validated_copies_nothing() -> None:
    """Its fields are those of the class."""
    form = Form({"name": "a"}, initial={"fixed": "x"})
    assert type(form)._plan is None or form._steps() is form._steps()

    class Plain(forms.Form):
        name = forms.CharField()

    plain = Plain({"name": "a"})
    assert plain.is_valid()
    assert plain._fields is None
    assert Plain({"name": "b"})._steps() is plain._steps()
