"""What Spruce itself says to visitors, in their language: errors of HTTP, and what is wrong with a value.

msgspec tells in English what doesn't fit. Its sentences are few; each is known here by its pattern, and is translated
with the values that it holds. In English they stay what they are.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from spruce.errors import HTTPException
from spruce.http import Response, error_response
from spruce.i18n import get_language, gettext, text_direction

__all__ = ["DESCRIPTIONS", "FORMS", "TYPES", "error_page", "fault"]

FORMS = (
    ("Expected `(?P<type>.+)`, got (?P<got>.+)", "Expected %(type)s, got %(got)s"),
    ("Expected `(?P<type>.+)` >= (?P<bound>.+)", "Expected %(type)s of at least %(bound)s"),
    ("Expected `(?P<type>.+)` <= (?P<bound>.+)", "Expected %(type)s of at most %(bound)s"),
    ("Expected `(?P<type>.+)` > (?P<bound>.+)", "Expected %(type)s above %(bound)s"),
    ("Expected `(?P<type>.+)` < (?P<bound>.+)", "Expected %(type)s below %(bound)s"),
    ("Expected `(?P<type>.+)` that's a multiple of (?P<bound>.+)", "Expected %(type)s that is a multiple of %(bound)s"),
    ("Expected `(?P<type>array)` of length (?P<bound>\\d+), got (?P<got>.+)", "Expected %(bound)s items, got %(got)s"),
    ("Expected `(?P<type>array|object)` of length >= (?P<bound>.+)", "Expected at least %(bound)s items"),
    ("Expected `(?P<type>array|object)` of length <= (?P<bound>.+)", "Expected at most %(bound)s items"),
    ("Expected `(?P<type>.+)` of length >= (?P<bound>.+)", "Expected at least %(bound)s characters"),
    ("Expected `(?P<type>.+)` of length <= (?P<bound>.+)", "Expected at most %(bound)s characters"),
    ("Expected `(?P<type>.+)` matching regex (?P<bound>.+)", "Expected text that matches %(bound)s"),
    ("Expected `(?P<type>.+)` with a timezone component", "Expected a time with its zone"),
    ("Expected `(?P<type>.+)` with no timezone component", "Expected a time without a zone"),
    ("Invalid RFC3339 encoded datetime", "This is no date and time, such as 2026-01-31T12:00:00Z"),
    ("Invalid RFC3339 encoded date", "This is no date, such as 2026-01-31"),
    ("Invalid RFC3339 encoded time", "This is no time of day, such as 12:00:00"),
    ("Invalid ISO8601 duration", "This is no length of time, such as P1DT2H"),
    ("Invalid UUID", "This is no UUID"),
    ("Invalid decimal string", "This is no number"),
    ("Invalid base64 encoded string", "This is no text in base64"),
    ("Expected one of (?P<bound>.+), got (?P<got>.+)", "Expected one of %(bound)s, got %(got)s"),
    ("Invalid (?:enum )?value (?P<got>.+)", "%(got)s is none of the possible values"),
    ("Object missing required field `(?P<got>.+)`", "The field %(got)s is required"),
    ("Object contains unknown field `(?P<got>.+)`", "There is no field %(got)s"),
    ("is required", "is required"),
    ("is required in the query string", "is required in the query string"),
    ("is required in the headers", "is required in the headers"),
    ("is required in the cookies", "is required in the cookies"),
    ("is required in the form", "is required in the form"),
    ("is required among the files", "is required among the files"),
)
"""Patterns of what is said in English, the special before the general ones, and the texts that are translated."""

_ORDERED = sorted(FORMS, key=lambda form: "of length" not in form[0])
_PATTERNS = [(re.compile(pattern, re.DOTALL), text) for pattern, text in _ORDERED]

DESCRIPTIONS = (
    "The form has more than %(limit)s fields.",
    "The form has more than %(limit)s files.",
    "The body is larger than %(limit)s bytes.",
    "The form is larger than %(limit)s bytes.",
    "The fields of the form are larger than %(limit)s bytes.",
    "The multipart form is malformed: %(error)s.",
    "The body is not valid JSON: %(error)s.",
)
"""What HTTP's own layer says of a request, with values in it."""

_VALUE = re.compile(r"%\\\((\w+)\\\)s")
_DESCRIBED = [(re.compile(_VALUE.sub(r"(?P<\1>.+)", re.escape(text)), re.DOTALL), text) for text in DESCRIPTIONS]

TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "an object",
    "bytes": "binary data",
    "datetime": "a date and time",
    "date": "a date",
    "time": "a time of day",
    "duration": "a length of time",
    "uuid": "a UUID",
    "decimal": "a decimal number",
}
"""What types are called where people read it."""


def fault(text: str) -> str:
    """Return what is wrong with a value, as said in English, in the language that holds here."""
    if get_language().partition("-")[0] == "en":
        return text
    return _filled(_PATTERNS, text)


def _filled(patterns: Iterable[tuple[re.Pattern[str], str]], text: str) -> str:
    for pattern, message in patterns:
        found = pattern.fullmatch(text)
        if found is not None:
            return gettext(message) % _named(found.groupdict())
    return text


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(values)
    if "type" in shown:
        shown["type"] = _types(shown["type"])
    if shown.get("got", "").startswith("`"):
        shown["got"] = _types(shown["got"].strip("`"))
    return shown


def _types(names: str) -> str:
    return gettext(" or ").join(gettext(TYPES[name]) if name in TYPES else name for name in names.split(" | "))


def error_page(error: HTTPException) -> Response:
    """Return the response that an HTTP error is sent as: its own, or a small page in the language that holds here."""
    return error_response(error, _described, get_language(), text_direction())


def _described(text: str) -> str:
    """What an error says, translated; those of the lower layers hold their values already."""
    made = gettext(text)
    if made != text or get_language().partition("-")[0] == "en":
        return made
    return _filled(_DESCRIBED, text)
