"""Writing objects: save, create and delete, with statements that are made once per model and dialect.

`Writer` is what a model needs to be written on one dialect: the SQL, and a generated `values(object)` that makes each
field's value fit (see `Field.clean`), puts it back into the object, and returns the driver's parameters.
"""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from spruce.db import transactions
from spruce.db.databases import Connection, Database, choose
from spruce.db.dates import DateTimeField
from spruce.db.deletion import delete_rows
from spruce.db.evaluating import settle_expressions, update_expressions
from spruce.db.fields import REQUIRED, UNSET, Computed, Field
from spruce.db.files import FileField
from spruce.db.integers import WholeField
from spruce.db.loaders import compile_function, read_code
from spruce.db.numbers import DecimalField
from spruce.db.records import Record
from spruce.db.references import settle
from spruce.db.relations import ForeignKey
from spruce.db.signals import post_save, pre_save
from spruce.db.texts import CharField
from spruce.db.types import Coded
from spruce.errors import DatabaseError

__all__ = ["Writer", "delete_object", "insert_object", "save_object", "unset", "writer_for"]


_SILENT: dict[str, tuple[Any, ...]] = {"mysql": (sa.Insert, sa.Update), "mariadb": (sa.Update,)}
"""The statements that cannot return anything, by dialect."""


class Writer:
    """How the objects of a model are written: some of its fields, by one statement.

    `take` puts what the database gave or computed into the object, from the row that the statement returns; None when
    it returns none. Where the statement cannot return it, `look` is the one that reads it by the key.
    """

    __slots__ = ("key", "look", "own", "sql", "take", "values")

    def __init__(
        self,
        sql: str,
        values: Callable[[Any], tuple[Any, ...]],
        take: Callable[[Any, Any], None] | None = None,
        look: str = "",
        own: str = "pk",
        key: Callable[[Any], Any] | None = None,
    ) -> None:
        self.sql = sql
        self.values = values
        self.take = take
        self.look = look
        self.own = own  # the name of the key
        self.key = key

    def taken(self, instance: Record, connection: Connection) -> None:
        """Read what the database gave or computed, of a row that was written."""
        key = getattr(instance, self.own)
        key = key if self.key is None else self.key(key)
        for row in connection.rows(self.look, (key,)) if self.take else ():
            self.take(instance, row)  # type: ignore[misc] # there is one


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


def writer_for(model: type[Record], database: Database, kind: tuple[str, Any, Any]) -> Writer:
    """The writer of a kind: ("insert", with a key, fields left out) or ("update", fields or None for all, ()).

    "quiet" is an insert that returns nothing, so that more can be written behind it.
    """
    key = (database.dialect.name, *kind)
    writer: Writer | None = model._meta.writers.get(key)
    if writer is None:
        make: Callable[..., Writer] = _updates if kind[0] == "update" else _insert
        writer = model._meta.writers[key] = make(model, database.dialect, *kind)
    return writer


def _insert(model: type[Record], dialect: sa.Dialect, kind: str, keyed: bool, left: tuple[str, ...]) -> Writer:
    meta = model._meta
    fields = [field for field in meta.local if (keyed or not field.primary_key) and not field.generated]
    fields = [field for field in fields if field.attname not in left]
    statement = sa.insert(model.__table__).values(
        {field.attname: sa.bindparam(f"p_{field.attname}") for field in fields}
    )
    if not fields:
        statement = sa.insert(model.__table__)
    wanted = [field for field in meta.local if field.generated or field.attname in left]
    if not keyed and (wanted or dialect.name == "postgresql"):  # the others tell the key by themselves
        wanted = [meta.pk, *(field for field in wanted if field is not meta.pk)]
    return _made(statement, fields, dialect, [] if kind == "quiet" else wanted, adding=True)


def _updates(model: type[Record], dialect: sa.Dialect, _: str, names: tuple[str, ...] | None, __: object) -> Writer:
    meta = model._meta
    fields = [
        field
        for field in meta.local
        if not (field.primary_key or field.generated) and (names is None or field.attname in names)
    ]
    own = meta.pk.attname
    changed: dict[str, Any] = {field.attname: sa.bindparam(f"p_{field.attname}") for field in fields or [meta.pk]}
    statement = sa.update(model.__table__).values(changed).where(model.__table__.c[own] == sa.bindparam(f"p_{own}"))
    return _made(statement, [*fields, meta.pk], dialect, [f for f in meta.local if f.generated], adding=False)


