"""What can go wrong with the files that users give."""

from spruce.errors.tree import SpruceError

__all__ = ["FileMissing", "StorageError", "UnsafeName"]


class StorageError(SpruceError, OSError):
    """A file cannot be found, read or written in a storage."""


class UnsafeName(StorageError, ValueError):
    """The name of a file would lead out of its storage, or is no name."""


class FileMissing(StorageError, FileNotFoundError):
    """There is no file of a name in a storage."""
