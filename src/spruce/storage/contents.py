"""Contents of files: something to read from, with a name and a size."""

import io
import os
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any, Self

__all__ = ["ContentFile", "File", "pieces"]

_PIECE = 64 * 1024


def pieces(content: Any, size: int = _PIECE) -> Iterator[bytes]:
    """The bytes of anything that has `read`, from its beginning if it can go there; texts as UTF-8."""
    if hasattr(content, "seek"):
        content.seek(0)
    while piece := content.read(size):
        yield piece.encode() if isinstance(piece, str) else piece


class File:
    """An open file with its name; what it cannot do itself the `file` inside does."""

    def __init__(self, file: IO[Any], name: str | None = None) -> None:
        self.file = file
        self.name = getattr(file, "name", None) if name is None else name

    def __getattr__(self, name: str) -> Any:
        if name == "file":
            raise AttributeError(name)
        return getattr(self.file, name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}>"

    def __iter__(self) -> Iterator[Any]:
        return iter(self.file)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        place = self.file.tell()
        end = self.file.seek(0, os.SEEK_END)
        self.file.seek(place)
        return end

    def chunks(self, chunk_size: int = _PIECE) -> Iterator[bytes]:
        """Its bytes from the beginning, so many at a time."""
        return pieces(self.file, chunk_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.file.close()


class ContentFile(File):
    """A file of bytes, or of a text, that is in memory."""

    def __init__(self, content: bytes | str, name: str | None = None) -> None:
        super().__init__(io.StringIO(content) if isinstance(content, str) else io.BytesIO(content), name)
