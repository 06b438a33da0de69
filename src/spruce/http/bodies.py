"""Bodies of responses: what one can be made from, and those that are more than bytes or an iterable of them."""

from collections.abc import AsyncIterable, Iterable, Iterator
from typing import IO, NoReturn, TypeAlias

__all__ = ["AsyncBody", "Body", "FilePart", "body_of", "close_body", "encoded"]

Body: TypeAlias = str | bytes | bytearray | memoryview | Iterable[str | bytes] | AsyncIterable[str | bytes] | None
"""What a response can be made from; an iterable that is no list or tuple, or an async one, is sent piece by piece."""

_PIECE = 64 * 1024


class AsyncBody:
    """A body that an async generator makes. It is iterated only by who can wait, as servers and views do."""

    __slots__ = ("source",)

    def __init__(self, source: AsyncIterable[str | bytes]) -> None:
        self.source = source

    def __iter__(self) -> NoReturn:
        raise TypeError(
            "the body of this response is an async generator, which nobody has made ready to be read piece by piece;"
            " use Response(green.iterate(generator))"
        )


class FilePart:
    """A part of an open file as a body: `length` bytes from `start` on. Closing it closes the file.

    A server may send it without reading it.
    """

    __slots__ = ("file", "length", "start")

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        self.file = file
        self.start = start
        self.length = length

    def __repr__(self) -> str:
        return f"<FilePart of {self.file!r}, {self.length} bytes from {self.start}>"

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.start)
        left = self.length
        while left > 0 and (piece := self.file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def body_of(response: Body) -> bytes | Iterable[str | bytes]:
    """Return what a server sends: bytes where all of it is at hand, else what gives it piece by piece."""
    if response is None:
        return b""
    if isinstance(response, str):
        return response.encode()
    if isinstance(response, bytes | bytearray | memoryview):
        return bytes(response)
    if isinstance(response, list | tuple):
        return b"".join([piece.encode() if isinstance(piece, str) else piece for piece in response])
    if isinstance(response, Iterable) and not isinstance(response, dict):
        return response
    if isinstance(response, AsyncIterable):
        return AsyncBody(response)
    raise TypeError(
        f"A Response is made of text, bytes or an iterable of them, not of {type(response).__name__} {response!r:.60}."
    )


def encoded(piece: str | bytes) -> bytes:
    """Return a piece of a body as bytes."""
    return piece.encode() if isinstance(piece, str) else piece


def close_body(body: object) -> None:
    """Close a body that can be closed."""
    close = getattr(body, "close", None)
    if close is not None:
        close()
