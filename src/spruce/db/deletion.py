"""Deleting rows together with what points to them, as each ForeignKey's `on_delete` says.

Where nothing points to a model and nobody listens, one statement does it. A model that inherits from one with a table
has rows in both, and they go together. Otherwise the rows are looked for first,
level by level, inside of a transaction, so that the answer can count them and a row that is protected is named.
"""

from typing import Any

from spruce.db.databases import Database
from spruce.db.ondelete import CASCADE, DO_NOTHING, PROTECT, RESTRICT, SET, SET_NULL
from spruce.db.relations import ForeignKey
from spruce.db.signals import post_delete, pre_delete
from spruce.db.transactions import Atomic
from spruce.errors import ProtectedError, RestrictedError

__all__ = ["delete_rows"]

_AT_ONCE = 1000
_TOLD = 100  # rows that an error has

Counts = dict[str, int]


def delete_rows(
    query: Any, database: Database, instance: Any = None, *, keep_parents: bool = False
) -> tuple[int, Counts]:
    """Delete the rows of a query and what depends on them; return how many, in all and by model.

    `instance` is the object that the one row is, if there is one. With `keep_parents` the rows that they have in the
    tables of parents stay.
    """
    deletion = _Deletion(database, query if instance is None else instance, keep_parents)
    model = query.model
    if not model._meta.pointing and not model._meta.generic and not model._meta.parent and not _heard(model):
        deletion.count(model, query.delete_only(database))
    else:
        with Atomic(database.alias):
            if instance is not None:
                keys = [instance.pk]
            else:
                keys = list(query.using(database.alias).order_by().values_list("pk", flat=True))
            if _restricts(model, set()):
                deletion.check(model, keys)
            deletion.delete(model, keys)
    return sum(deletion.counts.values()), deletion.counts


def _heard(model: Any) -> bool:
    """Whether anybody wants to know of each object of a model."""
    return bool(pre_delete.listeners or post_delete.listeners) and (
        pre_delete.has_listeners(model) or post_delete.has_listeners(model)
    )


def _restricts(model: Any, seen: set[Any]) -> bool:
    """Whether a ForeignKey with RESTRICT points to a model, or to one whose rows go with those of it."""
    if model in seen:
        return False
    seen.add(model)
    fields = model._meta.pointing
    goes_on = [field.model for field in fields if field.on_delete is CASCADE]
    goes_on += [model._meta.parent] if model._meta.parent is not None else []
    return any(field.on_delete is RESTRICT for field in fields) or any(_restricts(each, seen) for each in goes_on)


class _Deletion:
    """One call of delete(): `counts` what it has deleted so far, by model."""

    def __init__(self, database: Database, origin: Any, keep_parents: bool = False) -> None:
        self.database = database
        self.origin = origin
        self.keep_parents = keep_parents
        self.counts: Counts = {}
        self._seen: set[tuple[Any, Any]] = set()
        self._going: dict[Any, set[Any]] = {}  # the keys that check() has found

    def count(self, model: Any, number: int) -> None:
        """Note that so many rows are gone."""
        if number:
            self.counts[model.__name__] = self.counts.get(model.__name__, 0) + number

    def check(self, model: Any, keys: list[Any]) -> None:
        """Raise RestrictedError if a row that stays points to one that goes by a ForeignKey with RESTRICT."""
        restricted: list[tuple[ForeignKey[Any], list[Any]]] = []
        self._gather(model, keys, self._going, restricted)
        for field, pointed in restricted:
            rows = self._pointing(field, pointed)
            gone = self._going.get(field.model, set())
            some = [each for each in rows if each.pk not in gone][:_TOLD]
            if some:
                raise _refusal(RestrictedError, field, some)

    def _gather(self, model: Any, keys: list[Any], going: dict[Any, set[Any]], restricted: list[Any]) -> None:
        """Note which rows go with those of these keys, and which fields restrict that."""
        known = going.setdefault(model, set())
        new = [key for key in keys if key not in known]
        known.update(new)
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            for field in model._meta.pointing:
                if field.on_delete is RESTRICT:
                    restricted.append((field, part))
                elif field.on_delete is CASCADE:
                    rows = self._pointing(field, part).order_by().values_list("pk", flat=True)
                    self._gather(field.model, list(rows), going, restricted)
            if model._meta.parent is not None and not self.keep_parents:
                self._gather(model._meta.parent, part, going, restricted)

    def _pointing(self, field: ForeignKey[Any], keys: list[Any]) -> Any:
        """The rows that point to the rows of `keys` by a field."""
        path = field.name if field.plain_key else f"{field.name}__pk"
        return field.model._base.using(self.database.alias).filter(**{f"{path}__in": keys})

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
            for relation in model._meta.generic:
                found = relation.pointing(model, self.database.alias, part).order_by().values_list("pk", flat=True)
                self.delete(relation.target, list(found))
            rows.delete_only(self.database)
            self.count(model, len(part))  # of a ring of rows the database itself may have deleted some already
            if model._meta.parent is not None and not self.keep_parents:
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
        pointing = self._pointing(field, keys)
        if field.on_delete in (CASCADE, RESTRICT):
            found = list(pointing.order_by().values_list("pk", flat=True))
            if field.on_delete is RESTRICT:  # another one has come meanwhile, and the database will restrict it
                found = [key for key in found if key in self._going.get(field.model, ())]
            if found:
                self.delete(field.model, found)
        elif field.on_delete is PROTECT:
            some = list(pointing[:_TOLD])
            if some:
                raise _refusal(ProtectedError, field, some)
        elif isinstance(field.on_delete, SET):
            pointing.update(**{field.name: field.on_delete()})
        elif field.on_delete is not DO_NOTHING:
            pointing.update(**{field.name: None if field.on_delete is SET_NULL else field.initial()})


def _refusal(kind: type[ProtectedError], field: ForeignKey[Any], some: list[Any]) -> ProtectedError:
    """The error that names rows that are in the way."""
    made = kind(
        f"cannot delete a {field.target.__name__} that {field.label} points to with "
        f"on_delete={field.on_delete!r}: {', '.join(map(repr, some[:3]))} …",
        hint="Delete those first, or let them point elsewhere.",
    )
    made.protected_objects = tuple(some)
    return made
