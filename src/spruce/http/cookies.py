"""Cookies (RFC 6265): reading the Cookie header and writing Set-Cookie."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from spruce.http.dates import http_date

__all__ = ["SameSite", "dump_cookie", "parse_cookie"]

SameSite = Literal["Strict", "Lax", "None"]

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_PLAIN_VALUE = re.compile(r"[\w!#$%&'()*+\-./:<=>?@\[\]^`{|}~]*", re.ASCII).fullmatch
_ATTRIBUTE = re.compile(r"[\x20-\x3a\x3c-\x7e]*").fullmatch
_MOST_BYTES = 4096  # RFC 6265, 6.1: what a browser keeps at least is what it keeps at most
_ESCAPED = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)


def parse_cookie(header: str) -> dict[str, str]:
    """Read a Cookie header into a dict; of cookies with one name the first counts, as the most specific one.

    Quoted values are unquoted. Header text is latin-1, as it is on the wire; values are read as UTF-8.
    """
    cookies: dict[str, str] = {}
    for part in header.split(";"):
        name, separator, value = part.partition("=")
        name = name.strip()
        if separator and name and name not in cookies:
            cookies[name] = _unquote(value.strip())
    return cookies


def dump_cookie(
    name: str,
    value: str = "",
    max_age: timedelta | int | None = None,
    expires: datetime | int | float | str | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite | None = None,
    partitioned: bool = False,
) -> str:
    """Return the value of a Set-Cookie header.

    `max_age` is in seconds, `expires` a time or seconds since the epoch; with neither the cookie ends with the browser.
    A value with characters that cookies cannot carry is quoted, as `parse_cookie` reads it back.
    Raises ValueError for a name or attribute that cannot stand in a cookie, for what a prefix of the name promises and
    the attributes don't keep, and above 4,096 bytes, all of which browsers would drop without a word.
    """
    if not _NAME(name):
        raise ValueError(f"{name!r} cannot name a cookie: letters, digits and !#$%&'*+-.^_`|~ can stand there.")
    if samesite is not None and samesite.title() not in ("Strict", "Lax", "None"):
        raise ValueError(f"samesite={samesite!r} is unknown: it is 'Strict', 'Lax' or 'None'.")
    _check_prefix(name, secure=secure or partitioned, path=path, domain=domain)
    parts = [f"{name}={_quote(value)}"]
    for key, attribute in (("Domain", _domain(domain)), ("Expires", _expires(expires)), ("Max-Age", _seconds(max_age))):
        if attribute is not None:
            parts.append(f"{key}={_checked(key, attribute)}")
    for key, wanted in (("Secure", secure or partitioned), ("HttpOnly", httponly)):
        if wanted:
            parts.append(key)
    if path is not None:
        parts.append(f"Path={_checked('Path', path)}")
    if samesite is not None:
        parts.append(f"SameSite={samesite.title()}")
    if partitioned:
        parts.append("Partitioned")
    cookie = "; ".join(parts)
    if len(cookie) > _MOST_BYTES:
        raise ValueError(
            f"The cookie {name!r} has {len(cookie):,} bytes with its attributes; browsers drop one of more than "
            f"{_MOST_BYTES:,}. Keep less in it, or keep the data on the server and a key to it in the cookie."
        )
    return cookie


def _check_prefix(name: str, *, secure: bool, path: str | None, domain: str | None) -> None:
    """Check what the prefixes of names promise (RFC 6265bis, 4.1.3)."""
    prefix = name[:9].lower()
    if prefix.startswith("__host-") and not (secure and path == "/" and not domain):
        raise ValueError(f"The cookie {name!r} needs secure=True, path='/' and no domain: its prefix promises that.")
    if prefix == "__secure-" and not secure:
        raise ValueError(f"The cookie {name!r} needs secure=True: its prefix promises that.")


def _domain(domain: str | None) -> str | None:
    return domain.lstrip(".").encode("idna").decode("ascii") if domain else None


def _expires(expires: datetime | int | float | str | None) -> str | None:
    if expires is None or isinstance(expires, str):
        return expires
    return http_date(expires if isinstance(expires, datetime) else datetime.fromtimestamp(expires, UTC))


def _seconds(max_age: timedelta | int | None) -> str | None:
    if max_age is None:
        return None
    return str(int(max_age.total_seconds() if isinstance(max_age, timedelta) else max_age))


def _checked(key: str, attribute: str) -> str:
    if not _ATTRIBUTE(attribute):
        raise ValueError(f"{key}={attribute!r} cannot stand in a cookie: no semicolon, control character or non-ASCII.")
    return attribute


def _quote(value: str) -> str:
    if _PLAIN_VALUE(value):
        return value
    quoted = [chr(byte) if _needs_no_escape(byte) else f"\\{byte:03o}" for byte in value.encode()]
    return f'"{"".join(quoted)}"'


_needs_no_escape: Callable[[int], bool] = frozenset(range(0x20, 0x7F)).difference(b'",;\\').__contains__


def _unquote(value: str) -> str:
    if value.isascii() and not value.startswith('"'):
        return value
    raw = value.encode("latin-1", "replace")
    if len(raw) >= 2 and raw[:1] == raw[-1:] == b'"':
        raw = _ESCAPED.sub(_unescape, raw[1:-1])
    return raw.decode("utf-8", "replace")


def _unescape(match: re.Match[bytes]) -> bytes:
    escape = match[1]
    return bytes([int(escape, 8)]) if len(escape) == 3 else escape
