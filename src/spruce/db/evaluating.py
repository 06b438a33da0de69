"""Expressions as values of an object: the database computes them when the object is saved.

Those of a new row, which has no columns yet, are computed before it is written; those of a row that exists by the
UPDATE itself, and read back.
"""

from typing import Any

import sqlalchemy as sa

from spruce.db import transactions
from spruce.db.builder import Builder
from spruce.db.databases import Database
from spruce.db.expressions import Term
from spruce.db.loaders import binder, compile_function, read_code
from spruce.db.siblings import place
from spruce.errors import FieldError

__all__ = ["computed_fields", "settle_expressions", "update_expressions"]

_NAME = "spruce_value"


def computed_fields(instance: Any, model: Any) -> list[Any]:
    """The fields in the table of `model` whose values are expressions."""
    return [field for field in model._meta.local if isinstance(vars(instance).get(field.attname), Term)]


def settle_expressions(instance: Any, model: Any, database: Database) -> None:
    """Let the database compute what a new object has for values. Raises FieldError for what names a column."""
    if model._meta.placed:
        place([instance], model, database)
    for field in computed_fields(instance, model):
        setattr(instance, field.attname, field.clean(_value(model, field, getattr(instance, field.attname), database)))


def _value(model: Any, field: Any, term: Term, database: Database) -> Any:
    shape, values = model._base.alias(**{_NAME: term}).as_subquery()
    builder = Builder(shape, database.dialect)
    column = builder.joins.computed[_NAME]
    if builder.joins.aggregated or builder.joins.windowed or column._from_objects:
        raise FieldError(
            f"{field.label} = {term!r}: a new row has no columns and no other rows to compute it of",
            hint="Save the object first, then update() it.",
        )
    compiled = sa.select(column).compile(dialect=database.dialect)
    bind = binder(compiled, builder.parameters.entries)
    found = transactions.connection(database).rows(compiled.string, values if bind is None else bind(values))
    names: dict[str, object] = {}
    read = compile_function(
        "read", ["def read(c):", f" return {read_code(column.type, database.dialect, 'c', names)}"], names
    )
    return read(found[0][0])


def update_expressions(
    instance: Any, model: Any, database: Database, names: "tuple[str, ...] | None"
) -> tuple[str, ...]:
    """Write the expressions of an object to its row and read what they gave; return the names of the other fields."""
    fields = [each for each in computed_fields(instance, model) if names is None or each.attname in names]
    rows = model._base.using(database.alias).filter(pk=instance.pk)
    if rows.update(**{each.name: getattr(instance, each.attname) for each in fields}):
        found = rows.values_list(*(each.attname for each in fields)).get()
        for each, value in zip(fields, found, strict=True):
            setattr(instance, each.attname, value)
    written = [each.attname for each in fields]
    every = [each.attname for each in model._meta.local if not (each.primary_key or each.generated)]
    return tuple(name for name in names or every if name not in written)
