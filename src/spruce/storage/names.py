"""Names of files: made harmless, kept inside of their folder, and made anew where they are taken."""

import re
import secrets
from pathlib import PurePosixPath

from spruce.errors import UnsafeName

__all__ = ["another", "checked", "shortened", "valid"]

_STRANGE = re.compile(r"[^-\w.]")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def valid(name: str) -> str:
    """A file's name of letters, digits, dots, hyphens and underscores, whatever the client called it.

    Folders in it are dropped, spaces become underscores. Raises UnsafeName if nothing is left.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    made = _STRANGE.sub("", last.strip().replace(" ", "_"))
    if made in ("", ".", ".."):
        raise UnsafeName(f"{name!r} leaves no name for a file", hint="Give the file a name with letters or digits.")
    return made


def checked(name: str) -> str:
    """The name, with `/` between folders, if it stays below where it is put. Raises UnsafeName."""
    plain = str(name).replace("\\", "/")
    parts = PurePosixPath(plain).parts
    drive = len(plain) > 1 and plain[1] == ":"
    if not parts or plain.endswith("/") or plain.startswith("/") or drive or ".." in parts or "\0" in plain:
        raise UnsafeName(f"{name!r} is no path of a file inside of a storage", hint="Use a relative path without '..'.")
    return "/".join(parts)


def another(name: str) -> str:
    """A name like this one that nobody can guess: `cat_4fT9a2x.png`."""
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.partition(".") if not last.startswith(".") else (last, "", "")
    tail = "".join(secrets.choice(_LETTERS) for _ in range(7))
    return f"{folder}{slash}{stem}_{tail}{dot}{suffix}"


def shortened(name: str, length: int) -> str:
    """The name cut down to so many characters before its suffix. Raises UnsafeName when that leaves nothing."""
    if len(name) <= length:
        return name
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.partition(".")
    left = len(stem) - (len(name) - length)
    if left < 1:
        raise UnsafeName(f"{name!r} cannot be cut to {length} characters", hint="Raise the max_length of the field.")
    return f"{folder}{slash}{stem[:left]}{dot}{suffix}"
