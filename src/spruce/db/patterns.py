"""Texts in texts: how lookups such as `contains` and `regex` compare, with a value or with another column.

A value becomes a pattern, its own wildcards escaped; on SQLite GLOB tells upper from lower case, which LIKE does not.
What another column holds is no pattern, and is compared as it is. `regex` is the database's own; on SQLite it is
Python's.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa

from spruce.db.fields import Unfit

__all__ = ["BETWEEN_COLUMNS", "PATTERNS", "Lookup"]

Column = sa.ColumnElement[Any]


class Lookup(NamedTuple):
    """How a lookup compares: `sql(column, parameter, dialect's name)`; `pattern` prepares text, by dialect's name.

    `operand` gives the field that the value is like, of the column's field and the token, where that is another one.
    """

    sql: Callable[[Column, Column, str], Column]
    pattern: Callable[[str, str], str] | None = None
    operand: Callable[[Any, Any], Any] | None = None


_LIKE = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})
_GLOB = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})


def _pattern(like: str) -> Callable[[str, str], str]:
    """A pattern for LIKE with `{}` for the text, its own wildcards escaped."""
    return lambda text, dialect: like.format(text.translate(_LIKE))


def _cased_pattern(like: str) -> Callable[[str, str], str]:
    """A pattern that tells the cases apart: GLOB on SQLite, whose LIKE does not."""
    glob = like.replace("%", "*")

    def pattern(text: str, dialect: str) -> str:
        return glob.format(text.translate(_GLOB)) if dialect == "sqlite" else like.format(text.translate(_LIKE))

    return pattern


def _cased(column: Column, parameter: Column, dialect: str) -> Column:
    if dialect == "sqlite":
        return column.op("GLOB", is_comparison=True)(parameter)
    return column.like(parameter, escape="\\")


def _uncased(column: Column, parameter: Column, dialect: str) -> Column:
    if dialect == "sqlite":
        return column.like(parameter, escape="\\")
    return sa.func.upper(column).like(sa.func.upper(parameter), escape="\\")


def _contains(column: Column, parameter: Column, dialect: str) -> Column:
    if dialect == "sqlite":
        return sa.func.instr(column, parameter) > sa.literal_column("0")
    return column.like(parameter, escape="\\")


def _matches(sign: str) -> Callable[[Column, Column, str], Column]:
    """By a regular expression: `sign` is PostgreSQL's."""
    return lambda column, parameter, dialect: column.op(
        sign if dialect == "postgresql" else "REGEXP", is_comparison=True
    )(parameter)


def _expression(flags: str) -> Callable[[str, str], str]:
    """A regular expression, which SQLite leaves to Python: said before the query when it is none."""

    def pattern(text: str, dialect: str) -> str:
        if dialect != "sqlite":
            return text if dialect == "postgresql" else flags + text
        try:
            re.compile(flags + text)
        except re.error as error:
            raise Unfit(f"it is no regular expression: {error}") from None
        return flags + text

    return pattern


PATTERNS: dict[str, Lookup] = {
    "iexact": Lookup(_uncased, _pattern("{}")),
    "contains": Lookup(_contains, lambda text, dialect: text if dialect == "sqlite" else _pattern("%{}%")(text, "")),
    "icontains": Lookup(_uncased, _pattern("%{}%")),
    "startswith": Lookup(_cased, _cased_pattern("{}%")),
    "istartswith": Lookup(_uncased, _pattern("{}%")),
    "endswith": Lookup(_cased, _cased_pattern("%{}")),
    "iendswith": Lookup(_uncased, _pattern("%{}")),
    "regex": Lookup(_matches("~"), _expression("")),
    "iregex": Lookup(_matches("~*"), _expression("(?i)")),
}


def _within(column: Column, other: Column, dialect: str) -> Column:
    find = sa.func.strpos if dialect == "postgresql" else sa.func.instr
    return find(column, other) > sa.literal_column("0")


def _first(column: Column, other: Column, dialect: str) -> Column:
    return sa.func.substr(column, sa.literal_column("1"), sa.func.length(other)) == other


def _last(column: Column, other: Column, dialect: str) -> Column:
    beginning = sa.func.length(column) - sa.func.length(other) + sa.literal_column("1")
    return sa.and_(sa.func.length(column) >= sa.func.length(other), sa.func.substr(column, beginning) == other)


def _in_any_case(compare: Callable[[Column, Column, str], Column]) -> Callable[[Column, Column, str], Column]:
    return lambda column, other, dialect: compare(sa.func.upper(column), sa.func.upper(other), dialect)


BETWEEN_COLUMNS: dict[str, Callable[[Column, Column, str], Column]] = {
    "iexact": _in_any_case(lambda column, other, dialect: column == other),
    "contains": _within,
    "icontains": _in_any_case(_within),
    "startswith": _first,
    "istartswith": _in_any_case(_first),
    "endswith": _last,
    "iendswith": _in_any_case(_last),
    "regex": PATTERNS["regex"].sql,
}
"""How the lookups on text compare with what the database computes."""
