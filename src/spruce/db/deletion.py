"""Deleting rows together with what points to them, as each ForeignKey's `on_delete` says.

Where nothing points to a model and nobody listens, one statement does it. A model that inherits from one with a table
has rows in both, and they go together. Otherwise the rows are looked for first,
level by level, inside of a transaction, so that the answer can count them and a row that is protected is named.
"""

from typing import Any

from spruce.db.databases import Database
from spruce.db.relations import CASCADE, DO_NOTHING, PROTECT, RESTRICT, SET, SET_NULL, ForeignKey
from spruce.db.signals import post_delete, pre_delete
from spruce.db.transactions import Atomic
from spruce.errors import ProtectedError

__all__ = ["delete_rows"]

_AT_ONCE = 1000

Counts = dict[str, int]


def delete_rows(query: Any, database: Database, instance: Any = None) -> tuple[int, Counts]:
    """Delete the rows of a query and what depends on them; return how many, in all and by model.

    `instance` is the object that the one row is, if there is one.
    """
    deletion = _Deletion(database, query if instance is None else instance)
    model = query.model
    if not model._meta.pointing and not model._meta.parent and not _heard(model):
        deletion.count(model, query.delete_only(database))
    else:
        with Atomic(database.alias):
            if instance is not None:
                keys = [instance.pk]
            else:
                keys = list(query.using(database.alias).order_by().values_list("pk", flat=True))
            deletion.delete(model, keys)
    return sum(deletion.counts.values()), deletion.counts


def _heard(model: Any) -> bool:
    """Whether anybody wants to know of each object of a model."""
    return bool(pre_delete.listeners or post_delete.listeners) and (
        pre_delete.has_listeners(model) or post_delete.has_listeners(model)
    )


class _Deletion:
    """One call of delete(): `counts` what it has deleted so far, by model."""

    def __init__(self, database: Database, origin: Any) -> None:
        self.database = database
        self.origin = origin
        self.counts: Counts = {}
        self._seen: set[tuple[Any, Any]] = set()

    def count(self, model: Any, number: int) -> None:
        """Note that so many rows are gone."""
        if number:
            self.counts[model.__name__] = self.counts.get(model.__name__, 0) + number

    def delete(self, model: Any, keys: list[Any]) -> None:
        """Delete the rows of these keys, after those that depend on them."""
        keys = [key for key in keys if (model, key) not in self._seen]
        self._seen.update((model, key) for key in keys)
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            rows = model._base.using(self.database.alias).filter(pk__in=part)
            objects = self._objects(rows) if _heard(model) else []
            for each in objects:
                pre_delete.send(model, instance=each, using=self.database.alias, origin=self.origin)
            for field in model._meta.pointing:
                self._let_go(field, part)
            rows.delete_only(self.database)
            self.count(model, len(part))  # of a ring of rows the database itself may have deleted some already
            if model._meta.parent is not None:
                self.delete(model._meta.parent, part)
            for each in objects:
                post_delete.send(model, instance=each, using=self.database.alias, origin=self.origin)

    def _objects(self, rows: Any) -> list[Any]:
        """The objects of some rows; the one whose `delete()` was called is itself."""
        if hasattr(type(self.origin), "_meta") and type(self.origin) is rows.model:
            return [self.origin if each.pk == self.origin.pk else each for each in rows]
        return list(rows)

    def _let_go(self, field: ForeignKey[Any], keys: list[Any]) -> None:
        """Do to the rows that point to `keys` by `field` what its `on_delete` says."""
        pointing = field.model._base.using(self.database.alias).filter(**{f"{field.name}__in": keys})
        if field.on_delete is CASCADE:
            found = list(pointing.order_by().values_list("pk", flat=True))
            if found:
                self.delete(field.model, found)
        elif field.on_delete in (PROTECT, RESTRICT):
            some = list(pointing[:3])
            if some:
                raise ProtectedError(
                    f"cannot delete a {field.target.__name__} that {field.label} points to with "
                    f"on_delete={field.on_delete!r}: {', '.join(map(repr, some))} …",
                    hint="Delete those first, or let them point elsewhere.",
                )
        elif isinstance(field.on_delete, SET):
            pointing.update(**{field.name: field.on_delete()})
        elif field.on_delete is not DO_NOTHING:
            pointing.update(**{field.name: None if field.on_delete is SET_NULL else field.initial()})