def _made(
    statement: Any, fields: Sequence[Field[Any]], dialect: sa.Dialect, wanted: Sequence[Field[Any]], *, adding: bool
) -> Writer:
    """The writer of a statement that sets `fields` and returns what it `wanted`."""
    if isinstance(statement, sa.Insert):
        statement = statement.inline()
    columns = [statement.table.c[field.attname] for field in wanted]
    look, own, key = "", "", None
    if wanted and type(statement) in _SILENT.get(dialect.name, ()):
        own_column = next(iter(statement.table.primary_key))
        own = own_column.key
        looking: Any = sa.select(*columns).where(own_column == sa.bindparam("key")).compile(dialect=dialect)
        look, key = looking.string, looking._bind_processors.get("key")
    elif wanted:
        statement = statement.returning(*columns)
    compiled: Any = statement.compile(dialect=dialect, column_keys=None if fields else [])
    names: dict[str, object] = {}
    lines = ["def values(o):"]
    for field in sorted(fields, key=lambda field: not isinstance(field, FileField)):  # which may set others
        lines += _field_lines(field, names, adding)
    parts = []
    needed = {field.attname for field in fields if not field.null}
    for name in compiled.positiontup:
        attname = name.removeprefix("p_")
        type_, processor = compiled.binds[name].type, compiled._bind_processors.get(name)
        if processor is None or isinstance(type_, sa.Boolean | sa.Double):
            parts.append(f"v_{attname}")
            continue
        code = type_.write_code(dialect) if isinstance(type_, Coded) else None
        if code is not None:
            text, used = code
            for key, value in used.items():
                text = text.replace(key, f"{key}_{attname}", 1)
                names[f"{key}_{attname}"] = value
            text = text.format(f"v_{attname}")
            parts.append(text if attname in needed else f"({text} if v_{attname} is not None else None)")
            continue
        write = getattr(type_, "write", None)
        names[f"w_{attname}"] = processor if write is None else write(dialect)
        call = f"w_{attname}(v_{attname})"
        parts.append(call if write is None else f"{call} if v_{attname} is not None else None")
    lines.append(f" return ({''.join(part + ', ' for part in parts)})")
    return Writer(compiled.string, compile_function("values", lines, names), _taker(wanted, dialect), look, own, key)


def _taker(wanted: Sequence[Field[Any]], dialect: sa.Dialect) -> Callable[[Any, Any], None] | None:
    """What puts a returned row into an object."""
    if not wanted:
        return None
    names: dict[str, object] = {}
    columns = [f"c{i}" for i in range(len(wanted))]
    reads = [
        read_code(field.column_type(), dialect, place, names) for field, place in zip(wanted, columns, strict=True)
    ]
    lines = [f" {', '.join(columns)}, = row"]
    lines += [f" o.{field.attname} = {read}" for field, read in zip(wanted, reads, strict=True)]
    made: Callable[[Any, Any], None] = compile_function("take", ["def take(o, row):", *lines], names)
    return made


def _field_lines(field: Field[Any], names: dict[str, object], adding: bool) -> list[str]:
    """The source that reads a field of `o`, makes it fit and leaves it in `v_…`."""
    name = field.attname
    automatic = field.on_save(adding)
    if automatic is not None:
        names[f"now_{name}"] = automatic
        return [f" v_{name} = o.{name} = now_{name}()"]
    if isinstance(field, FileField):
        names[f"take_{name}"] = field.taken
        return [f" v_{name} = take_{name}(o)"]
    before = []
    if isinstance(field, ForeignKey):
        names |= {f"settle_{name}": settle, f"f_{name}": field}
        before = [f" if not o.{name}:", f"  settle_{name}(f_{name}, o)"]
    names[f"clean_{name}"] = field.clean
    if isinstance(field, DecimalField):
        names |= {"Decimal": Decimal, f"rounded_{name}": field.rounded, f"unit_{name}": field.unit}
        return [
            f" v_{name} = o.{name}",
            f" if v_{name}.__class__ is Decimal and (r_{name} := rounded_{name}(v_{name}, unit_{name})) == v_{name}:",
            f"  v_{name} = o.{name} = r_{name}",
            " else:",
            f"  v_{name} = o.{name} = clean_{name}(v_{name})",
        ]
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
    if isinstance(kind, DateTimeField):
        names |= {"datetime": dt.datetime, "UTC": dt.UTC}
        return f"{name}.__class__ is not datetime or {name}.tzinfo is not UTC"
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
