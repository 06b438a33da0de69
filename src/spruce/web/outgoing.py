"""URLs that a visitor names and the program is to ask: only what begins with a URL that is on a list.

Whoever may name any URL reaches what only this machine reaches (server-side request forgery). What a URL says is told
here as strictly as possible, since each library reads odd ones in its own way: those are refused.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from spruce.errors import BadRequest, ConfigError

__all__ = ["allowed_url"]

_ODD = re.compile(r"[\x00-\x20\x7f-\uffff\\]")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}


def allowed_url(url: str, allowed: Iterable[str]) -> str:
    """Return `url` if it begins with one of the URLs `allowed`: same scheme, host and port, and a path inside of its.

    `allowed_url(given, ["https://api.example/v1/"])`. Redirects are the library's: let it follow none. Raises
    BadRequest for any other URL, one with a user, with dots that leave the path, or with characters that want escaping.
    """
    found = _parts(url)
    if found is not None:
        for one in allowed:
            base = _parts(one)
            if base is None:
                raise ConfigError(f"{one!r} is no URL to allow", hint="An example: https://api.example/v1/")
            if found[0] == base[0] and f"{found[1]}/".startswith(f"{base[1].rstrip('/')}/"):
                return url
    raise BadRequest(f"The URL {url[:200]!r} may not be asked for here.")


def _parts(url: str) -> tuple[tuple[str, str, int], str] | None:
    """Scheme, host and port, and the path; None for a URL that isn't plain."""
    if _ODD.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme, host, path = parts.scheme.lower(), parts.hostname, parts.path or "/"
    if not host or "@" in parts.netloc or (port is None and scheme not in _PORTS):
        return None
    plain = unquote(unquote(path))
    if "\\" in plain or any(part.strip(".") == "" and part for part in plain.split("/")):
        return None
    return (scheme, host.rstrip("."), port if port is not None else _PORTS[scheme]), path
