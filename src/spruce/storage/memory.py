"""Files in memory, for tests."""

import io
from threading import Lock
from typing import Any
from urllib.parse import quote

from spruce.errors import FileMissing
from spruce.storage.contents import File, pieces
from spruce.storage.names import checked
from spruce.storage.storage import Storage

__all__ = ["InMemoryStorage"]


class _Kept(io.BytesIO):
    """A file that is written to the storage when it is closed."""

    def __init__(self, files: dict[str, bytes], name: str, content: bytes) -> None:
        super().__init__(content)
        self._files = files
        self._name = name

    def close(self) -> None:
        if not self.closed:
            self._files[self._name] = self.getvalue()
        super().close()


class InMemoryStorage(Storage):
    """Files that live as long as this object; their URLs are below `base_url`."""

    def __init__(self, base_url: str = "/media/") -> None:
        self.base_url = base_url
        self.files: dict[str, bytes] = {}
        self._lock = Lock()

    def put(self, name: str, content: Any) -> bool:
        """Write a new file; False when there is one of this name."""
        with self._lock:
            if name in self.files:
                return False
            self.files[name] = b"".join(pieces(content))
            return True

    def open(self, name: str, mode: str = "rb") -> File:
        """Open a file to read; with "w" or "a" in the mode, to write as well. Raises FileMissing when there is none."""
        name = checked(name)
        content = b"" if "w" in mode else self._content(name)
        if not {"w", "a", "+"} & set(mode):
            return File(io.BytesIO(content), name)
        kept = _Kept(self.files, name, content)
        kept.seek(0, io.SEEK_END if "a" in mode else io.SEEK_SET)
        return File(kept, name)

    def delete(self, name: str) -> None:
        """Delete a file; one that is not there is gone already."""
        self.files.pop(checked(name), None)

    def size(self, name: str) -> int:
        """How many bytes a file has. Raises FileMissing when there is none."""
        return len(self._content(checked(name)))

    def url(self, name: str) -> str:
        """A path below `base_url`."""
        return f"{self.base_url.rstrip('/')}/{quote(checked(name))}"

    def _content(self, name: str) -> bytes:
        if name not in self.files:
            raise FileMissing(f"there is no file {name!r} in this storage")
        return self.files[name]
