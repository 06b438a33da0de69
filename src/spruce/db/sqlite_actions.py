"""What is done with a statement on an open connection to SQLite."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from spruce.db.outcomes import Outcome

__all__ = ["count_rows", "fetch_rows", "outcome_of", "row_number", "within_range"]

Parameters = Sequence[Any]


def fetch_rows(raw: sqlite3.Connection, sql: str, parameters: Parameters) -> list[Any]:
    """The rows of a query."""
    return raw.execute(sql, parameters).fetchall()


def outcome_of(raw: Any, sql: str, parameters: Parameters) -> Outcome:
    """All that a statement gives."""
    cursor = raw.execute(sql, parameters)
    names = [column[0] for column in cursor.description or ()]
    return Outcome(names, cursor.fetchall(), cursor.rowcount, cursor.lastrowid)


def count_rows(raw: sqlite3.Connection, sql: str, parameters: Parameters) -> int:
    """How many rows a statement changed."""
    return raw.execute(sql, parameters).rowcount


def row_number(raw: sqlite3.Connection, sql: str, parameters: Parameters) -> int | None:
    """The number of the row that a statement inserted."""
    return raw.execute(sql, parameters).lastrowid


def within_range(parameters: Parameters) -> list[Any]:
    """Parameters with integers of more than 64 bits as floats: larger than all that is stored, as they should be."""
    limit = 1 << 63
    return [
        float(min(max(value, -(10**300)), 10**300)) if isinstance(value, int) and not -limit <= value < limit else value
        for value in parameters
    ]
