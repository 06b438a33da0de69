"""What queries look for inside of JSON: values behind names and positions, their kinds, and what contains what.

On SQLite a number is equal to a number and never to a text or to a truth value, as on PostgreSQL; both sides are
compared as JSON, so that `null` is a value like others. What a name leads to where there is nothing is NULL.
"""

import json
import operator
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from spruce.db import mysql_json
from spruce.db.types import MYSQL
from spruce.db.words import quoted

__all__ = ["JSON_LOOKUPS", "JSONValue", "key_step", "missing_in", "split", "text_of", "whole"]

Column = sa.ColumnElement[Any]
Compare = Callable[[Column, Any, str], Column]

_LISTS = frozenset({"in", "range", "has_keys", "has_any_keys"})
"""Lookups that take a list of values, where a list is one value elsewhere."""


def whole(lookup: str) -> bool:
    """Whether a list or dict that it is given is one value."""
    return lookup not in _LISTS


def split(parts: list[str], lookups: bool) -> tuple[tuple[str | int, ...], str]:
    """The keys and the lookup of what stands behind a JSONField."""
    lookup = parts[-1] if lookups and parts and parts[-1] in JSON_LOOKUPS else ""
    keys = parts[:-1] if lookup else parts
    return tuple(int(key) if key.isdigit() else key for key in keys), lookup or "exact"


class JSONValue(FunctionElement[Any]):
    """What stands in a JSON column behind some keys, as JSON; `sorting` makes it what the database can sort by."""

    inherit_cache = False

    def __init__(self, base: Column, keys: tuple[str | int, ...], *, sorting: bool = False) -> None:
        base, before = _place(base)
        keys = (*before, *keys)
        super().__init__(base)
        self.base: Column = base
        self.keys: tuple[str | int, ...] = keys
        self.sorting = sorting
        self.type = base.type


@compiles(JSONValue)
def _compiled(element: JSONValue, compiler: Any, **options: Any) -> str:
    dialect = compiler.dialect.name
    if dialect == "sqlite" and element.sorting:
        made: Any = _extracted(element)
    elif dialect in MYSQL:
        made = mysql_json.sortable(_in_mysql(element)) if element.sorting else _in_mysql(element)
    elif dialect == "sqlite":
        kind, value = _kind(element), _extracted(element)
        made = sa.case((kind.in_(_words("true", "false")), kind), (kind.is_not(None), sa.func.json_quote(value)))
    else:
        made = _behind(element)
    text: str = compiler.process(made.self_group(), **options)
    return text


def _place(column: Column) -> tuple[Column, tuple[str | int, ...]]:
    return (column.base, column.keys) if isinstance(column, JSONValue) else (column, ())


def _word(text: str) -> Column:
    """A text that is part of the SQL."""
    return sa.literal_column(quoted(text, "sqlite"), sa.Text())


def _words(*texts: str) -> list[Column]:
    return [_word(text) for text in texts]


def _path(keys: Sequence[str | int]) -> str:
    """A path in SQLite's words."""
    return "$" + "".join(
        f"[{key}]" if isinstance(key, int) else f".{json.dumps(key, ensure_ascii=False)}" for key in keys
    )


def _kind(column: Column) -> Column:
    """SQLite's name for the kind of a value; NULL where there is none."""
    base, keys = _place(column)
    return sa.func.json_type(base, _word(_path(keys)), type_=sa.Text())


def _extracted(column: Column) -> Column:
    base, keys = _place(column)
    return sa.func.json_extract(base, _word(_path(keys)), type_=sa.Text())


def _behind(column: Column, sign: str = "#>") -> Column:
    """PostgreSQL's value behind keys."""
    base, keys = _place(column)
    if not keys and sign == "#>":
        return base
    listed = ",".join(json.dumps(str(key), ensure_ascii=False) for key in keys)
    return base.op(sign)(_word("{" + listed + "}"))


def _in_mysql(column: Column) -> Column:
    """MariaDB's value behind keys."""
    return mysql_json.behind(*_place(column))


def text_of(column: Column, dialect: str) -> Column:
    """A value as text, without the quotes that JSON has."""
    if dialect in MYSQL:
        return mysql_json.text_of(_in_mysql(column))
    return _extracted(column) if dialect == "sqlite" else sa.type_coerce(_behind(column, "#>>"), sa.Text())


