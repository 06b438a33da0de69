"""Lookups and transforms of the program's own, which `Field.register_lookup` makes known.

The names are Django's. SQL is not written as text here: a lookup gives a SQLAlchemy expression of its two sides, a
transform one of its column.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import sqlalchemy as sa

from spruce.db.calls import CALLS
from spruce.db.fields import Field
from spruce.db.functions import Function
from spruce.db.patterns import Lookup as Rule
from spruce.db.taken import Taken, field_taken

__all__ = ["Lookup", "Transform", "both_sides", "rule_of", "transformed"]

Column = sa.ColumnElement[Any]


class Lookup:
    """A comparison: `price__ne=5`, where `lookup_name` is "ne".

    `expression` gives its SQL. `value_field` is the field that the value is like, None for the field itself.
    """

    lookup_name: ClassVar[str]
    value_field: ClassVar[Field[Any] | None] = None

    def expression(self, left: Column, right: Column) -> Column:
        """The condition on a column and the value, or what else it is compared with."""
        raise NotImplementedError(f"{type(self).__name__} needs expression(self, left, right)")


class Transform:
    """What is taken of a field, `name__upper__contains="A"` where `lookup_name` is "upper"; also in F, order, values.

    `function` names the SQL function that it calls; `expression` gives any other SQL. `output_field` is the field that
    the result is like, None for the field itself. With `bilateral` it is taken of what is compared with too.
    """

    lookup_name: ClassVar[str]
    function: ClassVar[str] = ""
    output_field: ClassVar[Field[Any] | None] = None
    bilateral: ClassVar[bool] = False

    def expression(self, left: Column) -> Column:
        """The SQL of what it takes of a column."""
        if not self.function:
            raise NotImplementedError(f"{type(self).__name__} needs a function, or expression(self, left)")
        made: Column = getattr(sa.func, self.function)(left)
        return made


def rule_of(field: Field[Any], name: str) -> Rule | None:
    """How the registered lookup of this name compares; None when the field has none."""
    found = field.registered().get(name)
    if found is None or not issubclass(found, Lookup):
        return None
    given = found.value_field
    return Rule(
        lambda column, value, _: found().expression(column, value),
        operand=None if given is None else lambda compared, _: _bound(given, compared, name),
    )


def transformed(field: Field[Any], name: str) -> tuple[Field[Any], Callable[[Any], Any], bool] | None:
    """Of the registered transform of this name: the field that it gives, its SQL, whether it is bilateral."""
    found = field.registered().get(name)
    if found is not None and issubclass(found, Function):
        return _called(found, field, name)
    if found is None or not issubclass(found, Transform):
        return None
    made = _bound(found.output_field or field, field, name)
    made.null, made.unique, made.primary_key = True, False, False
    type_ = made.column_type()
    return made, lambda column: sa.type_coerce(found().expression(column), type_), found.bilateral


def _called(function: type[Function], field: Field[Any], name: str) -> tuple[Field[Any], Callable[[Any], Any], bool]:
    """The same of a function."""
    key: Any = function("it").key
    made = _bound(field_taken(key, field), field, name)
    made.null, made.unique, made.primary_key = True, False, False
    _, call, _, options = key[1] if key[0] == "wrapped" else key
    type_, real = made.column_type(), CALLS[call].real and made.family == "number"
    return made, lambda column: sa.type_coerce(Taken(call, options, column, real), type_), function.bilateral


def both_sides(rule: Rule, take: Callable[[Any], Any]) -> Rule:
    """The same comparison, of which the right side is transformed too."""

    def compare(column: Column, other: Any, dialect: str) -> Column:
        taken: Any = [take(each) for each in other] if isinstance(other, list) else take(other)
        return rule.sql(column, taken, dialect)

    return rule._replace(sql=compare)


def _bound(like: Field[Any], field: Field[Any], name: str) -> Field[Any]:
    """A field like another one, with the name of what is taken of `field`."""
    made = like.copy()
    made.bind_to(field.model, f"{field.name}__{name}")
    return made
