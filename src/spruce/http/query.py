"""Query strings and urlencoded forms (WHATWG URL, application/x-www-form-urlencoded), and decoded paths."""

import re

from spruce.errors.http import RequestEntityTooLarge
from spruce.http.multidict import MultiDict

__all__ = ["decode_path", "parse_query"]

_ESCAPES = re.compile(rb"(?:%[0-9a-fA-F]{2})+")


def parse_query(text: str, limit: int | None = None) -> MultiDict[str]:
    """Read `a=1&b=2` into a MultiDict; a name without `=` has an empty value, what is not UTF-8 becomes U+FFFD.

    Raises RequestEntityTooLarge when there are more than `limit` fields.
    """
    found: MultiDict[str] = MultiDict()
    if not text:
        return found
    if limit is not None and text.count("&") >= limit:
        raise RequestEntityTooLarge(f"The form has more than {limit} fields.")
    plain = "%" not in text and "+" not in text
    for pair in text.split("&"):
        if pair:
            key, _, value = pair.partition("=")
            if plain:
                found.add(key, value)
            else:
                found.add(_plain(key.replace("+", " ")), _plain(value.replace("+", " ")))
    return found


def decode_path(target: str) -> str:
    """Return the path of a request target, without its query and with percent-escapes decoded.

    Escapes that are not UTF-8 become U+FFFD. `*` and other targets without a slash are returned as they are.
    """
    return _plain(target.partition("?")[0])


def _plain(text: str) -> str:
    """Return the text without its escapes; unlike urllib's, this takes no longer for a million that are none."""
    if "%" not in text:
        return text
    return _ESCAPES.sub(_bytes_of, text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def _bytes_of(escapes: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escapes[0].replace(b"%", b"").decode("ascii"))
