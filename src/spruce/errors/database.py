"""What can go wrong with models, queries and databases; the names are those of Django and of the DB-API (PEP 249)."""

from spruce.errors.tree import SpruceError

__all__ = [
    "DataError",
    "DatabaseError",
    "FieldError",
    "FieldFetchBlocked",
    "IntegrityError",
    "ModelError",
    "MultipleObjectsReturned",
    "ObjectDoesNotExist",
    "OperationalError",
    "ProtectedError",
    "TransactionError",
]


class DatabaseError(SpruceError):
    """The base of every error of the database layer."""


class OperationalError(DatabaseError):
    """The database cannot be reached, opened, read or written, stays locked, or lacks a table or column."""


class IntegrityError(DatabaseError):
    """A constraint forbids the change: a value that must be unique, must not be null, or must point to a row."""


class ProtectedError(IntegrityError):
    """Rows cannot be deleted because others point to them with `on_delete=PROTECT` or `RESTRICT`."""


class DataError(DatabaseError, ValueError):
    """A value does not fit its field; refused before any SQL runs."""


class FieldError(DatabaseError, TypeError):
    """A query or a model's constructor names a field or lookup that does not exist or does not apply."""


class FieldFetchBlocked(DatabaseError):
    """A relation or field that is not loaded was touched on an object of a query with `fetch_mode(RAISE)`."""


class ModelError(DatabaseError, TypeError):
    """A model is declared in a way that cannot work."""


class TransactionError(DatabaseError):
    """A transaction is used in a way that cannot work."""


class ObjectDoesNotExist(DatabaseError, LookupError):
    """No row matches; each model has a subclass as `Model.DoesNotExist`."""


class MultipleObjectsReturned(DatabaseError, LookupError):
    """More than one row matches where one is wanted; each model has a subclass of the same name."""
