"""Rows as JSON: dumped from the tables of models, and loaded again, into another kind of database too.

An item is `{"model": "product", "pk": 1, "fields": {"name": "bear"}}`; `model` is the name of the table. Loading writes
over rows that have the same key, keeps times that fields would set themselves, and is done wholly or not at all.

With natural keys a row has no number: its model has `natural_key()`, a tuple of values that tell it from others, and
its manager `get_by_natural_key(*values)`. What points to it names it by those.
"""

import datetime as dt
import uuid
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from copy import copy
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import sort_tables

from spruce.db import transactions
from spruce.db.databases import current
from spruce.db.execution import execute
from spruce.db.fields import Field
from spruce.db.integers import AutoField
from spruce.db.models import registry
from spruce.db.relations import ForeignKey
from spruce.db.special import BinaryField
from spruce.errors import DataError, nearest

__all__ = ["dump_data", "load_data"]

Item = dict[str, Any]


def dump_data(models: Iterable[Any] | None = None, *, using: str = "default", natural: bool = False) -> Iterator[Item]:
    """The rows of `models`, or of all, one by one; those that others point to come first.

    `natural` names objects by their natural keys, where their models have them.
    """
    for model in _in_order(registry.models.values() if models is None else models):
        fields = [field for field in model._meta.local if not (field.primary_key or field.generated)]
        for each in model._base.using(using).order_by("pk").iterator():
            item: Item = {"model": model._meta.db_table}
            if not (natural and hasattr(each, "natural_key")):
                item["pk"] = _encoded(each.pk)
            yield item | {"fields": {field.name: _value(each, field, natural) for field in fields}}


def _in_order(models: Iterable[Any]) -> list[Any]:
    """Models, each after those that it points to where that is possible."""
    by_table = {model.__table__: model for model in models}
    return [by_table[table] for table in sort_tables(by_table) if table in by_table]


def _value(instance: Any, field: Field[Any], natural: bool) -> Any:
    if natural and isinstance(field, ForeignKey) and hasattr(field.target, "natural_key"):
        target = getattr(instance, field.name)
        return None if target is None else list(target.natural_key())
    return _encoded(getattr(instance, field.attname))


def _encoded(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dt.timedelta):
        return f"{'-' if value < dt.timedelta(0) else ''}{abs(value)}"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal | uuid.UUID):
        return str(value)
    return getattr(value, "name", value) if hasattr(value, "storage") else value


def load_data(items: Iterable[Item], *, using: str = "default") -> int:
    """Write rows that were dumped; return how many. Raises DataError for what is no row of a model."""
    database = current()[using]
    groups: dict[Any, list[Item]] = {}
    for item in items:
        groups.setdefault(_model_of(item), []).append(item)
    loader = _Loader(using)
    with transactions.Atomic(using):
        for model in _in_order(groups):
            for item in groups[model]:
                loader.write(model, item)
        loader.point()
        for model in groups if database.dialect.name == "postgresql" else ():
            _count_on(model, using)
    return loader.count


def _model_of(item: Any) -> Any:
    if not isinstance(item, dict) or not isinstance(item.get("fields"), dict):
        raise DataError(f"{item!r} is no row: it has no fields", hint='As: {"model": "product", "fields": {…}}.')
    name = item.get("model")
    model = registry.models.get(str(name))
    if model is None:
        raise DataError(
            f"there is no model with the table {name!r}{nearest(str(name), registry.models)}",
            hint="Import the module that declares it first.",
        )
    return model


class _Loader:
    """Writes rows; a key that points to what may come later is written at the end."""

    def __init__(self, using: str) -> None:
        self.using = using
        self.count = 0
        self.seen: set[Any] = set()  # the models that have rows already
        self.later: list[tuple[Any, Any, ForeignKey[Any], Any]] = []

    def write(self, model: Any, item: Item) -> None:
        """Insert the row of an item, or write over the one with its key."""
        meta = model._meta
        self.seen.add(model)
        unknown = [name for name in item["fields"] if name not in meta.paths]
        if unknown:
            raise DataError(f"{model.__name__} has no field {unknown[0]!r}{nearest(unknown[0], meta.paths)}")
        given = {meta.field(name): value for name, value in item["fields"].items()}
        values = {field.attname: self._decoded(field, value) for field, value in given.items()}
        late = [field for field in given if isinstance(field, ForeignKey) and self._comes_later(field)]
        key = self._key(model, item, values)
        wanted = {field: values[field.attname] for field in late if values[field.attname] is not None}
        values |= {field.attname: None for field in wanted}
        key = self._store(model, key, values)
        self.later += [(model, key, field, value) for field, value in wanted.items()]
        self.count += 1

    def _comes_later(self, field: ForeignKey[Any]) -> bool:
        return field.null and (field.target is field.model or field.target not in self.seen)

    def _decoded(self, field: Field[Any], value: Any) -> Any:
        if isinstance(value, list) and isinstance(field, ForeignKey):
            return getattr(self._manager(field.target).get_by_natural_key(*value), field.remote)
        if isinstance(field, BinaryField) and isinstance(value, str):
            value = b64decode(value)
        return field.clean(value)

    def _key(self, model: Any, item: Item, values: dict[str, Any]) -> Any:
        if item.get("pk") is not None:
            return model._meta.pk.clean(item["pk"])
        made = model(**values)
        if not hasattr(made, "natural_key"):
            return made.pk
        try:
            return self._manager(model).get_by_natural_key(*made.natural_key()).pk
        except model.DoesNotExist:
            return made.pk

    def _manager(self, model: Any) -> Any:
        """The model's own manager, in this database."""
        manager = copy(model._default)
        manager._alias = self.using
        return manager

    def _store(self, model: Any, key: Any, values: dict[str, Any]) -> Any:
        table, own = model.__table__, model._meta.pk.attname
        if key is not None and model._base.using(self.using).filter(pk=key).exists():
            if values:
                execute(sa.update(table).where(table.c[own] == key).values(values), using=self.using)
            return key
        if key is not None:
            values = {own: key, **values}
        return execute(sa.insert(table).values(values).returning(table.c[own]), using=self.using).scalar()

    def point(self) -> None:
        """Write the keys that had to wait."""
        for model, key, field, value in self.later:
            model._base.using(self.using).filter(pk=key).update(**{field.attname: value})


def _count_on(model: Any, using: str) -> None:
    """Let PostgreSQL count keys on from the largest that was loaded."""
    pk = model._meta.pk
    if isinstance(pk, AutoField):
        column = model.__table__.c[pk.attname]
        table = current()[using].dialect.identifier_preparer.format_table(model.__table__)
        last = sa.select(sa.func.coalesce(sa.func.max(column), 1)).scalar_subquery()
        execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table, column.name), last)), using=using)
