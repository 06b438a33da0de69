"""Heads of responses, as bytes: no sockets and no clock.

A plain response (bytes and a content type) has one of few heads, which are kept ready until the date in them changes.
Any other head is put together here, with the fields that say how the body is framed, which are the server's alone.
"""

from enum import Enum

from spruce.errors.http import HTTPException
from spruce.http import PHRASES, FilePart, Request, Response, StandingHeaders, http_date

__all__ = ["Framing", "Head", "Heads", "refusal_message"]

_OWN = frozenset({"transfer-encoding", "keep-alive", "connection", "content-length"})


class Framing(Enum):
    """How the end of a body is told."""

    NONE = "no body"
    LENGTH = "Content-Length"
    CHUNKED = "chunked"
    CLOSE = "end of the connection"


class Head:
    """The head of one response.

    `data` is everything up to the body. `length` is the body's with Framing.LENGTH. `keep_alive` tells whether another
    request may follow.
    """

    __slots__ = ("data", "framing", "keep_alive", "length")

    def __init__(self, request: Request, response: Response, keep_alive: bool, date: str) -> None:
        lines = [f"HTTP/1.1 {response.status}"]
        stated: str | None = None
        dated = False
        for name, value in response.headers.items():
            key = name.lower()
            if key not in _OWN:
                lines.append(f"{name}: {value}")
                dated = dated or key == "date"
            elif key == "content-length":
                stated = value
            elif key == "connection" and "close" in value.lower():
                keep_alive = False
        if not dated:
            lines.append(f"Date: {date}")
        self.length = _length(request, response, stated)
        self.framing = _framing(request, response, self.length)
        self.keep_alive = keep_alive and self.framing is not Framing.CLOSE
        lines += _framing_lines(request, response, self)
        lines.append("\r\n")
        self.data = "\r\n".join(lines).encode("latin-1")


def _length(request: Request, response: Response, stated: str | None) -> int | None:
    """The length of the body, None when it isn't known. What a response to HEAD states is what GET would have sent."""
    if isinstance(response.response, bytes) and not (
        stated and (request.method == "HEAD" or response.status_code == 304)
    ):
        return len(response.response)
    if isinstance(response.response, FilePart):
        return response.response.length
    return int(stated) if stated is not None and stated.isascii() and stated.isdigit() else None


def _framing(request: Request, response: Response, length: int | None) -> Framing:
    if request.method == "HEAD" or response.status_code in (204, 304) or response.status_code < 200:
        return Framing.NONE
    if length is not None:
        return Framing.LENGTH
    return Framing.CHUNKED if request.http_version == "1.1" else Framing.CLOSE


def _framing_lines(request: Request, response: Response, head: Head) -> list[str]:
    lines = []
    if head.framing is Framing.CHUNKED:
        lines.append("Transfer-Encoding: chunked")
    elif head.length is not None and _may_state_length(response.status_code, head.length):
        lines.append(f"Content-Length: {head.length}")
    if not head.keep_alive:
        lines.append("Connection: close")
    elif request.http_version == "1.0":
        lines.append("Connection: keep-alive")
    return lines


def _may_state_length(status: int, length: int) -> bool:
    """Whether Content-Length belongs there; 0 in a 304 would say that the thing is empty."""
    return status >= 200 and status != 204 and (length > 0 or status != 304)


def refusal_message(refusal: HTTPException, date: str) -> bytes:
    """The whole response to what cannot be answered otherwise; the connection ends with it."""
    text = refusal.description.encode()
    return (
        f"HTTP/1.1 {refusal.code} {refusal.name}\r\nContent-Type: text/plain; charset=utf-8\r\nDate: {date}\r\n"
        f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    ).encode("latin-1") + text


class Heads:
    """The heads of plain responses.

    `ready` maps status, content type and standing fields to the bytes up to the body's length.
    """

    __slots__ = ("date", "ready")

    def __init__(self, seconds: float) -> None:
        self.ready: dict[tuple[int, str | None, StandingHeaders | None], bytes] = {}
        self.date = ""
        self.set_date(seconds)

    def set_date(self, seconds: float) -> None:
        """Set what the Date header says (seconds since the epoch)."""
        date = http_date(seconds)
        if date != self.date:
            self.date = date
            self.ready.clear()

    def make_ready(
        self, status: int, content_type: str | None, standing: StandingHeaders | None = None
    ) -> bytes | None:
        """Make and keep the head for plain responses with a body; None where a status has none."""
        if content_type is None or status < 200 or status in (204, 304):
            return None
        phrase = PHRASES.get(status, "Unknown")
        fields = "".join(f"{name}: {value}\r\n" for name, value in standing.items) if standing is not None else ""
        head = (
            f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {content_type}\r\n{fields}"
            f"Date: {self.date}\r\nContent-Length: "
        ).encode("latin-1")
        if len(self.ready) < 1000:  # applications have a few; one with a content type per answer would fill the memory
            self.ready[status, content_type, standing] = head
        return head
