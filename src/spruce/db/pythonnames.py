"""Names for Python from those of a database: of models and fields, none twice and none that means something else."""

import keyword
import re
from collections.abc import Container

__all__ = ["class_name", "field_name"]

_TAKEN = frozenset(
    {"pk", "objects", "save", "delete", "refresh_from_db", "full_clean", "clean", "DoesNotExist", "Meta"}
    | {"MultipleObjectsReturned", "db", "id_"}
)


def class_name(table: str, taken: Container[str]) -> str:
    """The name of a table's model: `OrderLine` for `order_lines` stays `OrderLines`, as nobody can tell plurals."""
    words = [word for word in re.split(r"\W+|_", table) if word]
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Table"
    return _free(f"T{name}" if name[0].isdigit() else name, taken)


def field_name(column: str, taken: Container[str]) -> str:
    """The name of a column's field: itself, where Python and queries can have it."""
    name = re.sub(r"\W", "_", column.lower() if not column.isidentifier() else column)
    name = re.sub(r"__+", "_", name).strip("_") or "column"
    if name[0].isdigit():
        name = f"n_{name}"
    if keyword.iskeyword(name) or name in _TAKEN:
        name = f"{name}_field"
    return _free(name, taken)


def _free(name: str, taken: Container[str]) -> str:
    if keyword.iskeyword(name):
        name = f"{name}_"
    number, free = 2, name
    while free in taken:
        free = f"{name}{number}"
        number += 1
    return free
