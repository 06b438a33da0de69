"""What a statement gives, for callers that don't know its kind."""

from typing import Any, NamedTuple

__all__ = ["Outcome"]


class Outcome(NamedTuple):
    """The names of the columns and the rows; how many rows it touched; SQLite's number of the row that it inserted."""

    names: list[str]
    rows: list[Any]
    touched: int
    key: int | None = None
