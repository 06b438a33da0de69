"""The transactions that are open, and whose they are.

One context variable holds the innermost of them; a child green thread inherits it but is not the owner, so its queries
run outside, on their own.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from spruce import green
from spruce.db.footprints import Change

__all__ = ["Open", "find", "innermost"]


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


innermost: ContextVar[Open | None] = ContextVar("spruce_transaction", default=None)


def find(database: object) -> Open | None:
    """The transaction that this green thread has open on a database; None if there is none."""
    found = innermost.get()
    owner = green.get_ident() if found is not None else None
    while found is not None and (found.database is not database or found.owner != owner):
        found = found.outer
    return found
