"""A response: a body, a status and header fields, with Flask's names.

The plain case (bytes or text and a content type) makes no Headers: `plain_type` holds the content type until somebody
touches `headers`, so a server may send such a response with a head that it keeps ready.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Literal, overload

import msgspec

from spruce.errors.http import HTTPException, RequestedRangeNotSatisfiable
from spruce.errors.phrases import PHRASES
from spruce.http.bodies import Body, body_of, close_body, encoded
from spruce.http.cachecontrol import CacheControl
from spruce.http.conditional import Asking, asked_range, check_preconditions, is_known
from spruce.http.cookies import SameSite, dump_cookie
from spruce.http.dates import http_date, parse_date
from spruce.http.headers import HeaderItems, Headers, HeaderSet, StandingHeaders
from spruce.http.lazy import lazy
from spruce.http.media import is_json, parse_options, with_charset

__all__ = ["Response", "error_response"]


class Response:
    """One HTTP response.

    `response` is its body: bytes, or an iterable that is streamed (`is_streamed`). `mimetype` gets its charset,
    `content_type` is taken as it is; with neither it is `default_mimetype`. A Content-Type in `headers` goes before.
    """

    default_mimetype = "text/html"
    default_status = 200

    reason: str = ""
    """A reason phrase of its own; empty means the usual one."""
    sent: int = 0
    """Bytes that the server has sent of a streamed body."""
    close_calls: tuple[Callable[[], object], ...] = ()
    """What `call_on_close` was given."""
    standing: StandingHeaders | None = None
    """Fields that go with it beside its own, until somebody touches `headers`; see `add_standing`."""

    def __init__(
        self,
        response: Body = None,
        status: int | str | HTTPStatus | None = 200,
        headers: HeaderItems | None = None,
        mimetype: str | None = None,
        content_type: str | None = None,
    ) -> None:
        self.response: bytes | Iterable[str | bytes]
        stated = content_type is not None or mimetype is not None
        if response.__class__ is str:
            self.response = response.encode()
        elif response.__class__ is bytes:
            self.response = response
        else:
            self.response = body_of(response)
        if content_type is None:
            content_type = with_charset(mimetype or self.default_mimetype)
        self.plain_type: str | None = content_type
        if status.__class__ is int:
            self.status_code: int = status
        else:
            self.status = self.default_status if status is None else status
        if headers:
            self.headers.update(headers)
            if stated:
                self.headers.set("Content-Type", content_type)

    def __repr__(self) -> str:
        size = "streamed" if self.is_streamed else f"{len(self.data)} bytes"
        return f"<Response {size} [{self.status}]>"

    # Status

    @property
    def status(self) -> str:
        """Code and reason phrase; a code, a phrase behind a code, or an HTTPStatus may be assigned."""
        return f"{self.status_code} {self.reason or PHRASES.get(self.status_code, 'Unknown')}"

    @status.setter
    def status(self, status: int | str | HTTPStatus) -> None:
        if isinstance(status, int):
            self.status_code, self.reason = int(status), ""
            return
        code, _, reason = status.strip().partition(" ")
        if not (code.isascii() and code.isdigit() and len(code) == 3):
            raise ValueError(
                f"{status!r} is no HTTP status: it begins with a code of three digits, as in '404 Not Found'."
            )
        self.status_code, self.reason = int(code), "" if reason == PHRASES.get(int(code)) else _printable(reason)

    # Headers

    @lazy
    def headers(self) -> Headers:
        """The header fields, which may be changed; Content-Length is the server's unless it is set here."""
        headers = Headers()
        if self.plain_type is not None:
            headers.add("Content-Type", self.plain_type)
            self.plain_type = None
        if self.standing is not None:
            headers.extend(self.standing.items)
        return headers

    def add_standing(self, fields: StandingHeaders) -> None:
        """Send `fields` too, but those that the response has itself. A plain response stays one: it costs nothing."""
        if self.plain_type is not None:
            self.standing = fields if self.standing is None else self.standing.joined(fields)
        else:
            self.headers.complete(fields)

    @property
    def content_type(self) -> str | None:
        """The Content-Type header; None takes it away."""
        return self.plain_type or self.headers.get("Content-Type")

    @content_type.setter
    def content_type(self, value: str | None) -> None:
        _set(self.headers, "Content-Type", value)

    @property
    def mimetype(self) -> str | None:
        """The content type without its parameters; a charset is added to what is assigned."""
        return parse_options(self.content_type)[0].lower() if self.content_type else None

    @mimetype.setter
    def mimetype(self, value: str) -> None:
        self.content_type = with_charset(value)

    @property
    def content_length(self) -> int | None:
        """The Content-Length header, else the length of the body where it is known."""
        stated = self.headers.get("Content-Length")
        if stated is not None:
            return int(stated)
        return None if self.is_streamed else len(self.data)

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        _set(self.headers, "Content-Length", value)

    @property
    def location(self) -> str | None:
        """The Location header."""
        return self.headers.get("Location")

    @location.setter
    def location(self, value: str | None) -> None:
        _set(self.headers, "Location", value)

    @property
    def last_modified(self) -> datetime | None:
        """The Last-Modified header."""
        return parse_date(self.headers.get("Last-Modified"))

    @last_modified.setter
    def last_modified(self, value: datetime | float | None) -> None:
        _set(self.headers, "Last-Modified", None if value is None else http_date(value))

    @property
    def vary(self) -> HeaderSet:
        """The Vary header as a set: `response.vary.add("Cookie")`."""
        return HeaderSet(self.headers, "Vary")

    @property
    def allow(self) -> HeaderSet:
        """The Allow header as a set."""
        return HeaderSet(self.headers, "Allow")

    def set_etag(self, etag: str, weak: bool = False) -> None:
        """Set the ETag header; `etag` is without quotes."""
        self.headers.set("ETag", f'{"W/" if weak else ""}"{etag}"')

    def get_etag(self) -> tuple[str | None, bool]:
        """Return the tag of the ETag header without quotes, None when there is none, and whether it is weak."""
        header = self.headers.get("ETag")
        if header is None:
            return None, False
        return header.removeprefix("W/").strip('"'), header.startswith("W/")

    def add_etag(self, overwrite: bool = False, weak: bool = False) -> None:
        """Set the ETag to a hash of the body, unless there is one; a streamed body is read to its end for that."""
        if overwrite or "ETag" not in self.headers:
            from hashlib import sha256  # it loads OpenSSL, and most apps don't hash

            self.set_etag(sha256(self.data).hexdigest()[:32], weak)

    @property
    def cache_control(self) -> CacheControl:
        """The Cache-Control header as attributes: `response.cache_control.max_age = 60`."""
        return CacheControl(self.headers)

    def make_conditional(self, request: Asking, accept_ranges: bool = False) -> "Response":
        """Answer by a 304 without a body when the client has this already, by ETag or Last-Modified; return self.

        With `accept_ranges` a part of a body that is at hand is answered by a 206. Other methods than GET and HEAD, and
        other statuses than 200, are left alone. Raises: PreconditionFailed, RequestedRangeNotSatisfiable.
        """
        if request.method not in ("GET", "HEAD") or self.status_code != 200:
            return self
        etag, modified = self.headers.get("ETag"), self.last_modified
        check_preconditions(request, etag, modified)
        if is_known(request, etag, modified):
            close_body(self.response)
            self.response, self.status_code = b"", 304
            self.headers.remove("Content-Length")
        elif accept_ranges and not self.is_streamed:
            self.headers.set("Accept-Ranges", "bytes")
            size = len(self.data)
            part = asked_range(request, size, etag, modified)
            if part is not None:
                first, last = part
                if first > last:
                    raise RequestedRangeNotSatisfiable(size)
                self.headers.set("Content-Range", f"bytes {first}-{last}/{size}")
                self.set_data(self.data[first : last + 1])
                self.status_code = 206
        return self

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: timedelta | int | None = None,
        expires: datetime | int | float | str | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite | None = None,
        partitioned: bool = False,
    ) -> None:
        """Add a Set-Cookie header; see `dump_cookie`."""
        cookie = dump_cookie(key, value, max_age, expires, path, domain, secure, httponly, samesite, partitioned)
        self.headers.add("Set-Cookie", cookie)

    def delete_cookie(
        self,
        key: str,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite | None = None,
        partitioned: bool = False,
    ) -> None:
        """Tell the browser to forget a cookie; `path` and `domain` are those that it was set with."""
        self.set_cookie(key, "", 0, 0, path, domain, secure, httponly, samesite, partitioned)

    def header_list(self) -> list[tuple[str, str]]:
        """Return the header fields as they are sent, with Content-Length where the length is known and belongs."""
        items = self.headers.to_wsgi_list()
        with_length = not self.is_streamed and self.status_code >= 200 and self.status_code not in (204, 304)
        if with_length and "Content-Length" not in self.headers:
            items.append(("Content-Length", str(len(self.data))))
        return items

    # Body

    @property
    def is_streamed(self) -> bool:
        """Whether the body comes piece by piece, its length unknown."""
        return self.response.__class__ is not bytes

    @property
    def data(self) -> bytes:
        """The whole body; a streamed one is read to its end first, which may wait."""
        if not isinstance(self.response, bytes):
            streamed = self.response
            self.response = b"".join(self.iter_encoded())
            close_body(streamed)
        return self.response

    @data.setter
    def data(self, value: str | bytes) -> None:
        self.set_data(value)

    @overload
    def get_data(self, as_text: Literal[False] = False) -> bytes: ...
    @overload
    def get_data(self, as_text: Literal[True]) -> str: ...
    def get_data(self, as_text: bool = False) -> bytes | str:
        """Return the whole body, as text if `as_text`."""
        return self.text if as_text else self.data

    def set_data(self, value: str | bytes) -> None:
        """Replace the body; a Content-Length that was set is corrected."""
        self.response = value.encode() if isinstance(value, str) else bytes(value)
        if self.plain_type is None and "Content-Length" in self.headers:
            self.headers.set("Content-Length", len(self.response))

    @property
    def text(self) -> str:
        """The whole body as text."""
        return self.data.decode("utf-8", "replace")

    @property
    def is_json(self) -> bool:
        """Whether the content type is JSON."""
        return is_json(self.mimetype or "")

    @property
    def json(self) -> Any:
        """The body as JSON; None when the content type is another one."""
        return self.get_json()

    def get_json(self, force: bool = False, silent: bool = False) -> Any:
        """Return the body as JSON; None when the content type is another one, unless `force`.

        Raises ValueError when the body is not JSON, unless `silent`.
        """
        if not (force or self.is_json):
            return None
        try:
            return msgspec.json.decode(self.data)
        except msgspec.DecodeError:
            if silent:
                return None
            raise

    def iter_encoded(self) -> Iterator[bytes]:
        """Iterate over the body as bytes, piece by piece; none is held while the next one is waited for."""
        if isinstance(self.response, bytes):
            return iter((self.response,))
        return map(encoded, self.response)

    def call_on_close(self, function: Callable[[], object]) -> Callable[[], object]:
        """Call `function` when the response has been sent, or its client has gone; return it, as a decorator does."""
        self.close_calls = (*self.close_calls, function)
        return function

    def close(self) -> None:
        """Close a streamed body and call what `call_on_close` was given, all of it even if one raises; once.

        The server calls it when the response has been sent. Raises the first error that came up.
        """
        calls, self.close_calls = self.close_calls, ()
        failure: BaseException | None = None
        for call in (lambda: close_body(self.response), *calls):
            try:
                call()
            except BaseException as error:
                failure = failure or error
        if failure is not None:
            raise failure


def error_response(
    error: HTTPException, translate: Callable[[str], str] = str, language: str = "en", direction: str = "ltr"
) -> Response:
    """Return the response that an HTTP error is sent as: its own, or a small page with its name and description.

    These are passed through `translate`, which puts them into `language`; `direction` is that of its writing.
    """
    if isinstance(error.response, Response):
        return error.response
    status = 500 if error.code is None else error.code
    name, description = _escaped(translate(error.name)), _escaped(translate(error.description))
    written = language if direction == "ltr" else f"{language} dir={direction}"
    head = f"<!doctype html>\n<html lang={written}>\n<title>{status} {name}</title>\n"
    page = f"{head}<h1>{name}</h1>\n<p>{description}</p>\n"
    return Response(page, status, error.headers)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _printable(reason: str) -> str:
    return "".join(character for character in reason if character.isprintable() and character.isascii())


def _set(headers: Headers, name: str, value: object) -> None:
    if value is None:
        headers.remove(name)
    else:
        headers.set(name, value)
