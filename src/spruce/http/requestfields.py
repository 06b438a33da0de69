"""The header fields of a request, each read when it is first asked for."""

from collections.abc import Sequence
from datetime import datetime

from spruce.http.accept import Accept
from spruce.http.authorization import Authorization
from spruce.http.cachecontrol import CacheControl
from spruce.http.conditional import ETags
from spruce.http.cookies import parse_cookie
from spruce.http.dates import parse_date
from spruce.http.headers import Headers
from spruce.http.lazy import lazy
from spruce.http.media import is_json, parse_options

__all__ = ["RequestFields"]


class RequestFields:
    """What stands in the head of a request: `raw_headers`, and what is read out of them."""

    raw_headers: Sequence[tuple[bytes, bytes]]
    """The fields as they came in, in their order."""

    def header(self, name: bytes) -> str | None:
        """Return the first value of a header, or None; `name` is in lower case. Cheaper than making `headers`."""
        for key, value in self.raw_headers:
            if key == name or key.lower() == name:
                return value.decode("latin-1")
        return None

    @lazy
    def headers(self) -> Headers:
        """All header fields."""
        return Headers.from_raw(self.raw_headers)

    @lazy
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        return parse_cookie(
            "; ".join(value.decode("latin-1") for key, value in self.raw_headers if key.lower() == b"cookie")
        )

    @lazy
    def content_type(self) -> str | None:
        """The Content-Type header."""
        return self.header(b"content-type")

    @lazy
    def _media(self) -> tuple[str, dict[str, str]]:
        return parse_options(self.content_type or "")

    @property
    def mimetype(self) -> str:
        """The content type without its parameters, in lower case; empty when there is none."""
        return self._media[0].lower()

    @property
    def mimetype_params(self) -> dict[str, str]:
        """The parameters of the content type."""
        return self._media[1]

    @property
    def is_json(self) -> bool:
        """Whether the content type is JSON."""
        return is_json(self.mimetype)

    @property
    def content_length(self) -> int | None:
        """The length of the body in bytes; None when there is no body, or it comes in chunks."""
        text = self.header(b"content-length")
        return int(text) if text and text.isascii() and text.isdigit() else None

    @property
    def user_agent(self) -> str:
        """The User-Agent header; empty when there is none."""
        return self.header(b"user-agent") or ""

    @property
    def referrer(self) -> str | None:
        """The Referer header."""
        return self.header(b"referer")

    @property
    def origin(self) -> str | None:
        """The Origin header."""
        return self.header(b"origin")

    @lazy
    def authorization(self) -> Authorization | None:
        """The Authorization header in its parts; None when there is none or it cannot be read."""
        return Authorization.parse(self.header(b"authorization"))

    @property
    def cache_control(self) -> CacheControl:
        """The Cache-Control header as attributes."""
        return CacheControl(self.headers)

    @property
    def if_match(self) -> ETags:
        """The entity tags of If-Match."""
        return ETags(self.header(b"if-match"))

    @property
    def if_none_match(self) -> ETags:
        """The entity tags of If-None-Match."""
        return ETags(self.header(b"if-none-match"))

    @property
    def if_modified_since(self) -> datetime | None:
        """The If-Modified-Since header, aware and in UTC."""
        return parse_date(self.header(b"if-modified-since"))

    @property
    def if_unmodified_since(self) -> datetime | None:
        """The If-Unmodified-Since header, aware and in UTC."""
        return parse_date(self.header(b"if-unmodified-since"))

    @lazy
    def accept_mimetypes(self) -> Accept:
        """The content types that the client wants."""
        return Accept(self.header(b"accept") or "")

    @lazy
    def accept_languages(self) -> Accept:
        """The languages that the client wants."""
        return Accept(self.header(b"accept-language") or "")

    @lazy
    def accept_encodings(self) -> Accept:
        """The content codings that the client wants."""
        return Accept(self.header(b"accept-encoding") or "")
