"""Writing objects: save, create and delete, with statements that are made once per model and dialect.

`Writer` is what a model needs to be written on one dialect: the SQL, and a generated `values(object)` that makes each
field's value fit (see `Field.clean`), puts it back into the object, and returns the driver's parameters.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from spruce.db import transactions
from spruce.db.databases import Database, choose
from spruce.db.fields import CharField, Field, WholeField
from spruce.db.loaders import compile_function
from spruce.db.records import Record
from spruce.db.relations import ForeignKey, settle
from spruce.errors import DatabaseError

__all__ = ["Writer", "delete_object", "insert_object", "save_object", "writer_for"]


class Writer:
    """How the objects of a model are written: some of its fields, by one statement."""

    def __init__(self, sql: str, values: Callable[[Any], tuple[Any, ...]]) -> None:
        self.sql = sql
        self.values = values


def save_object(instance: Record, using: str | None, update_fields: Sequence[str] | None, force_insert: bool) -> None:
    """Insert or update, see `Model.save`."""
    database = choose(using, type(instance), write=True, instance=instance)
    if instance._partial and update_fields is None and not force_insert:  # what was left out is left alone
        update_fields = [field.name for field in instance._meta.fields if field.attname in vars(instance)]
        update_fields.remove(instance._meta.pk.name)
    if update_fields is not None:
        names = tuple(instance._meta.field(name).attname for name in update_fields)
        if names and not _update(instance, database, names):
            raise DatabaseError(
                f"{instance!r} was not saved: update_fields writes to a row that exists, and there is none"
            )
        return
    if instance.pk is None or force_insert or not _update(instance, database, None):
        insert_object(instance, database)


def insert_object(instance: Record, database: Database) -> None:
    """Write a new row and take its key."""
    meta = instance._meta
    key = meta.pk.attname
    keyed = getattr(instance, key) is not None
    writer = writer_for(type(instance), database, ("insert", keyed))
    new = transactions.connection(database).insert(writer.sql, writer.values(instance))
    if not keyed:
        setattr(instance, key, new)
    instance._db = database.alias


def _update(instance: Record, database: Database, names: tuple[str, ...] | None) -> bool:
    writer = writer_for(type(instance), database, ("update", names))
    found = transactions.connection(database).change(writer.sql, writer.values(instance)) > 0
    if found:
        instance._db = database.alias
    return found


def delete_object(instance: Record, using: str | None) -> tuple[int, dict[str, int]]:
    """Delete the row of an object, see `Model.delete`."""
    if instance.pk is None:
        raise ValueError(f"{instance!r} has no key, so there is no row of it to delete: save it first")
    database = choose(using, type(instance), write=True, instance=instance)
    answer: tuple[int, dict[str, int]] = type(instance)._base.using(database.alias).filter(pk=instance.pk).delete()
    instance.pk = None
    return answer


def writer_for(model: type[Record], database: Database, kind: tuple[str, Any]) -> Writer:
    """The writer of a kind: ("insert", with a key) or ("update", the fields or None for all)."""
    key = (database.dialect.name, *kind)
    writer: Writer | None = model._meta.writers.get(key)
    if writer is None:
        make = _insert if kind[0] == "insert" else _updates
        writer = model._meta.writers[key] = make(model, database.dialect, kind[1])
    return writer


def _insert(model: type[Record], dialect: sa.Dialect, keyed: bool) -> Writer:
    fields = [field for field in model._meta.fields if keyed or not field.primary_key]
    statement = sa.insert(model.__table__).values(
        {field.attname: sa.bindparam(f"p_{field.attname}") for field in fields}
    )
    if not fields:
        statement = sa.insert(model.__table__)
    return _made(statement, fields, dialect, adding=True)


def _updates(model: type[Record], dialect: sa.Dialect, names: tuple[str, ...] | None) -> Writer:
    meta = model._meta
    fields = [field for field in meta.fields if not field.primary_key and (names is None or field.attname in names)]
    own = meta.pk.attname
    changed: dict[str, Any] = {field.attname: sa.bindparam(f"p_{field.attname}") for field in fields or [meta.pk]}
    statement = sa.update(model.__table__).values(changed).where(model.__table__.c[own] == sa.bindparam(f"p_{own}"))
    return _made(statement, [*fields, meta.pk], dialect, adding=False)


def _made(statement: Any, fields: Sequence[Field[Any]], dialect: sa.Dialect, *, adding: bool) -> Writer:
    if dialect.name == "sqlite":
        statement = statement.inline() if isinstance(statement, sa.Insert) else statement
    compiled: Any = statement.compile(dialect=dialect, column_keys=None if fields else [])
    names: dict[str, object] = {}
    lines = ["def values(o):"]
    for field in fields:
        lines += _field_lines(field, names, adding)
    parts = []
    for name in compiled.positiontup:
        attname = name.removeprefix("p_")
        type_, processor = compiled.binds[name].type, compiled._bind_processors.get(name)
        if processor is None or isinstance(type_, sa.Boolean | sa.Double):
            parts.append(f"v_{attname}")
            continue
        write = getattr(type_, "write", None)
        names[f"w_{attname}"] = processor if write is None else write(dialect)
        call = f"w_{attname}(v_{attname})"
        parts.append(call if write is None else f"{call} if v_{attname} is not None else None")
    lines.append(f" return ({''.join(part + ', ' for part in parts)})")
    return Writer(compiled.string, compile_function("values", lines, names))


def _field_lines(field: Field[Any], names: dict[str, object], adding: bool) -> list[str]:
    """The source that reads a field of `o`, makes it fit and leaves it in `v_…`."""
    name = field.attname
    automatic = field.on_save(adding)
    if automatic is not None:
        names[f"now_{name}"] = automatic
        return [f" v_{name} = o.{name} = now_{name}()"]
    before = []
    if isinstance(field, ForeignKey):
        names |= {f"settle_{name}": settle, f"f_{name}": field}
        before = [f" if o.{name} is None:", f"  settle_{name}(f_{name}, o)"]
    names[f"clean_{name}"] = field.clean
    return [
        *before,
        f" v_{name} = o.{name}",
        f" if {_doubt(field, names)}:",
        f"  v_{name} = o.{name} = clean_{name}(v_{name})",
    ]


def _doubt(field: Field[Any], names: dict[str, object]) -> str:
    """The condition under which a value has to be looked at more closely."""
    name = f"v_{field.attname}"
    kind = field.key if isinstance(field, ForeignKey) else field
    if not kind.exact_types or kind.python is float:
        return "True"
    names["T_" + name] = kind.python
    doubt = f"{name}.__class__ is not T_{name}"
    if isinstance(kind, WholeField):
        least, limit = kind.limits
        return f"{doubt} or not {least} <= {name} < {limit}"
    if kind.python is str:
        most = kind.max_length if isinstance(kind, CharField) else None
        return f"{doubt} or '\\0' in {name}" + ("" if most is None else f" or len({name}) > {most}")
    return doubt
