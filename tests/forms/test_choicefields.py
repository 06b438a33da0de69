"""Fields of choices."""

from pathlib import Path
from typing import Any

import pytest

from spruce import db, forms
from spruce.errors import ValidationError

PAIRS = [("1", "one"), ("more", [("2", "two"), ("3", "three")])]


class Size(db.IntegerChoices):
    SMALL = 1
    LARGE = 2


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (forms.ChoiceField(choices=PAIRS), "2", "2"),
        (forms.ChoiceField(choices=PAIRS, required=False), None, ""),
        (forms.ChoiceField(choices=Size), 1, "1"),
        (forms.ChoiceField(choices=lambda: PAIRS), "3", "3"),
        (forms.TypedChoiceField(choices=PAIRS, coerce=int), "2", 2),
        (forms.TypedChoiceField(choices=PAIRS, coerce=int, required=False, empty_value=None), "", None),
        (forms.MultipleChoiceField(choices=PAIRS), ["1", "3"], ["1", "3"]),
        (forms.MultipleChoiceField(choices=PAIRS, required=False), None, []),
        (forms.TypedMultipleChoiceField(choices=PAIRS, coerce=int), ["1", "3"], [1, 3]),
        (forms.TypedMultipleChoiceField(choices=PAIRS, required=False), "", []),
        (forms.TypedMultipleChoiceField(choices=PAIRS, required=False, empty_value=None), "", None),
    ],
)
def test_good_choices(field: forms.Field, value: Any, expected: Any) -> None:
    """Among all groups."""
    assert field.clean(value) == expected


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (forms.ChoiceField(choices=PAIRS), "more", "Select a valid choice. more is not one of the available choices."),
        (forms.ChoiceField(choices=PAIRS), "", "This field is required."),
        (forms.TypedChoiceField(choices=[("x", "x")], coerce=int), "x",
         "Select a valid choice. x is not one of the available choices."),
        (forms.MultipleChoiceField(choices=PAIRS), "1", "Enter a list of values."),
        (forms.MultipleChoiceField(choices=PAIRS), [], "This field is required."),
        (forms.MultipleChoiceField(choices=PAIRS), ["1", "4"],
         "Select a valid choice. 4 is not one of the available choices."),
        (forms.TypedMultipleChoiceField(choices=[("x", "x")], coerce=int), ["x"],
         "Select a valid choice. x is not one of the available choices."),
        (forms.TypedMultipleChoiceField(choices=PAIRS), [], "This field is required."),
    ],
)  # fmt: skip
def test_bad_choices(field: forms.Field, value: Any, message: str) -> None:
    """Are refused."""
    with pytest.raises(ValidationError) as refused:
        field.clean(value)
    assert refused.value.messages == [message]


def test_whether_choices_have_changed() -> None:
    """In whatever order."""
    field = forms.MultipleChoiceField(choices=PAIRS)
    assert not field.has_changed([1, 2], ["2", "1"])
    assert field.has_changed(None, ["1"])
    assert not forms.MultipleChoiceField(disabled=True).has_changed([1], [])
    assert not forms.TypedChoiceField(choices=PAIRS, coerce=int).has_changed(1, "1")


def test_choices_of_an_object_are_its_own() -> None:
    """Setting them changes the widget too."""

    class Form(forms.Form):
        size = forms.ChoiceField(choices=PAIRS)

    form = Form()
    form.fields["size"].choices = [("x", "X")]
    assert "X</option>" in str(form["size"])
    assert Form.base_fields["size"].choices == Form.base_fields["size"].widget.choices == PAIRS


def test_files_of_a_folder(tmp_path: Path) -> None:
    """One level, or all."""
    (tmp_path / "b").mkdir()
    for name in ("a.txt", "c.py", "b/d.txt"):
        (tmp_path / name).write_text("")

    def labels(**options: Any) -> list[str]:
        return [label for _, label in forms.FilePathField(str(tmp_path), **options).choices]

    assert labels() == ["a.txt", "c.py"]
    assert labels(required=False, match=r"\.py$") == ["---------", "c.py"]
    assert labels(allow_files=False, allow_folders=True) == ["b"]
    assert labels(recursive=True, allow_folders=True) == ["/a.txt", "/c.py", "/b", "/b/d.txt"]
