"""Writing objects: save, create and delete; the statements are those of writers.py."""

from collections.abc import Collection
from typing import Any

from spruce.db import transactions
from spruce.db.databases import Database, choose
from spruce.db.deletion import delete_rows
from spruce.db.evaluating import settle_expressions, update_expressions
from spruce.db.fields import REQUIRED, UNSET, Computed, Field
from spruce.db.records import Record
from spruce.db.references import settle
from spruce.db.signals import post_save, pre_save
from spruce.db.writers import writer_for
from spruce.errors import DatabaseError

__all__ = ["delete_object", "insert_object", "save_object", "unset"]


def save_object(
    instance: Record,
    using: str | None,
    update_fields: Collection[str] | None,
    force_insert: bool,
    force_update: bool = False,
) -> None:
    """Insert or update, see `Model.save`."""
    model = type(instance)
    database = choose(using, model, write=True, instance=instance)
    if not (pre_save.listeners or post_save.listeners):
        _save(instance, database, update_fields, force_insert, force_update)
        return
    names = None if update_fields is None else frozenset(update_fields)
    told = {"instance": instance, "raw": False, "using": database.alias, "update_fields": names}
    pre_save.send(model, **told)
    created = _save(instance, database, update_fields, force_insert, force_update)
    post_save.send(model, **told, created=created)


def _save(
    instance: Record, database: Database, update_fields: Collection[str] | None, insert: bool, update: bool
) -> bool:
    """Write an object; return whether it has a new row."""
    if instance._partial and update_fields is None and not insert and instance._db == database.alias:
        # what was left out is left alone
        stored = [field for field in instance._meta.fields if not (field.primary_key or field.generated)]
        update_fields = [field.name for field in stored if field.attname in vars(instance)]
    if instance._meta.parent is not None:
        return _save_lineage(instance, database, update_fields, insert, update)
    return _save_row(instance, type(instance), database, update_fields, insert, update)


def _save_lineage(
    instance: Record, database: Database, update_fields: Collection[str] | None, insert: bool, update: bool
) -> bool:
    """Write an object to the tables of its model and of the models that it inherits from, the oldest first."""
    meta, before, created = instance._meta, instance._db, False
    try:
        with transactions.Atomic(database.alias):
            for model in meta.lineage:
                _hand_on_key(instance, model)
                names = _of_table(instance, model, update_fields)
                if names is None or names:
                    forced = created or (insert and model is meta.model)
                    created = _save_row(instance, model, database, names, forced, update)
    except BaseException:
        instance._db = before
        raise
    return created


def _of_table(instance: Record, model: type[Record], names: Collection[str] | None) -> list[str] | None:
    """Those of the fields that are in the table of `model`; None is all."""
    return None if names is None else [name for name in names if instance._meta.field(name) in model._meta.local]


def _hand_on_key(instance: Record, model: type[Record]) -> None:
    """Let the row of `model` have the key of the object, as the links to its parents tell it, or the rows before it."""
    meta = instance._meta
    for each in meta.lineage:
        if each._meta.link is not None:
            settle(each._meta.link, instance)
    known = [key for name in meta.keys if (key := getattr(instance, name)) not in (None, UNSET)]
    if known and getattr(instance, model._meta.pk.attname) in (None, UNSET):
        setattr(instance, model._meta.pk.attname, known[0])


def _save_row(
    instance: Record,
    model: type[Record],
    database: Database,
    update_fields: Collection[str] | None,
    insert: bool,
    update: bool,
) -> bool:
    """Write an object to the table of `model`, which is its own or a parent's; return whether it has a new row."""
    pk = model._meta.pk
    if update_fields is not None:
        names = tuple(instance._meta.field(name).attname for name in update_fields)
        if names and not _update(instance, model, database, names):
            raise DatabaseError(
                f"{instance!r} was not saved: update_fields writes to a row that exists, and there is none"
            )
        return False
    insert = insert or (instance._db is None and _has_default(pk) and not update)
    keyed = getattr(instance, pk.attname) not in (None, UNSET)
    if keyed and not insert and _update(instance, model, database, None):
        return False
    if update:
        raise DatabaseError(f"{instance!r} was not saved: force_update wants a row that exists, and there is none")
    _insert_row(instance, model, database)
    return True


