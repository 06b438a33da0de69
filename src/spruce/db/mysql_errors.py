"""What MariaDB's and MySQL's errors mean and what to do about them: a table from their numbers to errors of ours.

The numbers are those of the manuals' lists of error codes. Which columns a constraint is about is looked up in the
models, as these databases tell its name only.
"""

import re
from typing import Any, NamedTuple, Protocol

from spruce.db.metadata import metadata
from spruce.errors import (
    CheckViolation,
    DatabaseError,
    DataError,
    DeadlockDetected,
    ForeignKeyViolation,
    IntegrityError,
    LockNotAvailable,
    LockWaitTimeout,
    NotNullViolation,
    OperationalError,
    SerializationFailure,
    UniqueViolation,
)

__all__ = ["LOST", "STARTING", "translated"]

LOST = frozenset({1053, 1077, 1078, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2003, 2006, 2013, 2014, 2055})
"""Numbers that tell of a connection that is gone."""

STARTING = LOST
"""Those that a database gives which is being restarted."""


class _Place(Protocol):
    """The database that an error is about."""

    alias: str
    shown: str


class _Meaning(NamedTuple):
    error: type[DatabaseError]
    message: str  # {table}, {columns} … are what the database told, {database} is its alias and place
    hint: str = ""


_UNIQUE = _Meaning(UniqueViolation, "{columns} must be unique, and another row has the same value ({text})")
_NULL = _Meaning(NotNullViolation, "{columns} must not be null ({text})")
_KEY = _Meaning(
    ForeignKeyViolation,
    "a row would point to one that does not exist ({text})",
    "Save what it points to first, and delete what points to a row before the row.",
)
_CHECK = _Meaning(CheckViolation, "a row of {table} does not keep the constraint {constraint!r} ({text})")
_LOCKED = _Meaning(LockNotAvailable, "another transaction has the rows locked ({text})")
_FULL = _Meaning(OperationalError, "there is no space left for the database {database}", "Free some.")
_READ_ONLY = _Meaning(
    OperationalError, "the database {database} may only be read here: {text}", "Is it a replica? Write elsewhere."
)
_CROWDED = _Meaning(
    OperationalError,
    "the database {database} has no connection left: {text}",
    "Each process keeps up to ?pool_size=… of them: lower it, or raise max_connections of the server.",
)
_REFUSED = _Meaning(OperationalError, "the database {database} refused the user: {text}", "Correct the URL.")
_STOPPED = _Meaning(OperationalError, "the statement was stopped by the database {database}: {text}")
_UNFIT = _Meaning(DataError, "{text} (database {database})")

_MEANINGS: dict[int, _Meaning] = {
    **dict.fromkeys((1022, 1062, 1169, 1586), _UNIQUE),
    **dict.fromkeys((1048, 1364), _NULL),
    **dict.fromkeys((1216, 1217, 1451, 1452), _KEY),
    **dict.fromkeys((3819, 4025), _CHECK),
    1205: _Meaning(
        LockWaitTimeout,
        "another transaction kept rows locked for too long ({text})",
        "Keep transactions short, or run it again: @db.atomic(retry=3) does so.",
    ),
    3572: _LOCKED,
    1213: _Meaning(
        DeadlockDetected,
        "two transactions waited for each other's locks, and this one was undone ({text})",
        "Lock rows in the same order everywhere, or run it again: @db.atomic(retry=3) does so.",
    ),
    1020: _Meaning(
        SerializationFailure,
        "another transaction changed what this one had read ({text})",
        "Run it again: @db.atomic(retry=3) does so.",
    ),
    **dict.fromkeys((1021, 1114, 1041), _FULL),
    **dict.fromkeys((1290, 1792, 1836, 3100), _READ_ONLY),
    **dict.fromkeys((1040, 1203, 1226), _CROWDED),
    **dict.fromkeys((1044, 1045, 1698), _REFUSED),
    **dict.fromkeys((1317, 1969, 3024), _STOPPED),
    **dict.fromkeys((1264, 1265, 1292, 1365, 1366, 1367, 1406, 1411, 1441, 1690, 3140, 3141, 4038), _UNFIT),
    1049: _Meaning(OperationalError, "the database {database} does not exist: {text}", "Make it with CREATE DATABASE."),
    1064: _Meaning(OperationalError, "{text} (database {database})", "It is SQL that the database cannot read."),
    1146: _Meaning(
        OperationalError,
        "the table {missing!r} does not exist in the database {database}",
        "Run `spruce db upgrade`, if the app has migrations, or else db.create_all().",
    ),
    1054: _Meaning(
        OperationalError,
        "the database {database} does not fit the models: {text}",
        "A model was changed after its table was made: run `spruce db migrate` and `spruce db upgrade`.",
    ),
    1170: _Meaning(
        OperationalError,
        "a text without a length cannot be unique or have an index here ({text})",
        "Use a CharField with max_length.",
    ),
}


