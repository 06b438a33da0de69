"""A connection that tells what is done on it, used while somebody wants to know.

See `db_query`, `db_reading` and `db_changed` in `spruce.events`.
"""

from collections.abc import Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any, Protocol

from spruce.db.databases import Connection, Database
from spruce.db.footprints import Change, changes_of, footprint, keys_of
from spruce.db.outcomes import Outcome
from spruce.db.replicas import Readable
from spruce.db.seeing import place
from spruce.events import db_changed, db_query, db_reading

__all__ = ["Block", "OwnBlock", "Watched", "is_watched", "tell_changes"]

_SNAPSHOTS = frozenset({"repeatable read", "serializable", "snapshot"})


class Block(Protocol):
    """The transaction that a connection is in."""

    isolation: str | None
    changes: list[Change]


class OwnBlock:
    """A transaction that no `atomic()` has opened."""

    isolation: str | None = None

    def __init__(self) -> None:
        self.changes: list[Change] = []


def is_watched() -> bool:
    """Whether anybody wants to know what connections do."""
    return bool(db_query.subscribers or db_reading.subscribers or db_changed.subscribers)


def tell_changes(database: Database, changes: Iterable[Change]) -> None:
    """Say what was committed."""
    if db_changed.subscribers:
        db_changed.emit(database=database.alias, changes=list(dict.fromkeys(changes)))


class Watched:
    """A connection, and the block that it is in, if any; `reason` is as in `transactions.connection`."""

    __slots__ = ("block", "database", "inner", "relation", "remedy")

    def __init__(self, inner: Connection, database: Database, block: Block | None, reason: Any) -> None:
        self.inner = inner
        self.database = database
        self.block = block
        self.relation = self.remedy = ""
        if reason is not None and reason[2]:
            _, owner, name, step = reason
            self.relation, self.remedy = f"{type(owner).__name__}.{name}", f'{step}("{name}")'

    def _before(self, sql: str, parameters: Sequence[Any]) -> None:
        found = footprint(sql)
        self._tell_reading(found.tables, keys_of(found, parameters))

    def _tell_reading(self, tables: frozenset[str], keys: tuple[str, ...] | None) -> None:
        block = self.block
        settled = block is None or not (block.changes or self._is_snapshot(block))
        settled = settled and not isinstance(self.database.alias, Readable)  # a replica may be behind
        db_reading.emit(database=self.database.alias, tables=tables, keys=keys, settled=settled)

    def _is_snapshot(self, block: Block) -> bool:
        """Whether the block may see what was there when it began instead of what is there now."""
        name = self.database.dialect.name
        if name == "sqlite":
            return False  # nobody else can write meanwhile
        return name != "postgresql" if block.isolation is None else block.isolation.lower() in _SNAPSHOTS

    def _after(self, sql: str, parameters: Sequence[Any], start: float, rows: int) -> None:
        if db_query.subscribers:
            self._tell(sql, parameters, perf_counter() - start, rows)
        if db_changed.subscribers:
            self._tell_changes(sql, parameters)

    def _tell(self, sql: str, parameters: Sequence[Any], seconds: float, rows: int) -> None:
        told = {
            "sql": sql,
            "parameters": parameters,
            "seconds": seconds,
            "rows": rows,
            "database": self.database.alias,
            "relation": self.relation,
            "remedy": self.remedy,
        }
        if db_query.wants_events:
            told["file"], told["line"] = place()
        db_query.tell(told)

    def _tell_changes(self, sql: str, parameters: Sequence[Any]) -> None:
        changes = changes_of(sql, parameters)
        if changes and self.block is not None:
            self.block.changes += changes
        elif changes:
            tell_changes(self.database, changes)

    def _found(self, sql: str, parameters: Sequence[Any], rows: int) -> None:
        """If some of the rows were not there, new ones matter too."""
        found = footprint(sql)
        keys = keys_of(found, parameters)
        if keys is not None and rows < len(set(keys)):
            self._tell_reading(found.tables, None)

    def rows(self, sql: str, parameters: Sequence[Any], slow: bool = False) -> list[Any]:
        """The rows of a query."""
        reading = db_reading.subscribers
        if reading:
            self._before(sql, parameters)
        start = perf_counter()
        rows = self.inner.rows(sql, parameters, slow)
        if db_query.subscribers:
            self._tell(sql, parameters, perf_counter() - start, len(rows))
        if db_changed.subscribers:
            self._tell_changes(sql, parameters)
        if reading:
            self._found(sql, parameters, len(rows))
        return rows

    def outcome(self, sql: str, parameters: Sequence[Any]) -> Outcome:
        """All that a statement gives."""
        reading = db_reading.subscribers
        if reading:
            self._before(sql, parameters)
        start = perf_counter()
        found = self.inner.outcome(sql, parameters)
        self._after(sql, parameters, start, max(found.touched, len(found.rows)))
        if reading:
            self._found(sql, parameters, len(found.rows))
        return found

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time; told when they have all been read, or no more are wanted."""
        reading = db_reading.subscribers
        if reading:
            self._before(sql, parameters)
        start, count = perf_counter(), 0
        try:
            for rows in self.inner.stream(sql, parameters, size):
                count += len(rows)
                yield rows
        finally:
            self._after(sql, parameters, start, count)
            if reading:
                self._found(sql, parameters, count)

    def change(self, sql: str, parameters: Sequence[Any]) -> int:
        """Run a statement that changes rows."""
        start = perf_counter()
        changed = self.inner.change(sql, parameters)
        self._after(sql, parameters, start, changed)
        return changed

    def insert(self, sql: str, parameters: Sequence[Any]) -> Any:
        """Insert a row."""
        start = perf_counter()
        key = self.inner.insert(sql, parameters)
        self._after(sql, parameters, start, 1)
        return key

    def insert_many(self, sql: str, rows: list[Sequence[Any]], returns: bool) -> list[Any]:
        """Insert rows; told as one statement."""
        start = perf_counter()
        made = self.inner.insert_many(sql, rows, returns)
        self._after(sql, rows, start, len(rows))
        return made
