"""Amounts as parameters of SQL that was written by hand, on SQLite: in the unit of what they are compared with.

SQLite's columns hold amounts as whole numbers of their smallest unit (see types.py), which a statement does not tell of
its parameters. It is that of the column beside which the parameter stands; where none stands there, as in
`SUM(price) > %s`, that of all amounts in the tables of the statement, if they have the same.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from spruce.db.records import Record
from spruce.db.types import ExactDecimal
from spruce.errors import FieldError

__all__ = ["in_units"]

_NAME = r'(?:["`]?\w+["`]?\.)?["`]?(\w+)["`]?'
_BEFORE = re.compile(
    rf"([-+*/%|]\s*)?{_NAME}\s*(?:<>|[=<>!]=?|(?:\bNOT\s+)?\bIN\s*\([^()]*|(?:\bNOT\s+)?\bBETWEEN\s(?:\s*\S+\s+AND\s)?)\s*$",
    re.IGNORECASE,
)
_BEHIND = re.compile(rf"\s*(?:<>|[=<>!]=?)\s*{_NAME}\s*([-+*/%|(.]?)")
_REACH = 1_000  # characters before a parameter that are looked at


def in_units(model: type[Record], sql: str, name: str, value: Decimal, dialect: sa.Dialect) -> Any:
    """A Decimal as SQLite holds it beside the parameter `:name` of the SQL. Raises FieldError where several fit."""
    tables = _tables(model, sql)
    columns = {column.name: column.type for table in tables for column in table.columns}
    beside = {column for column in _beside(sql, name) if column in columns}
    amounts = {type_ for column, type_ in _amounts(tables) if column in beside or not beside}
    places = {type_.places for type_ in amounts}
    if beside and not amounts:  # it stands beside plain numbers
        return int(value) if value == value.to_integral_value() else float(value)
    if len(places) != 1:
        raise FieldError(
            f"raw() cannot give {value!r} to SQLite, where columns hold amounts as whole numbers of their smallest "
            "unit: it stands beside no column, and the tables have amounts of several units or none",
            hint="Write `column > %s`, or give the int: with 2 decimal_places, 19.90 is 1990.",
        )
    write: Any = amounts.pop().write(dialect)
    return write(value)


def _tables(model: type[Record], sql: str) -> list[sa.Table]:
    """The tables of the model, and those that the statement names."""
    words = set(re.findall(r"\w+", sql))
    named = [table for table in model.__table__.metadata.tables.values() if table.name in words]
    return [*named, *(each.__table__ for each in model._meta.lineage)]


def _amounts(tables: list[sa.Table]) -> Iterator[tuple[str, ExactDecimal]]:
    for table in tables:
        for column in table.columns:
            if isinstance(column.type, ExactDecimal):
                yield column.name, column.type


def _beside(sql: str, name: str) -> Iterator[str]:
    """The columns that a parameter is compared with."""
    for place in re.finditer(rf":{name}\b", sql):
        before = _BEFORE.search(sql[max(0, place.start() - _REACH) : place.start()])
        if before is not None and before[1] is None:
            yield before[2]
        behind = _BEHIND.match(sql, place.end())
        if behind is not None and not behind[2]:
            yield behind[1]