def translated(error: BaseException, sql: str, place: _Place) -> DatabaseError:
    """The error of ours that says what `error` means."""
    code, text = _told(error)
    if "surrogates not allowed" in text:  # found by the driver
        return DataError(f"a text is no valid Unicode and cannot be stored ({text})")
    meaning = _MEANINGS.get(code)
    if meaning is _MEANINGS[1205] and "NOWAIT" in sql:
        meaning = _LOCKED
    if meaning is None:
        where = f"(database {place.alias!r}{', in: ' + sql if sql else ''})"
        kind = DataError if isinstance(error, ValueError) else OperationalError if not code else DatabaseError
        return kind(f"{text} {where}")
    table, constraint, columns = _subject(text, sql)
    missing = re.search(r"Table '(?:[^'.]*\.)?(.+)' doesn't exist", text)
    made = meaning.error(
        meaning.message.format(
            text=text,
            table=table,
            columns=", ".join(f"{table}.{name}" for name in columns) or constraint or table,
            constraint=constraint,
            missing=missing[1] if missing else text,
            database=f"{place.alias!r} ({place.shown})",
        ),
        hint=meaning.hint,
    )
    if isinstance(made, IntegrityError):
        made.constraint, made.table, made.columns = constraint, table, columns
    return made


def _told(error: BaseException) -> tuple[int, str]:
    """The number and the text of an error; 0 for one that is not the server's."""
    arguments: tuple[Any, ...] = error.args
    if len(arguments) > 1 and isinstance(arguments[0], int):
        return arguments[0], str(arguments[1])
    return 0, str(error) or type(error).__name__


def _subject(text: str, sql: str) -> tuple[str, str, tuple[str, ...]]:
    """The table, the constraint and the columns that an error is about, as far as it tells."""
    found = re.search(r"`([^`]+)`, CONSTRAINT `([^`]+)` FOREIGN KEY \(([^)]+)\)", text)
    if found:
        return found[1], found[2], tuple(name.strip("` ") for name in found[3].split(","))
    written = re.search(r"(?:INSERT INTO|UPDATE|DELETE FROM)\s+`?([^\s`(]+)", sql)
    table = written[1] if written else ""
    if found := re.search(r"CONSTRAINT `(?:[^`]*\.)?([^`]+)` failed(?: for `[^`]+`\.`([^`]+)`)?", text):
        return found[2] or table, found[1], ()
    if found := re.search(r"Check constraint '([^']+)'", text):
        return table, found[1], ()
    if found := re.search(r"(?:Column|Field) '([^']+)'", text):
        return table, "", (found[1],)
    found = re.search(r"for key '(?:[^'.]+\.)?([^']+)'", text)
    return (table, found[1], _columns_of(table, found[1])) if found else (table, "", ())


def _columns_of(table: str, key: str) -> tuple[str, ...]:
    """The columns of a unique index, by the models; one without a name is named after its column."""
    known = metadata.tables.get(table)
    if known is None:
        return ()
    if key == "PRIMARY":
        return tuple(column.name for column in known.primary_key)
    found: list[Any] = [*known.constraints, *known.indexes]
    for constraint in found:
        if constraint.name == key:
            return tuple(column.name for column in constraint.columns)
    return (key,) if key in {column.name for column in known.columns} else ()
