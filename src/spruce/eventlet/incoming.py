"""The requests of one socket for `eventlet.wsgi`: the server's parser, fed by calls that wait, and bodies as files.

Nothing is read before somebody wants it: `Requests.next` reads until a head is complete, `Input` until there is so much
of a body as was asked for. The parser is `spruce.server`'s, with all that it refuses, in the way that it has for old
clients: HTTP/1.1 without a Host, chunks in HTTP/1.0.
"""

import errno
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import Any, Final

from spruce.errors.http import HTTPException
from spruce.http import Peer, Request
from spruce.server.body import BodyIncomplete, BodyStream
from spruce.server.limits import Limits
from spruce.server.parser import RequestParser

__all__ = ["BodyAborted", "ChunkReadError", "Input", "Requests"]

_READ_SIZE: Final = 64 * 1024
_MOST_DISCARDED: Final = 256 * 1024  # bytes of a body that are read to keep its connection


class ChunkReadError(ValueError):
    """The chunks of a body are malformed."""


class BodyAborted(ChunkReadError, OSError):
    """The client has gone in the midst of a chunked body."""


class _Parser(RequestParser):
    """The parser, which also keeps header names as they were spelled: `spellings` has a tuple for each request."""

    __slots__ = ("_fields", "_latest", "spellings")

    def __init__(self, limits: Limits, peer: Peer, wanted: Callable[[], object]) -> None:
        super().__init__(limits, peer, wanted, BytesIO, lax=True)
        self.spellings: deque[tuple[tuple[str, str], ...]] = deque()
        self._fields: list[tuple[str, str]] = []
        self._latest: tuple[tuple[str, str], ...] = ()

    def feed(self, data: bytes) -> None:
        """Take what the client sent."""
        try:
            super().feed(data)
        finally:
            while len(self.spellings) < len(self.requests):  # the same bytes again, which aren't parsed again
                self.spellings.append(self._latest)

    def on_message_begin(self) -> None:
        """A request line begins."""
        self._fields = []
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer field, which is dropped."""
        self._fields.append((name.decode("latin-1"), value.decode("latin-1").strip(" \t")))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        before = len(self.requests)
        super().on_headers_complete()
        if len(self.requests) > before:
            self._latest = tuple(self._fields)
            self.spellings.append(self._latest)


class Requests:
    """The requests that come over a socket.

    `sent_line` is called when the first bytes of one are there. `fields` are the header fields of the last one that
    `next` has returned, spelled as they came.
    """

    def __init__(self, sock: Any, limits: Limits, peer: Peer, sent_line: Callable[[], object]) -> None:
        self.sock = sock
        self.fields: tuple[tuple[str, str], ...] = ()
        self._parser = _Parser(limits, peer, self._fill)
        self._sent_line = sent_line
        self._refusal: HTTPException | None = None

    @property
    def last(self) -> bool:
        """Whether no other request can follow."""
        return self._parser.last and not self._parser.requests

    def next(self) -> Request | None:
        """Return the next request, when its head is complete; None at the end of the connection. Blocks.

        Raises the HTTPException that the client is to be refused with, and what the socket raises.
        """
        parser = self._parser
        if parser.requests:
            self._sent_line()
        while not parser.requests:
            if self._refusal is not None:
                raise self._refusal
            if parser.last or not self._receive():
                return None
            self._sent_line()
        self.fields = parser.spellings.popleft()
        return parser.requests.popleft()

    def _receive(self) -> bool:
        """Read once, and tell the parser; False at the end."""
        data = self.sock.recv(_READ_SIZE)
        if not data:
            self._parser.end()
            return False
        try:
            self._parser.feed(data)
        except HTTPException as refusal:
            self._refusal = refusal
        return True

    def _fill(self) -> None:
        """Read until there is more of the body, which somebody waits for, or none is to come."""
        body = self._parser.body
        had = body.received if body is not None else 0
        while body is not None and body is self._parser.body and body.received == had and self._receive():
            pass

    def take_behind(self, size: int) -> bytes:
        """Return up to `size` bytes that came behind a request for a WebSocket; none at the end. Blocks."""
        if not self._parser.behind and size:
            self._parser.behind = self.sock.recv(_READ_SIZE)
        taken, self._parser.behind = self._parser.behind[:size], self._parser.behind[size:]
        return taken

    def bare_socket(self) -> Any:
        """The socket; bytes that were read from it and belong to what follows the request come first."""
        return _Ahead(self) if self._parser.behind else self.sock


class _Ahead:
    """A socket of which some bytes were read already."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def recv(self, size: int, *flags: int) -> bytes:
        """As the socket's, with those first."""
        behind = self._requests._parser.behind
        return self._requests.take_behind(size) if behind else self._requests.sock.recv(size, *flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests.sock, name)


