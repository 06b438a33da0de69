"""Multipart bodies (RFC 2046 section 5.1, RFC 7578) in their parts: bytes in, events out.

A part ends where a line break, two dashes and the boundary come. Whatever could be the beginning of that stays in the
buffer until more is known, so it does not matter how the bytes were cut on their way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from spruce.http.headers import Headers
from spruce.http.media import parse_options

__all__ = ["Event", "MultipartDecoder", "MultipartError", "PartBegins", "PartData", "PartEnds"]

_LONGEST_HEADERS = 16 * 1024
_LONGEST_PREAMBLE = 64 * 1024
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]").fullmatch
_FIELD_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_PADDED_LINE = re.compile(rb"[ \t]*\r\n").match


class MultipartError(ValueError):
    """The body is malformed; the text says how."""


@dataclass(frozen=True, slots=True)
class PartBegins:
    """A part begins: the field's name, the file's name if it is one, and all its headers."""

    name: str
    filename: str | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnds:
    """The part is complete."""


Event: TypeAlias = PartBegins | PartData | PartEnds


class MultipartDecoder:
    """Splits one body: `feed` it bytes and take events until `complete`; what comes behind the last part is dropped.

    Raises MultipartError for a boundary that cannot be one.
    """

    def __init__(self, boundary: str) -> None:
        if not _BOUNDARY(boundary):
            raise MultipartError(f"{boundary!r:.80} cannot be a boundary")
        self.complete = False
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._buffer = bytearray(b"\r\n")  # the first boundary may stand at the very beginning
        self._searched = 0
        self._next = self._preamble

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take bytes, none at the end of the body, and yield what they complete. Raises MultipartError."""
        if not data and not self.complete:
            raise MultipartError("it ends before its last boundary")
        if self.complete:
            return
        self._buffer += data
        while (events := self._next()) is not None:
            yield from events

    # The states: each returns its events and sets the next state, or returns None when it needs more bytes

    def _preamble(self) -> list[Event] | None:
        position = self._find()
        if position < 0:
            if len(self._buffer) > _LONGEST_PREAMBLE:
                raise MultipartError(f"no part begins within {_LONGEST_PREAMBLE} bytes")
            return None
        del self._buffer[: position + len(self._delimiter)]
        self._next = self._boundary
        return []

    def _boundary(self) -> list[Event] | None:
        """Behind a boundary: two dashes at the end of the body, else the end of the line."""
        buffer = self._buffer
        if buffer.startswith(b"--"):
            self.complete = True
            self._next = self._end
            buffer.clear()
            return []
        line = _PADDED_LINE(buffer)
        if line is None:
            if len(buffer) < 2 or (len(buffer) < 80 and not buffer.strip(b" \t\r")):
                return None
            raise MultipartError("there is something behind a boundary")
        del buffer[: line.end()]
        self._next = self._headers
        return []

    def _headers(self) -> list[Event] | None:
        buffer = self._buffer
        end = buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
        if end < 0:
            self._searched = len(buffer)
            if len(buffer) > _LONGEST_HEADERS:
                raise MultipartError(f"the headers of a part are longer than {_LONGEST_HEADERS} bytes")
            return None
        begin = _begin(bytes(buffer[:end]))
        del buffer[: end + 4]
        self._searched = 0
        self._next = self._data
        return [begin]

    def _data(self) -> list[Event] | None:
        buffer = self._buffer
        end = self._find()
        if end < 0:
            safe = len(buffer) - len(self._delimiter) + 1
            if safe <= 0:
                return None
            data = bytes(buffer[:safe])
            del buffer[:safe]
            self._searched = 0
            return [PartData(data)]
        data = bytes(buffer[:end])
        del buffer[: end + len(self._delimiter)]
        self._next = self._boundary
        return [PartData(data), PartEnds()] if data else [PartEnds()]

    def _end(self) -> None:
        return None

    def _find(self) -> int:
        """Return where the next delimiter is, or -1; what was searched before is not searched again."""
        position = self._buffer.find(self._delimiter, max(0, self._searched - len(self._delimiter)))
        self._searched = len(self._buffer) if position < 0 else 0
        return position


def _begin(block: bytes) -> PartBegins:
    """Read the header fields of a part; the names in them are UTF-8, as browsers send them."""
    raw: list[tuple[bytes, bytes]] = []
    disposition = ""
    for line in block.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon or not _FIELD_NAME(name) or b"\n" in value or b"\r" in value:
            raise MultipartError("a header of a part is malformed")
        raw.append((name, value.strip()))
        if name.lower() == b"content-disposition":
            disposition = value.decode("utf-8", "replace")
    kind, options = parse_options(disposition)
    if kind.lower() != "form-data" or "name" not in options:
        raise MultipartError("a part has no Content-Disposition that names its field")
    return PartBegins(options["name"], options.get("filename"), Headers.from_raw(raw))
