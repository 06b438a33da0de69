"""What SQLAlchemy ran in this app context, with the times and the lines that it came from."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from spruce.db.seeing import place
from spruce.web import g, has_app_context

__all__ = ["RecordedQuery", "get_recorded_queries", "record"]

_NAME = "_spruce_alchemy_queries"


@dataclass
class RecordedQuery:
    """A statement; `location` is the file and line of the program's own code."""

    statement: str
    parameters: Any
    start_time: float
    end_time: float
    location: str

    @property
    def duration(self) -> float:
        """How long it took, in seconds."""
        return self.end_time - self.start_time


def get_recorded_queries() -> list[RecordedQuery]:
    """The statements of this app context so far, if SQLALCHEMY_RECORD_QUERIES is set, or DEBUG or TESTING is."""
    found: list[RecordedQuery] = g.get(_NAME, [])
    return found


def record(engine: sa.Engine) -> None:
    """Keep what an engine runs, from now on."""
    if not sa.event.contains(engine, "before_cursor_execute", _begin):
        sa.event.listen(engine, "before_cursor_execute", _begin)
        sa.event.listen(engine, "after_cursor_execute", _end)


def _begin(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
    context._spruce_started = perf_counter()


def _end(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
    if has_app_context():
        file, line = place()
        made = RecordedQuery(statement, parameters, context._spruce_started, perf_counter(), f"{file}:{line}")
        g.setdefault(_NAME, []).append(made)
