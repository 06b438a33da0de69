"""What PostgreSQL's errors mean and what to do about them: a table from its codes to errors of ours.

The codes are those of appendix A of PostgreSQL's manual.
"""

import re
from typing import Any, NamedTuple, Protocol

from spruce.errors import (
    CheckViolation,
    DatabaseError,
    DataError,
    DeadlockDetected,
    ForeignKeyViolation,
    IntegrityError,
    LockNotAvailable,
    NotNullViolation,
    OperationalError,
    SerializationFailure,
    TransactionError,
    UniqueViolation,
)

__all__ = ["translated"]


class _Place(Protocol):
    """The database that an error is about."""

    alias: str
    shown: str


class _Meaning(NamedTuple):
    error: type[DatabaseError]
    message: str  # {table}, {columns} … are what the database told, {database} is its alias and place
    hint: str = ""


_SAVEPOINT = "Put what may fail into a `with db.atomic():` of its own, which is undone alone."

_MEANINGS: dict[str, _Meaning] = {
    "23505": _Meaning(UniqueViolation, "{columns} must be unique, and another row has the same value ({text})"),
    "23502": _Meaning(NotNullViolation, "{columns} must not be null ({text})"),
    "23503": _Meaning(
        ForeignKeyViolation,
        "a row would point to one that does not exist ({text})",
        "Save what it points to first, and delete what points to a row before the row.",
    ),
    "23514": _Meaning(CheckViolation, "a row of {table} does not keep the constraint {constraint!r} ({text})"),
    "23P01": _Meaning(UniqueViolation, "a row of {table} is in the way of the constraint {constraint!r} ({text})"),
    "40001": _Meaning(
        SerializationFailure,
        "another transaction changed what this one had read ({text})",
        "Run it again: @db.atomic(retry=3) does so.",
    ),
    "40P01": _Meaning(
        DeadlockDetected,
        "two transactions waited for each other's locks, and this one was undone ({text})",
        "Lock rows in the same order everywhere, or run it again: @db.atomic(retry=3) does so.",
    ),
    "55P03": _Meaning(LockNotAvailable, "another transaction has the rows locked ({text})"),
    "57014": _Meaning(OperationalError, "the statement was stopped by the database {database}: {text}"),
    "53300": _Meaning(
        OperationalError,
        "the database {database} has no connection left: {text}",
        "Each process keeps up to ?pool_size=… of them: lower it, or raise max_connections of the server.",
    ),
    "53100": _Meaning(OperationalError, "there is no space left for the database {database}", "Free some."),
    "25006": _Meaning(
        OperationalError, "the database {database} may only be read here: {text}", "Is it a standby? Write elsewhere."
    ),
    "25P02": _Meaning(TransactionError, "an earlier statement of this transaction failed: {text}", _SAVEPOINT),
    "42601": _Meaning(OperationalError, "{text} (database {database})", "It is SQL that PostgreSQL cannot read."),
    "42P01": _Meaning(
        OperationalError,
        "the table {missing!r} does not exist in the database {database}",
        "Run `spruce db upgrade`, if the app has migrations, or else db.create_all().",
    ),
    **dict.fromkeys(
        ("26000", "42P05"),
        _Meaning(
            OperationalError,
            "the database {database} mixed up statements that were prepared on its connections",
            "Is PgBouncer in front of it, which shares connections? Add ?prepared=no to the URL.",
        ),
    ),
    "42703": _Meaning(
        OperationalError,
        "the database {database} does not fit the models: {text}",
        "A model was changed after its table was made: run `spruce db migrate` and `spruce db upgrade`.",
    ),
    "3D000": _Meaning(
        OperationalError, "the database {database} does not exist: {text}", "Make it with the command createdb."
    ),
    "28P01": _Meaning(OperationalError, "the database {database} refused the password: {text}", "Correct the URL."),
    "28000": _Meaning(OperationalError, "the database {database} refused the user: {text}", "Correct the URL."),
}

_CLASSES: dict[str, type[DatabaseError]] = {
    "22": DataError,
    "23": IntegrityError,
    "08": OperationalError,
    "53": OperationalError,
    "55": OperationalError,
    "57": OperationalError,
    "58": OperationalError,
    "25": TransactionError,
    "40": OperationalError,
}


def translated(error: BaseException, sql: str, place: _Place) -> DatabaseError:
    """The error of ours that says what `error` means."""
    text = str(error)
    if "surrogates not allowed" in text:  # found by the driver
        return DataError(f"a text is no valid Unicode and cannot be stored ({text})")
    code = getattr(error, "sqlstate", None) or ""
    if not code:
        return _of_the_client(error, sql, place)
    meaning = _MEANINGS.get(code)
    if meaning is None:
        kind = _CLASSES.get(code[:2], DatabaseError)
        made = kind(f"{text} (database {place.alias!r}{', in: ' + sql if sql else ''})")
    else:
        made = meaning.error(_filled(meaning.message, error, place), hint=meaning.hint)
    if isinstance(made, IntegrityError):
        made.constraint = getattr(error, "constraint_name", None) or ""
        made.table = getattr(error, "table_name", None) or ""
        made.columns = _columns(error)
    return made


def _of_the_client(error: BaseException, sql: str, place: _Place) -> DatabaseError:
    """What the driver itself found: a value that does not fit, or a connection that cannot be used."""
    where = f"(database {place.alias!r}{', in: ' + sql if sql else ''})"
    return DataError(f"{error} {where}") if isinstance(error, ValueError) else OperationalError(f"{error} {where}")


def _filled(message: str, error: Any, place: _Place) -> str:
    table = getattr(error, "table_name", None) or ""
    detail = getattr(error, "detail", None)
    missing = re.search(r'relation "(.+)" does not exist', str(error))
    columns = ", ".join(f"{table}.{name}" for name in _columns(error))
    return message.format(
        text=detail or str(error),
        table=table,
        columns=columns or getattr(error, "constraint_name", None) or table,
        constraint=getattr(error, "constraint_name", None) or "",
        missing=missing[1] if missing else str(error),
        database=f"{place.alias!r} ({place.shown})",
    )


def _columns(error: Any) -> tuple[str, ...]:
    """The columns that an error is about, as far as it tells."""
    name = getattr(error, "column_name", None)
    if name:
        return (name,)
    found = re.match(r"Key \((.+?)\)=", getattr(error, "detail", None) or "")
    return tuple(each.strip().strip('"') for each in found[1].split(",")) if found else ()