def _has_default(field: Field[Any]) -> bool:
    return field.default is not REQUIRED or field.db_default is not REQUIRED


def insert_object(instance: Record, database: Database) -> None:
    """Write a new row and take its key."""
    meta = instance._meta
    if meta.counted and getattr(instance, meta.counted) is None:  # the way of most objects
        writer = meta.writers.get((database.dialect.name, "insert", False, ()))
        if writer is not None and writer.take is None:
            try:
                values = writer.values(instance)
            except Computed:
                settle_expressions(instance, type(instance), database)
                values = writer.values(instance)
            setattr(instance, meta.counted, transactions.connection(database).insert(writer.sql, values))
            instance._db = database.alias
            return
    if meta.parent is not None:
        _save_lineage(instance, database, None, insert=True, update=False)
    else:
        _insert_row(instance, type(instance), database)


def _insert_row(instance: Record, model: type[Record], database: Database) -> None:
    """Write a new row in the table of `model` and take what the database gives."""
    try:
        _insert_values(instance, model, database)
    except Computed:
        settle_expressions(instance, model, database)
        _insert_values(instance, model, database)


def _insert_values(instance: Record, model: type[Record], database: Database) -> None:
    meta = model._meta
    key = meta.pk.attname
    if meta.pk.is_relation:
        settle(meta.pk, instance)
        meta.pk.clean(getattr(instance, key))
    keyed = getattr(instance, key) not in (None, UNSET)
    kind = ("insert", keyed, unset(instance, model)) if meta.left else ("insert", keyed, ())
    writer = writer_for(model, database, kind)
    connection = transactions.connection(database)
    if writer.take is None or writer.look:
        new = connection.insert(writer.sql, writer.values(instance))
        if not keyed:
            setattr(instance, key, new)
        if writer.look:
            writer.taken(instance, connection)
    else:
        writer.take(instance, connection.rows(writer.sql, writer.values(instance))[0])
    instance._db = database.alias


def unset(instance: Record, model: type[Record]) -> tuple[str, ...]:
    """The fields of an object in the table of `model` to which the database will give their values."""
    return tuple(name for name in model._meta.left if getattr(instance, name) is UNSET)


def _update(instance: Record, model: type[Record], database: Database, names: tuple[str, ...] | None) -> bool:
    try:
        return _update_values(instance, model, database, names)
    except Computed:
        with transactions.Atomic(database.alias):
            rest = update_expressions(instance, model, database, names)
            return _update_values(instance, model, database, rest)


def _update_values(instance: Record, model: type[Record], database: Database, names: tuple[str, ...] | None) -> bool:
    if model._meta.left and (left := unset(instance, model)):
        fields = [field.attname for field in model._meta.local if not field.primary_key and not field.generated]
        names = tuple(name for name in names or fields if name not in left)
    writer = writer_for(model, database, ("update", names, ()))
    connection = transactions.connection(database)
    if writer.take is None or writer.look:
        found = connection.change(writer.sql, writer.values(instance)) > 0
        if writer.look:
            writer.taken(instance, connection)
    else:
        rows = connection.rows(writer.sql, writer.values(instance))
        found = bool(rows)
        for row in rows:
            writer.take(instance, row)
    if found:
        instance._db = database.alias
    return found


def delete_object(instance: Record, using: str | None, *, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
    """Delete the row of an object, see `Model.delete`."""
    if instance.pk is None:
        raise ValueError(f"{instance!r} has no key, so there is no row of it to delete: save it first")
    database = choose(using, type(instance), write=True, instance=instance)
    query = type(instance)._base.using(database.alias).filter(pk=instance.pk)
    answer = delete_rows(query, database, instance, keep_parents=keep_parents)
    instance.pk = None
    return answer
