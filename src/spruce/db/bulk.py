"""Many objects by few statements: bulk_create with conflicts, bulk_update, in_bulk."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from spruce.db import transactions
from spruce.db.cases import Case, Value, When
from spruce.db.databases import Database
from spruce.db.evaluating import settle_expressions
from spruce.db.references import settle
from spruce.db.siblings import place
from spruce.db.storing import insert_object, unset
from spruce.db.types import MYSQL
from spruce.db.writers import writer_for
from spruce.errors import FieldError

__all__ = ["by_key", "insert_all", "insert_or_else", "update_many", "update_tables"]

_AT_ONCE = 500
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_all(objects: Sequence[Any], database: Database) -> None:
    """Insert objects, those that are alike by one call of the driver, and give them their keys."""
    if objects and objects[0]._meta.parent is not None:  # each needs its key in the next table
        for each in objects:
            insert_object(each, database)
        return
    _place_all(objects, database)
    for each in objects:
        settle_expressions(each, type(each), database)
    connection = transactions.connection(database)
    for (keyed, left), group in _alike(objects).items():
        writer = writer_for(type(group[0]), database, ("insert", keyed, left))
        returns = writer.take is not None and not writer.look
        returned = connection.insert_many(writer.sql, list(map(writer.values, group)), returns)
        for each, new in zip(group, returned, strict=True):
            if returns and writer.take is not None:
                writer.take(each, new)
            elif not keyed:
                each.pk = new
            if writer.look:
                writer.taken(each, connection)
            each._db = database.alias


def _place_all(objects: Sequence[Any], database: Database) -> None:
    """Give objects their places, if their model has such."""
    if objects and objects[0]._meta.placed:
        place(objects, type(objects[0]), database)


def _alike(objects: Sequence[Any]) -> dict[Any, list[Any]]:
    """The objects by the form of the statement that inserts them."""
    groups: dict[Any, list[Any]] = {}
    for each in objects:
        groups.setdefault((each.pk is not None, unset(each, type(each))), []).append(each)
    return groups


def insert_or_else(
    objects: Sequence[Any], database: Database, unique: Sequence[str], update: Sequence[str] | None
) -> None:
    """Insert objects; where a row is in the way leave it, or write the fields `update` to it."""
    for each in objects[:1]:
        if each._meta.parent is not None:
            raise FieldError(
                f"bulk_create() of {type(each).__name__}, which has rows in two tables, cannot go around conflicts",
                hint="Call it without ignore_conflicts and update_conflicts, or save the objects one by one.",
            )
    _place_all(objects, database)
    for (keyed, left), group in _alike(objects).items():
        model = type(group[0])
        writer = writer_for(model, database, ("quiet", keyed, left))
        conflict = "" if writer.sql.endswith("DEFAULT VALUES") else _conflict(model, database.dialect, unique, update)
        sql = f"{writer.sql} {conflict}"
        connection = transactions.connection(database)
        connection.insert_many(sql, list(map(writer.values, group)), returns=False)
        for each in group:
            each._db = database.alias


def _conflict(model: Any, dialect: sa.Dialect, unique: Sequence[str], update: Sequence[str] | None) -> str:
    """The end of an INSERT that says what happens to rows in the way."""
    table, meta = model.__table__, model._meta
    if dialect.name in MYSQL:
        return _duplicates(table, dialect, [meta.pk.attname] if update is None else update, meta)
    statement = _INSERTS[dialect.name](table)
    targets = [table.c[meta.field(name).attname] for name in unique]
    if update is None:
        statement = statement.on_conflict_do_nothing(index_elements=targets or None)
    else:
        changed = {meta.field(name).attname: statement.excluded[meta.field(name).attname] for name in update}
        changed = {table.c[name].name: value for name, value in changed.items()}
        statement = statement.on_conflict_do_update(index_elements=targets, set_=changed)
    text = str(statement.inline().compile(dialect=dialect))
    return text[text.index("ON CONFLICT") :]


def _duplicates(table: sa.Table, dialect: sa.Dialect, names: Sequence[str], meta: Any) -> str:
    """What MariaDB has for it: of all unique columns, whichever are told; a key written to itself leaves the row."""
    quote = dialect.identifier_preparer.quote
    columns = [quote(table.c[meta.field(name).attname].name) for name in names]
    keeps = names == [meta.pk.attname]
    changes = [f"{column} = {column if keeps else f'VALUES({column})'}" for column in columns]
    return f"ON DUPLICATE KEY UPDATE {', '.join(changes)}"


def update_many(query: Any, objects: Iterable[Any], names: Sequence[str], size: int) -> int:
    """Write these fields of saved objects; return how many rows there were."""
    model, found = query.model, list(objects)
    fields = [model._meta.field(name) for name in names]
    if not fields:
        raise FieldError("bulk_update() needs the names of the fields to write")
    if any(field.primary_key for field in fields):
        raise FieldError("bulk_update() cannot write primary keys")
    if any(each.pk is None for each in found):
        raise FieldError("bulk_update() takes saved objects only", hint="Save them with bulk_create().")
    changed = 0
    with transactions.Atomic(query.using(query._database(write=True).alias).db):
        for start in range(0, len(found), size):
            changed += _update_part(query, found[start : start + size], fields)
    return changed


def _update_part(query: Any, part: list[Any], fields: list[Any]) -> int:
    changes: dict[str, Any] = {}
    for field in fields:
        for each in part if field.is_relation else ():
            settle(field, each)
        values = [getattr(each, field.attname) for each in part]
        cases = [
            When(pk=each.pk, then=value if hasattr(value, "key") else Value(field.clean(value)))
            for each, value in zip(part, values, strict=True)
        ]
        changes[field.name] = Case(*cases, default=field.name)
    changed: int = query.filter(pk__in=[each.pk for each in part]).update(**changes)
    return changed


def update_tables(query: Any, values: dict[str, Any]) -> int:
    """Write to the rows of a model that inherits from one with a table, each value to the table that has its field."""
    model, alias = query.model, query._database(write=True).alias
    parts: dict[Any, dict[str, Any]] = {}
    for name, value in values.items():
        parts.setdefault(model._meta.field(name).model, {})[name] = value
    with transactions.Atomic(alias):
        keys = list(query.using(alias).order_by().values_list("pk", flat=True))
        for owner, part in parts.items():
            for start in range(0, len(keys), _AT_ONCE):
                owner._base.using(alias).filter(pk__in=keys[start : start + _AT_ONCE]).update(**part)
    return len(keys)


def by_key(query: Any, keys: Iterable[Any] | None, name: str) -> dict[Any, Any]:
    """The objects by the value of a unique field, all or those of `keys`."""
    field = query.model._meta.field(name)
    if not field.unique:
        raise FieldError(f"in_bulk(field_name={name!r}): {field.label} is not unique", hint="Use filter().")
    if keys is None:
        return {getattr(each, field.attname): each for each in query}
    wanted = list(keys)
    parts = [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]
    return {
        getattr(each, field.attname): each for part in parts for each in query.filter(**{f"{field.attname}__in": part})
    }
