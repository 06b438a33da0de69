"""What `update()` writes: values, objects, expressions on the row's own columns, as SQL by column."""

from typing import Any

import sqlalchemy as sa

from spruce.db.amounts import rescale
from spruce.db.conditions import Conditions
from spruce.db.lookups import resolve
from spruce.db.tokens import Clause, Expression, Row
from spruce.errors import FieldError

__all__ = ["assigned"]

Column = sa.ColumnElement[Any]


def assigned(conditions: Conditions, names: tuple[str, ...], tokens: tuple[Any, ...]) -> dict[str, Any]:
    """The new values by column; `names` are of fields, `tokens` of what they get. Raises FieldError."""
    made: dict[str, Any] = {}
    for name, token in zip(names, tokens, strict=True):
        field: Any = resolve(conditions.joins.model, name, lookups=False).field
        made[field.attname] = _value(conditions, name, field, token)
    return made


def _value(conditions: Conditions, name: str, field: Any, token: Any) -> Any:
    type_ = field.column_type()
    if isinstance(token, Expression):
        return rescale(_own(conditions, name, token.key), type_, conditions.dialect)
    if isinstance(token, Clause):
        return rescale(conditions.clause(token), type_, conditions.dialect)
    if not isinstance(token, type | Row):
        raise FieldError(f"update({name}=…) takes a value, an object or an F, not a list or a query")
    if isinstance(token, Row) and not (field.is_relation and issubclass(token.model, field.target._meta.concrete)):
        wanted = field.target.__name__ if field.is_relation else field.what
        raise FieldError(f"{name} takes a {wanted}, not a {token.model.__name__}")
    return conditions.parameters.add(type_, None, field.clean)


def _own(conditions: Conditions, name: str, key: Any) -> Column:
    """A term of the row's own columns. Raises FieldError for what SQL can't compute for the row that it writes."""
    terms, joins = conditions.terms, conditions.joins
    terms.across, joins.touched, joins.windowed = False, False, False
    made = terms.sql(key)
    terms.across = True
    kind = "an aggregate" if joins.touched else "a window" if joins.windowed else ""
    if kind:
        raise FieldError(
            f"update({name}=…) cannot write {kind}: SQL has none where a single row is written",
            hint="Compute it in a query of its own, db.Subquery(… db.OuterRef('pk') …), or read the values and write "
            "them by bulk_update().",
        )
    if any(table is not joins.table for table in made._from_objects):
        raise FieldError(
            f"update({name}=…) reads the columns of its own table only, and this is computed of another one",
            hint="Read the other table by db.Subquery(… db.OuterRef('pk') …).",
        )
    return made
