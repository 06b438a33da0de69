"""What SQLite's messages become."""

import sqlite3
from types import SimpleNamespace

import pytest

from spruce.db.sqlite_errors import is_busy, locked, translated
from spruce.errors import (
    CheckViolation,
    DatabaseError,
    DataError,
    NotNullViolation,
    OperationalError,
    UniqueViolation,
)

PLACE = SimpleNamespace(alias="default", path="/data/a.db", memory=False, timeout=5.0)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (sqlite3.OperationalError("no such table: product"), OperationalError,
         "the table 'product' does not exist in the database 'default' (/data/a.db). Run `spruce db upgrade`, "
         "if the app has migrations, or else db.create_all()."),
        (sqlite3.OperationalError("table product has no column named colour"), OperationalError,
         "the database 'default' (/data/a.db) does not fit the models: table product has no column named colour. A "
         "model was changed after its table was made: run `spruce db migrate` and `spruce db upgrade`."),
        (sqlite3.OperationalError("attempt to write a readonly database"), OperationalError,
         "the SQLite database 'default' (/data/a.db) may only be read. Give this process the right to write the file "
         "and its folder."),
        (sqlite3.OperationalError("database or disk is full"), OperationalError,
         "there is no space left for the SQLite database 'default' (/data/a.db). Free some."),
        (sqlite3.IntegrityError("UNIQUE constraint failed: category.name"), UniqueViolation,
         "category.name must be unique, and another row has the same value (UNIQUE constraint failed: category.name)"),
        (sqlite3.IntegrityError("UNIQUE constraint failed: index 'name_once'"), UniqueViolation,
         "the constraint 'name_once' forbids the row: another row is equal to it there (UNIQUE constraint failed: "
         "index 'name_once')"),
        (sqlite3.IntegrityError("CHECK constraint failed: low_is_low"), CheckViolation,
         "the constraint 'low_is_low' forbids the row (CHECK constraint failed: low_is_low)"),
        (sqlite3.IntegrityError("NOT NULL constraint failed: product.price"), NotNullViolation,
         "product.price must not be null (NOT NULL constraint failed: product.price)"),
        (sqlite3.OperationalError("LIKE or GLOB pattern too complex"), DataError,
         "the text to look for is too long (LIKE or GLOB pattern too complex)"),
        (sqlite3.OperationalError("something new"), OperationalError,
         "something new (database 'default', in: SELECT 1)"),
        (sqlite3.ProgrammingError("Cannot operate on a closed database."), DatabaseError,
         "Cannot operate on a closed database. (database 'default', in: SELECT 1)"),
    ],
)  # fmt: skip
def test_messages_say_what_to_do(error: Exception, kind: type[Exception], message: str) -> None:
    """As what they are to be caught, and in whose words."""
    found = translated(error, "SELECT 1", PLACE)
    assert (type(found), str(found)) == (kind, message)


def test_a_lock_is_told_from_other_errors() -> None:
    """By SQLite's code, its extensions included."""
    error = sqlite3.OperationalError("database is locked")
    assert not is_busy(error)
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    assert is_busy(error)
    assert not is_busy(OverflowError())


def test_the_error_for_a_lock_says_for_how_long() -> None:
    """And who may hold it."""
    assert str(locked(PLACE)) == (
        "the SQLite database 'default' (/data/a.db) stayed locked for 5 s. Another process is writing: keep "
        "transactions short, or raise the limit with ?timeout=… in the URL."
    )
