"""What is wrong with a value, an object or a form, in Django's shape; and what is wrong with how a form is declared."""

from collections.abc import Iterator, Mapping
from typing import Any

from spruce.errors.database import DatabaseError
from spruce.errors.tree import SpruceError

__all__ = ["AdminError", "FormError", "ValidationError"]


class FormError(SpruceError, TypeError):
    """A form, a field of one, or a set of forms is declared or used in a way that cannot work."""


class AdminError(SpruceError, TypeError):
    """A model is shown in the admin in a way that cannot work."""


class ValidationError(DatabaseError, ValueError):
    """What is wrong with a value or an object: one message, several, or several for each field.

    `message` is a text, a list, or a dict by field, of texts or other ValidationErrors. `code` names the kind of fault
    for programs; `params` fill `%(name)s` in the message. `error_list` holds an error for each message, `error_dict`
    is there only where the messages belong to fields. Texts that are translated late are so when they are read.
    """

    error_dict: "dict[str, list[ValidationError]]"

    def __init__(
        self, message: Any, code: str | None = "", params: Mapping[str, Any] | None = None, *, hint: str = ""
    ) -> None:
        self.code = code or ""
        self.params = params
        self.message = message
        self.error_list = self._errors(message)
        given = self.message
        super().__init__(hint=hint)
        self.message = given  # what is shown is made of it when it is asked for

    def _errors(self, message: Any) -> "list[ValidationError]":
        """An error for each message."""
        if isinstance(message, ValidationError):
            if hasattr(message, "error_dict"):
                return self._errors(message.error_dict)
            if len(message.error_list) > 1 or message.error_list[0] is not message:
                return self._errors(message.error_list)
            self.message, self.code, self.params = message.message, message.code, message.params
            return [self]
        if isinstance(message, dict):
            self.error_dict = {name: ValidationError(each).error_list for name, each in message.items()}
            return [error for errors in self.error_dict.values() for error in errors]
        if isinstance(message, list | tuple):
            made = [each if isinstance(each, ValidationError) else ValidationError(each) for each in message]
            return [error for each in made for error in each.error_list]
        return [self]

    def __str__(self) -> str:
        shown = self._shown()
        return f"{shown}{'' if shown.endswith(('.', '?', '!')) else '.'} {self.hint}" if self.hint else shown

    def __repr__(self) -> str:
        return f"ValidationError({self._shown()!r})"

    def _shown(self) -> str:
        if hasattr(self, "error_dict"):
            return "; ".join(f"{name}: {' '.join(texts)}" for name, texts in self.by_field().items())
        return "; ".join(self.messages)

    @property
    def text(self) -> str:
        """The message, filled with `params`; of an error that is one message only."""
        shown = str(self.message)
        return shown % self.params if self.params and "%(" in shown else shown

    @property
    def messages(self) -> list[str]:
        """All messages."""
        return [error.text for error in self.error_list]

    @property
    def message_dict(self) -> dict[str, list[str]]:
        """The messages by the field's name. Raises AttributeError where they don't belong to fields."""
        return {name: [error.text for error in errors] for name, errors in self.error_dict.items()}

    def by_field(self) -> dict[str, list[str]]:
        """The messages by the field's name; "__all__" stands for the object as a whole."""
        return self.message_dict if hasattr(self, "error_dict") else {"__all__": self.messages}

    def errors_by_field(self) -> "dict[str, list[ValidationError]]":
        """`by_field()` with the errors themselves, which have codes."""
        return self.error_dict if hasattr(self, "error_dict") else {"__all__": self.error_list}

    def update_error_dict(self, errors: "dict[str, Any]") -> "dict[str, Any]":
        """Add what is wrong to a dict of lists by field, and return it."""
        for name, found in self.errors_by_field().items():
            errors.setdefault(name, []).extend(found)
        return errors

    def __iter__(self) -> Iterator[Any]:
        if hasattr(self, "error_dict"):
            yield from self.message_dict.items()
        else:
            yield from self.messages
