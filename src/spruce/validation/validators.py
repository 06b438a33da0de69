"""Validators: what a value has to be beside of the right type, checked by `full_clean()` and by forms."""

import ipaddress
import re
from collections.abc import Callable, Collection
from decimal import Decimal
from math import isclose, remainder
from os.path import splitext
from typing import Any
from urllib.parse import urlsplit

from spruce.errors import ValidationError
from spruce.i18n import gettext, gettext_lazy, ngettext_lazy

__all__ = [
    "DecimalValidator",
    "EmailValidator",
    "FileExtensionValidator",
    "MaxLengthValidator",
    "MaxValueValidator",
    "MinLengthValidator",
    "MinValueValidator",
    "ProhibitNullCharactersValidator",
    "RegexValidator",
    "StepValueValidator",
    "URLValidator",
    "Validator",
    "validate_comma_separated_integer_list",
    "validate_email",
    "validate_image_file_extension",
    "validate_integer",
    "validate_ipv4_address",
    "validate_ipv6_address",
    "validate_ipv46_address",
    "validate_slug",
    "validate_unicode_slug",
    "validate_url",
]

Validator = Callable[[Any], object]
"""Raises ValidationError for a value that is wrong."""


class _Limit:
    """A limit, or what gives one, and the message for values beyond it.

    The message may hold `%(limit_value)s`, `%(show_value)s` and `%(value)s`, or `{limit}`.
    """

    message: Any = ""
    code = ""

    def __init__(self, limit_value: Any, message: Any = "") -> None:
        self.limit_value = limit_value
        self.message = message or self.message

    @property
    def limit(self) -> Any:
        """The limit that holds now."""
        return self.limit_value() if callable(self.limit_value) else self.limit_value

    def beyond(self, value: Any, limit: Any) -> bool:
        """Whether a value is wrong."""
        raise NotImplementedError

    def measured(self, value: Any) -> Any:
        """What of a value is compared, and shown."""
        return value

    def text(self, limit: Any, shown: Any) -> Any:
        """The message for a value that was measured so."""
        return self.message

    def __call__(self, value: Any) -> None:
        """Raise ValidationError if the value is beyond the limit."""
        limit = self.limit
        shown = self.measured(value)
        if self.beyond(shown, limit):
            text = self.text(limit, shown)
            if isinstance(text, str):
                text = gettext(text).replace("{limit}", str(limit))
            raise ValidationError(text, self.code, {"limit_value": limit, "show_value": shown, "value": value})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), str(self.limit_value)))


class MinValueValidator(_Limit):
    """At least the limit."""

    message, code = gettext_lazy("Ensure this value is greater than or equal to %(limit_value)s."), "min_value"

    def beyond(self, value: Any, limit: Any) -> bool:
        """Whether it is smaller."""
        return bool(value < limit)


class MaxValueValidator(_Limit):
    """At most the limit."""

    message, code = gettext_lazy("Ensure this value is less than or equal to %(limit_value)s."), "max_value"

    def beyond(self, value: Any, limit: Any) -> bool:
        """Whether it is larger."""
        return bool(value > limit)


class StepValueValidator(_Limit):
    """A multiple of the limit, counted from `offset`."""

    message, code = gettext_lazy("Ensure this value is a multiple of step size %(limit_value)s."), "step_size"

    def __init__(self, limit_value: Any, message: Any = "", offset: Any = None) -> None:
        super().__init__(limit_value, message)
        self.offset = offset

    def beyond(self, value: Any, limit: Any) -> bool:
        """Whether it lies between two steps, or is too large to be counted in them."""
        try:
            if isinstance(value, float) or isinstance(limit, float):
                return not isclose(remainder(float(value) - float(self.offset or 0), float(limit)), 0, abs_tol=1e-9)
            return bool((value - (self.offset or 0)) % limit)
        except (ArithmeticError, ValueError):
            return True

    def text(self, limit: Any, shown: Any) -> Any:
        """The message, which lists the first values where the steps have an offset."""
        if self.offset is None or self.message is not StepValueValidator.message:
            return self.message
        return gettext_lazy(
            "Ensure this value is a multiple of step size %(limit_value)s, starting from %(offset)s, e.g. "
            "%(offset)s, %(valid1)s, %(valid2)s, and so on.",
            limit_value=limit,
            offset=self.offset,
            valid1=self.offset + limit,
            valid2=self.offset + 2 * limit,
        )


class _Length(_Limit):
    """A limit of characters or items."""

    def measured(self, value: Any) -> int:
        """How long it is."""
        return len(value)


