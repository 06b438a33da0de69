"""COPY of PostgreSQL: many rows in and out as a stream, never all in memory."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any, Literal

from spruce import green
from spruce.db import transactions
from spruce.db.builder import plan_for
from spruce.db.databases import Database, choose
from spruce.db.opened import find
from spruce.db.writers import writer_for
from spruce.errors import ConfigError

__all__ = ["copy_from", "copy_to"]

_AT_ONCE = 5_000  # rows of one COPY
_WAITING = 8  # pieces that may wait for who reads them

Form = Literal["csv", "text", "binary"]


def copy_from(model: Any, objects: Iterable[Any], *, using: str | None = None) -> int:
    """Insert objects of a model, or dicts of its fields, as they come out of an iterable; return how many.

    All or none. No signals are sent, and the objects don't get their keys; values are checked as by `save()`.
    """
    database = _postgres(choose(using, model, write=True))
    if _has_no_hub(database):
        return green.in_background(copy_from, model, objects, using=using)
    count, rows = 0, iter(objects)
    with transactions.Atomic(database.alias):
        while part := [model(**each) if isinstance(each, Mapping) else each for each in islice(rows, _AT_ONCE)]:
            groups: dict[bool, list[Any]] = {}
            for each in part:
                groups.setdefault(each.pk is not None, []).append(each)
            for keyed, group in groups.items():
                _copy_in(model, group, keyed, database)
            count += len(part)
    return count


def _copy_in(model: Any, objects: list[Any], keyed: bool, database: Database) -> None:
    table, writer = model.__table__, writer_for(model, database, ("quiet", keyed, ()))
    fields = [field for field in model._meta.local if (keyed or not field.primary_key) and not field.generated]
    columns = [table.c[field.attname].name for field in fields]
    records = [writer.values(each) for each in objects]
    with _raw(database) as raw:
        green.await_(raw.copy_records_to_table(table.name, records=records, columns=columns))


def copy_to(
    query: Any,
    *,
    format: Form = "csv",  # noqa: A002 - PostgreSQL's word
    header: bool = False,
    delimiter: str | None = None,
) -> Iterator[bytes]:
    """The rows of a QuerySet, or of a model, in pieces of bytes, as a file or a streamed response takes them.

    `copy_to(Product.objects.values("name", "price"), header=True)`. Nothing runs before the first piece is asked for.
    """
    query = getattr(query, "objects", query).all()
    database = _postgres(query._database(write=False))
    if _has_no_hub(database):
        pieces = green.in_background(lambda: list(copy_to(query, format=format, header=header, delimiter=delimiter)))
        yield from pieces
        return
    shape, values = query._ends()
    plan = plan_for(shape, database.dialect)
    parameters = values if plan.bind is None else plan.bind(values)
    options: dict[str, Any] = {"format": format, "delimiter": delimiter}
    if format == "csv":
        options["header"] = header
    with _savepoint(database), _raw(database) as raw:
        yield from _pieces(raw, plan.sql, parameters, options)


def _pieces(raw: Any, sql: str, parameters: Any, options: dict[str, Any]) -> Iterator[bytes]:
    """What COPY gives; it waits for who reads it."""
    waiting: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)

    async def fill() -> None:
        try:
            await raw.copy_from_query(sql, *parameters, output=waiting.put, **options)
        finally:
            await waiting.put(None)

    async def start() -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(fill())

    task = green.await_(start())
    ended = False
    try:
        while (piece := green.await_(waiting.get())) is not None:
            yield piece
        ended = True
        green.await_(task)
    finally:
        if not ended:
            task.cancel()
            while not waiting.empty():
                waiting.get_nowait()
            green.await_(asyncio.wait([task]))


@contextmanager
def _savepoint(database: Database) -> Iterator[None]:
    """Let a transaction go on when not all pieces were read, which breaks off the statement."""
    opened = find(database)
    if opened is None:
        yield
        return
    try:
        opened.transaction.savepoint("spruce_copy")
        yield
    except BaseException:
        opened.transaction.rollback_to("spruce_copy")
        raise
    opened.transaction.release("spruce_copy")


@contextmanager
def _raw(database: Database) -> Iterator[Any]:
    """The connection of asyncpg's that a statement of this green thread would run on."""
    driver: Any = database.driver
    opened = find(database)
    transaction: Any = driver.begin() if opened is None else opened.transaction
    try:
        yield transaction.link.raw
    except driver.failures as error:
        raise driver.translated(error, "COPY") from error
    finally:
        if opened is None:
            transaction.rollback()


def _postgres(database: Database) -> Database:
    driver: Any = database.driver
    if database.dialect.name != "postgresql" or not hasattr(driver, "copies"):
        raise ConfigError(
            f"COPY needs PostgreSQL by asyncpg, and the database {database.alias!r} is {database.url!r}",
            hint="bulk_create() and iterator() work on every database.",
        )
    return database


def _has_no_hub(database: Database) -> bool:
    """Whether this is an OS thread whose connections are in the background."""
    driver: Any = database.driver
    return driver.pool() is None
