"""Terms as SQL: the key of an expression, taken apart by its kind.

Parameters stand in the order of the term's values, so the parts of a key are always made in the order in which they
are written.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from spruce.db.arithmetic import Arithmetic, rescale
from spruce.db.fields import DecimalField
from spruce.db.lookups import resolve
from spruce.db.outputs import output
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.conditions import Conditions

__all__ = ["Terms"]

Column = sa.ColumnElement[Any]


class Terms:
    """Makes the terms of one query, with the conditions in them made by `conditions`."""

    def __init__(self, conditions: "Conditions") -> None:
        self.conditions = conditions
        self.joins = conditions.joins
        self.parameters = conditions.parameters
        self.dialect = conditions.dialect
        self.arithmetic = Arithmetic(self)
        self.lift: Callable[[Column], Column] | None = None  # puts what an aggregate reads into a query inside
        self.across = True  # whether names may follow relations

    def sql(self, key: Any) -> Column:
        """The SQL of a key; its values become the next parameters."""
        make = _KINDS.get(key[0])
        return self.arithmetic.sql(key) if make is None else make(self, key)

    def typed(self, key: Any) -> Column:
        """The SQL of a key, with the type of the field that it is like."""
        made = self.sql(key)
        return made if not isinstance(made.type, sa.types.NullType) else sa.type_coerce(made, self.output(key))

    def output(self, key: Any) -> Any:
        """The SQL type of what a key gives."""
        return output(self.joins.model, self.joins.fields, key).column_type()

    def _name(self, key: Any) -> Column:
        path = resolve(self.joins.model, key[1], lookups=False, computed=self.joins.fields)
        if path.steps and not self.across:
            raise FieldError(
                f"F({key[1]!r}): update() reads the columns of its own table only", hint="Use a name without '__'."
            )
        return self.joins.column(path)

    def _value(self, key: Any) -> Column:
        return self.parameters.add(self.output(key), key[1])

    def _condition(self, key: Any) -> Column:
        split, self.conditions.split = self.conditions.split, False
        made = self.conditions.one(None, key[1], negated=False)
        self.conditions.split = split
        return sa.true() if made is None else sa.type_coerce(made, sa.Boolean())

    def _aggregate(self, key: Any) -> Column:
        _, function, inner, distinct, condition, default = key
        result = self.output(key)
        self.joins.touched = False  # by what stands beside it
        argument = None if inner is None else self._read(self.sql(inner))
        where = None if condition is None else self._read(self._condition(("condition", condition)))
        if argument is not None and function not in ("count", "min", "max", "sum", "avg"):
            argument = rescale(argument, result, self.dialect)
        self.joins.touched = True
        made = _of_rows(function, argument, distinct)
        if where is not None:
            made = made.filter(where)
        if default is not None:
            made = sa.func.coalesce(made, self._default(result, default))
        return sa.type_coerce(made, result)

    def _read(self, column: Column) -> Column:
        if self.joins.touched and self.lift is None:
            raise FieldError(
                "an aggregate cannot be computed of another one in the same query",
                hint="Use aggregate() on the query that has the inner one.",
            )
        return column if self.lift is None else self.lift(column)

    def _default(self, type_: Any, token: Any) -> Column:
        places = getattr(type_, "places", None)
        if places is None:
            return self.parameters.add(type_, token)
        return self.parameters.add(type_, None, DecimalField(max_digits=18, decimal_places=places).comparable)


def _of_rows(function: str, argument: Column | None, distinct: bool) -> Any:
    if argument is None:
        return sa.func.count()
    return getattr(sa.func, function)(argument.distinct() if distinct else argument)


_KINDS: dict[str, Callable[[Terms, Any], Column]] = {
    "F": Terms._name,
    "value": Terms._value,
    "condition": Terms._condition,
    "aggregate": Terms._aggregate,
}