class MinLengthValidator(_Length):
    """So many characters or items at least."""

    code = "min_length"

    def beyond(self, value: Any, limit: Any) -> bool:
        """Whether it is shorter."""
        return bool(value < limit)

    def text(self, limit: Any, shown: Any) -> Any:
        """The message, in the form for so many characters."""
        return self.message or ngettext_lazy(
            "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
            "Ensure this value has at least %(limit_value)d characters (it has %(show_value)d).",
            limit,
            limit_value=limit,
            show_value=shown,
        )


class MaxLengthValidator(_Length):
    """So many characters or items at most."""

    code = "max_length"

    def beyond(self, value: Any, limit: Any) -> bool:
        """Whether it is longer."""
        return bool(value > limit)

    def text(self, limit: Any, shown: Any) -> Any:
        """The message, in the form for so many characters."""
        return self.message or ngettext_lazy(
            "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
            "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
            limit,
            limit_value=limit,
            show_value=shown,
        )


class DecimalValidator:
    """A finite Decimal of at most `max_digits` digits, `decimal_places` of them behind the point; None: any number."""

    def __init__(self, max_digits: int | None, decimal_places: int | None) -> None:
        self.max_digits = max_digits
        self.decimal_places = decimal_places

    def __call__(self, value: Decimal) -> None:
        """Raise ValidationError for too many digits."""
        _, figures, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            raise ValidationError(gettext_lazy("Enter a number."), "invalid", {"value": value})
        places = max(-exponent, 0)
        digits = len(figures) + max(exponent, 0) if any(figures) else 1
        digits = max(digits, places)
        whole = (
            None if self.max_digits is None or self.decimal_places is None else self.max_digits - self.decimal_places
        )
        if self.max_digits is not None and digits > self.max_digits:
            raise self._many("max_digits", self.max_digits, value)
        if self.decimal_places is not None and places > self.decimal_places:
            raise self._many("max_decimal_places", self.decimal_places, value)
        if whole is not None and digits - places > whole:
            raise self._many("max_whole_digits", whole, value)

    def _many(self, code: str, limit: int, value: Decimal) -> ValidationError:
        one, many = _DIGITS[code]
        return ValidationError(ngettext_lazy(one, many, limit, max=limit), code, {"max": limit, "value": value})


_DIGITS = {
    "max_digits": (
        "Ensure that there are no more than %(max)s digit in total.",
        "Ensure that there are no more than %(max)s digits in total.",
    ),
    "max_decimal_places": (
        "Ensure that there are no more than %(max)s decimal place.",
        "Ensure that there are no more than %(max)s decimal places.",
    ),
    "max_whole_digits": (
        "Ensure that there are no more than %(max)s digit before the decimal point.",
        "Ensure that there are no more than %(max)s digits before the decimal point.",
    ),
}


class ProhibitNullCharactersValidator:
    """Text without the character NUL, which databases cannot store."""

    message: Any = gettext_lazy("Null characters are not allowed.")
    code = "null_characters_not_allowed"

    def __init__(self, message: Any = "", code: str = "") -> None:
        self.message = message or self.message
        self.code = code or self.code

    def __call__(self, value: Any) -> None:
        """Raise ValidationError if there is one."""
        if "\0" in str(value):
            raise ValidationError(self.message, self.code, {"value": value})


class FileExtensionValidator:
    """A file whose name ends in one of the extensions; that name is the sender's: it keeps out slips, not attacks."""

    message: Any = gettext_lazy(
        "File extension “%(extension)s” is not allowed. Allowed extensions are: %(allowed_extensions)s."
    )

    def __init__(self, allowed_extensions: Collection[str] | None, message: Any = "", code: str = "") -> None:
        self.allowed = None if allowed_extensions is None else sorted(each.lower() for each in allowed_extensions)
        self.message = message or self.message
        self.code = code or "invalid_extension"

    def __call__(self, value: Any) -> None:
        """Raise ValidationError for another extension."""
        name = str(getattr(value, "filename", None) or getattr(value, "name", "") or "")
        extension = splitext(name)[1][1:].lower()
        if self.allowed is not None and extension not in self.allowed:
            params = {"extension": extension, "allowed_extensions": ", ".join(self.allowed), "value": value}
            raise ValidationError(self.message, self.code, params)


