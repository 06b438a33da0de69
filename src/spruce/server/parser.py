"""HTTP/1.x requests out of bytes (RFC 9112): no sockets and no clock. llhttp splits; this checks and keeps limits.

Rules:

* What could be read in two ways is refused, never repaired: somebody in front of us may have read it the other way
  (request smuggling). llhttp refuses bare CR and LF, folded lines, spaces around names, two Content-Lengths,
  Content-Length beside Transfer-Encoding and odd chunk sizes. What it lets through is refused here: other protocols in
  the request line, more than one space in it, a missing, doubled or malformed Host, codings other than chunked, targets
  that no form of RFC 9112 section 3.2 allows.
* A request is handed out when its head is complete. Its body then comes into its stream; until that is complete no
  other request is handed out.
* A plain request that comes again, byte for byte, is not read again: clients that ask the same thing all the time (who
  polls, proxies, health checks) cost a comparison. Between two messages llhttp is always in the same state.
* llhttp stops at an Upgrade, as if the body were not HTTP any more. None is accepted here, so the body is read all the
  same, by a fresh llhttp that is told its framing. A request for a WebSocket has no body, and a stream that can accept.
* `lax` is for old clients: HTTP/1.1 without a Host is taken, and chunks in HTTP/1.0, after which the connection ends
  (RFC 9112 section 6.1). A request for a WebSocket is the last one then, and what came with it is kept in `behind`.
"""

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import httptools

from spruce.errors.http import (
    BadRequest,
    ExpectationFailed,
    HTTPException,
    HTTPVersionNotSupported,
    RequestEntityTooLarge,
    RequestHeaderFieldsTooLarge,
    RequestURITooLarge,
)
from spruce.errors.http import NotImplemented as MethodNotImplemented
from spruce.http import EMPTY_STREAM, Peer, Readable, Request
from spruce.server.body import BodyIncomplete, BodyStream
from spruce.server.limits import Limits

__all__ = ["RequestParser"]

