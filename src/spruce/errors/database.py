"""What can go wrong with models, queries and databases; the names are those of Django and of the DB-API (PEP 249)."""

from typing import Any

from spruce.errors.tree import SpruceError

__all__ = [
    "CheckViolation",
    "ConcurrencyError",
    "ConnectionLost",
    "DataError",
    "DatabaseError",
    "DeadlockDetected",
    "FieldError",
    "FieldFetchBlocked",
    "ForeignKeyViolation",
    "IntegrityError",
    "LockNotAvailable",
    "LockWaitTimeout",
    "MigrationError",
    "ModelError",
    "MultipleObjectsReturned",
    "NotNullViolation",
    "ObjectDoesNotExist",
    "OperationalError",
    "PoolTimeout",
    "ProtectedError",
    "RestrictedError",
    "SerializationFailure",
    "TransactionError",
    "UniqueViolation",
]


class DatabaseError(SpruceError):
    """The base of every error of the database layer."""


class OperationalError(DatabaseError):
    """The database cannot be reached, opened, read or written, stays locked, or lacks a table or column."""


class ConnectionLost(OperationalError):
    """The connection to the database broke, or none can be made; a view's answer is then 503."""

    code = 503


class PoolTimeout(OperationalError):
    """All connections stayed in use for as long as a query may wait for one; a view's answer is then 503."""

    code = 503


class LockNotAvailable(OperationalError):
    """A row or table is locked by another transaction, and the query did not want to wait."""


class ConcurrencyError(OperationalError):
    """The database undid a transaction because of others that ran at the same time: the same again may succeed."""


class SerializationFailure(ConcurrencyError):
    """Transactions that ran at the same time could not have run one after another."""


class LockWaitTimeout(LockNotAvailable, ConcurrencyError):
    """A row stayed locked by another transaction for longer than MariaDB or MySQL waits."""


class DeadlockDetected(ConcurrencyError):
    """Transactions waited for each other's locks, and the database chose this one to give way."""


class IntegrityError(DatabaseError):
    """A constraint forbids the change: a value that must be unique, must not be null, or must point to a row.

    `constraint`, `table` and `columns` are the names that the database told; empty where it told none.
    """

    constraint: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()


class UniqueViolation(IntegrityError):
    """Another row has the same value, which must be unique."""


class NotNullViolation(IntegrityError):
    """A value is missing that must be there; a None for such a field is refused before any SQL runs."""


class ForeignKeyViolation(IntegrityError):
    """A row would point to one that does not exist."""


class CheckViolation(IntegrityError):
    """A row does not keep a CheckConstraint."""


class ProtectedError(IntegrityError):
    """Rows cannot be deleted because others point to them with `on_delete=PROTECT`.

    `protected_objects` are those that do, 100 at most.
    """

    protected_objects: tuple[Any, ...] = ()


class RestrictedError(ProtectedError):
    """Rows cannot be deleted because others, which stay, point to them with `on_delete=RESTRICT`."""

    @property
    def restricted_objects(self) -> tuple[Any, ...]:
        """Those that point to them, 100 at most."""
        return self.protected_objects


class DataError(DatabaseError, ValueError):
    """A value does not fit its field; refused before any SQL runs.

    `columns` has the field's column, and `reason` why it does not fit, where the field itself refused it.
    """

    columns: tuple[str, ...] = ()
    reason: str = ""


class FieldError(DatabaseError, TypeError):
    """A query or a model's constructor names a field or lookup that does not exist or does not apply."""


class FieldFetchBlocked(DatabaseError):
    """A relation or field that is not loaded was touched on an object of a query with `fetch_mode(RAISE)`."""


class MigrationError(DatabaseError):
    """A migration cannot be written or run."""


class ModelError(DatabaseError, TypeError):
    """A model is declared in a way that cannot work."""


class TransactionError(DatabaseError):
    """A transaction is used in a way that cannot work."""


class ObjectDoesNotExist(DatabaseError, LookupError):
    """No row matches; each model has a subclass as `Model.DoesNotExist`."""


class MultipleObjectsReturned(DatabaseError, LookupError):
    """More than one row matches where one is wanted; each model has a subclass of the same name."""
