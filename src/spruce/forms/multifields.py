"""Fields made of fields: a value that several check, or one that is put together of several; addresses; JSON."""

import datetime as dt
import ipaddress
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from spruce.errors import ValidationError
from spruce.forms.fields import CharField, Field
from spruce.forms.multiwidgets import SplitDateTimeWidget, SplitHiddenDateTimeWidget
from spruce.forms.timefields import DateField, DateTimeField, TimeField
from spruce.forms.widgets import Textarea
from spruce.i18n import gettext_lazy
from spruce.validation.validators import validate_ipv4_address, validate_ipv6_address, validate_ipv46_address

__all__ = ["ComboField", "GenericIPAddressField", "JSONField", "MultiValueField", "SplitDateTimeField"]


class ComboField(Field):
    """A value that goes through several fields, one after another."""

    def __init__(self, fields: Sequence[Field], **options: Any) -> None:
        super().__init__(**options)
        for field in fields:
            field.required = False
        self.fields = fields

    def clean(self, value: Any) -> Any:
        """What the last field makes of it. Raises ValidationError."""
        super().clean(value)
        for field in self.fields:
            value = field.clean(value)
        return value


class MultiValueField(Field):
    """A value that `compress()` makes of the values of several fields, which a MultiWidget shows."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": gettext_lazy("Enter a list of values."),
        "incomplete": gettext_lazy("Enter a complete value."),
    }

    def __init__(self, fields: Sequence[Field], *, require_all_fields: bool = True, **options: Any) -> None:
        self.require_all_fields = require_all_fields
        super().__init__(**options)
        for field in fields:
            field.error_messages.setdefault("incomplete", self.error_messages["incomplete"])
            if self.disabled:
                field.disabled = True
            if require_all_fields:
                field.required = False
        self.fields = fields

    def __deepcopy__(self, memo: dict[int, Any]) -> "MultiValueField":
        made: Any = super().__deepcopy__(memo)
        made.fields = tuple(field.__deepcopy__(memo) for field in self.fields)
        return made  # type: ignore[no-any-return] # the same class

    def validate(self, value: Any) -> None:
        """Nothing is wrong: the fields have said what is."""

    def clean(self, value: Any) -> Any:
        """The value that the parts make. Raises ValidationError."""
        if self.disabled and not isinstance(value, list):
            value = self.widget.decompress(value)
        if value and not isinstance(value, list | tuple):
            raise self.fault("invalid")
        if not value or all(each in self.empty_values for each in value):
            if self.required:
                raise self.fault("required")
            return self.compress([])
        parts, errors = self._parts(value)
        if errors:
            raise ValidationError(errors)
        made = self.compress(parts)
        self.validate(made)
        self.run_validators(made)
        return made

    def _parts(self, value: Any) -> tuple[list[Any], list[Any]]:
        """The values of the fields, and what is wrong with them, each fault once."""
        parts: list[Any] = []
        errors: dict[str, Any] = {}
        for index, field in enumerate(self.fields):
            each = value[index] if index < len(value) else None
            if each in self.empty_values:
                if self.require_all_fields:
                    if self.required:
                        raise self.fault("required")
                elif field.required:
                    message = field.error_messages["incomplete"]
                    errors.setdefault(str(message), message)
                    continue
            try:
                parts.append(field.clean(each))
            except ValidationError as error:
                for one in error.error_list:
                    errors.setdefault(one.text, one)
        return parts, list(errors.values())

    def compress(self, data_list: list[Any]) -> Any:
        """One value of a list of good ones."""
        raise NotImplementedError(f"{type(self).__name__} says in compress() what it makes of its parts")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether one of the parts has."""
        if self.disabled:
            return False
        data = data or []
        initial = [""] * len(data) if initial is None else initial
        initial = initial if isinstance(initial, list) else self.widget.decompress(initial)
        for field, before, after in zip(self.fields, initial, data, strict=False):
            try:
                before = field.to_python(before)
            except ValidationError:
                return True
            if field.has_changed(before, after):
                return True
        return False