_HOST: Final = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]*)(?::[0-9]*)?").fullmatch
_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)([^#]*)", re.IGNORECASE).fullmatch
_REQUEST_LINE: Final = re.compile(rb"\r?\n?([!#$%&'*+\-.^_`|~0-9A-Za-z]+) [^ \r\n]+ HTTP/([0-9])\.[0-9]").match


class RequestParser:
    """One connection's requests: `feed` it bytes, take what it has put into `requests`.

    `body` is the stream that is being filled, None between bodies. `partial` tells that a head has begun and not ended.
    `last` is set when no other request can follow; set `ending` to let the next one be the last. `wanted` is given to
    each body stream. `upgradable` makes the stream of a request that asks for a WebSocket.
    """

    __slots__ = (
        "_again",
        "_data",
        "_earlier",
        "_execute",
        "_fresh",
        "_get_method",
        "_get_version",
        "_headers",
        "_held",
        "_host",
        "_is_upgrade",
        "_large",
        "_lax",
        "_long",
        "_many",
        "_overhead",
        "_plain",
        "_resumed",
        "_same",
        "_upgradable",
        "_url",
        "behind",
        "body",
        "ending",
        "expects_continue",
        "last",
        "limits",
        "partial",
        "peer",
        "requests",
        "wanted",
    )

    def __init__(
        self,
        limits: Limits,
        peer: Peer,
        wanted: Callable[[], object],
        upgradable: Callable[[], Readable] | None = None,
        *,
        lax: bool = False,
    ) -> None:
        self._upgradable = upgradable
        self._lax = lax
        self.behind = b""
        self.limits = limits
        self._long = limits.request_line - 32  # from here on the sizes are looked at closely
        self._many = min(limits.fields, 32)
        self._large = min(limits.head, 32 * 1024)
        self.peer = peer
        self.wanted = wanted
        self.requests: deque[Request] = deque()
        self.body: BodyStream | None = None
        self.partial = False
        self.last = False
        self.ending = False
        self.expects_continue = False
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._data = b""
        self._fresh = b""
        self._earlier = bytearray()
        self._host: bytes | None = None
        self._overhead = 0
        self._held: BodyStream | None = None
        self._resumed = False
        self._plain: Request | None = None  # the last one, if it had nothing special
        self._same: bytes | None = None  # what has come and made that request, alone
        self._again: tuple[str, str, list[tuple[bytes, bytes]]] = ("", "", [])
        self._begin()

    def _begin(self) -> None:
        parser = httptools.HttpRequestParser(self)
        self._execute: Callable[[bytes], None] = parser.feed_data
        self._get_method: Callable[[], bytes] = parser.get_method
        self._get_version: Callable[[], str] = parser.get_http_version
        self._is_upgrade: Callable[[], bool] = parser.should_upgrade

    def feed(self, data: bytes) -> None:
        """Take what the client sent. Bytes behind the last request are dropped.

        Raises the HTTPException that the client is to be refused with. What is wrong with a body is raised in its
        reader instead, since that request is being answered. Either way `last` is set.
        """
        if data == self._same and not self.last and not self.ending:
            method, target, headers = self._again
            self.requests.append(Request(method, target, headers.copy(), EMPTY_STREAM, self.peer))
            return
        if self.last and self.body is None:
            return
        self._same = self._plain = None
        begun = -1 if self.partial or self.body is not None else len(self.requests)
        self._data = data
        self._fresh = b"" if self.partial or self.body is not None else data
        behind = -1
        try:
            self._execute(data)
        except httptools.HttpParserUpgrade as upgrade:
            behind = upgrade.args[0]
        except httptools.HttpParserError as error:
            self._refuse(error)
        while behind >= 0:
            if self._lax and self.last and self.body is None:
                self.behind = self._data[behind:]
                break
            behind = self._go_on_behind_upgrade(behind)
        if self.partial:
            self._keep_partial(self._data)
        elif self.body is not None:
            self._check_overhead(data)
        elif len(self.requests) == begun + 1 and data[-4:] == b"\r\n\r\n":
            self._remember(data)

    def _remember(self, data: bytes) -> None:
        """Keep what one request was made of, if it is a plain one: it may come again."""
        request, self._plain = self._plain, None
        if request is not None:
            self._same = data
            self._again = (request.method, request.target, self._headers.copy())

    def end(self) -> None:
        """Say that the client has closed its side; a body that is not complete fails."""
        self.last = True
        if self.body is not None:
            self.body.fail(BodyIncomplete())

    # Called by llhttp

    def on_message_begin(self) -> None:
        """A request line begins."""
        if not self._resumed:
            self.partial = True
            self._url = b""
            self._headers = []

    def on_url(self, url: bytes) -> None:
        """The target, or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer field, which is dropped."""
        self._headers.append((name.lower(), value.rstrip()))  # llhttp leaves the blanks behind

    def on_headers_complete(self) -> None:
        """The head is complete: make the request."""
        if self._resumed or self.last:
            self._resumed = False
            return
        self.partial = False
        url, headers = self._url, self._headers
        raw_method = self._get_method()
        method = _METHODS.get(raw_method) or raw_method.decode()
        version = "1.1"
        if not self._fresh.startswith(b" HTTP/1.1\r\n", len(method) + 1 + len(url)):
            version = self._version(raw_method, url)
            self._check_size(method, url, headers)
        elif len(url) > self._long or len(headers) > self._many or len(self._data) > self._large:
            self._check_size(method, url, headers)
        self._fresh = b""
        target = url.decode()
        if target[0] != "/" or "#" in target:
            target = self._unusual_target(method, url)
        stream: Readable = EMPTY_STREAM
        hosts = 0
        for name, value in headers:
            if name in _FRAMING:
                if name == b"host" and value == self._host:
                    hosts += 1
                elif name != b"connection" or value != b"keep-alive":
                    hosts = -1
                    break
        if hosts != 1 or version != "1.1" or self.ending:  # not one of the many plain requests
            stream = self._check_fields(headers, version)
            self.requests.append(Request(method, target, headers, stream, self.peer, version))
        else:
            self._plain = request = Request(method, target, headers, stream, self.peer)
            self.requests.append(request)

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        body = self.body
        if body is None:
            return
        self._overhead -= len(data)
        body.feed(data)
        if body.received > self.limits.body:
            raise _too_large(self.limits)

    def on_message_complete(self) -> None:
        """The body, and the trailers behind it, are complete."""
        if self.body is not None and self._held is None:
            if any(name in _FRAMING for name, _ in self._headers):
                raise BadRequest("A trailer says what only the head of a request may say.")
            self.body.finish()
            self.body = None

    # Checks of the head

    def _check_fields(self, headers: Sequence[tuple[bytes, bytes]], version: str) -> Readable:
        """Check the fields that say how the message is framed and for whom it is; return the stream of its body."""
        host: bytes | None = None
        content_type: bytes | None = None
        length: bytes | None = None
        coding: bytes | None = None
        keep_alive = version == "1.1"
        upgrade = expects_continue = websocket = False
        for name, value in headers:
            if name not in _FRAMING:
                continue
            if name == b"content-type":
                if content_type is not None:
                    raise BadRequest("The request has more than one Content-Type header.")
                content_type = value
            elif name == b"host":
                if host is not None:
                    raise BadRequest("The request has more than one Host header.")
                host = value
            elif name == b"content-length":
                length = value
            elif name == b"transfer-encoding":
                if coding is not None:
                    raise BadRequest("The request has more than one Transfer-Encoding header.")
                coding = value
            elif name == b"connection":
                keep_alive = _keeps_alive(value, keep_alive)
            elif name == b"upgrade":
                upgrade = self._is_upgrade()
                websocket = upgrade and value.lower() == b"websocket"
            elif value.lower() == b"100-continue":
                expects_continue = version == "1.1"
            else:
                raise ExpectationFailed()
        if host != self._host or host is None:
            self._check_host(host, version)
        self.last = self.ending or not keep_alive
        if length is None and coding is None:
            if websocket and not self.last and self._upgradable is not None and self._get_method() == b"GET":
                self.last = self._lax
                return self._upgradable()
            return EMPTY_STREAM
        self._headers = []
        self.body = body = self._open_body(length, coding, version)
        self.expects_continue = expects_continue and body is not None
        self._held = body if upgrade else None
        return body or EMPTY_STREAM

    def _check_host(self, host: bytes | None, version: str) -> None:
        if host is None:
            if version == "1.1" and not self._lax:
                raise BadRequest("The request has no Host header.")
        elif not _HOST(host):
            raise BadRequest("The Host header is malformed.")
        self._host = host

    def _open_body(self, length: bytes | None, coding: bytes | None, version: str) -> BodyStream | None:
        expected: int | None = None
        if coding is not None:
            if version == "1.0":
                if not self._lax:
                    raise BadRequest("HTTP/1.0 has no Transfer-Encoding.")
                self.last = True
            if coding.strip().lower() != b"chunked":
                raise MethodNotImplemented("The server understands no Transfer-Encoding but chunked.")
        elif length is not None:
            expected = int(length)
            if expected > self.limits.body:
                raise _too_large(self.limits)
            if not expected:
                return None
        self._overhead = 0
        return BodyStream(expected, self.wanted)

    def _unusual_target(self, method: str, url: bytes) -> str:
        """Read a target that is not a plain path: the other forms of RFC 9112 section 3.2."""
        if method == "CONNECT":
            raise MethodNotImplemented("The server is no proxy: it does not know the method CONNECT.")
        if url == b"*" and method == "OPTIONS":
            return "*"
        absolute = _ABSOLUTE(url)
        if absolute is None or not absolute[1] or not _HOST(absolute[1]):
            raise BadRequest("The target in the request line is malformed.")
        self._headers[:] = [
            (b"host", absolute[1]) if name == b"host" else (name, value) for name, value in self._headers
        ]
        path: str = absolute[2].decode("latin-1")
        if not path and method == "OPTIONS":
            return "*"
        return path if path.startswith("/") else "/" + path

    def _version(self, method: bytes, url: bytes) -> str:
        """Find the version where the head came in pieces, behind another one, or is not HTTP/1.1."""
        head = bytes(self._earlier + self._data)
        self._earlier.clear()
        version = self._get_version()
        if version not in ("1.1", "1.0"):
            raise HTTPVersionNotSupported()
        if b"%b %b HTTP/%b\r\n" % (method, url, version.encode()) not in head:
            raise BadRequest("The request line is malformed.")
        return version

    def _check_size(self, method: str, url: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
        line = len(method) + len(url) + len(b"  HTTP/1.1")
        if line > self.limits.request_line:
            raise RequestURITooLarge(f"The request line is longer than {self.limits.request_line} bytes.")
        if len(headers) > self.limits.fields:
            raise RequestHeaderFieldsTooLarge(f"The request has more than {self.limits.fields} header fields.")
        if line + sum(len(name) + len(value) + len(b": \r\n") for name, value in headers) > self.limits.head:
            raise _head_too_large(self.limits)

    def _keep_partial(self, data: bytes) -> None:
        """Keep the bytes of a head that is not complete, and refuse it when it is too long already."""
        behind = data.rfind(b"\r\n\r\n")
        self._earlier += data[behind + 4 :] if behind >= 0 else data
        if len(self._url) > self.limits.request_line:
            self.last = True
            raise RequestURITooLarge(f"The request line is longer than {self.limits.request_line} bytes.")
        if len(self._earlier) > self.limits.head:
            self.last = True
            raise _head_too_large(self.limits)

    def _check_overhead(self, data: bytes) -> None:
        """Refuse a body that is mostly not body: endless chunk extensions or trailers."""
        self._overhead += len(data)
        body = self.body
        if body is not None and self._overhead > 2 * self.limits.head + 8 * body.received:
            self._fail_body(BadRequest("The chunks of the body have too much in them that is not body."))

    # Errors and upgrades

    def _go_on_behind_upgrade(self, offset: int) -> int:
        """Read on as plain HTTP/1.1 behind a head that asked for an upgrade; return where the next one is, or -1.

        Never called while an exception is handled: that would take the place of the one that llhttp's carries.
        """
        self._data = self._data[offset:]
        self._begin()
        if self._held is not None:
            self._tell_framing(self._held)
        try:
            self._execute(self._data)
        except httptools.HttpParserUpgrade as upgrade:
            return int(upgrade.args[0])
        except httptools.HttpParserError as error:
            self._refuse(error)
        return -1

    def _tell_framing(self, body: BodyStream) -> None:
        framing = b"Transfer-Encoding: chunked" if body.expected is None else b"Content-Length: %d" % body.expected
        self._held = None
        self._resumed = True
        self._execute(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
        self._headers = []

    def _refuse(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__
        if isinstance(error, httptools.HttpParserCallbackError):
            refusal = cause if isinstance(cause, HTTPException) else None
            if refusal is None:
                raise error
        elif self.last and self.body is None and not self.partial:
            return  # bytes behind a request that says that it is the last one
        else:
            refusal = self._what_is_wrong(error)
        if self.body is None:
            self.last = True
            self.partial = False
            raise refusal
        self._fail_body(refusal)

    def _fail_body(self, error: HTTPException) -> None:
        if self.body is not None:
            self.body.fail(error)
        self.body = None
        self.last = True

    def _what_is_wrong(self, error: httptools.HttpParserError) -> HTTPException:
        line = _REQUEST_LINE(bytes(self._earlier + self._data)) if self._fresh or self._earlier else None
        if line is not None and line[2] != b"1":
            return HTTPVersionNotSupported()
        if isinstance(error, httptools.HttpParserInvalidMethodError) and line is not None:
            return MethodNotImplemented("The server does not know the method of the request.")
        return BadRequest(f"The request is malformed: {error}.")


_METHODS: Final = {
    method.encode(): method for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
}
_FRAMING: Final = frozenset(
    {b"host", b"content-length", b"content-type", b"transfer-encoding", b"connection", b"expect", b"upgrade"}
)


def _keeps_alive(connection: bytes, default: bool) -> bool:
    options = [option.strip() for option in connection.lower().split(b",")]
    return b"close" not in options and (default or b"keep-alive" in options)


def _too_large(limits: Limits) -> HTTPException:
    return RequestEntityTooLarge(f"The body is larger than {limits.body} bytes.")


def _head_too_large(limits: Limits) -> HTTPException:
    return RequestHeaderFieldsTooLarge(f"The head of the request is larger than {limits.head} bytes.")
