"""Origins: which site's page a browser sent a request from, by what browsers say and pages cannot forge.

The rules are those of Go 1.25's CrossOriginProtection, with Referer behind them for browsers that are older than both
headers. `Sec-Fetch-Site` says it outright (all browsers since 2023, under HTTPS and on localhost). `Origin` comes with
each unsafe request of the browsers before; its host is compared with that of the request. What says none of it, such as
curl or another server, is no browser, and carries nobody's cookies by itself.
"""

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from spruce.errors import ConfigError
from spruce.http import Request

__all__ = [
    "SAFE_METHODS",
    "TrustedOrigins",
    "foreign_origin",
    "is_same_domain",
    "split_origin",
    "url_has_allowed_host_and_scheme",
]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that only read (RFC 9110, 9.2.1)."""


class TrustedOrigins:
    """Origins that count as one's own: `https://pay.example`, or `https://*.shop.example` with all below it."""

    def __init__(self, origins: Iterable[str], setting: str) -> None:
        """Read them. Raises: ConfigError, naming the setting, for one without scheme or with a path."""
        origins = list(origins)
        for origin in origins:
            parts = split_origin(origin)
            if parts is None or not parts.scheme or not parts.netloc or parts.path or parts.query:
                raise ConfigError(
                    f"{setting} has {origin!r}, which is no origin",
                    hint="An origin is a scheme and a host, with a port if it isn't the usual one: https://shop.example.",
                )
        self.exact = frozenset(origin.lower() for origin in origins if "*" not in origin)
        self.below = [split for origin in origins if "*" in origin and (split := urlsplit(origin.lower()))]
        self.hosts = [urlsplit(origin.lower()).netloc.lstrip("*") for origin in origins]

    def __contains__(self, origin: object) -> bool:
        if not isinstance(origin, str):
            return False
        origin = origin.lower()
        if origin in self.exact:
            return True
        parts = split_origin(origin)
        return parts is not None and any(
            parts.scheme == one.scheme and is_same_domain(parts.netloc, one.netloc.lstrip("*")) for one in self.below
        )


def split_origin(origin: str) -> SplitResult | None:
    """Return the parts of an origin or URL; None when it cannot be read."""
    try:
        parts = urlsplit(origin)
        _ = parts.port
    except ValueError:
        return None
    return parts


def is_same_domain(host: str, pattern: str) -> bool:
    """Whether `host` is `pattern`, or below it when that begins with a dot."""
    host, pattern = host.lower(), pattern.lower()
    if not pattern:
        return False
    return host == pattern or (pattern[0] == "." and (host.endswith(pattern) or host == pattern[1:]))


def url_has_allowed_host_and_scheme(url: str, allowed_hosts: Iterable[str] = (), require_https: bool = False) -> bool:
    """Whether a redirect to `url`, which a visitor may have written, stays here or goes to an allowed host.

    For a `?next=` in a log-in page. Browsers read a backslash as a slash, and drop blanks, tabs and line breaks; what
    any of that would lead elsewhere is refused, as is `javascript:`.
    """
    schemes = {"https"} if require_https else {"http", "https"}
    hosts = {host.lower() for host in allowed_hosts}
    if not url or url != url.strip() or any(ord(character) < 32 or ord(character) == 127 for character in url):
        return False
    for read in (url, url.replace("\\", "/")):
        parts = split_origin(read)
        if parts is None or read.startswith("///"):
            return False
        if parts.netloc and parts.netloc.lower() not in hosts:
            return False
        if parts.scheme and (not parts.netloc or parts.scheme not in schemes):
            return False
    return True


def foreign_origin(request: Request, trusted: TrustedOrigins) -> str | None:
    """Return why `request` comes from another site's page; None when it doesn't, or comes from no browser."""
    origin = request.header(b"origin")
    site = request.header(b"sec-fetch-site")
    if site is not None:
        if site in ("same-origin", "none") or (origin is not None and origin in trusted):
            return None
        return f"Sec-Fetch-Site is {site!r}, and its origin {origin!r} is not trusted"
    if origin is not None:
        return None if _is_own(request, origin) or origin in trusted else f"its origin {origin!r} is not trusted"
    referer = request.header(b"referer")
    if referer is None:
        return None
    parts = split_origin(referer)
    page = f"{parts.scheme}://{parts.netloc}" if parts is not None else ""
    return None if _is_own(request, page) or page in trusted else f"it refers to {page!r}, which is not trusted"


def _is_own(request: Request, origin: str) -> bool:
    """Whether an origin is that of the request.

    A proxy may have ended TLS without telling, so an origin of HTTPS is our own for a request by HTTP; never the other
    way round, as anybody between may have sent a page by HTTP.
    """
    parts = split_origin(origin)
    if parts is None or parts.scheme not in ("http", "https") or (request.is_secure and parts.scheme != "https"):
        return False
    return parts.netloc.lower() == request.host.lower()
