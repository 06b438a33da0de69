"""What databases on a server are asked, in a transaction or outside of one: each statement goes through `run`."""

from collections.abc import Sequence
from typing import Any, Final

from spruce.db.outcomes import Outcome

__all__ = ["Parameters", "Statements", "within_range"]

Parameters = Sequence[Any]

_EIGHT_BYTES: Final = 1 << 63


class Statements:
    """The kinds of statements, which are the methods of a `Link`, given to the one that runs them."""

    __slots__ = ()

    def run(self, action: str, sql: str, parameters: Parameters) -> Any:
        """Run a statement by the method `action` of a connection."""
        raise NotImplementedError

    def rows(self, sql: str, parameters: Parameters, slow: bool = False) -> list[Any]:
        """The rows of a query; `slow` makes no difference, as other green threads run meanwhile anyway."""
        rows: list[Any] = self.run("rows", sql, parameters)
        return rows

    def outcome(self, sql: str, parameters: Parameters) -> Outcome:
        """All that a statement gives."""
        found: Outcome = self.run("outcome", sql, parameters)
        return found

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that changes rows; return how many."""
        changed: int = self.run("change", sql, parameters)
        return changed

    def insert(self, sql: str, parameters: Parameters) -> Any:
        """Insert a row; return the key that the database gave it."""
        return self.run("insert", sql, parameters)

    def insert_many(self, sql: str, rows: list[Parameters], returns: bool) -> list[Any]:
        """Insert rows; return what each returns, or the keys that they were given where those are known."""
        made: list[Any] = self.run("insert_many", sql, rows)
        return made


def within_range(parameters: Parameters) -> Parameters:
    """The parameters with integers of more than 64 bits as the largest and smallest of 64; themselves if all fit."""
    least, limit = -_EIGHT_BYTES, _EIGHT_BYTES - 1
    if all(not isinstance(value, int) or least <= value <= limit for value in parameters):
        return parameters
    return [min(max(value, least), limit) if isinstance(value, int) else value for value in parameters]
