"""Deleting rows together with what points to them, as each ForeignKey's `on_delete` says.

Where nothing points to a model one statement does it. Otherwise the rows are looked for first, level by level, inside
of a transaction, so that the answer can count them and a row that is protected is named.
"""

from typing import Any

from spruce.db.databases import Database
from spruce.db.relations import CASCADE, DO_NOTHING, PROTECT, RESTRICT, SET_NULL, ForeignKey
from spruce.db.transactions import Atomic
from spruce.errors import ProtectedError

__all__ = ["delete_rows"]

_AT_ONCE = 1000

Counts = dict[str, int]


def delete_rows(query: Any, database: Database) -> tuple[int, Counts]:
    """Delete the rows of a query and what depends on them; return how many, in all and by model."""
    counts: Counts = {}
    if not query.model._meta.pointing:
        _count(counts, query.model, query.delete_only(database))
    else:
        with Atomic(database.alias):
            keys = list(query.using(database.alias).order_by().values_list("pk", flat=True))
            _delete(query.model, keys, database, counts, set())
    return sum(counts.values()), counts


def _count(counts: Counts, model: Any, number: int) -> None:
    if number:
        counts[model.__name__] = counts.get(model.__name__, 0) + number


def _delete(model: Any, keys: list[Any], database: Database, counts: Counts, seen: set[tuple[Any, Any]]) -> None:
    keys = [key for key in keys if (model, key) not in seen]
    seen.update((model, key) for key in keys)
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        for field in model._meta.pointing:
            _let_go(field, part, database, counts, seen)
        model._base.filter(pk__in=part).delete_only(database)
        _count(counts, model, len(part))  # of a ring of rows the database itself may have deleted some already


def _let_go(
    field: ForeignKey[Any], keys: list[Any], database: Database, counts: Counts, seen: set[tuple[Any, Any]]
) -> None:
    """Do to the rows that point to `keys` by `field` what its `on_delete` says."""
    pointing = field.model._base.using(database.alias).filter(**{f"{field.name}__in": keys})
    if field.on_delete is CASCADE:
        found = list(pointing.order_by().values_list("pk", flat=True))
        if found:
            _delete(field.model, found, database, counts, seen)
    elif field.on_delete in (PROTECT, RESTRICT):
        some = list(pointing[:3])
        if some:
            raise ProtectedError(
                f"cannot delete a {field.target.__name__} that {field.label} points to with "
                f"on_delete={field.on_delete!r}: {', '.join(map(repr, some))} …",
                hint="Delete those first, or let them point elsewhere.",
            )
    elif field.on_delete is not DO_NOTHING:
        pointing.update(**{field.name: None if field.on_delete is SET_NULL else field.initial()})
