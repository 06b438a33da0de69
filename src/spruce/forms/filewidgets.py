"""Widgets of files: one to choose a file, and one that can also take the present file away."""

from collections.abc import Mapping
from typing import Any, Final

from spruce.forms.widgets import Attributes, CheckboxInput, Input
from spruce.i18n import gettext_lazy

__all__ = ["FILE_INPUT_CONTRADICTION", "ClearableFileInput", "FileInput"]

FILE_INPUT_CONTRADICTION: Final = object()
"""What came back where a file was chosen and the box to clear it was checked too."""


class FileInput(Input):
    """A file to be sent; its form needs `enctype="multipart/form-data"`."""

    allow_multiple_selected = False
    input_type = "file"
    needs_multipart_form = True

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        if attrs is not None and attrs.get("multiple") and not self.allow_multiple_selected:
            raise ValueError(f"{type(self).__name__} doesn't support uploading multiple files.")
        if self.allow_multiple_selected:
            attrs = {"multiple": True, **(attrs or {})}
        super().__init__(attrs)

    def format_value(self, value: Any) -> Any:
        """Nothing: browsers don't let a page choose a file."""
        return None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The file; None where the browser sent an empty field."""
        if self.allow_multiple_selected and hasattr(files, "getlist"):
            return [file for file in files.getlist(name) if _is_there(file)]
        file = files.get(name)
        return file if file is None or _is_there(file) else None

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether there is no file of this name."""
        return name not in files

    def use_required_attribute(self, initial: Any) -> bool:
        """Only where there is no file yet."""
        return super().use_required_attribute(initial) and not initial


def _is_there(file: Any) -> bool:
    """Whether a browser's field has a file: it sends those that were left empty without a name."""
    return getattr(file, "filename", True) not in ("", None)


class ClearableFileInput(FileInput):
    """A file to be sent, the link to the present one, and a box to take it away where the field isn't required."""

    clear_checkbox_label: Any = gettext_lazy("Clear")
    initial_text: Any = gettext_lazy("Currently")
    input_text: Any = gettext_lazy("Change")
    template_name = "forms/widgets/clearable_file_input.html"
    checked = False

    def clear_checkbox_name(self, name: str) -> str:
        """The name of the box."""
        return f"{name}-clear"

    def clear_checkbox_id(self, name: str) -> str:
        """The id of the box."""
        return f"{name}_id"

    def is_initial(self, value: Any) -> bool:
        """Whether a value is a file that has a URL."""
        try:
            return bool(value and value.url)
        except AttributeError:
            return False

    def format_value(self, value: Any) -> Any:
        """The present file."""
        return value if self.is_initial(value) else None

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given."""
        context = super().get_context(name, value, attrs)
        box = self.clear_checkbox_name(name)
        context["widget"].update(
            checkbox_name=box,
            checkbox_id=self.clear_checkbox_id(box),
            is_initial=self.is_initial(value),
            input_text=self.input_text,
            initial_text=self.initial_text,
            clear_checkbox_label=self.clear_checkbox_label,
        )
        context["widget"]["attrs"].setdefault("disabled", False)
        context["widget"]["attrs"]["checked"] = self.checked
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The file, False where the present one is to go, or that which says that both were asked for."""
        upload = super().value_from_datadict(data, files, name)
        self.checked = self.clear_checkbox_name(name) in data
        clears = CheckboxInput().value_from_datadict(data, files, self.clear_checkbox_name(name))
        if not self.is_required and clears:
            return FILE_INPUT_CONTRADICTION if upload else False
        return upload

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether neither a file came nor the box was checked."""
        return super().value_omitted_from_data(data, files, name) and self.clear_checkbox_name(name) not in data
