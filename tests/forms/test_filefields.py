"""Fields of files."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from spruce import forms
from spruce.errors import ValidationError
from spruce.forms.filefields import size_of
from spruce.forms.filewidgets import FILE_INPUT_CONTRADICTION
from spruce.http import FileStorage


def upload(content: bytes = b"hello", name: str = "a.txt") -> FileStorage:
    return FileStorage(BytesIO(content), name)


def png() -> bytes:
    made = BytesIO()
    Image.new("RGB", (2, 3)).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize(
    ("field", "file", "message"),
    [
        (forms.FileField(), None, "This field is required."),
        (forms.FileField(), "a.txt", "No file was submitted. Check the encoding type on the form."),
        (forms.FileField(), upload(name=""), "No file was submitted. Check the encoding type on the form."),
        (forms.FileField(), upload(b""), "The submitted file is empty."),
        (forms.FileField(max_size=4), upload(), "Ensure this file has at most 4 bytes (it has 5)."),
        (forms.FileField(max_length=4), upload(), "Ensure this filename has at most 4 characters (it has 5)."),
        (forms.FileField(required=False), FILE_INPUT_CONTRADICTION,
         "Please either submit a file or check the clear checkbox, not both."),
        (forms.ImageField(), upload(name="a.png"),
         "Upload a valid image. The file you uploaded was either not an image or a corrupted image."),
    ],
)  # fmt: skip
def test_bad_files(field: forms.FileField, file: Any, message: str) -> None:
    """Are refused."""
    with pytest.raises(ValidationError) as refused:
        field.clean(file)
    assert refused.value.messages == [message]


def test_good_files() -> None:
    """Are what they were, from their beginning."""
    file = upload()
    assert forms.FileField().clean(file) is file
    assert file.read() == b"hello"
    assert forms.FileField(allow_empty_file=True).clean(upload(b"")).read() == b""
    assert size_of(object()) is None


def test_the_present_file_stays_or_goes() -> None:
    """None keeps it, False takes it away where that may be."""
    assert forms.FileField().clean(None, "old.txt") == "old.txt"
    assert forms.FileField(required=False).clean(False, "old.txt") is False
    assert forms.FileField().clean(False, "old.txt") == "old.txt"
    assert forms.FileField().has_changed("old.txt", upload())
    assert not forms.FileField().has_changed("old.txt", None)
    assert forms.FileField().bound_data(None, "old.txt") == "old.txt"


def test_images() -> None:
    """Are looked at, and may have the extensions of images only."""
    file = forms.ImageField().clean(upload(png(), "a.png"))
    assert (file.image.size, file.image.format, file.read()) == ((2, 3), "PNG", png())
    assert forms.ImageField().widget.attrs == {"accept": "image/*"}
    with pytest.raises(ValidationError, match="File extension “exe” is not allowed"):
        forms.ImageField().clean(upload(png(), "a.exe"))
    assert forms.ImageField(required=False).clean(None) is None
