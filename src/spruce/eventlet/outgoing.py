"""The answer of a WSGI application as `eventlet.wsgi` sends it: small pieces gathered, big ones as they come.

What the application says of its body's length holds: more is cut off, and after less the connection ends, so that
nothing can be taken for the next answer.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from spruce.errors import HostedAppError
from spruce.http import http_date

__all__ = ["Answer", "Sending", "encode_header_line"]

_OWN: Final = frozenset({"connection", "keep-alive", "transfer-encoding"})  # what the server says of the connection
_NO_BODY: Final = (204, 304)


class Sending(Protocol):
    """What an answer asks of the connection that it is sent on."""

    capitalize_response_headers: bool
    close_connection: bool
    command: str
    protocol_version: str
    request_version: str

    def send(self, data: bytes) -> None:
        """Send it all; waits while the client doesn't take it."""

    def keep_alive_lines(self) -> list[str]:
        """The header lines that say whether the connection stays open; settles it."""


def encode_header_line(header: tuple[str, Any]) -> bytes:
    """Return a header field as it is sent. Raises UnicodeEncodeError, and HostedAppError for a line break."""
    name, value = (str(part) for part in header)
    line = _latin1(name, "WSGI header names must be latin-1 (PEP 3333). HTTP/1.1 field names are ASCII (RFC 9110).")
    line += b": " + _latin1(
        value,
        "WSGI response header values must be latin-1 (PEP 3333). HTTP/1.1 field values are visible ASCII (RFC 9110). "
        "Use RFC 8187 encoding or percent-encoding for non-latin-1 text.",
    )
    if b"\r" in line or b"\n" in line or b"\0" in line:
        raise HostedAppError(
            f"a header field has a line break or a zero byte in it: {line!r:.100}",
            hint="Check what it is made of: a client could add header fields of its own.",
        )
    return line + b"\r\n"


def _latin1(text: str, message: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise UnicodeEncodeError(error.encoding, error.object, error.start, error.end, message) from None


def _capitalized(name: str) -> str:
    return "-".join(part.encode("latin-1").capitalize().decode("latin-1") for part in name.split("-"))


class Answer:
    """One answer: `start_response` is the application's, `send` takes what it returns.

    `sent` becomes true with the first byte; `length` counts the bytes, with the head; `status` is a number.
    """

    def __init__(self, sending: Sending) -> None:
        self.sending = sending
        self.sent: list[int] = []  # a list, as the input looks at it
        self.length = 0
        self.status = 200
        self._line = ""
        self._headers: list[tuple[str, Any]] = []
        self._chunked = False
        self._left: int | None = None  # bytes of the body that may still be sent
        self._finished = False

    @property
    def started(self) -> bool:
        """Whether the application has called start_response."""
        return bool(self._line)

    @property
    def bodyless(self) -> bool:
        """Whether what the application gives as a body is not sent."""
        command, status = self.sending.command, self.status
        return status in _NO_BODY or status < 200 or command == "HEAD"

    def start_response(
        self, status: str, headers: Iterable[tuple[str, Any]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """Take status and headers; return the function that writes at once."""
        code = int(status.split(" ", 1)[0])
        if exc_info:
            try:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        if "\r" in status or "\n" in status:
            raise HostedAppError(f"the status has a line break in it: {status!r:.60}", hint="Give '200 OK'.")
        self.status, self._line = code, status
        pairs = [(name, value) for name, value in headers]
        if self.sending.capitalize_response_headers:
            pairs = [(_capitalized(name), value) for name, value in pairs]
        self._headers = pairs
        return self.write

    def note_length(self, result: Any) -> None:
        """State the length of a body that is there whole, if nothing was said or sent."""
        if hasattr(result, "__len__") and not self.bodyless and self._stated_length() is None:
            self._headers.append(("Content-Length", str(sum(map(len, result)))))

    def send(self, result: Iterable[Any], gather: int) -> None:
        """Send the pieces of a body, gathered until they are `gather` bytes."""
        pieces: list[bytes] = []
        size = 0
        for piece in result:
            data = piece.encode("ascii") if isinstance(piece, str) else piece
            if not data:
                continue
            pieces.append(data)
            size += len(data)
            if size >= gather:
                self.write(b"".join(pieces))
                pieces, size = [], 0
        if pieces:
            self.write(b"".join(pieces))

    def finish(self) -> None:
        """Send what belongs behind the body."""
        if not self.sent:
            self.write(b"")
        if self._chunked and not self._finished:
            self._finished = True
            self._put(b"0\r\n\r\n")
        elif self._left:
            self.sending.close_connection = True

    def write(self, data: bytes) -> None:
        """Send a piece of the body now, with the head if it is the first."""
        if not self._line:
            raise HostedAppError("the application wrote before start_response()", hint="Call start_response first.")
        head = b"" if self.sent else self._head()
        self.sent.append(1)
        if self.bodyless:
            data = b""
        elif self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        elif self._left is not None:
            if len(data) > self._left:
                self.sending.close_connection = True
            data = data[: self._left]
            self._left -= len(data)
        if head or data:
            self._put(head + data)

    def _put(self, data: bytes) -> None:
        self.sending.send(data)
        self.length += len(data)

    def _head(self) -> bytes:
        """The head; settles how the end of the body is told, and whether the connection stays open."""
        sending = self.sending
        names = {name.lower() for name, _ in self._headers}
        if any(name.lower() == "connection" and "close" in str(value).lower() for name, value in self._headers):
            sending.close_connection = True
        own = []
        length = self._stated_length()
        if length is not None:
            self._left = None if self.bodyless else length
        elif not self.bodyless:
            if sending.request_version == "HTTP/1.1" and sending.protocol_version != "HTTP/1.0":
                self._chunked = True
                own.append("Transfer-Encoding: chunked")
            else:
                sending.close_connection = True
        if "date" not in names:
            own.insert(0, f"Date: {http_date()}")
        own += sending.keep_alive_lines()
        fields = [encode_header_line(header) for header in self._headers if header[0].lower() not in _OWN]
        status = f"{sending.protocol_version} {self._line}\r\n".encode("latin-1")
        return status + b"".join(fields) + "".join(f"{line}\r\n" for line in own).encode("latin-1") + b"\r\n"

    def _stated_length(self) -> int | None:
        stated = [str(value) for name, value in self._headers if name.lower() == "content-length"]
        if not stated:
            return None
        if len(set(stated)) > 1 or not (stated[0].isascii() and stated[0].isdigit()):
            raise HostedAppError(f"Content-Length is {', '.join(stated)!r:.60}", hint="Give one number of bytes.")
        return int(stated[0])