class SplitDateTimeField(MultiValueField):
    """A moment in two inputs, for its date and its time of day."""

    widget = SplitDateTimeWidget
    hidden_widget = SplitHiddenDateTimeWidget
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_date": gettext_lazy("Enter a valid date."),
        "invalid_time": gettext_lazy("Enter a valid time."),
    }

    def __init__(self, *, input_date_formats: Any = None, input_time_formats: Any = None, **options: Any) -> None:
        messages = {**self.default_error_messages, **(options.get("error_messages") or {})}
        localize = options.get("localize", False)
        dates = DateField(
            input_formats=input_date_formats, error_messages={"invalid": messages["invalid_date"]}, localize=localize
        )
        times = TimeField(
            input_formats=input_time_formats, error_messages={"invalid": messages["invalid_time"]}, localize=localize
        )
        super().__init__((dates, times), **options)

    def compress(self, data_list: list[Any]) -> Any:
        """The moment, None for nothing."""
        if not data_list:
            return None
        date, time = data_list
        if date in self.empty_values:
            raise self.fault("invalid_date")
        if time in self.empty_values:
            raise self.fault("invalid_time")
        return DateTimeField().aware(dt.datetime.combine(date, time))


class GenericIPAddressField(CharField):
    """An IPv4 or IPv6 address, of one `protocol` only if it is "IPv4" or "IPv6".

    An IPv4 address inside of IPv6 is taken out by `unpack_ipv4`.
    """

    def __init__(self, *, protocol: str = "both", unpack_ipv4: bool = False, **options: Any) -> None:
        self.unpack_ipv4 = unpack_ipv4
        kinds = {"both": validate_ipv46_address, "ipv4": validate_ipv4_address, "ipv6": validate_ipv6_address}
        if protocol.lower() not in kinds:
            raise ValueError(f"The protocol '{protocol}' is unknown. Supported: {list(kinds)}")
        if unpack_ipv4 and protocol.lower() != "both":
            raise ValueError("You can only use `unpack_ipv4` if `protocol` is set to 'both'")
        self.default_validators = (kinds[protocol.lower()],)  # type: ignore[misc] # it is this field's own
        options.setdefault("max_length", 39)
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        """The address in its shortest form."""
        if value in self.empty_values:
            return ""
        text = str(value).strip()
        if ":" not in text or (self.max_length is not None and len(text) > self.max_length):
            return text
        try:
            address = ipaddress.IPv6Address(text)
        except ValueError:
            raise ValidationError(gettext_lazy("This is not a valid IPv6 address."), "invalid") from None
        if address.ipv4_mapped:
            return str(address.ipv4_mapped) if self.unpack_ipv4 else f"::ffff:{address.ipv4_mapped}"
        return str(address)


class _NoJSON(str):
    """What came and is no JSON, to be shown again as it is."""

    __slots__ = ()


class _JSONText(str):
    """A text that came as JSON, which is not to be read a second time."""

    __slots__ = ()


class JSONField(CharField):
    """JSON, read to what it says; `encoder` and `decoder` are classes of the module json."""

    widget = Textarea
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": gettext_lazy("Enter a valid JSON.")}

    def __init__(self, encoder: Any = None, decoder: Any = None, **options: Any) -> None:
        self.encoder, self.decoder = encoder, decoder
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        """What the text says, None for nothing."""
        if self.disabled:
            return value
        if value in self.empty_values:
            return None
        if isinstance(value, list | dict | int | float | _JSONText):
            return value
        try:
            found = json.loads(value, cls=self.decoder)
        except (ValueError, TypeError, RecursionError):
            raise self.fault("invalid", value=value) from None
        return _JSONText(found) if isinstance(found, str) else found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What came, read where that is possible."""
        if self.disabled:
            return initial
        if data is None:
            return None
        try:
            return json.loads(data, cls=self.decoder)
        except (ValueError, TypeError, RecursionError):
            return _NoJSON(data)

    def prepare_value(self, value: Any) -> Any:
        """JSON of a value; what was none stays as it came."""
        return value if isinstance(value, _NoJSON) else json.dumps(value, ensure_ascii=False, cls=self.encoder)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other JSON came than was shown."""
        if self.disabled:
            return False
        try:
            came = self.to_python(data)
        except ValidationError:
            return True
        shown = json.dumps(initial, sort_keys=True, cls=self.encoder)
        return shown != json.dumps(came, sort_keys=True, cls=self.encoder)
