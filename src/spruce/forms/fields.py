"""The fields of forms: what each takes, how that becomes a value, and what is said when it cannot. Names are Django's.

`clean(value)` is `to_python` (another type), `validate` (is it there, is it one of the choices), `run_validators`, in
this order. Whatever a browser sends, the worst that a field does is to raise ValidationError.
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, ClassVar

from spruce.errors import ValidationError
from spruce.forms.boundfield import BoundField
from spruce.forms.choicewidgets import NullBooleanSelect
from spruce.forms.widgets import (
    CheckboxInput,
    EmailInput,
    HiddenInput,
    TextInput,
    URLInput,
    Widget,
)
from spruce.i18n import gettext_lazy
from spruce.validation.validators import (
    MaxLengthValidator,
    MinLengthValidator,
    ProhibitNullCharactersValidator,
    RegexValidator,
    URLValidator,
    Validator,
    validate_email,
    validate_slug,
    validate_unicode_slug,
)

__all__ = [
    "BooleanField",
    "CharField",
    "EmailField",
    "Field",
    "NullBooleanField",
    "RegexField",
    "SlugField",
    "URLField",
    "UUIDField",
]

EMPTY: tuple[Any, ...] = (None, "", [], (), {})


class Field:
    """The base of all fields.

    `label` and `help_text` are for people; `initial` is what the field shows at first, or a function that gives it.
    `required` refuses nothing, `validators` are called with the value, `error_messages` replace the messages of the
    codes that they name. `disabled` takes what `initial` is, whatever comes. `autocomplete` tells browsers what the
    field is for, as "email" or "current-password" (HTML's autofill tokens). `localize` reads and shows numbers as the
    language has them.
    """

    widget: Any = TextInput
    hidden_widget: type[Widget] = HiddenInput
    default_validators: ClassVar[Iterable[Validator]] = ()
    default_error_messages: ClassVar[dict[str, Any]] = {"required": gettext_lazy("This field is required.")}
    empty_values: Any = EMPTY
    bound_field_class: Any = None
    template_name = "forms/field.html"
    is_file = False
    once = False  # whether looking at what came uses it up

    def __init__(
        self,
        *,
        required: bool = True,
        widget: Any = None,
        label: Any = None,
        initial: Any = None,
        help_text: Any = "",
        error_messages: Mapping[str, Any] | None = None,
        show_hidden_initial: bool = False,
        validators: Iterable[Validator] = (),
        localize: bool = False,
        disabled: bool = False,
        label_suffix: Any = None,
        template_name: str | None = None,
        bound_field_class: Any = None,
        autocomplete: str | None = None,
    ) -> None:
        self.required, self.label, self.initial = required, label, initial
        self.show_hidden_initial, self.help_text = show_hidden_initial, help_text
        self.disabled, self.label_suffix, self.localize = disabled, label_suffix, localize
        self.template_name = template_name or self.template_name
        self.bound_field_class = bound_field_class or self.bound_field_class
        chosen = widget or self.widget
        made: Widget = chosen() if isinstance(chosen, type) else chosen.__deepcopy__({})
        made.is_localized = made.is_localized or localize
        made.is_required = required
        made.attrs.update(self.widget_attrs(made) or {})
        if autocomplete is not None:
            made.attrs["autocomplete"] = autocomplete
        self.widget = made
        messages: dict[str, Any] = {}
        for kind in reversed(type(self).__mro__):
            messages.update(getattr(kind, "default_error_messages", {}))
        self.error_messages = {**messages, **(error_messages or {})}
        self.validators: list[Validator] = [*self.default_validators, *validators]

    def __deepcopy__(self, memo: dict[int, Any]) -> "Field":
        made = copy(self)
        memo[id(self)] = made
        made.widget = self.widget.__deepcopy__(memo)
        made.error_messages = self.error_messages.copy()
        made.validators = self.validators[:]
        return made

    def fault(self, code: str, **params: Any) -> ValidationError:
        """The error of a code."""
        return ValidationError(self.error_messages[code], code, params)

    def prepare_value(self, value: Any) -> Any:
        """A value as the widget is given it."""
        return value

    def to_python(self, value: Any) -> Any:
        """What came, as a value of the field's type. Raises ValidationError."""
        return value

    def validate(self, value: Any) -> None:
        """Raise ValidationError for nothing where something is required."""
        if self.required and value in self.empty_values:
            raise self.fault("required")

    def run_validators(self, value: Any) -> None:
        """Raise ValidationError with all that the validators say."""
        if not self.validators or value in self.empty_values:
            return
        errors: list[Any] = []
        for validate in self.validators:
            try:
                validate(value)
            except ValidationError as error:
                for each in error.error_list:
                    own = self.error_messages.get(each.code)
                    errors.append(each if own is None else ValidationError(own, each.code, each.params))
        if errors:
            raise ValidationError(errors)

    def clean(self, value: Any) -> Any:
        """What came, as a checked value. Raises ValidationError."""
        value = self.to_python(value)
        self.validate(value)
        self.run_validators(value)
        return value

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What the widget of a bound form shows."""
        return initial if self.disabled else data

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """Attributes that the field gives to its widget."""
        return {}

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether what came is something else than what was shown."""
        if self.disabled:
            return False
        try:
            data = self.to_python(data)
            if hasattr(self, "_coerce"):
                return bool(self._coerce(data) != self._coerce(initial))
        except ValidationError:
            return True
        return bool(("" if initial is None else initial) != ("" if data is None else data))

    def get_bound_field(self, form: Any, field_name: str) -> BoundField:
        """The field with the data of a form."""
        kind = self.bound_field_class or form.bound_field_class or BoundField
        made: BoundField = kind(form, self, field_name)
        return made


class CharField(Field):
    """Text. `strip` takes blanks from its ends; an empty one is `empty_value`."""

    def __init__(
        self,
        *,
        max_length: int | None = None,
        min_length: int | None = None,
        strip: bool = True,
        empty_value: Any = "",
        **options: Any,
    ) -> None:
        self.max_length = None if max_length is None else int(max_length)
        self.min_length = None if min_length is None else int(min_length)
        self.strip = strip
        self.empty_value = empty_value
        super().__init__(**options)
        if self.min_length is not None:
            self.validators.append(MinLengthValidator(self.min_length))
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))
        self.validators.append(_NO_NULLS)

    def to_python(self, value: Any) -> Any:
        """Text."""
        if value is None or value == "" or value in self.empty_values:
            return self.empty_value
        text = str(value)
        if self.strip:
            text = text.strip()
        return text if text not in self.empty_values else self.empty_value

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """How long it may be, for browsers."""
        attrs = super().widget_attrs(widget)
        if not widget.is_hidden:
            if self.max_length is not None:
                attrs["maxlength"] = str(self.max_length)
            if self.min_length is not None:
                attrs["minlength"] = str(self.min_length)
        return attrs


