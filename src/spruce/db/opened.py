"""The transactions that are open, and whose they are.

One context variable holds the innermost of them; a child green thread inherits it but is not the owner, so its queries
run outside, on their own.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NoReturn

from spruce import green
from spruce.db.footprints import Change
from spruce.errors import TransactionError

__all__ = ["Broken", "Open", "find", "innermost"]


class Open:
    """A transaction that is open: whose it is, and what waits for its commit."""

    __slots__ = ("after", "changes", "database", "depth", "doomed", "isolation", "outer", "owner", "transaction")

    def __init__(self, database: Any, transaction: Any, outer: "Open | None", isolation: str | None = None) -> None:
        self.owner = green.get_ident()
        self.database = database
        self.transaction = transaction
        self.outer = outer  # what was the innermost before
        self.depth = 0  # of savepoints
        self.doomed = False  # whether its innermost block is to be rolled back at its end
        self.after: list[Callable[[], object]] = []
        self.isolation = isolation
        self.changes: list[Change] = []  # kept while somebody wants to know

    def break_off(self) -> None:
        """Let nothing more run in it; its innermost block will be rolled back at its end."""
        if type(self.transaction) is not Broken:
            self.transaction = Broken(self.transaction)
        self.doomed = True

    def mend(self) -> None:
        """At the end of a block, which is rolled back if it is broken: go on."""
        self.doomed = False
        if type(self.transaction) is Broken:
            self.transaction = self.transaction.inner


class Broken:
    """Stands for a transaction in which nothing more may run: a block without a savepoint has failed in it."""

    __slots__ = ("inner",)

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def rows(self, *_: Any) -> NoReturn:
        """Refuse. Raises TransactionError."""
        raise TransactionError(
            "a block without a savepoint has failed in this transaction, so it will be rolled back, and nothing more "
            "can run in it",
            hint="Let the error go on to the end of the outer block, or leave out savepoint=False.",
        )

    outcome = change = insert = insert_many = stream = savepoint = rows


innermost: ContextVar[Open | None] = ContextVar("spruce_transaction", default=None)


def find(database: object) -> Open | None:
    """The transaction that this green thread has open on a database; None if there is none."""
    found = innermost.get()
    owner = green.get_ident() if found is not None else None
    while found is not None and (found.database is not database or found.owner != owner):
        found = found.outer
    return found
