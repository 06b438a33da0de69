"""Files in a folder of this machine."""

import os
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from spruce import config
from spruce.errors import FileMissing, UnsafeName
from spruce.storage.contents import File, pieces
from spruce.storage.names import checked
from spruce.storage.storage import Storage

__all__ = ["FileSystemStorage"]


class FileSystemStorage(Storage):
    """Files below a folder: `location`, else MEDIA_ROOT; their URLs are below `base_url`, else MEDIA_URL.

    Without MEDIA_ROOT it is `media` in the instance folder. Folders are made when they are needed.
    """

    def __init__(self, location: str | os.PathLike[str] | None = None, base_url: str | None = None) -> None:
        self._location = location
        self._base_url = base_url

    @property
    def location(self) -> str:
        """The folder, as an absolute path without symbolic links."""
        settings = config.current()
        folder = self._location or settings["MEDIA_ROOT"]
        if folder is None:
            folder = Path(settings["INSTANCE_PATH"] or "instance") / "media"
        return os.path.realpath(folder)

    def path(self, name: str) -> str:
        """Where a file is on the disk. Raises UnsafeName for names that lead elsewhere, by symbolic links too."""
        folder = self.location
        found = os.path.realpath(os.path.join(folder, checked(name)))
        if os.path.commonpath([folder, found]) != folder:
            raise UnsafeName(f"{name!r} leads out of {folder}", hint="Remove the symbolic link.")
        return found

    def put(self, name: str, content: Any) -> bool:
        """Write a new file; False when there is one of this name."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(path, "xb") as target:
                _write(content, target, path)
        except FileExistsError:
            return False
        return True

    def open(self, name: str, mode: str = "rb") -> File:
        """Open a file. Raises FileMissing when there is none."""
        path = self.path(name)
        try:
            return File(open(path, mode), name)
        except FileNotFoundError:
            raise self._missing(name) from None

    def delete(self, name: str) -> None:
        """Delete a file, or an empty folder."""
        path = self.path(name)
        try:
            os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
        except FileNotFoundError:
            pass

    def size(self, name: str) -> int:
        """How many bytes a file has. Raises FileMissing when there is none."""
        try:
            return os.path.getsize(self.path(name))
        except FileNotFoundError:
            raise self._missing(name) from None

    def listdir(self, path: str = "") -> tuple[list[str], list[str]]:
        """The names of the folders and of the files in a folder. Raises FileMissing when there is none."""
        try:
            entries = list(os.scandir(self.path(path) if path else self.location))
        except FileNotFoundError:
            raise self._missing(path) from None
        folders = sorted(entry.name for entry in entries if entry.is_dir())
        return folders, sorted(entry.name for entry in entries if not entry.is_dir())

    def url(self, name: str) -> str:
        """Where a browser finds a file."""
        base = config.current()["MEDIA_URL"] if self._base_url is None else self._base_url
        return f"{base.rstrip('/')}/{quote(checked(name))}"

    def _missing(self, name: str) -> FileMissing:
        return FileMissing(f"there is no file {name!r} in {self.location}")


def _write(content: Any, target: IO[bytes], path: str) -> None:
    """Write all of a file or leave none of it behind."""
    try:
        for piece in pieces(content):
            target.write(piece)
    except BaseException:
        os.unlink(path)
        raise
