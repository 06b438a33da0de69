"""Counting queries, for tests: `with db.assert_num_queries(2): …`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from spruce import green
from spruce.events import Event, db_query

__all__ = ["assert_num_queries"]


@contextmanager
def assert_num_queries(number: int, *, using: str | None = None) -> Iterator[list[str]]:
    """Raise AssertionError if the block does not run exactly so many statements, and list them; yield their SQL.

    Those of other green threads don't count; with `using`, neither do those of other databases.
    """
    seen: list[str] = []
    places: list[str] = []
    owner = green.get_ident()

    def count(event: Event) -> None:
        if green.get_ident() == owner and using in (None, event["database"]):
            seen.append(str(event["sql"]))
            places.append(f"{os.path.relpath(str(event['file']))}:{event['line']}")

    leave = db_query.subscribe(count)
    try:
        yield seen
    finally:
        leave()
    if len(seen) != number:
        numbered = enumerate(zip(seen, places, strict=True), 1)
        listed = "".join(f"\n  {i}. {' '.join(sql.split())} ({where})" for i, (sql, where) in numbered)
        raise AssertionError(f"{len(seen)} queries ran, and {number} were expected:{listed or ' none'}")
