"""A function of one argument as a transform: what it takes of a column, in the words of the database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from spruce.db.amounts import rescale
from spruce.db.calls import CALLS
from spruce.db.fields import Field

__all__ = ["Taken", "field_taken"]


class Taken(FunctionElement[Any]):
    """A call of CALLS on one column, with its options."""

    inherit_cache = False

    def __init__(self, name: str, options: tuple[Any, ...], column: Any, real: bool) -> None:
        super().__init__(column)
        self.call = name
        self.given = options
        self.real = real  # whether it gives a float


@compiles(Taken)
def _taken(element: Taken, compiler: Any, **options: Any) -> str:
    call, dialect = CALLS[element.call], compiler.dialect
    (column,) = element.clauses
    made = call.sql([rescale(column, sa.Double(), dialect) if call.real else column], dialect.name, element.given)
    made = sa.cast(made, sa.Double()) if element.real else made
    text: str = compiler.process(made, **options)
    return f"({text})"


def field_taken(key: Any, field: Field[Any]) -> Field[Any]:
    """The field that the call of a key gives, of a column like `field`; what is taken of a text is such a text."""
    if key[0] == "wrapped":
        kind, details = key[2]
        told: Field[Any] = kind(null=True, **dict(details))
        return told
    made = CALLS[key[1]].field([field], key[3])
    return (field if made.family == field.family == "text" else made).copy()
