"""What MariaDB's and MySQL's errors become."""

from types import SimpleNamespace

import pytest
from asyncmy import errors

from spruce.db.mysql_errors import translated
from spruce.errors import (
    CheckViolation,
    DataError,
    DeadlockDetected,
    ForeignKeyViolation,
    LockNotAvailable,
    LockWaitTimeout,
    NotNullViolation,
    OperationalError,
    SerializationFailure,
    UniqueViolation,
)

PLACE = SimpleNamespace(alias="default", shown="localhost/shop")
FOREIGN = (
    "Cannot delete or update a parent row: a foreign key constraint fails (`shop`.`item`, CONSTRAINT `item_box_fkey` "
    "FOREIGN KEY (`box_id`) REFERENCES `box` (`id`))"
)


@pytest.mark.parametrize(
    ("code", "text", "sql", "kind", "message"),
    [
        (1062, "Duplicate entry '1' for key 'nothing.PRIMARY'", "INSERT INTO `nothing` (id) VALUES (?)",
         UniqueViolation,
         "PRIMARY must be unique, and another row has the same value (Duplicate entry '1' for key 'nothing.PRIMARY')"),
        (1451, FOREIGN, "DELETE FROM box", ForeignKeyViolation,
         f"a row would point to one that does not exist ({FOREIGN}). "
         "Save what it points to first, and delete what points to a row before the row."),
        (1364, "Field 'price' doesn't have a default value", "INSERT INTO product (name) VALUES (?)", NotNullViolation,
         "product.price must not be null (Field 'price' doesn't have a default value)"),
        (3819, "Check constraint 'not_free' is violated.", "UPDATE product SET price = 0", CheckViolation,
         "a row of product does not keep the constraint 'not_free' (Check constraint 'not_free' is violated.)"),
        (1205, "Lock wait", "SELECT 1 FOR UPDATE", LockWaitTimeout,
         "another transaction kept rows locked for too long (Lock wait). Keep transactions short, or run it again: "
         "@db.atomic(retry=3) does so."),
        (1205, "Lock wait", "SELECT 1 FOR UPDATE NOWAIT", LockNotAvailable,
         "another transaction has the rows locked (Lock wait)"),
        (3572, "Told not to wait", "SELECT 1", LockNotAvailable,
         "another transaction has the rows locked (Told not to wait)"),
        (1213, "Deadlock", "", DeadlockDetected,
         "two transactions waited for each other's locks, and this one was undone (Deadlock). "
         "Lock rows in the same order everywhere, or run it again: @db.atomic(retry=3) does so."),
        (1020, "Record has changed", "", SerializationFailure,
         "another transaction changed what this one had read (Record has changed). "
         "Run it again: @db.atomic(retry=3) does so."),
        (1040, "Too many connections", "", OperationalError,
         "the database 'default' (localhost/shop) has no connection left: Too many connections. Each process keeps up "
         "to ?pool_size=… of them: lower it, or raise max_connections of the server."),
        (1264, "Out of range", "", DataError, "Out of range (database 'default' (localhost/shop))"),
        (1290, "read-only", "", OperationalError,
         "the database 'default' (localhost/shop) may only be read here: read-only. Is it a replica? Write elsewhere."),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(code: int, text: str, sql: str, kind: type[Exception], message: str) -> None:
    """With the names that the server told."""
    made = translated(errors.OperationalError(code, text), sql, PLACE)
    assert (type(made), str(made)) == (kind, message)


def test_errors_of_the_driver() -> None:
    """Say what did not fit, and where."""
    assert str(translated(ValueError("too large"), "SQL", PLACE)) == "too large (database 'default', in: SQL)"
    assert type(translated(ValueError("too large"), "SQL", PLACE)) is DataError
    assert type(translated(RuntimeError("odd"), "", PLACE)) is OperationalError
