"""Fields of numbers: whole ones, floating-point ones and exact decimals."""

import math
import re
from decimal import Decimal, DecimalException
from typing import Any, ClassVar

from spruce.forms.fields import Field
from spruce.forms.widgets import NumberInput, TextInput, Widget
from spruce.i18n import get_language, gettext_lazy, locale_of
from spruce.validation.validators import DecimalValidator, MaxValueValidator, MinValueValidator, StepValueValidator

__all__ = ["DecimalField", "FloatField", "IntegerField"]

_FRACTION = re.compile(r"\.0*\s*$")


class _NumberField(Field):
    """What fields of numbers share: the least and the largest, and how far apart two of them are."""

    widget = NumberInput

    def __init__(self, *, max_value: Any = None, min_value: Any = None, step_size: Any = None, **options: Any) -> None:
        self.max_value, self.min_value, self.step_size = max_value, min_value, step_size
        if options.get("localize") and self.widget is NumberInput:
            options.setdefault("widget", TextInput)  # browsers' number inputs know no separators
        super().__init__(**options)
        if max_value is not None:
            self.validators.append(MaxValueValidator(max_value))
        if min_value is not None:
            self.validators.append(MinValueValidator(min_value))
        if step_size is not None:
            self.validators.append(StepValueValidator(step_size, offset=min_value))

    def plain(self, value: Any) -> str:
        """A number as Python writes it. Raises ValidationError where the language writes it otherwise."""
        text = str(value).strip()
        if not self.localize:
            return text
        from babel.numbers import (
            NumberFormatError,
            parse_decimal,
        )  # only who reads numbers in another language needs it

        try:
            return str(parse_decimal(text, locale=locale_of(get_language())))
        except NumberFormatError:
            raise self.fault("invalid") from None

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """The limits, for browsers."""
        attrs = super().widget_attrs(widget)
        if isinstance(widget, NumberInput):
            if self.min_value is not None:
                attrs["min"] = self.min_value
            if self.max_value is not None:
                attrs["max"] = self.max_value
            if self.step_size is not None:
                attrs["step"] = self.step_size
        return attrs


class IntegerField(_NumberField):
    """A whole number."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": gettext_lazy("Enter a whole number.")}

    def to_python(self, value: Any) -> Any:
        """An int, None for nothing."""
        if value in self.empty_values:
            return None
        try:
            if type(value) is str and not self.localize:
                try:
                    return int(value)
                except ValueError:
                    return int(_FRACTION.sub("", value))
            return int(_FRACTION.sub("", self.plain(value)))
        except (ValueError, TypeError):
            raise self.fault("invalid") from None


class FloatField(_NumberField):
    """A floating-point number, but neither infinite nor NaN."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": gettext_lazy("Enter a number.")}

    def to_python(self, value: Any) -> Any:
        """A float, None for nothing."""
        if value in self.empty_values:
            return None
        try:
            number = float(self.plain(value))
        except (ValueError, TypeError):
            raise self.fault("invalid") from None
        if not math.isfinite(number):
            raise self.fault("invalid")
        return number

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """Any fraction, for browsers."""
        attrs = super().widget_attrs(widget)
        if isinstance(widget, NumberInput) and "step" not in widget.attrs:
            attrs["step"] = "any" if self.step_size is None else str(self.step_size)
        return attrs


class DecimalField(_NumberField):
    """An exact decimal number of `max_digits` digits, `decimal_places` of them behind the point."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": gettext_lazy("Enter a number.")}

    def __init__(
        self,
        *,
        max_value: Any = None,
        min_value: Any = None,
        max_digits: int | None = None,
        decimal_places: int | None = None,
        **options: Any,
    ) -> None:
        self.max_digits, self.decimal_places = max_digits, decimal_places
        super().__init__(max_value=max_value, min_value=min_value, **options)
        self.validators.append(DecimalValidator(max_digits, decimal_places))

    def to_python(self, value: Any) -> Any:
        """A Decimal, None for nothing."""
        if value in self.empty_values:
            return None
        try:
            number = Decimal(self.plain(value))
        except (DecimalException, ValueError, TypeError):
            raise self.fault("invalid") from None
        if not number.is_finite():
            raise self.fault("invalid", value=number)
        return number

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """The unit of the last digit, for browsers."""
        attrs = super().widget_attrs(widget)
        if isinstance(widget, NumberInput) and "step" not in widget.attrs and self.step_size is None:
            attrs["step"] = (
                "any" if self.decimal_places is None else str(Decimal(1).scaleb(-self.decimal_places)).lower()
            )
        return attrs
