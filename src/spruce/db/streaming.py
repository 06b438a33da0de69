"""Rows of a large result one by one: read from the database, made into objects and forgotten a chunk at a time."""

from collections.abc import Iterator
from typing import Any

from spruce.db import transactions
from spruce.db.builder import plan_for
from spruce.db.prefetching import prefetch

__all__ = ["stream_rows"]


def stream_rows(query: Any, size: int) -> Iterator[Any]:
    """The rows of a QuerySet, `size` at a time in memory; what it prefetches is loaded for each chunk."""
    if size < 1:
        raise ValueError(f"iterator(chunk_size={size}): a chunk has 1 row at least")
    shape, args = query._ends()
    if shape.empty:
        return
    database = query._database(write=False)
    plan: Any = plan_for(shape, database.dialect)
    parameters = args if plan.bind is None else plan.bind(args)
    for found in transactions.connection(database, query._instance).stream(plan.sql, parameters, size):
        rows = plan.load(found, database.alias)
        if query._prefetch and query._makes_objects():
            prefetch(rows, query._prefetch)
        yield from rows
