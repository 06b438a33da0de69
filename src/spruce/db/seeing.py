"""Seeing queries: each with the line of the program that it comes from, and what is asked too often.

Everything here is done while somebody looks only: in `watch_queries`, in tests that assert something, and for each
request in debug mode.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from logging import getLogger
from types import FrameType
from typing import Any, NamedTuple

import sqlalchemy

from spruce.events import Event, db_query, request_finished, request_started

__all__ = ["QueryLog", "Repeated", "SeenQuery", "assert_no_n_plus_one", "place", "warn_in_requests", "watch_queries"]

_log = getLogger("spruce.db")
_LIBRARIES = tuple(
    os.path.dirname(os.path.abspath(file)) + os.sep for file in (os.path.dirname(__file__), sqlalchemy.__file__)
)
_own: dict[str, bool] = {}  # whether a file is the program's own, as far as was asked
_LEAST = 3
_LEAST_WITHOUT_RELATION = 10  # in requests, where nobody asked for the advice
_SHOWN = 200  # characters of SQL


class SeenQuery(NamedTuple):
    """A statement that ran: what was sent, how long it took, where it comes from.

    `relation` is what was loaded for one object, as `Category.products`, and `remedy` the step that loads it for all;
    both are empty for other queries.
    """

    sql: str
    parameters: Sequence[Any]
    seconds: float
    rows: int
    database: str
    file: str
    line: int
    relation: str
    remedy: str

    @property
    def where(self) -> str:
        """`shop/views.py:31`, from the working folder."""
        try:
            return f"{os.path.relpath(self.file)}:{self.line}"
        except ValueError:  # another drive
            return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{' '.join(self.sql.split())} ({self.where})"


class Repeated(NamedTuple):
    """Queries of which one would have done, and what to do about it."""

    times: int
    first: SeenQuery
    same: bool  # whether they ask for the very same

    def __str__(self) -> str:
        first, sql = self.first, " ".join(self.first.sql.split())
        shown = sql if len(sql) <= _SHOWN else f"{sql[:_SHOWN]}…"
        if first.relation:
            return (
                f"{self.times} queries at {first.where} load {first.relation} for one object each. "
                f"Add .{first.remedy} to the query that the objects come from."
            )
        if self.same:
            return f"{self.times} queries at {first.where} are the same: {shown}. Keep what the first one finds."
        return (
            f"{self.times} queries at {first.where} differ in their values only: {shown}. "
            "Ask for all at once, with …__in=[…] or in_bulk()."
        )


class QueryLog:
    """The statements that ran while it was open, in `queries`."""

    def __init__(self) -> None:
        self.queries: list[SeenQuery] = []

    def __len__(self) -> int:
        return len(self.queries)

    def __iter__(self) -> Iterator[SeenQuery]:
        return iter(self.queries)

    def repeated(self, least: int = _LEAST) -> list[Repeated]:
        """What was asked from one line at least so many times: for one object each (N+1), or even the very same."""
        groups: dict[Any, list[SeenQuery]] = {}
        for query in self.queries:
            if query.sql.lstrip()[:6].upper() == "SELECT":
                groups.setdefault((query.file, query.line, query.sql, query.database), []).append(query)
        found = []
        for group in groups.values():
            different = len({repr(query.parameters) for query in group})
            if different >= least:
                found.append(Repeated(len(group), group[0], same=False))
            elif len(group) >= least:
                found.append(Repeated(len(group), group[0], same=True))
        return found


def place() -> tuple[str, int]:
    """The file and line of the program's own code that runs, be it Python or a template; empty if there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        own = _own.get(file)
        if own is None:
            own = _own[file] = not file.startswith((*_LIBRARIES, "<"))
        if own:
            return file, frame.f_lineno
        frame = frame.f_back
    return "", 0


_open: ContextVar[tuple[QueryLog, ...]] = ContextVar("spruce_query_logs", default=())


def _note(event: Event) -> None:
    logs = _open.get()
    if logs:
        seen = SeenQuery(**{name: event[name] for name in SeenQuery._fields})  # type: ignore[arg-type] # as declared
        for log in logs:
            log.queries.append(seen)


@contextmanager
def watch_queries() -> Iterator[QueryLog]:
    """Note the statements that the block runs, and the green threads that it spawns."""
    log = QueryLog()
    leave = db_query.subscribe(_note) if not _open.get() else lambda: None  # the outer one notes them for all
    token = _open.set((*_open.get(), log))
    try:
        yield log
    finally:
        _open.reset(token)
        leave()


@contextmanager
def assert_no_n_plus_one(least: int = _LEAST) -> Iterator[QueryLog]:
    """Raise AssertionError, with advice, if one line of the block's code runs a query `least` times where one would do.

    Those are queries that load a relation for one object after another, that differ in their values only, or that are
    the very same.
    """
    with watch_queries() as log:
        yield log
    found = log.repeated(least)
    if found:
        raise AssertionError("\n".join(["queries are repeated:", *(f"  {each}" for each in found)]))


def warn_in_requests() -> Callable[[], None]:
    """Log a warning for each request that repeats queries, from now until the function that is returned is called."""
    leaving = [
        db_query.subscribe(_note),
        request_started.subscribe(_begin),
        request_finished.subscribe(_warn),
    ]

    def leave() -> None:
        for each in leaving:
            each()

    return leave


def _begin(event: Event) -> None:
    _open.set((QueryLog(),))


def _warn(event: Event) -> None:
    logs = _open.get()
    _open.set(())
    request: Any = event["request"]
    for found in logs[0].repeated() if logs else ():
        if found.first.relation or found.times >= _LEAST_WITHOUT_RELATION:
            _log.warning("%s %s: %s", request.method, request.path, found)
