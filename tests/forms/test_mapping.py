"""Which field a form has for a field of a model."""

from typing import Any

import pytest

from spruce import db, forms
from spruce.forms.mapping import formfield

from .conftest import Author, Book


class Everything(db.Model):
    big = db.BigIntegerField(default=3)
    small = db.SmallIntegerField()
    positive = db.PositiveSmallIntegerField()
    truth = db.BooleanField(default=False)
    maybe = db.BooleanField(null=True)
    chars = db.CharField(max_length=5, null=True)
    text = db.TextField(blank=True)
    mail = db.EmailField()
    url = db.URLField()
    slug = db.SlugField()
    address = db.GenericIPAddressField(protocol="IPv4")
    number = db.FloatField()
    decimal = db.DecimalField(max_digits=5, decimal_places=2)
    day = db.DateField()
    moment = db.DateTimeField()
    now = db.DateTimeField(auto_now=True)
    time = db.TimeField()
    span = db.DurationField()
    key = db.UUIDField()
    data = db.JSONField(default=dict)
    binary = db.BinaryField(default=b"")
    file = db.FileField(blank=True)
    image = db.ImageField(blank=True)
    choice = db.IntegerField(choices=[(1, "one"), (2, "two")])
    null_choice = db.IntegerField(choices=[(1, "one")], null=True, blank=True)
    hidden = db.CharField(editable=False, default="")

    class Meta:
        db_table = "t_forms_everything"


@pytest.mark.parametrize(
    ("name", "kind", "required"),
    [
        ("id", None, None),
        ("big", forms.IntegerField, True),
        ("small", forms.IntegerField, True),
        ("positive", forms.IntegerField, True),
        ("truth", forms.BooleanField, False),
        ("maybe", forms.NullBooleanField, False),
        ("chars", forms.CharField, True),
        ("text", forms.CharField, False),
        ("mail", forms.EmailField, True),
        ("url", forms.URLField, True),
        ("slug", forms.SlugField, True),
        ("address", forms.GenericIPAddressField, True),
        ("number", forms.FloatField, True),
        ("decimal", forms.DecimalField, True),
        ("day", forms.DateField, True),
        ("moment", forms.DateTimeField, True),
        ("now", None, None),
        ("time", forms.TimeField, True),
        ("span", forms.DurationField, True),
        ("key", forms.UUIDField, True),
        ("data", forms.JSONField, True),
        ("binary", None, None),
        ("file", forms.FileField, False),
        ("image", forms.ImageField, False),
        ("choice", forms.TypedChoiceField, True),
        ("null_choice", forms.TypedChoiceField, False),
        ("hidden", None, None),
    ],
)
def test_each_kind_has_its_field(name: str, kind: Any, required: bool | None) -> None:
    """None is one that forms don't change."""
    made: Any = formfield(Everything._meta.field(name))
    assert type(made) is (kind or type(None))
    assert getattr(made, "required", None) is required


def test_limits_of_the_model_hold() -> None:
    """Before the database refuses."""
    small: Any = formfield(Everything._meta.field("small"))
    with pytest.raises(forms.ValidationError, match="less than or equal to 32767"):
        small.clean("32768")
    positive: Any = formfield(Everything._meta.field("positive"))
    assert positive.widget.attrs == {"min": 0}
    assert formfield(Everything._meta.field("decimal")).widget.attrs == {"step": "0.01"}  # type: ignore[union-attr] # there is one
    chars: Any = formfield(Everything._meta.field("chars"))
    assert (chars.max_length, chars.empty_value) == (5, None)
    assert isinstance(formfield(Everything._meta.field("text")).widget, forms.Textarea)  # type: ignore[union-attr] # the same


def test_texts_and_defaults_are_the_models() -> None:
    """Unless others are given."""
    title: Any = formfield(Book._meta.field("title"))
    assert (title.label, title.help_text) == ("The title", "As on the cover")
    assert formfield(Book._meta.field("title"), label="T").label == "T"  # type: ignore[union-attr] # the same
    data: Any = formfield(Everything._meta.field("data"))
    assert (data.initial, data.show_hidden_initial) == (dict, True)


def test_choices_become_values_of_the_model() -> None:
    """With an empty one where there is no default."""
    field: Any = formfield(Everything._meta.field("choice"))
    assert field.clean("2") == 2
    assert field.choices[0] == ("", "---------")
    assert formfield(Book._meta.field("kind")).choices == [("n", "novel"), ("p", "poems")]  # type: ignore[union-attr] # it has
    assert formfield(Everything._meta.field("null_choice")).clean("") is None  # type: ignore[union-attr] # the same


def test_relations(ann: Author) -> None:
    """One row, or several."""
    author: Any = formfield(Book._meta.field("author"))
    assert type(author) is forms.ModelChoiceField
    assert author.clean(str(ann.pk)) == ann
    tags: Any = formfield(Book._meta.many["tags"])
    assert (type(tags), tags.required, tags.label) == (forms.ModelMultipleChoiceField, False, "Tags")


def test_another_class_or_the_field_itself() -> None:
    """Gets what it takes."""
    assert type(formfield(Book._meta.field("title"), form_class=forms.SlugField)) is forms.SlugField
    typed: Any = formfield(Book._meta.field("pages"), form_class=forms.CharField)
    assert (type(typed), typed.initial) == (forms.CharField, 1)

    class Odd(db.CharField[str]):
        def formfield(self, **options: Any) -> forms.Field:
            return forms.CharField(label="odd", **options)

    assert formfield(Odd(), required=False).label == "odd"  # type: ignore[union-attr] # the same