class Input:
    """`wsgi.input` and `eventlet.input`: the body of a request, read once; it waits until the bytes are there.

    `position` counts what was read. With `expects`, the client waits to be told that it may send the body, which the
    first read does. `headers_sent` is set by who answers: then it is too late for that.
    """

    def __init__(self, requests: Requests, request: Request, expects: bool, write: Callable[[bytes], object]) -> None:
        self._requests = requests
        self._stream: Any = request.stream
        self._write = write
        self._is_upgrade = isinstance(request.stream, BytesIO)
        self._may_continue = expects and request.http_version == "1.1"
        self.chunked_input = isinstance(request.stream, BodyStream) and request.stream.expected is None
        self.content_length = None if self.chunked_input else getattr(request.stream, "expected", 0)
        self.position = 0
        self.expects = expects
        self.hundred_continue_headers: Sequence[tuple[str, str]] | None = None
        self.is_hundred_continue_response_sent = False
        self.headers_sent: Any = None

    # ---- reading ---------------------------------------------------------------------------------------------------

    def read(self, length: int | None = None) -> bytes:
        """Up to `length` bytes, all that is left without; none at the end. Raises ChunkReadError, OSError."""
        return self._read(self._stream.read, length)

    def readline(self, size: int | None = None) -> bytes:
        """Up to and with the next line break, `size` bytes at most."""
        return self._read(self._stream.readline, size)

    def readlines(self, hint: int | None = None) -> list[bytes]:
        """The lines that are left, or as many as make `hint` bytes."""
        lines, total = [], 0
        for line in iter(self.readline, b""):
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read, b"")

    def _read(self, read: Callable[[int], bytes], size: int | None) -> bytes:
        if self.should_send_hundred_continue:
            self.send_hundred_continue_response()
            self.is_hundred_continue_response_sent = True
        wanted = -1 if size is None else size
        if self._is_upgrade:
            left = (self.content_length or 0) - self.position
            data = self._requests.take_behind(left if wanted < 0 else min(wanted, left))
        else:
            data = self._read_body(read, wanted)
        self.position += len(data)
        return data

    def _read_body(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return read(size)
        except BodyIncomplete as error:
            if self.chunked_input:
                raise BodyAborted(errno.ECONNRESET, "the client has gone in the midst of a chunked body") from error
            rest: bytes = self._stream.read1(size) if self._stream.buffered else b""
            return rest
        except HTTPException as error:
            raise ChunkReadError(error.description) from error

    def discard(self) -> bool:
        """Drop what is left of the body; False if there is so much that the connection is better ended. Blocks."""
        dropped = 0
        while not self._stream_ended():
            data = self.read(16 << 10)
            dropped += len(data)
            if not data or dropped > _MOST_DISCARDED:
                return self._stream_ended()
        return True

    def _stream_ended(self) -> bool:
        stream = self._stream
        return not isinstance(stream, BodyStream) or (stream.complete and not stream.buffered)

    # ---- 100 Continue ----------------------------------------------------------------------------------------------

    @property
    def should_send_hundred_continue(self) -> bool:
        """Whether the client still waits to be told that it may send the body."""
        return self.expects and not self.is_hundred_continue_response_sent

    def set_hundred_continue_response_headers(
        self, headers: Sequence[tuple[str, str]], capitalize_response_headers: bool = True
    ) -> None:
        """Set header fields to be sent with 100 Continue."""
        if capitalize_response_headers:
            headers = [("-".join(part.capitalize() for part in name.split("-")), value) for name, value in headers]
        self.hundred_continue_headers = headers

    def send_hundred_continue_response(self) -> None:
        """Tell the client to send the body; nothing when the answer has begun."""
        if self.headers_sent or not self._may_continue:
            return
        lines = ["HTTP/1.1 100 Continue", *(f"{name}: {value}" for name, value in self.hundred_continue_headers or ())]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError(f"a header field of 100 Continue has a line break in it: {lines[1:]!r:.200}")
        self._write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    # ---- the connection --------------------------------------------------------------------------------------------

    def get_socket(self) -> Any:
        """The socket of the connection, for who speaks something else on it from here on."""
        return self._requests.bare_socket()
