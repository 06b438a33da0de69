"""Conditions of indexes as a database tells them, read as Qs: comparisons with literals, joined by AND."""

import json
import re

import sqlalchemy as sa

__all__ = ["LITERAL", "as_q", "python_text"]

LITERAL = re.compile(r"\(*('(?:[^']|'')*'|-?\d+(?:\.\d+)?|true|false)\)*(?:::[\w ]+)?", re.IGNORECASE)
"""A number, a text or a truth value of SQL, as a default has it."""
_AND = re.compile(" AND ", re.IGNORECASE)
_LOOKUPS = {"=": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte", "<>": None, "!=": None}
_COMPARISON = re.compile(
    r"""[(]*[`"]?(?P<column>\w+)[`"]?[)]*(?:::[\w ]+)?[ ]*
    (?:(?P<sign><>|!=|>=|<=|=|>|<)[ ]*[(]*(?P<literal>'(?:[^']|'')*'|-?\d+(?:\.\d+)?|true|false)[)]*(?:::[\w ]+)?
    |(?P<null>IS[ ](?:NOT[ ])?NULL))""",
    re.IGNORECASE | re.VERBOSE,
)


def as_q(text: str, table: sa.Table, names: dict[str, str]) -> str:
    """A condition of SQL as a Q in Python; `names` has the fields by column. Empty when it is not understood."""
    terms = [_comparison(part, table, names) for part in _AND.split(text)]
    return " & ".join(terms) if all(terms) else ""


def _comparison(text: str, table: sa.Table, names: dict[str, str]) -> str:
    """One comparison with a literal, as a Q; empty when it is none."""
    found = _COMPARISON.fullmatch(text.strip(" ()"))
    if found is None or found["column"] not in names:
        return ""
    name, literal = names[found["column"]], found["literal"]
    if literal is None:
        return f"db.Q({name}__isnull={found['null'].upper() == 'IS NULL'})"
    if literal[0] == "'":
        value = python_text(literal[1:-1].replace("''", "'"))
    elif isinstance(table.c[found["column"]].type, sa.Boolean):
        value = str(literal.lower() in ("true", "1"))
    else:
        value = literal
    lookup = _LOOKUPS[found["sign"]]
    return f"~db.Q({name}={value})" if lookup is None else f"db.Q({name}{lookup}={value})"


def python_text(value: str) -> str:
    """A text as Python has it."""
    return json.dumps(value, ensure_ascii=False)
