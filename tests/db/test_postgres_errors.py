"""What PostgreSQL's errors become."""

from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from spruce.db.postgres_errors import translated
from spruce.errors import CheckViolation, DataError, NotNullViolation, OperationalError, UniqueViolation

PLACE = SimpleNamespace(alias="default", shown="localhost/shop")


def failure(kind: Any, text: str = "text of the server", **fields: str) -> Any:
    error = kind(text)
    for name, value in fields.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (failure(asyncpg.NotNullViolationError, table_name="product", column_name="price"), NotNullViolation,
         "product.price must not be null (text of the server)"),
        (failure(asyncpg.CheckViolationError, table_name="product", constraint_name="not_free"), CheckViolation,
         "a row of product does not keep the constraint 'not_free' (text of the server)"),
        (failure(asyncpg.UniqueViolationError, detail='Key (hall, "number")=(1, 2) already exists.', table_name="seat"),
         UniqueViolation, "seat.hall, seat.number must be unique, and another row has the same value "
         '(Key (hall, "number")=(1, 2) already exists.)'),
        (failure(asyncpg.TooManyConnectionsError), OperationalError,
         "the database 'default' (localhost/shop) has no connection left: text of the server. Each process keeps up "
         "to ?pool_size=… of them: lower it, or raise max_connections of the server."),
        (failure(asyncpg.InvalidPasswordError), OperationalError,
         "the database 'default' (localhost/shop) refused the password: text of the server. Correct the URL."),
        (failure(asyncpg.InvalidSQLStatementNameError), OperationalError,
         "the database 'default' (localhost/shop) mixed up statements that were prepared on its connections. Is "
         "PgBouncer in front of it, which shares connections? Add ?prepared=no to the URL."),
        (failure(asyncpg.StringDataRightTruncationError), DataError,
         "text of the server (database 'default', in: SQL)"),
        (asyncpg.InterfaceError("cannot do it"), OperationalError, "cannot do it (database 'default', in: SQL)"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(error: Exception, kind: type[Exception], message: str) -> None:
    """With the names that the server told."""
    made = translated(error, "SQL", PLACE)
    assert (type(made), str(made)) == (kind, message)
