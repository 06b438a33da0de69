"""How objects are written: statements that are made once per model and dialect, for storing.py and bulk.py.

A `Writer` is what a model needs to be written on one dialect: the SQL, and a generated `values(object)` that makes each
field's value fit (see `Field.clean`), puts it back into the object, and returns the driver's parameters.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from spruce.db.databases import Connection, Database
from spruce.db.dates import DateTimeField
from spruce.db.fields import Field
from spruce.db.files import FileField
from spruce.db.integers import WholeField
from spruce.db.loaders import compile_function, read_code
from spruce.db.numbers import DecimalField
from spruce.db.records import Record
from spruce.db.references import settle
from spruce.db.relations import ForeignKey
from spruce.db.texts import CharField
from spruce.db.types import Coded

__all__ = ["Writer", "writer_for"]

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
        new = f"not o.{name}" if field.to_field is None else "True"  # whose value may be there before the row is
        before = [f" if {new}:", f"  settle_{name}(f_{name}, o)"]
    generic = field.model._meta.settled.get(name)
    if generic is not None:
        names[f"settle_{name}"] = generic.settle
        before = [f" if not o.{name}:", f"  settle_{name}(o)"]
    names[f"clean_{name}"] = field.clean
    if isinstance(field, DecimalField):
        names |= {f"rounded_{name}": field.rounded, f"unit_{name}": field.unit}
        names |= {"Decimal": Decimal, "InvalidOperation": InvalidOperation}
        same = f"(r_{name} := rounded_{name}(v_{name}, unit_{name})) == v_{name}"
        return [
            f" v_{name} = o.{name}",
            " try:",
            f"  if v_{name}.__class__ is Decimal and {same}:",
            f"   v_{name} = o.{name} = r_{name}",
            "  else:",
            f"   v_{name} = o.{name} = clean_{name}(v_{name})",
            " except InvalidOperation:",  # a NaN that signals can't be compared
            f"  clean_{name}(v_{name})",
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
