"""Waiting for the locks of SQLite: what other threads and processes hold is asked for again, with back-off."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from spruce import green
from spruce.db.sqlite_actions import within_range
from spruce.db.sqlite_errors import Named, is_busy, locked, translated

__all__ = ["FAILURES", "Action", "Parameters", "attempt", "stepped", "until_free"]

T = TypeVar("T")
Parameters = Sequence[Any]
Action = Callable[[Any, str, Parameters], T]

FAILURES: Final = (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError)  # ValueError: text that is no Unicode
"""What a statement raises when something is wrong."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.03


def attempt(place: Named, raw: Any, action: "Action[T]", sql: str, parameters: Parameters) -> T:
    """Run a statement that waits for nobody. Raises our errors."""
    try:
        return action(raw, sql, parameters)
    except FAILURES as error:
        raise translated(error, sql, place) from error


def until_free(place: Named, action: Callable[[], T], sql: str, deadline: float) -> T:
    """Repeat an action while the database is locked, up to the deadline."""
    pause = _FIRST_PAUSE
    while True:
        try:
            return action()
        except FAILURES as error:
            if not is_busy(error):
                raise translated(error, sql, place) from error
            if time.monotonic() >= deadline:
                raise locked(place) from error
        _sleep(pause * (0.5 + random.random()))  # noqa: S311 - spreads out the waiters, secures nothing
        pause = min(pause * 2, _LONGEST_PAUSE)


def stepped(place: Named, raw: Any, sql: str, parameters: Parameters, size: int) -> Iterator[list[Any]]:
    """The rows of a query on a connection, read `size` at a time."""
    deadline = time.monotonic() + place.timeout
    cursor = until_free(place, lambda: raw.execute(sql, within_range(parameters)), sql, deadline)
    while rows := cursor.fetchmany(size):
        yield rows


def _sleep(seconds: float) -> None:
    """Let other green threads run; in plain code, just wait."""
    if isinstance(green.get_ident(), green.GreenThread):
        green.sleep(seconds)
    else:
        time.sleep(seconds)
