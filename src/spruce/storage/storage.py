"""What a storage does: five methods are its own, the rest is the same for all."""

from typing import Any, Protocol

from spruce.errors import FileMissing
from spruce.storage.contents import File
from spruce.storage.names import another, checked, shortened

__all__ = ["Storage"]


class Storage(Protocol):
    """A place for files. A class of yours inherits from it and writes `put`, `open`, `delete`, `size` and `url`.

    Every method may block. Names are relative paths with `/`.
    """

    def put(self, name: str, content: Any) -> bool:
        """Write a new file; False, and nothing written, when there is one of this name."""
        ...

    def open(self, name: str, mode: str = "rb") -> File:
        """Open a file. Raises FileMissing when there is none."""
        ...

    def delete(self, name: str) -> None:
        """Delete a file; one that is not there is gone already."""
        ...

    def size(self, name: str) -> int:
        """How many bytes a file has. Raises FileMissing when there is none."""
        ...

    def url(self, name: str) -> str:
        """Where a browser finds a file."""
        ...

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""
        try:
            self.size(name)
        except FileMissing:
            return False
        return True

    def save(self, name: str, content: Any, max_length: int | None = None) -> str:
        """Write a new file and return its name, which is another one when that is taken or too long.

        `content` is anything that has `read`. Raises UnsafeName for names that lead out of the storage.
        """
        wanted = checked(name)
        found = wanted if max_length is None else shortened(wanted, max_length)
        while not self.put(found, content):
            found = another(wanted)
            if max_length is not None and len(found) > max_length:
                found = another(shortened(wanted, max_length - 8))
        return found
