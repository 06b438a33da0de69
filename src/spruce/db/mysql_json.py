"""What queries look for inside of JSON, in the words of MariaDB and MySQL.

MariaDB keeps JSON as text, so what is equal is asked with JSON_EQUALS, and numbers are brought to a form that sorts;
MySQL compares JSON by itself.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from spruce.db.words import quoted

__all__ = ["behind", "contains", "has", "kinds_fit", "ordered", "path", "same", "sortable", "text_of", "word"]

Column = sa.ColumnElement[Any]
Keys = Sequence[str | int]

_LARGE = "1" + "0" * 30  # added to numbers, so that negative ones sort as texts, too
_NUMBERS = ("INTEGER", "DOUBLE", "DECIMAL", "UNSIGNED INTEGER")


def word(text: str) -> Column:
    """A text that is part of the SQL."""
    return sa.literal_column(quoted(text, "mysql"), sa.Text())


def path(keys: Keys) -> str:
    """A path in these databases' words."""
    return "$" + "".join(
        f"[{key}]" if isinstance(key, int) else f".{json.dumps(key, ensure_ascii=False)}" for key in keys
    )


def behind(base: Column, keys: Keys) -> Column:
    """What stands behind keys, as JSON; NULL where there is nothing. A value is not taken for a list of itself."""
    if not keys:
        return base
    found = sa.func.json_extract(base, word(path(keys)), type_=sa.Text())
    lists = [_kind(behind(base, keys[:i])) == word("ARRAY") for i, key in enumerate(keys) if key == 0]
    return sa.case((sa.and_(*lists), found)) if lists else found


def _kind(value: Column) -> Column:
    return sa.func.json_type(value, type_=sa.Text())


def _plain(value: Column) -> Column:
    return sa.collate(sa.func.json_unquote(value, type_=sa.Text()), "utf8mb4_bin")


def kinds_fit(left: Column, right: Column) -> Column:
    """Whether both are of one kind; all numbers are one."""
    numbers = [word(kind) for kind in _NUMBERS]
    return sa.or_(_kind(left) == _kind(right), sa.and_(_kind(left).in_(numbers), _kind(right).in_(numbers)))


def same(value: Column, other: Column, dialect: str) -> Column:
    """Whether two are equal, however they are spelled."""
    if dialect == "mariadb":
        return sa.func.json_equals(value, other) == sa.literal_column("1")
    return value == sa.cast(other, sa.JSON())


def ordered(compare: Callable[[Any, Any], Any], value: Column, other: Column) -> Column:
    """Whether two of one kind are in an order: numbers by size, all else as text."""
    made: Column = compare(sortable(value), sortable(other))
    return sa.and_(kinds_fit(value, other), made)


def sortable(value: Column) -> Column:
    """A text that sorts as the value does."""
    number: Any = sa.func.json_unquote(value).op("+")(sa.literal_column("0.0"))
    number = sa.cast(number, sa.Numeric(60, 20)).op("+")(sa.literal_column(_LARGE))
    padded = sa.func.concat(word("0"), sa.func.lpad(sa.cast(number, sa.String(60)), sa.literal_column("60"), word("0")))
    texts = sa.func.concat(word("1"), _plain(value))
    return sa.case(
        (_kind(value).in_([word(kind) for kind in _NUMBERS]), padded), (value.is_not(None), texts), else_=sa.null()
    )


def contains(value: Column, other: Column) -> Column:
    """Whether one contains the other."""
    return sa.func.json_contains(value, other) == sa.literal_column("1")


def has(base: Column, keys: Keys, step: Column) -> Column:
    """Whether there is a key behind keys; `step` is the last part of the path."""
    found = sa.func.json_contains_path(base, word("one"), sa.func.concat(word(path(keys)), step))
    return found == sa.literal_column("1")


def text_of(value: Column) -> Column:
    """A value as text, without the quotes that JSON has; JSON's null is NULL."""
    return sa.type_coerce(sa.case((_kind(value) != word("NULL"), _plain(value)), else_=sa.null()), sa.Text())
