"""Conditions and expressions inside the definitions of tables, where values stand as literals.

A definition is written in the words of a dialect that is known only when the table is made; a `Formula` is turned into
SQL then. It speaks of the columns of its own row.
"""

import datetime as dt
from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

from spruce.db.amounts import rescale
from spruce.db.conditions import Conditions
from spruce.db.expressions import Q
from spruce.db.joins import Joins, Parameters
from spruce.db.records import Record
from spruce.db.tokens import operand, token
from spruce.db.words import quoted
from spruce.errors import FieldError, ModelError

__all__ = ["Formula", "written"]

Column = sa.ColumnElement[Any]


class Formula(sa.ColumnElement[Any]):
    """A condition (a Q), an expression on the columns of the model, or with `plain` a value.

    With `type_`, what it gives is brought to the unit of that type.
    """

    inherit_cache = False

    def __init__(
        self,
        model: type[Record],
        formula: Any,
        type_: "TypeEngine[Any] | None" = None,
        *,
        plain: bool = False,
        table: FromClause | None = None,
    ) -> None:
        self.type = sa.types.NullType()
        self.model = model
        self.table = table
        self.formula = formula
        self.target = type_
        self.plain = plain

    def build(self, dialect: sa.Dialect) -> Column:
        """The SQL for a dialect. Raises ModelError for what reaches beyond the row."""
        if self.plain:
            value: Column = _Literals((self.formula,), dialect).add(self.target)
            return value
        return written(self.model, self.formula, dialect, self.table, self.target)


@compiles(Formula)
def _compiled(element: Formula, compiler: Any, **options: Any) -> str:
    text: str = compiler.process(element.build(compiler.dialect).self_group(), **options)
    return text


def written(
    model: type[Record],
    formula: Any,
    dialect: sa.Dialect,
    table: FromClause | None = None,
    type_: "TypeEngine[Any] | None" = None,
) -> Column:
    """The SQL of a condition, an expression, or a field's name, with values as literals.

    Raises ModelError for what reaches beyond the table.
    """
    joins = Joins(model, table)
    key, values = token(formula) if isinstance(formula, Q) else operand(formula)
    conditions = Conditions(joins, _Literals(values, dialect), dialect, _refuse)
    if isinstance(formula, Q):
        made: Any = conditions.one(None, key, False)
    else:
        made = conditions.terms.typed(key)
        made = made if type_ is None else rescale(made, type_, dialect)
    if joins or made is None:
        raise ModelError(f"{formula!r} cannot stand in the table of {model.__name__}: it speaks of other tables")
    found: Column = made
    return found


def _refuse(shape: Any, key: str = "pk") -> Any:
    raise FieldError("a query cannot stand in the definition of a table")


class _Literals(Parameters):
    """Values written out where queries have parameters."""

    def __init__(self, values: tuple[Any, ...], dialect: sa.Dialect) -> None:
        super().__init__()
        self.values = iter(values)
        self.dialect = dialect

    def add(
        self, type_: TypeEngine[Any] | None, token: Hashable = None, convert: Callable[[Any], Any] | None = None
    ) -> Any:
        """The next value as a literal."""
        value = next(self.values)
        value = value if convert is None else convert(value)
        processor = None if type_ is None or value is None else type_._cached_bind_processor(self.dialect)
        return sa.literal_column(_spelled(value if processor is None else processor(value), self.dialect), type_)


def _spelled(value: Any, dialect: sa.Dialect) -> str:
    """A value in SQL. Raises ModelError for one that has no literal."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return repr(value) if not isinstance(value, Decimal) else str(value)
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        value = str(value)
    if not isinstance(value, str):
        raise ModelError(f"{value!r} cannot be written into the definition of a table")
    return quoted(value, dialect.name)
