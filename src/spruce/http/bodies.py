"""Bodies of responses that are more than bytes or an iterable of them."""

from collections.abc import AsyncIterable, Iterator
from typing import IO, NoReturn

__all__ = ["AsyncBody", "FilePart"]

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
