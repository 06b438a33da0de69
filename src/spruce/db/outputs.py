"""What an expression gives: the field that its value is like, by which it is read, compared and combined."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from spruce.db.dates import DateField, DateTimeField
from spruce.db.fields import BigIntegerField, BooleanField, DecimalField, Field, FloatField, TextField
from spruce.db.lookups import resolve
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.models import Model

__all__ = ["named", "output"]

Fields = Mapping[str, Field[Any]]

_OF_VALUE: dict[Any, Callable[[], Field[Any]]] = {
    bool: lambda: BooleanField(null=True),
    int: lambda: BigIntegerField(null=True),
    float: lambda: FloatField(null=True),
    str: lambda: TextField(null=True),
    dt.date: lambda: DateField(null=True),
    dt.datetime: lambda: DateTimeField(null=True),
    Decimal: lambda: DecimalField(max_digits=18, decimal_places=6, null=True),
}


def output(model: "type[Model]", fields: Fields, key: Any) -> Field[Any]:
    """The field that the value of a key is like; `fields` are those of the annotations that it may name."""
    return _OUTPUTS.get(key[0], _arithmetic)(model, fields, key)


def named(model: "type[Model]", name: str, field: Field[Any]) -> Field[Any]:
    """The field of an annotation."""
    field.bind_to(model, name)
    return field


def _loose(field: Field[Any]) -> Field[Any]:
    """A field like this one, that is no column and may be null."""
    if field.is_relation:
        field = field.key  # type: ignore[attr-defined] # is_relation says that it is a ForeignKey
    made = field.copy()
    made.null, made.unique, made.primary_key = True, False, False
    return made


def _name(model: "type[Model]", fields: Fields, key: Any) -> Field[Any]:
    return _loose(resolve(model, key[1], lookups=False, computed=fields).compared)


def _value(model: "type[Model]", fields: Fields, key: Any) -> Field[Any]:
    make = _OF_VALUE.get(key[1])
    if make is None:
        raise FieldError(f"a {key[1].__name__} has no type in SQL")
    return make()


def _aggregate(model: "type[Model]", fields: Fields, key: Any) -> Field[Any]:
    _, function, inner, *_ = key
    if inner is None:
        if function != "count":
            raise FieldError(f"{function.title()}('*'): only Count takes '*'", hint="Name a field.")
        return BigIntegerField()
    found = output(model, fields, inner)
    if function == "count":
        return BigIntegerField()
    if function not in ("min", "max") and found.family not in ("number", "relation", "duration"):
        shown = f"({inner[1]!r})" if inner[0] == "F" else ""
        raise FieldError(f"{function.title()}{shown}: {found.label if found.name else 'its argument'} holds no numbers")
    if function in ("min", "max", "sum"):
        return BigIntegerField(null=True) if function == "sum" and found.python is int else found
    return found if function == "avg" and isinstance(found, DecimalField) else FloatField(null=True)


def _condition(model: "type[Model]", fields: Fields, key: Any) -> Field[Any]:
    return BooleanField(null=True)


def _arithmetic(model: "type[Model]", fields: Fields, key: Any) -> Field[Any]:
    """As arithmetic.py computes it: an amount keeps the unit of its column."""
    sign, left, right = key
    found = [output(model, fields, side) for side in (left, right) if side[0] != "value"]
    amounts: list[DecimalField[Any]] = [field for field in found if isinstance(field, DecimalField)]
    if amounts:
        return max(amounts, key=attrgetter("decimal_places")) if sign in "+-" else amounts[0]
    types = [side[1] for side in (left, right) if side[0] == "value"]
    if types and types[0] is not found[0].python and (types[0] is not int or (sign == "/" and not found)):
        return _OF_VALUE.get(types[0], _OF_VALUE[float])() if found[0].family == "number" else found[0]
    if any(isinstance(field, FloatField) for field in found):
        return FloatField(null=True)
    return found[0]


_OUTPUTS: dict[str, Callable[["type[Model]", Fields, Any], Field[Any]]] = {
    "F": _name,
    "value": _value,
    "aggregate": _aggregate,
    "condition": _condition,
}
