"""Widgets of files."""

from io import BytesIO

import pytest

from spruce import forms
from spruce.forms.filewidgets import FILE_INPUT_CONTRADICTION
from spruce.http import FileStorage, MultiDict


class Kept:
    url = "/a?b&c"

    def __str__(self) -> str:
        return "<a>"


def test_a_file_to_choose() -> None:
    """Without a value: pages cannot choose files."""
    assert forms.FileInput().render("n", Kept()) == '<input type="file" name="n">'
    with pytest.raises(ValueError, match="FileInput doesn't support uploading multiple files"):
        forms.FileInput({"multiple": True})
    file, empty = FileStorage(BytesIO(b"a"), "a"), FileStorage(BytesIO(), "")
    assert forms.FileInput().value_from_datadict({}, {"n": file}, "n") is file
    assert forms.FileInput().value_from_datadict({}, {"n": empty}, "n") is None
    assert forms.FileInput().value_omitted_from_data({}, {}, "n")
    assert not forms.FileInput().use_required_attribute(Kept())


def test_several_files_where_a_class_says_so() -> None:
    """All of the name."""

    class Several(forms.FileInput):
        allow_multiple_selected = True

    files = MultiDict([("n", FileStorage(BytesIO(), name)) for name in ("a", "", "b")])
    assert [file.filename for file in Several().value_from_datadict({}, files, "n")] == ["a", "b"]
    assert Several().render("n", None) == '<input type="file" name="n" multiple>'


def test_a_file_that_may_be_taken_away() -> None:
    """With a link to the present one, and a box."""
    page = forms.ClearableFileInput().render("n", Kept(), {"id": "x"})
    assert 'Currently: <a href="/a?b&amp;c">&lt;a&gt;</a>' in page
    assert '<input type="checkbox" name="n-clear" id="n-clear_id">' in page
    assert '<label for="n-clear_id">Clear</label>' in page
    assert page.endswith('<input type="file" name="n" id="x">')
    required = forms.ClearableFileInput()
    required.is_required = True
    assert "checkbox" not in required.render("n", Kept())
    assert forms.ClearableFileInput().render("n", "gone") == '<input type="file" name="n">'


def test_what_came_for_the_file_and_the_box() -> None:
    """Nothing, a file, its end, or both."""
    widget, file = forms.ClearableFileInput(), FileStorage(BytesIO(b"a"), "a")
    assert widget.value_from_datadict({}, {}, "n") is None
    assert widget.value_from_datadict({}, {"n": file}, "n") is file
    assert widget.value_from_datadict({"n-clear": "on"}, {}, "n") is False
    assert widget.value_from_datadict({"n-clear": "on"}, {"n": file}, "n") is FILE_INPUT_CONTRADICTION
    assert 'id="n-clear_id" checked' in widget.render("n", Kept())
    assert not widget.value_omitted_from_data({"n-clear": "on"}, {}, "n")
    widget.is_required = True
    assert widget.value_from_datadict({"n-clear": "on"}, {}, "n") is None
