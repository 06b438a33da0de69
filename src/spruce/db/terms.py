"""Terms as SQL: the key of an expression, taken apart by its kind.

Parameters stand in the order of the term's values, so the parts of a key are always made in the order in which they
are written.
"""

from collections.abc import Callable
from typing import Any, Protocol

import sqlalchemy as sa

from spruce.db.amounts import rescale
from spruce.db.arithmetic import Arithmetic
from spruce.db.calls import CALLS
from spruce.db.elements import as_moment
from spruce.db.joins import Joins, Parameters
from spruce.db.jsonlookups import JSONValue, text_of
from spruce.db.lookups import resolve
from spruce.db.numbers import DecimalField
from spruce.db.ordering import directed
from spruce.db.outputs import output
from spruce.db.types import ExactDecimal
from spruce.errors import FieldError

__all__ = ["Terms"]

Column = sa.ColumnElement[Any]

_WIDENED = frozenset({"sum", "avg", "var_pop", "var_samp", "stddev_pop", "stddev_samp"})  # by PostgreSQL


class Around(Protocol):
    """What the terms of a query ask of its conditions, which are made of terms themselves."""

    joins: Joins
    parameters: Parameters
    dialect: sa.Dialect
    subquery: Callable[[Any], "sa.Select[Any]"]
    split: bool

    def one(self, key: str | None, token: Any, negated: bool) -> "sa.ColumnElement[bool] | None":
        """One condition."""
        ...

    def clause(self, token: Any) -> Any:
        """A SQLAlchemy expression."""
        ...


