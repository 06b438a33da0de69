"""What a statement reads and changes, told from its SQL: the tables, and where it can be told the rows.

Errs on the safe side: each name of a table that occurs in the text counts, wherever it stands; rows are told only of
statements on one table that choose by its primary key and by nothing else. What a database does by itself counts for
deletes that cascade; triggers, functions and views it may have are not looked into.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from spruce.db.metadata import metadata

__all__ = ["Change", "Footprint", "changes_of", "footprint", "keys_of"]


class Footprint(NamedTuple):
    """What a statement touches."""

    tables: frozenset[str]
    """The tables of models that it names."""
    target: str | None
    """The table that it writes to; "" for a statement that may change anything, None for one that only reads."""
    key: tuple[int, int] | None
    """The parameters that are the primary keys of its rows, from and to as in a slice; None if it is not so simple."""


class Change(NamedTuple):
    """What was changed in a table."""

    table: str
    """Its name; "" where it isn't known what was changed."""
    keys: tuple[str, ...] | None
    """The primary keys of the rows, as text; None for rows that are not known; () for rows that are new."""


_READING = frozenset({"SELECT", "VALUES", "EXPLAIN", "SHOW", "PRAGMA", "SET", "LISTEN", "UNLISTEN", "NOTIFY"})
_WRITING = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|REPLACE)\b", re.I)
_WORD = re.compile(r"[^\W\d][\w$]*")
_NAME = r'(?:["`\[]?[\w$]+["`\]]?\s*\.\s*)?["`\[]?(?P<table>[^\W\d][\w$]*)["`\]]?'
_TARGET = re.compile(rf"\s*(?P<verb>INSERT|REPLACE|UPDATE|DELETE)\s+(?:OR\s+\w+\s+)?(?:(?:INTO|FROM)\s+)?{_NAME}", re.I)
_MARK = r"(?:\?|\$\d+|%s)"
_BY_KEY = re.compile(
    rf"""\bWHERE\s+["`]?(?P<table>[\w$]+)["`]?\.["`]?(?P<column>[\w$]+)["`]?\s*
    (?:=\s*(?P<mark>{_MARK})(?:::\w+)?|IN\s*\((?P<marks>{_MARK}(?:::\w+)?(?:\s*,\s*{_MARK}(?:::\w+)?)*)\))
    \s*(?:ORDER\s+BY\s+[\w$."`,\s]+)?(?:LIMIT\s+[\d\s]+)?(?:OFFSET\s+[\d\s]+)?(?:FOR\s+[\w\s]+)?$""",
    re.I | re.X,
)


def footprint(sql: str) -> Footprint:
    """The footprint of a statement; kept for statements that come again."""
    return _footprint(sql, len(metadata.tables))


@lru_cache(4096)
def _footprint(sql: str, known: int) -> Footprint:  # `known`: a model that is declared later makes another of it
    tables = _tables(sql)
    first = _WORD.search(sql)
    verb = "" if first is None else first[0].upper()
    if verb in _READING or (verb == "WITH" and not _WRITING.search(sql)):
        return Footprint(tables, None, _key(sql, tables))
    found = _TARGET.match(sql)
    target = "" if found is None else _known(found["table"])
    return Footprint(tables, target, _key(sql, tables) if target else None)


def _tables(sql: str) -> frozenset[str]:
    words = {word.lower() for word in _WORD.findall(sql)}
    text = sql.lower()
    names = (table.name for table in metadata.tables.values())
    return frozenset(
        name for name in names if (name.lower() in words if _WORD.fullmatch(name) else name.lower() in text)
    )


def _known(name: str) -> str:
    """The table of that name as its model has it, or ""."""
    lower = name.lower()
    return next((table.name for table in metadata.tables.values() if table.name.lower() == lower), "")


def _followers(table: str) -> set[str]:
    """A table with those whose rows the database itself changes when rows of it are deleted."""
    found, left = {table}, [table]
    while left:
        name = left.pop()
        for other in metadata.tables.values():
            refers = any(key.column.table.name == name and key.ondelete in _ACTS for key in other.foreign_keys)
            if refers and other.name not in found:
                found.add(other.name)
                left.append(other.name)
    return found


_INSERTS = re.compile(r"\s*INSERT\s+(OR\s+IGNORE\s+)?INTO\b", re.I)
_REPLACES = re.compile(r"\bDO\s+UPDATE\b|\bDUPLICATE\s+KEY\b", re.I)
_ACTS = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})


def _key(sql: str, tables: frozenset[str]) -> tuple[int, int] | None:
    """Where among its parameters a statement on one table has the primary keys that it chooses by, and nothing else."""
    found = _BY_KEY.search(sql)
    if found is None or len(tables) != 1:
        return None
    head = sql[: found.start()]
    if (
        "(" in head
        or "'" in head
        or re.search(r"\b(JOIN|UNION|WITH|INSERT|REPLACE)\b|\bFROM\b.*\bFROM\b", head, re.I | re.S)
    ):
        return None
    (name,) = tables
    keys = [column.name for column in metadata.tables[name].primary_key.columns]
    if found["table"].lower() != name.lower() or [found["column"]] != keys:
        return None
    if re.search(rf"\b{re.escape(keys[0])}[\"`]?\s*=", head, re.I):  # an UPDATE that changes the keys themselves
        return None
    marks = re.findall(_MARK, found["marks"] or found["mark"])
    if marks[0].startswith("$"):
        return int(marks[0][1:]) - 1, int(marks[-1][1:])
    before = len(re.findall(_MARK, head))
    return before, before + len(marks)


def keys_of(found: Footprint, parameters: Any) -> tuple[str, ...] | None:
    """The primary keys, as text, of the rows that a statement chooses with these parameters; None if not known."""
    if found.key is None:
        return None
    return tuple(str(value) for value in parameters[slice(*found.key)])


def changes_of(sql: str, parameters: Any) -> list[Change]:
    """What a statement changes when it is run with these parameters."""
    found = footprint(sql)
    if found.target is None:
        return []
    if not found.target:
        return [Change("", None)]
    known = Change(found.target, keys_of(found, parameters))
    verb = sql.split(None, 1)[0].upper()
    if verb == "INSERT":
        return [Change(found.target, ())] if _INSERTS.match(sql) and not _REPLACES.search(sql) else [known]
    if verb != "DELETE":
        return [known]
    return [known, *(Change(table, None) for table in sorted(_followers(found.target) - {found.target}))]