def _kinds_fit(column: Column, parameter: Column) -> Column:
    """Whether both are of one kind; whole and other numbers are one."""
    there, here = _kind(column), sa.func.json_type(parameter, type_=sa.Text())
    return sa.func.replace(there, *_words("real", "integer")) == sa.func.replace(here, *_words("real", "integer"))


def _same(column: Column, parameter: Column, dialect: str) -> Column:
    """Whether a value is equal to another."""
    if dialect in MYSQL:
        return mysql_json.same(_in_mysql(column), parameter, dialect)
    if dialect != "sqlite":
        return _behind(column) == parameter
    other = sa.func.json_extract(parameter, _word("$"), type_=sa.Text())
    return sa.and_(_kinds_fit(column, parameter), _extracted(column).op("IS", is_comparison=True)(other))


def _ordered(compare: Callable[[Any, Any], Any]) -> Compare:
    def sql(column: Column, parameter: Column, dialect: str) -> Column:
        if dialect in MYSQL:
            return mysql_json.ordered(compare, _in_mysql(column), parameter)
        if dialect != "sqlite":
            made: Column = compare(_behind(column), parameter)
            return made
        other = sa.func.json_extract(parameter, _word("$"), type_=sa.Text())
        return sa.and_(_kinds_fit(column, parameter), compare(_extracted(column), other))

    return sql


def _among(column: Column, parameters: list[Column], dialect: str) -> Column:
    return sa.or_(*(_same(column, parameter, dialect) for parameter in parameters))


def _between(column: Column, parameters: list[Column], dialect: str) -> Column:
    least, most = parameters
    return sa.and_(_ordered(operator.ge)(column, least, dialect), _ordered(operator.le)(column, most, dialect))


def _containing(sign: str, swapped: bool) -> Compare:
    def sql(column: Column, parameter: Column, dialect: str) -> Column:
        if dialect in MYSQL:
            both = (parameter, _in_mysql(column)) if swapped else (_in_mysql(column), parameter)
            return mysql_json.contains(*both)
        if dialect != "sqlite":
            return _behind(column).op(sign, is_comparison=True)(parameter)
        base, keys = _place(column)
        turned: Column = sa.literal_column("1" if swapped else "0")
        return sa.func.spruce_json_contains(base, _word(json.dumps(keys)), parameter, turned, type_=sa.Boolean())

    return sql


def _has(column: Column, parameter: Column, dialect: str) -> Column:
    """Whether there is a key; the parameter is the key, on others than PostgreSQL the last step of a path."""
    if dialect in MYSQL:
        return mysql_json.has(*_place(column), parameter)
    if dialect != "sqlite":
        return _behind(column).op("?", is_comparison=True)(parameter)
    base, keys = _place(column)
    return sa.func.json_type(base, _word(_path(keys)).op("||")(parameter)).is_not(None)


def _has_several(combine: Callable[..., Column]) -> Compare:
    return lambda column, parameters, dialect: combine(*(_has(column, each, dialect) for each in parameters))


def key_step(key: object, *, dialect: str) -> str:
    """A key to look for, as the parameter of `has_key`."""
    return str(key) if dialect == "postgresql" else f".{json.dumps(str(key), ensure_ascii=False)}"


def missing_in(column: Column, dialect: str) -> Column:
    """Whether a whole field is NULL, or there is nothing behind its keys."""
    if not isinstance(column, JSONValue):
        return column.is_(None)
    if dialect in MYSQL:
        return _in_mysql(column).is_(None)
    return (_kind(column) if dialect == "sqlite" else _behind(column)).is_(None)


JSON_LOOKUPS: dict[str, Compare | None] = {
    "exact": _same,
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "in": _among,
    "range": _between,
    "isnull": None,
    "contains": _containing("@>", swapped=False),
    "contained_by": _containing("<@", swapped=True),
    "has_key": _has,
    "has_keys": _has_several(sa.and_),
    "has_any_keys": _has_several(sa.or_),
    **dict.fromkeys(("iexact", "icontains", "startswith", "istartswith", "endswith", "iendswith", "regex", "iregex")),
}
"""How each lookup compares; None for `isnull` and those that look at the text of a value."""