class RegexValidator:
    """Text in which a regular expression is found; with `inverse_match`, in which it is not."""

    def __init__(
        self,
        regex: "str | re.Pattern[str]" = "",
        message: Any = "Enter a valid value.",
        code: str = "invalid",
        *,
        inverse_match: bool = False,
        flags: int = 0,
    ) -> None:
        self.regex = re.compile(regex, flags) if isinstance(regex, str) else regex
        self.message = message
        self.code = code
        self.inverse_match = inverse_match

    def __call__(self, value: Any) -> None:
        """Raise ValidationError if the text does not fit."""
        if bool(self.regex.search(str(value))) is self.inverse_match:
            text = gettext(self.message) if isinstance(self.message, str) else self.message
            raise ValidationError(text, self.code, {"value": value})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self.regex))


class EmailValidator:
    """An address: a local part of up to 64 characters without quotes (RFC 5321), an @, a domain."""

    local = re.compile(r"[^\s@\"(),:;<>\[\]\\.]+(\.[^\s@\"(),:;<>\[\]\\.]+)*\Z")
    domain = re.compile(
        r"((?!-)[\w-]{1,63}(?<!-)\.)+(?!-)(?:(?:[^\W\d_]|-){2,63}|xn--[\w-]{1,59})(?<!-)\Z|localhost\Z", re.IGNORECASE
    )

    def __call__(self, value: Any) -> None:
        """Raise ValidationError if it is no address."""
        local, _, domain = str(value).rpartition("@")
        if len(str(value)) > 320 or len(local) > 64 or not self.local.match(local) or not self.domain.match(domain):
            raise ValidationError(gettext("Enter a valid email address."), "invalid", {"value": value})


class URLValidator:
    """An absolute URL of one of the `schemes`, with a host and without spaces."""

    _unsafe = re.compile(r"[\s\x00-\x1f]")
    _host = re.compile(r"localhost|((?!-)[\w-]{1,63}(?<!-)\.)+(?!-)(?=[\w-]*[^\W\d_])[\w-]{1,63}(?<!-)\.?", re.ASCII)

    def __init__(self, schemes: tuple[str, ...] = ("http", "https", "ftp", "ftps")) -> None:
        self.schemes = schemes

    def __call__(self, value: Any) -> None:
        """Raise ValidationError if it is no such URL."""
        text = str(value)
        try:
            parts = urlsplit(text)
            good = parts.scheme in self.schemes and self._is_host(parts.hostname) and (parts.port or 0) >= 0
        except ValueError:
            good = False
        if not good or len(text) > 2048 or self._unsafe.search(text):
            raise ValidationError(gettext("Enter a valid URL."), "invalid", {"value": value})

    def _is_host(self, host: str | None) -> bool:
        """Whether it is a domain of several labels, localhost, or an IP address."""
        if not host or len(host) > 253:
            return False
        if self._host.fullmatch(host):
            return True
        try:
            ascii_host = host if host.isascii() else host.encode("idna").decode()
            return bool(self._host.fullmatch(ascii_host)) or bool(ipaddress.ip_address(host))
        except ValueError:
            return False


def _address(value: Any, kind: Callable[[str], object], message: str) -> None:
    try:
        kind(str(value))
    except ValueError:
        raise ValidationError(gettext(message), "invalid", {"value": value}) from None


def validate_ipv4_address(value: Any) -> None:
    """Raise ValidationError if it is no IPv4 address."""
    _address(value, ipaddress.IPv4Address, "Enter a valid IPv4 address.")


def validate_ipv6_address(value: Any) -> None:
    """Raise ValidationError if it is no IPv6 address."""
    _address(value, ipaddress.IPv6Address, "Enter a valid IPv6 address.")


def validate_ipv46_address(value: Any) -> None:
    """Raise ValidationError if it is no IP address."""
    _address(value, ipaddress.ip_address, "Enter a valid IPv4 or IPv6 address.")


validate_email = EmailValidator()
validate_url = URLValidator()
validate_slug = RegexValidator(
    r"\A[-a-zA-Z0-9_]+\Z", "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."
)
validate_unicode_slug = RegexValidator(
    r"\A[-\w]+\Z", "Enter a valid “slug” consisting of Unicode letters, numbers, underscores, or hyphens."
)
validate_integer = RegexValidator(r"\A-?\d+\Z", "Enter a valid integer.")
validate_comma_separated_integer_list = RegexValidator(r"\A\d+(?:,\d+)*\Z", "Enter only digits separated by commas.")
validate_image_file_extension = FileExtensionValidator(
    ["apng", "avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "tif", "tiff", "webp"]
)
