"""SQL of the program's own, whose rows become objects: `Product.objects.raw("SELECT …")`."""

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from spruce.db import transactions
from spruce.db.databases import choose
from spruce.db.loaders import Node, object_loader
from spruce.db.outputs import output
from spruce.db.rawamounts import in_units
from spruce.db.records import Record
from spruce.errors import FieldError

__all__ = ["RawQuery"]

M = TypeVar("M", bound=Record)


class RawQuery(Generic[M]):
    """The objects of a statement that was written by hand. It runs when it is iterated over, once.

    Columns that have the names of the model's are its fields; others become attributes. The primary key must be among
    them; fields that are left out are loaded when they are touched.
    """

    def __init__(
        self,
        model: type[M],
        sql: str,
        parameters: Sequence[Any] | Mapping[str, Any] = (),
        using: str | None = None,
        translations: Mapping[str, str] | None = None,
    ) -> None:
        self.model = model
        self.sql = sql
        self.parameters = parameters
        self._alias = using
        self._names = dict(translations or {})
        self._rows: list[M] | None = None

    def __repr__(self) -> str:
        return f"<RawQuery of {self.model.__name__}: {self.sql}>"

    def using(self, alias: str) -> "RawQuery[M]":
        """The same in the database of this alias."""
        return RawQuery(self.model, self.sql, self.parameters, alias, self._names)

    def __iter__(self) -> Iterator[M]:
        return iter(self._fetch())

    def iterator(self, chunk_size: int = 2000) -> Iterator[M]:
        """The objects; all of them are in memory, whatever `chunk_size` says."""
        return iter(self._fetch())

    def __bool__(self) -> bool:
        return bool(self._fetch())

    def __len__(self) -> int:
        return len(self._fetch())

    def __getitem__(self, index: int) -> M:
        return self._fetch()[index]

    def _fetch(self) -> list[M]:
        if self._rows is None:
            database = choose(self._alias, self.model, write=False)
            text, values = _named(self.sql, self.parameters)
            compiled: Any = sa.text(text).bindparams(**values).compile(dialect=database.dialect)
            bound = [_stored(self.model, text, name, values[name], database.dialect) for name in compiled.positiontup]
            names, rows, *_ = transactions.connection(database).outcome(compiled.string, bound)
            names = [self._column(name) for name in names]
            order, load = _loader(self.model, tuple(names), database.dialect)  # type: ignore[arg-type] # classes are hashable
            self._rows = load([tuple(row[i] for i in order) for row in rows], database.alias)
        return self._rows

    def _column(self, name: str) -> str:
        """The name of the column that a column of the result stands for."""
        wanted = self._names.get(name)
        if wanted is None:
            return name
        field = self.model._meta.field(wanted)
        return str(field.model.__table__.c[field.attname].name)


_CODED = (dt.datetime, dt.date, dt.time, dt.timedelta, uuid.UUID)
"""The types that some database holds in a form of its own."""

_PLACES = re.compile(r"%\((\w+)\)s")


def _named(sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The SQL with `:name` for its parameters. Raises FieldError when `%s` stands there more or less often."""
    if isinstance(parameters, Mapping):
        text = _PLACES.sub(r":\1", sql)
        return text if text == sql else text.replace("%%", "%"), dict(parameters)
    parts = sql.split("%s")
    if not parameters and len(parts) == 1:
        return sql, {}
    if len(parts) - 1 != len(parameters):
        raise FieldError(f"raw() was given {len(parameters)} parameters, and its SQL has %s {len(parts) - 1} times")
    values = {f"p{number}": value for number, value in enumerate(parameters)}
    text = parts[0] + "".join(f":p{number}{part}" for number, part in enumerate(parts[1:]))
    return text.replace("%%", "%"), values


def _stored(model: type[Record], sql: str, name: str, value: Any, dialect: sa.Dialect) -> Any:
    """A parameter as the columns of its kind hold it. Raises FieldError for an amount whose unit is not known."""
    if isinstance(value, Decimal) and dialect.name == "sqlite":
        return in_units(model, sql, name, value, dialect)
    kind = next((kind for kind in _CODED if isinstance(value, kind)), None)
    processor = kind and output(model, {}, ("value", kind)).column_type()._cached_bind_processor(dialect)
    return value if processor is None else processor(value)


@lru_cache(maxsize=200)
def _loader(model: type[Record], names: tuple[str, ...], dialect: sa.Dialect) -> tuple[list[int], Any]:
    """The order in which the columns of a row are wanted, and what makes objects of such rows."""
    table = model.__table__
    known = {field.model.__table__.c[field.attname].name: field for field in model._meta.fields}
    fields = tuple(known[name] for name in names if name in known)
    if model._meta.pk not in fields:
        raise FieldError(
            f"raw() needs the column {table.c[model._meta.pk.attname].name!r}, the primary key of {model.__name__}, "
            f"and the statement gives {', '.join(names) or 'no columns'}"
        )
    more = [name for name in names if name not in known]
    order = [names.index(name) for name in names if name in known] + [names.index(name) for name in more]
    types = [field.column_type() for field in fields] + [sa.types.NullType() for _ in more]
    return order, object_loader([Node(model, (), 0, fields)], more, "peers", types, dialect)
