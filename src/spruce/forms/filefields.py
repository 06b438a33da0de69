"""Fields of files: uploads, and those that have to be images."""

import os
from typing import Any, ClassVar

from spruce.errors import FormError, ValidationError
from spruce.forms.fields import Field
from spruce.forms.filewidgets import FILE_INPUT_CONTRADICTION, ClearableFileInput, FileInput
from spruce.forms.widgets import Widget
from spruce.i18n import gettext_lazy, ngettext_lazy
from spruce.validation.validators import validate_image_file_extension

__all__ = ["FileField", "ImageField", "size_of"]


class FileField(Field):
    """An uploaded file. `max_length` is that of its name; an empty file is refused unless `allow_empty_file`.

    `max_size` is the most bytes that it may have.
    """

    widget: Any = ClearableFileInput
    is_file = True
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": gettext_lazy("No file was submitted. Check the encoding type on the form."),
        "missing": gettext_lazy("No file was submitted."),
        "empty": gettext_lazy("The submitted file is empty."),
        "max_size": gettext_lazy("Ensure this file has at most %(max)d bytes (it has %(length)d)."),
        "contradiction": gettext_lazy("Please either submit a file or check the clear checkbox, not both."),
    }

    def __init__(
        self,
        *,
        max_length: int | None = None,
        allow_empty_file: bool = False,
        max_size: int | None = None,
        **options: Any,
    ) -> None:
        self.max_length, self.allow_empty_file, self.max_size = max_length, allow_empty_file, max_size
        super().__init__(**options)

    def to_python(self, data: Any) -> Any:
        """The file, None for nothing."""
        if data in self.empty_values:
            return None
        name, size = _name_of(data), size_of(data)
        if size is None or not name:
            raise self.fault("invalid")
        if self.max_length is not None and len(name) > self.max_length:
            standing = ngettext_lazy(
                "Ensure this filename has at most %(max)d character (it has %(length)d).",
                "Ensure this filename has at most %(max)d characters (it has %(length)d).",
                self.max_length,
                max=self.max_length,
                length=len(name),
            )
            text = self.error_messages.get("max_length", standing)
            raise ValidationError(text, "max_length", {"max": self.max_length, "length": len(name)})
        if not size and not self.allow_empty_file:
            raise self.fault("empty")
        if self.max_size is not None and size > self.max_size:
            raise self.fault("max_size", max=self.max_size, length=size)
        return data

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The file; `initial` where none came; False where the present one is to go. Raises ValidationError."""
        if data is FILE_INPUT_CONTRADICTION:
            raise self.fault("contradiction")
        if data is False:
            if not self.required:
                return False
            data = None
        if not data and initial:
            return initial
        return super().clean(data)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """The present file: an upload that was refused isn't kept."""
        return initial if data is None or data is FILE_INPUT_CONTRADICTION else data

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether anything came."""
        return not self.disabled and data is not None


def _name_of(file: Any) -> str | None:
    name = getattr(file, "filename", None)
    name = getattr(file, "name", None) if name is None else name
    return name if isinstance(name, str) else None


def size_of(file: Any) -> int | None:
    """How many bytes a file has; None for what is no file."""
    size = getattr(file, "size", None)
    if isinstance(size, int):
        return size
    try:
        end = int(file.seek(0, os.SEEK_END))
        file.seek(0)
    except (AttributeError, TypeError, ValueError, OSError):
        return None
    return end


class ImageField(FileField):
    """An uploaded image, which Pillow looks at; `pip install spruce[images]` brings it.

    The file has what Pillow found as `image`, and its type as `image.get_format_mimetype()`.
    """

    default_validators = (validate_image_file_extension,)
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_image": gettext_lazy(
            "Upload a valid image. The file you uploaded was either not an image or a corrupted image."
        )
    }

    def to_python(self, data: Any) -> Any:
        """The file, None for nothing."""
        file = super().to_python(data)
        if file is None:
            return None
        try:
            from PIL import Image  # an extra that only forms with images need
        except ImportError:
            raise FormError("an ImageField needs Pillow", hint="pip install 'spruce[images]'") from None
        try:
            image = Image.open(getattr(file, "stream", file))
            image.verify()
        except Exception:  # Pillow's decoders raise whatever they stumble over
            raise self.fault("invalid_image") from None
        file.image = image
        file.seek(0)
        return file

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """Images only, for browsers."""
        attrs = super().widget_attrs(widget)
        if isinstance(widget, FileInput) and "accept" not in widget.attrs:
            attrs["accept"] = "image/*"
        return attrs
