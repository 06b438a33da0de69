"""Content types: `text/html; charset=utf-8` in its parts, and with the charset that a type needs."""

from functools import lru_cache

__all__ = ["is_json", "parse_options", "with_charset"]


@lru_cache(256)
def with_charset(mimetype: str) -> str:
    """Return the content type of a mimetype: text and XML get `; charset=utf-8`."""
    if "charset=" in mimetype:
        return mimetype
    if mimetype.startswith("text/") or mimetype in _TEXTUAL or mimetype.endswith("+xml"):
        return f"{mimetype}; charset=utf-8"
    return mimetype


_TEXTUAL = frozenset({"application/xml", "application/javascript", "application/ecmascript", "application/sql"})


def is_json(mimetype: str) -> bool:
    """Whether a mimetype is JSON: application/json or application/*+json."""
    return mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))


def parse_options(header: str) -> tuple[str, dict[str, str]]:
    """Split `value; key=option; …` (RFC 9110 section 5.6.6); keys are in lower case, quoted options are unquoted.

    Of options with one name the first counts. What cannot be read is left out.
    """
    value, _, rest = header.partition(";")
    options: dict[str, str] = {}
    while rest:
        key, separator, rest = rest.lstrip("; \t").partition("=")
        if rest.startswith('"'):
            option, rest = _quoted(rest)
        else:
            option, _, rest = rest.partition(";")
        if separator:
            options.setdefault(key.strip().lower(), option.strip())
    return value.strip(), options


def _quoted(text: str) -> tuple[str, str]:
    """Read the quoted string that `text` begins with; return it unquoted, and what is behind it.

    A backslash that quotes neither a quote nor a backslash stays: browsers send file names so.
    """
    characters: list[str] = []
    index = 1
    while index < len(text) and text[index] != '"':
        if text[index] == "\\" and text[index + 1 : index + 2] in ('"', "\\"):
            index += 1
        characters.append(text[index])
        index += 1
    return "".join(characters), text[index + 1 :].partition(";")[2]
