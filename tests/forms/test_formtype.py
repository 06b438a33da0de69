"""Which fields a form has."""

from spruce import forms
from spruce.forms.formtype import FormType


class First(forms.Form):
    name = forms.CharField()
    age = forms.IntegerField()


class Second(forms.Form):
    age = forms.CharField()
    mail = forms.EmailField()


def test_fields_are_taken_out_of_the_body() -> None:
    """They are no attributes of the class."""
    assert type(First) is FormType
    assert list(First.base_fields) == list(First.declared_fields) == ["name", "age"]
    assert not hasattr(First, "name")


def test_the_first_base_wins() -> None:
    """As with attributes; the fields of bases that come later stand first."""

    class Both(First, Second):
        note = forms.CharField()

    assert list(Both.base_fields) == ["age", "mail", "name", "note"]
    assert isinstance(Both.base_fields["age"], forms.IntegerField)


def test_none_leaves_a_field_out() -> None:
    """Of what is inherited, for its own subclasses too."""

    class Short(First):
        age = None

    class Shorter(Short):
        """Of the short one."""

    assert list(Short.base_fields) == list(Shorter.base_fields) == ["name"]