class Terms:
    """Makes the terms of one query, with the conditions in them made by `conditions`."""

    def __init__(self, conditions: Around) -> None:
        self.conditions = conditions
        self.joins = conditions.joins
        self.parameters = conditions.parameters
        self.dialect = conditions.dialect
        self.arithmetic = Arithmetic(self)
        self.lift: Callable[[Column], Column] | None = None  # puts what an aggregate reads into a query inside
        self.outside: Terms | None = None  # those of the query around this one
        self.across = True  # whether names may follow relations

    def sql(self, key: Any) -> Column:
        """The SQL of a key; its values become the next parameters."""
        make = _KINDS.get(key[0])
        return self.arithmetic.sql(key) if make is None else make(self, key)

    def around(self) -> list[Any]:
        """The tables of this query and of those around it."""
        return [*self.joins.tables, *(self.outside.around() if self.outside is not None else ())]

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
        if self.dialect.name != "sqlite" and function in _WIDENED and isinstance(result, sa.Integer | sa.Double):
            made = sa.cast(made, result)  # from NUMERIC
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

    def _null(self, key: Any) -> Column:
        return sa.null()

    def _clause(self, key: Any) -> Column:
        made: Column = self.conditions.clause(key[1])
        return made

    def fitted(self, key: Any, field: Any) -> Column:
        """The SQL of a key, as a value of the field's type."""
        if key[0] == "value":
            return self.parameters.add(field.column_type(), None, field.comparable)
        return sa.null() if key[0] == "null" else rescale(self.sql(key), field.column_type(), self.dialect)

    def _call(self, key: Any) -> Column:
        _, name, arguments, options = key
        call = CALLS[name]
        result = output(self.joins.model, self.joins.fields, key)
        if name == "trunc":
            options = (*options, result.family)
        columns = [self.fitted(each, result) if call.alike else self._argument(each) for each in arguments]
        if call.real:  # no amounts in SQLite's unit
            columns = [rescale(column, sa.Double(), self.dialect) for column in columns]
        made = call.sql(columns, self.dialect.name, options)
        made = sa.cast(made, sa.Double()) if call.real and result.family == "number" else made
        return sa.type_coerce(made, result.column_type())

    def _argument(self, key: Any) -> Column:
        """What a function is given: of something inside of JSON, its text."""
        made = self.sql(key)
        return text_of(made, self.dialect.name) if isinstance(made, JSONValue) else made

    def _case(self, key: Any) -> Column:
        _, cases, default = key
        field = output(self.joins.model, self.joins.fields, key)
        whens = []
        for condition, then in cases:
            found = self._condition(("condition", condition))
            whens.append((found, self.fitted(then, field)))
        otherwise = self.fitted(default, field)
        return sa.type_coerce(sa.case(*whens, else_=otherwise), field.column_type())

    def _cast(self, key: Any) -> Column:
        return self._converted(self.sql(key[1]), self.output(key))

    def _converted(self, made: Column, target: Any) -> Column:
        if self.dialect.name == "sqlite" and isinstance(target, ExactDecimal):
            unit: Column = sa.literal_column(str(10**target.places))
            if isinstance(made.type, ExactDecimal | sa.Integer):
                return rescale(made, target, self.dialect)
            text = sa.cast(made, sa.String())
            return sa.func.spruce_scale(unit, sa.literal_column("'*'"), text, type_=target)
        if self.dialect.name == "sqlite" and (moment := as_moment(made, target)) is not None:
            return moment
        if isinstance(made.type, ExactDecimal):
            made = rescale(made, sa.Double(), self.dialect)
        if isinstance(target, sa.Integer) and isinstance(made.type, sa.Double | ExactDecimal):
            made = made if self.dialect.name == "sqlite" else sa.func.trunc(made)  # which SQLite's CAST does
        return sa.cast(made, target)

    def _wrapped(self, key: Any) -> Column:
        made, target = self.sql(key[1]), self.output(key)
        cut = isinstance(target, sa.Integer) and isinstance(made.type, sa.Double)
        if cut or isinstance(made.type, ExactDecimal) or isinstance(target, ExactDecimal):
            return self._converted(made, target)  # it is kept in another way
        return sa.type_coerce(made, target)

    def _not(self, key: Any) -> Column:
        return sa.not_(self.sql(key[1]))

    def _outer(self, key: Any) -> Column:
        if self.outside is None:
            raise FieldError(
                f"OuterRef({key[1][1]!r}) stands in a query that is not inside of another one",
                hint="Put that query into db.Subquery(…) or db.Exists(…).",
            )
        return self.outside.sql(key[1])

    def _subquery(self, key: Any) -> Column:
        select = self.conditions.subquery(key[1])
        return sa.type_coerce(select.limit(sa.literal_column("1")).scalar_subquery(), self.output(key))

    def _exists(self, key: Any) -> Column:
        found = self.conditions.subquery(key[1]).exists()
        return sa.not_(found) if key[2] else found

    def _window(self, key: Any) -> Column:
        _, inner, partition, orders, frame = key
        self.joins.touched = False
        made: Any = self.sql(inner)
        result, cast = made.type, None
        while isinstance(made, sa.TypeCoerce):
            made = made.clause  # without the types, which stand around the function
        if isinstance(made, sa.Cast):
            made, cast = made.clause, made.type
        parts = [self.sql(each) for each in partition]
        ordered = [directed(self.sql(name), down, nulls) for name, down, nulls in orders]
        self.joins.touched = False
        self.joins.windowed = True
        between = {frame[0]: frame[1:]} if frame else {}
        over = made.over(partition_by=parts or None, order_by=ordered or None, **between)
        return sa.type_coerce(over if cast is None else sa.cast(over, cast), result)


def _of_rows(function: str, argument: Column | None, distinct: bool) -> Any:
    if argument is None:
        return sa.func.count()
    return getattr(sa.func, function)(argument.distinct() if distinct else argument)


_KINDS: dict[str, Callable[[Terms, Any], Column]] = {
    "F": Terms._name,
    "value": Terms._value,
    "condition": Terms._condition,
    "aggregate": Terms._aggregate,
    "null": Terms._null,
    "clause": Terms._clause,
    "call": Terms._call,
    "case": Terms._case,
    "cast": Terms._cast,
    "wrapped": Terms._wrapped,
    "not": Terms._not,
    "outer": Terms._outer,
    "subquery": Terms._subquery,
    "exists": Terms._exists,
    "window": Terms._window,
}
