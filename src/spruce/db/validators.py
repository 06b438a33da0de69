"""Validators: what a value has to be beside of the right type, checked by `full_clean()`."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from spruce.errors import ValidationError
from spruce.i18n import gettext

__all__ = [
    "EmailValidator",
    "MaxLengthValidator",
    "MaxValueValidator",
    "MinLengthValidator",
    "MinValueValidator",
    "RegexValidator",
    "URLValidator",
    "Validator",
    "validate_email",
    "validate_slug",
    "validate_url",
]

Validator = Callable[[Any], object]
"""Raises ValidationError for a value that is wrong."""


class _Limit:
    """A limit, and the message for values beyond it."""

    message = ""
    code = ""

    def __init__(self, limit: Any, message: str = "") -> None:
        self.limit = limit
        self.message = message or self.message

    def beyond(self, value: Any) -> bool:
        """Whether a value is wrong."""
        raise NotImplementedError

    def __call__(self, value: Any) -> None:
        """Raise ValidationError if the value is beyond the limit."""
        if self.beyond(value):
            raise ValidationError(gettext(self.message).format(limit=self.limit), code=self.code)


class MinValueValidator(_Limit):
    """At least the limit."""

    message, code = "Ensure this value is greater than or equal to {limit}.", "min_value"

    def beyond(self, value: Any) -> bool:
        """Whether it is smaller."""
        return bool(value < self.limit)


class MaxValueValidator(_Limit):
    """At most the limit."""

    message, code = "Ensure this value is less than or equal to {limit}.", "max_value"

    def beyond(self, value: Any) -> bool:
        """Whether it is larger."""
        return bool(value > self.limit)


class MinLengthValidator(_Limit):
    """So many characters or items at least."""

    message, code = "Ensure this value has at least {limit} characters.", "min_length"

    def beyond(self, value: Any) -> bool:
        """Whether it is shorter."""
        return bool(len(value) < self.limit)


class MaxLengthValidator(_Limit):
    """So many characters or items at most."""

    message, code = "Ensure this value has at most {limit} characters.", "max_length"

    def beyond(self, value: Any) -> bool:
        """Whether it is longer."""
        return bool(len(value) > self.limit)


class RegexValidator:
    """Text in which a regular expression is found; with `inverse_match`, in which it is not."""

    def __init__(
        self, regex: str, message: str = "Enter a valid value.", *, inverse_match: bool = False, flags: int = 0
    ) -> None:
        self.regex = re.compile(regex, flags)
        self.message = message
        self.inverse_match = inverse_match

    def __call__(self, value: Any) -> None:
        """Raise ValidationError if the text does not fit."""
        if bool(self.regex.search(str(value))) is self.inverse_match:
            raise ValidationError(gettext(self.message), code="invalid")


class EmailValidator:
    """An address: a local part of up to 64 characters without quotes (RFC 5321), an @, a domain."""

    local = re.compile(r"[^\s@\"(),:;<>\[\]\\.]+(\.[^\s@\"(),:;<>\[\]\\.]+)*\Z")
    domain = re.compile(r"((?!-)[\w-]{1,63}(?<!-)\.)+(?!-)[\w-]{2,63}(?<!-)\Z|localhost\Z")

    def __call__(self, value: Any) -> None:
        """Raise ValidationError if it is no address."""
        local, _, domain = str(value).rpartition("@")
        if len(str(value)) > 320 or len(local) > 64 or not self.local.match(local) or not self.domain.match(domain):
            raise ValidationError(gettext("Enter a valid email address."), code="invalid")


class URLValidator:
    """An absolute URL of one of the `schemes`, with a host and without spaces."""

    def __init__(self, schemes: tuple[str, ...] = ("http", "https", "ftp", "ftps")) -> None:
        self.schemes = schemes

    def __call__(self, value: Any) -> None:
        """Raise ValidationError if it is no such URL."""
        text = str(value)
        try:
            parts = urlsplit(text)
            good = parts.scheme in self.schemes and bool(parts.hostname) and (parts.port or 0) >= 0
        except ValueError:
            good = False
        if not good or len(text) > 2048 or re.search(r"[\s\x00-\x1f]", text):
            raise ValidationError(gettext("Enter a valid URL."), code="invalid")


validate_email = EmailValidator()
validate_url = URLValidator()
validate_slug = RegexValidator(
    r"\A[-a-zA-Z0-9_]+\Z", "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."
)
