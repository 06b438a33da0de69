"""Fields of choices: one of several values, several of them, and their typed kin; files of a folder."""

import os
import re
from collections.abc import Callable
from copy import copy
from typing import Any, ClassVar

from spruce.errors import ValidationError
from spruce.forms.choices import flat, normalized
from spruce.forms.choicewidgets import Select, SelectMultiple
from spruce.forms.fields import Field
from spruce.forms.widgets import MultipleHiddenInput
from spruce.i18n import gettext_lazy

__all__ = ["ChoiceField", "FilePathField", "MultipleChoiceField", "TypedChoiceField", "TypedMultipleChoiceField"]


class ChoiceField(Field):
    """One of `choices`: pairs of value and label, groups of such, an enumeration, or a function that gives them."""

    widget: Any = Select
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_choice": gettext_lazy("Select a valid choice. %(value)s is not one of the available choices.")
    }

    def __init__(self, *, choices: Any = (), **options: Any) -> None:
        super().__init__(**options)
        self.choices = choices

    def __deepcopy__(self, memo: dict[int, Any]) -> "ChoiceField":
        made: Any = super().__deepcopy__(memo)
        made._choices = copy(self._choices)
        return made  # type: ignore[no-any-return] # the same class

    @property
    def choices(self) -> Any:
        """Values with labels, in groups where they have some."""
        return self._choices

    @choices.setter
    def choices(self, given: Any) -> None:
        self._choices: Any = normalized(given)
        self.widget.choices = self._choices

    def to_python(self, value: Any) -> Any:
        """Text, "" for nothing."""
        return "" if value in self.empty_values else str(value)

    def validate(self, value: Any) -> None:
        """Raise ValidationError for what is no choice."""
        super().validate(value)
        if value and not self.valid_value(value):
            raise self.fault("invalid_choice", value=value)

    def valid_value(self, value: Any) -> bool:
        """Whether a value, or its text, is among the choices."""
        text = str(value)
        return any(value == each or text == str(each) for each, _ in flat(self.choices))


class TypedChoiceField(ChoiceField):
    """One of several values, made into another type by `coerce`; nothing is `empty_value`."""

    def __init__(
        self, *, coerce: Callable[[Any], Any] = lambda value: value, empty_value: Any = "", **options: Any
    ) -> None:
        self.coerce = coerce
        self.empty_value = empty_value
        super().__init__(**options)

    def _coerce(self, value: Any) -> Any:
        if value == self.empty_value or value in self.empty_values:
            return self.empty_value
        try:
            return self.coerce(value)
        except (ValueError, TypeError, ArithmeticError, ValidationError):
            raise self.fault("invalid_choice", value=value) from None

    def clean(self, value: Any) -> Any:
        """What came, as a checked value of the type. Raises ValidationError."""
        return self._coerce(super().clean(value))


class MultipleChoiceField(ChoiceField):
    """A list of some of several values."""

    widget = SelectMultiple
    hidden_widget = MultipleHiddenInput
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid_list": gettext_lazy("Enter a list of values.")}

    def to_python(self, value: Any) -> Any:
        """A list of texts, [] for nothing."""
        if not value:
            return []
        if not isinstance(value, list | tuple):
            raise self.fault("invalid_list")
        return [str(each) for each in value]

    def validate(self, value: Any) -> None:
        """Raise ValidationError for what is no choice."""
        if self.required and not value:
            raise self.fault("required")
        for each in value:
            if not self.valid_value(each):
                raise self.fault("invalid_choice", value=each)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other values came than were shown, in whatever order."""
        if self.disabled:
            return False
        initial, data = initial or [], data or []
        if not isinstance(data, list | tuple):
            return True
        return len(initial) != len(data) or {str(each) for each in initial} != {str(each) for each in data}


class TypedMultipleChoiceField(MultipleChoiceField):
    """A list of some of several values, each made into another type by `coerce`; nothing is `empty_value`."""

    def __init__(
        self, *, coerce: Callable[[Any], Any] = lambda value: value, empty_value: Any = (), **options: Any
    ) -> None:
        self.coerce = coerce
        self.empty_value = [] if empty_value == () else empty_value
        super().__init__(**options)

    def _coerce(self, value: Any) -> Any:
        if value == self.empty_value or value in self.empty_values:
            return self.empty_value
        made = []
        for each in value:
            try:
                made.append(self.coerce(each))
            except (ValueError, TypeError, ArithmeticError, ValidationError):
                raise self.fault("invalid_choice", value=each) from None
        return made

    def clean(self, value: Any) -> Any:
        """What came, as checked values of the type. Raises ValidationError."""
        return self._coerce(super().clean(value))

    def validate(self, value: Any) -> None:
        """Raise ValidationError for what is no choice."""
        if value != self.empty_value:
            super().validate(value)
        elif self.required:
            raise self.fault("required")


class FilePathField(ChoiceField):
    """A file or folder in the folder `path`, as it is when the form's class is made; `match` is found in its name."""

    def __init__(
        self,
        path: "str | os.PathLike[str]",
        *,
        match: str | None = None,
        recursive: bool = False,
        allow_files: bool = True,
        allow_folders: bool = False,
        **options: Any,
    ) -> None:
        self.path, self.match, self.recursive = os.fspath(path), match, recursive
        self.allow_files, self.allow_folders = allow_files, allow_folders
        super().__init__(**options)
        found = self._below() if recursive else self._inside()
        self.choices = [*([] if self.required else [("", "---------")]), *found]

    def _fits(self, name: str) -> bool:
        return name != "__pycache__" and (self.match is None or re.search(self.match, name) is not None)

    def _inside(self) -> list[tuple[str, str]]:
        with os.scandir(self.path) as entries:
            found = [
                (entry.path, entry.name)
                for entry in entries
                if ((self.allow_files and entry.is_file()) or (self.allow_folders and entry.is_dir()))
                and self._fits(entry.name)
            ]
        return sorted(found, key=lambda pair: pair[1])

    def _below(self) -> list[tuple[str, str]]:
        found = []
        for root, folders, files in sorted(os.walk(self.path)):
            names = [*(sorted(files) if self.allow_files else ()), *(sorted(folders) if self.allow_folders else ())]
            paths = [os.path.join(root, name) for name in names if self._fits(name)]
            found += [(path, path.replace(self.path, "", 1)) for path in paths]
        return found
