"""The tree of database errors."""

import pytest

from spruce import errors
from spruce.errors import database


@pytest.mark.parametrize("name", database.__all__)
def test_every_database_error_is_one(name: str) -> None:
    """So that one `except` catches them all."""
    error = getattr(errors, name)
    assert issubclass(error, errors.DatabaseError)
    assert issubclass(error, errors.SpruceError)
    assert str(error("what happened", hint="What to do.")) == "what happened. What to do."


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("DataError", ValueError),
        ("FieldError", TypeError),
        ("ModelError", TypeError),
        ("ObjectDoesNotExist", LookupError),
        ("MultipleObjectsReturned", LookupError),
        ("ProtectedError", errors.IntegrityError),
    ],
)
def test_errors_are_also_what_python_calls_them(name: str, builtin: type[Exception]) -> None:
    """A wrong keyword is a TypeError, a missing row a LookupError."""
    assert issubclass(getattr(errors, name), builtin)
