"""Numbers and moments without Babel: the same as with it, in each language that it knows."""

from datetime import datetime
from decimal import Decimal

import pytest
from babel.dates import format_datetime
from babel.localedata import locale_identifiers
from babel.numbers import format_decimal

from spruce.i18n.quickformats import quick_datetime, quick_number

SOME = ("zh_Hans", "pt_PT", "en_IN", "de_CH")
LOCALES = sorted(name for name in locale_identifiers() if "_" not in name or name in SOME)
MOMENTS = [datetime(2026, 1, 2, hour, 5, 9) for hour in (0, 1, 9, 11, 12, 13, 23)]  # noqa: DTZ001 - shown as they stand
NUMBERS = [(0, None), (7, None), (1234, None), (123456789, None), (10**20 + 1, None), (10**20 + 1, "#,##0.0"),
    (12, "#,##0.00"), (Decimal("1234.5"), "#,##0.00"), (Decimal("0.005"), "#,##0.00"), (Decimal("0.015"), "#,##0.00"),
    (Decimal("9999999.999"), "#,##0.0"), (Decimal("1234567"), "#,##0"), (Decimal("1E+3"), "#,##0"),
    (Decimal(0), "#,##0.000"),
]  # fmt: skip


def test_numbers_are_written_as_babel_does() -> None:
    """Or not at all."""
    quick = 0
    for locale in LOCALES:
        for value, form in NUMBERS:
            found = quick_number(value, form, locale)
            quick += found is not None
            assert found in (None, format_decimal(value, form, locale)), (locale, value, form)
    assert quick > len(LOCALES) * len(NUMBERS) * 0.9


def test_moments_are_written_as_babel_does() -> None:
    """Or not at all; in short and medium nearly everywhere."""
    quick = 0
    for locale in LOCALES:
        for form in ("short", "medium", "long", "full"):
            for moment in MOMENTS:
                found = quick_datetime(moment, form, locale)
                quick += found is not None
                assert found in (None, format_datetime(moment, form, locale=locale)), (locale, form, moment)
    assert quick > len(LOCALES) * len(MOMENTS) * 1.8


@pytest.mark.parametrize("value", [-1, 1.5, True, Decimal("NaN"), Decimal("-0.5"), "1"])
def test_what_is_not_simple_is_left_to_babel(value: object) -> None:
    """Minus signs and fractions are written in many ways."""
    assert quick_number(value, "#,##0.00", "en") is None
    assert quick_number(5, "0.0 %", "en") is None
