"""What SQLite's errors mean and what to do about them: a table from its messages to ours."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from spruce.errors import (
    CheckViolation,
    DatabaseError,
    DataError,
    ForeignKeyViolation,
    IntegrityError,
    NotNullViolation,
    OperationalError,
    UniqueViolation,
)

__all__ = ["Named", "is_busy", "locked", "translated"]

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class Named(Protocol):
    """The database that an error is about."""

    alias: str
    path: str
    memory: bool
    timeout: float


class _Meaning(NamedTuple):
    error: type[DatabaseError]
    message: str  # {0}, {1} … are the groups of the pattern, {alias}, {path} are the database's
    hint: str | Callable[[Any], str] = ""


def is_busy(error: Exception) -> bool:
    """Whether an error says that another connection holds a lock."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _BUSY


def locked(place: Named, *, hint: str = "") -> OperationalError:
    """The error for a lock that was not got in time."""
    return OperationalError(
        f"the SQLite database {place.alias!r} ({place.path}) stayed locked for {place.timeout:g} s",
        hint=hint
        or "Another process is writing: keep transactions short, or raise the limit with ?timeout=… in the URL.",
    )


def _why_not_opened(place: Named) -> str:
    path = Path(place.path)
    if path.is_dir():
        return f"That is a folder: name a file in it, such as {path / 'app.db'}."
    if not path.parent.is_dir():
        return f"The folder {path.parent} does not exist: make it, or correct DATABASES[{place.alias!r}]."
    return f"Give this process the right to read and write {path} and its folder."


def _why_no_table(place: Named) -> str:
    if place.memory:
        return "Run db.create_all() first; a database in memory is empty in each new process."
    return "Run `spruce db upgrade`, if the app has migrations, or else db.create_all()."


_FILE = "the SQLite database {alias!r} ({path})"

_MEANINGS: dict[str, _Meaning] = {
    r"unable to open database file": _Meaning(OperationalError, f"{_FILE} cannot be opened", _why_not_opened),
    r"file is not a database|database disk image is malformed": _Meaning(
        OperationalError, f"{_FILE} is damaged or no SQLite database", "Restore it from a backup, or name another file."
    ),
    r"attempt to write a readonly database": _Meaning(
        OperationalError, f"{_FILE} may only be read", "Give this process the right to write the file and its folder."
    ),
    r"database or disk is full": _Meaning(OperationalError, f"there is no space left for {_FILE}", "Free some."),
    r"no such table: (\S+)": _Meaning(
        OperationalError, "the table {0!r} does not exist in the database {alias!r} ({path})", _why_no_table
    ),
    r"no such column: (\S+)|table (\S+) has no column named (\S+)": _Meaning(
        OperationalError,
        "the database {alias!r} ({path}) does not fit the models: {text}",
        "A model was changed after its table was made: run `spruce db migrate` and `spruce db upgrade`.",
    ),
    r"UNIQUE constraint failed: index '(.+)'": _Meaning(
        UniqueViolation, "the constraint {0!r} forbids the row: another row is equal to it there ({text})"
    ),
    r"CHECK constraint failed: (.+)": _Meaning(CheckViolation, "the constraint {0!r} forbids the row ({text})"),
    r"UNIQUE constraint failed: (.+)": _Meaning(
        UniqueViolation, "{0} must be unique, and another row has the same value ({text})"
    ),
    r"NOT NULL constraint failed: (.+)": _Meaning(NotNullViolation, "{0} must not be null ({text})"),
    r"FOREIGN KEY constraint failed": _Meaning(
        ForeignKeyViolation,
        "a row would point to one that does not exist ({text})",
        "Save what it points to first, and delete what points to a row before the row.",
    ),
    r"LIKE or GLOB pattern too complex": _Meaning(DataError, "the text to look for is too long ({text})"),
    r"surrogates not allowed": _Meaning(DataError, "a text is no valid Unicode and cannot be stored ({text})"),
    r"string or blob too big": _Meaning(DataError, "a value is too large for SQLite ({text})"),
}

_CLASSES: tuple[tuple[type[Exception], type[DatabaseError]], ...] = (
    (sqlite3.IntegrityError, IntegrityError),
    (sqlite3.DataError, DataError),
    (sqlite3.OperationalError, OperationalError),
    (sqlite3.Error, DatabaseError),
    (sqlite3.Warning, DatabaseError),
    (ValueError, DataError),
    (OverflowError, DataError),
)


def translated(error: Exception, sql: str, place: Named) -> DatabaseError:
    """The error of ours that says what `error` means."""
    text = str(error)
    for pattern, meaning in _MEANINGS.items():
        found = re.search(pattern, text)
        if found:
            message = meaning.message.format(*found.groups(), text=text, alias=place.alias, path=place.path)
            made = meaning.error(message, hint=meaning.hint if isinstance(meaning.hint, str) else meaning.hint(place))
            if isinstance(made, IntegrityError):
                made.constraint, made.table, made.columns = _subject(text)
            return made
    kind = next(ours for theirs, ours in _CLASSES if isinstance(error, theirs))
    return kind(f"{text} (database {place.alias!r}{', in: ' + sql if sql else ''})")


def _subject(text: str) -> tuple[str, str, tuple[str, ...]]:
    """The constraint, the table and the columns that a message of SQLite's names."""
    named = re.search(r"CHECK constraint failed: (\w+)$|index '(.+)'$", text)
    if named:
        return named[1] or named[2], "", ()
    columns = re.findall(r"(\w+)\.(\w+)", text.partition("failed: ")[2])
    return "", columns[0][0] if columns else "", tuple(name for _, name in columns)