_NO_NULLS = ProhibitNullCharactersValidator()


class RegexField(CharField):
    """Text in which a regular expression is found; blanks at its ends stay unless `strip`."""

    def __init__(self, regex: "str | re.Pattern[str]", **options: Any) -> None:
        options.setdefault("strip", False)
        super().__init__(**options)
        self._validator: RegexValidator | None = None
        self.regex = regex

    @property
    def regex(self) -> "re.Pattern[str]":
        """The expression."""
        return self._regex

    @regex.setter
    def regex(self, regex: "str | re.Pattern[str]") -> None:
        self._regex = re.compile(regex) if isinstance(regex, str) else regex
        if self._validator in self.validators and self._validator is not None:
            self.validators.remove(self._validator)
        self._validator = RegexValidator(self._regex)
        self.validators.append(self._validator)


class EmailField(CharField):
    """A mail address, of at most 320 characters unless another `max_length` is given (RFC 3696)."""

    widget = EmailInput
    default_validators = (validate_email,)

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", 320)
        super().__init__(strip=True, **options)


class URLField(CharField):
    """An absolute URL; one without a scheme gets `assume_scheme`."""

    widget = URLInput
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": gettext_lazy("Enter a valid URL.")}
    default_validators = (URLValidator(),)

    def __init__(self, *, assume_scheme: str = "https", **options: Any) -> None:
        self.assume_scheme = assume_scheme
        super().__init__(strip=True, **options)

    def to_python(self, value: Any) -> Any:
        """The URL with a scheme."""
        text = super().to_python(value)
        if not text:
            return text
        scheme, colon, _ = text.partition(":")
        if not colon or not scheme or not scheme[0].isascii() or not scheme[0].isalpha() or "/" in scheme:
            return f"{self.assume_scheme}:{'' if text.startswith('//') else '//'}{text}"
        return text


class SlugField(CharField):
    """Letters, digits, hyphens and underscores; of any alphabet with `allow_unicode`."""

    default_validators = (validate_slug,)

    def __init__(self, *, allow_unicode: bool = False, **options: Any) -> None:
        self.allow_unicode = allow_unicode
        if allow_unicode:
            self.default_validators = (validate_unicode_slug,)  # type: ignore[misc] # it is this field's own
        super().__init__(**options)


class UUIDField(CharField):
    """A UUID."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": gettext_lazy("Enter a valid UUID.")}

    def prepare_value(self, value: Any) -> Any:
        """As text."""
        return str(value) if isinstance(value, uuid.UUID) else value

    def to_python(self, value: Any) -> Any:
        """A uuid.UUID, None for nothing."""
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        try:
            return uuid.UUID(text)
        except ValueError:
            raise self.fault("invalid") from None


class BooleanField(Field):
    """True or False; where it is required, True only."""

    widget: Any = CheckboxInput

    def to_python(self, value: Any) -> Any:
        """False for nothing, 0 and the word for it; True for anything else."""
        return bool(value) and not (isinstance(value, str) and value.lower() in ("false", "0"))

    def validate(self, value: Any) -> None:
        """Raise ValidationError for False where it is required."""
        if not value and self.required:
            raise self.fault("required")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether what came is something else than what was shown."""
        return not self.disabled and self.to_python(initial) != self.to_python(data)


class NullBooleanField(BooleanField):
    """True, False or None, which anything else is too."""

    widget = NullBooleanSelect

    def to_python(self, value: Any) -> Any:
        """True, False or None."""
        if isinstance(value, str):
            return _TRUTHS.get(value)
        return value if isinstance(value, bool) else None

    def validate(self, value: Any) -> None:
        """Nothing is wrong."""


_TRUTHS = {"True": True, "true": True, "1": True, "False": False, "false": False, "0": False}
