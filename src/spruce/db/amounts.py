"""Amounts in SQL: on SQLite a column holds them in a unit of its own, and two units have to be made one."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.types import ExactDecimal

__all__ = ["rescale"]

Column = sa.ColumnElement[Any]


def rescale(column: Column, target: TypeEngine[Any], dialect: sa.Dialect) -> Column:
    """Return `column` in the unit of `target`, if either of them is an amount."""
    source = column.type
    if dialect.name != "sqlite" or not (isinstance(source, ExactDecimal) or isinstance(target, ExactDecimal)):
        return column
    have = source.places if isinstance(source, ExactDecimal) else 0
    want = target.places if isinstance(target, ExactDecimal) else 0
    if have == want:
        return column
    if not isinstance(target, ExactDecimal) and not isinstance(target, sa.Integer):
        return sa.type_coerce(column, sa.Integer()).op("/")(sa.literal_column(str(float(10**have))))
    whole = sa.type_coerce(column, sa.Integer())
    if want > have and isinstance(source, ExactDecimal | sa.Integer):
        return sa.type_coerce(whole.op("*")(sa.literal_column(str(10 ** (want - have)))), target)
    sign, power = ("*", want - have) if want > have else ("/", have - want)
    return sa.func.spruce_scale(whole, sign, str(10**power), type_=target)
