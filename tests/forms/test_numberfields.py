"""Fields of numbers."""

from decimal import Decimal
from typing import Any

import pytest

from spruce import forms, i18n
from spruce.errors import ValidationError


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (forms.IntegerField(), " 5 ", 5),
        (forms.IntegerField(), "5.0", 5),
        (forms.IntegerField(), 5.0, 5),
        (forms.IntegerField(required=False), "", None),
        (forms.IntegerField(step_size=3, min_value=1), "7", 7),
        (forms.FloatField(), "1e3", 1000.0),
        (forms.FloatField(step_size=0.1), "0.3", 0.3),
        (forms.FloatField(required=False), None, None),
        (forms.DecimalField(max_digits=4, decimal_places=2), "12.50", Decimal("12.50")),
        (forms.DecimalField(), "1E+2", Decimal(100)),
        (forms.DecimalField(required=False), "", None),
    ],
)
def test_good_numbers(field: forms.Field, value: Any, expected: Any) -> None:
    """Become numbers."""
    assert field.clean(value) == expected


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (forms.IntegerField(), "1.5", "Enter a whole number."),
        (forms.IntegerField(), "9" * 5000, "Enter a whole number."),
        (forms.IntegerField(), ["1"], "Enter a whole number."),
        (forms.IntegerField(max_value=3), "4", "Ensure this value is less than or equal to 3."),
        (forms.IntegerField(min_value=3), "2", "Ensure this value is greater than or equal to 3."),
        (forms.IntegerField(step_size=3), "4", "Ensure this value is a multiple of step size 3."),
        (forms.IntegerField(step_size=3, min_value=1), "5",
         "Ensure this value is a multiple of step size 3, starting from 1, e.g. 1, 4, 7, and so on."),
        (forms.FloatField(), "inf", "Enter a number."),
        (forms.FloatField(), "x", "Enter a number."),
        (forms.FloatField(step_size=0.1), "0.35", "Ensure this value is a multiple of step size 0.1."),
        (forms.DecimalField(), "NaN", "Enter a number."),
        (forms.DecimalField(), "x", "Enter a number."),
        (forms.DecimalField(max_digits=2), "123", "Ensure that there are no more than 2 digits in total."),
        (forms.DecimalField(decimal_places=1), "1.23", "Ensure that there are no more than 1 decimal place."),
        (forms.DecimalField(max_digits=3, decimal_places=2), "12",
         "Ensure that there are no more than 1 digit before the decimal point."),
        (forms.DecimalField(max_digits=5, decimal_places=2), "1e400",
         "Ensure that there are no more than 5 digits in total."),
    ],
)  # fmt: skip
def test_bad_numbers(field: forms.Field, value: Any, message: str) -> None:
    """Are refused, however large or strange."""
    with pytest.raises(ValidationError) as refused:
        field.clean(value)
    assert refused.value.messages == [message]


def test_limits_are_told_to_browsers() -> None:
    """As the attributes of a number's input."""
    assert forms.IntegerField(min_value=1, max_value=9, step_size=2).widget.attrs == {"min": 1, "max": 9, "step": 2}
    assert forms.FloatField().widget.attrs == {"step": "any"}
    assert forms.FloatField(step_size=0.5).widget.attrs == {"step": "0.5"}
    assert forms.DecimalField(decimal_places=2).widget.attrs == {"step": "0.01"}
    assert forms.DecimalField().widget.attrs == {"step": "any"}


def test_numbers_in_the_language_of_the_reader() -> None:
    """With localize, both ways."""
    field = forms.DecimalField(localize=True)
    with i18n.override("de"):
        assert field.clean("1.234,50") == Decimal("1234.50")
        assert field.widget.render("n", 1234.5) == '<input type="text" name="n" value="1.234,5">'
        with pytest.raises(ValidationError):
            field.clean("1,2,3")


@pytest.mark.parametrize("number", ["9" * 300, "1e400", "-1e400", "1e1000000"])
@pytest.mark.parametrize("step", [Decimal("0.1"), 0.1, 3])
def test_a_number_too_large_to_be_counted_in_steps_is_told(number: str, step: Any) -> None:
    """It is a visitor's mistake, not an error of the program."""
    with pytest.raises(ValidationError) as caught:
        forms.DecimalField(step_size=step).clean(number)
    assert caught.value.messages == [f"Ensure this value is a multiple of step size {step}."]
