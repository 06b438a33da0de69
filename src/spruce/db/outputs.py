"""What an expression gives: the field that its value is like, by which it is read, compared and combined."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.calls import CALLS
from spruce.db.dates import DateField, DateTimeField, TimeField
from spruce.db.documents import JSONField
from spruce.db.fields import Field
from spruce.db.integers import BigIntegerField
from spruce.db.lookups import resolve
from spruce.db.numbers import BooleanField, DecimalField, FloatField
from spruce.db.records import Record
from spruce.db.special import DurationField, UUIDField
from spruce.db.texts import TextField
from spruce.db.tokens import Json
from spruce.errors import FieldError

__all__ = ["named", "output"]

Fields = Mapping[str, Field[Any]]

_OF_VALUE: dict[Any, Callable[[], Field[Any]]] = {
    bool: lambda: BooleanField(null=True),
    int: lambda: BigIntegerField(null=True),
    float: lambda: FloatField(null=True),
    str: lambda: TextField(null=True),
    dt.date: lambda: DateField(null=True),
    dt.datetime: lambda: DateTimeField(null=True),
    dt.time: lambda: TimeField(null=True),
    dt.timedelta: lambda: DurationField(null=True),
    uuid.UUID: lambda: UUIDField(null=True),
    Json: lambda: JSONField(null=True),
    Decimal: lambda: DecimalField(max_digits=18, decimal_places=6, null=True),
}


def output(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    """The field that the value of a key is like; `fields` are those of the annotations that it may name."""
    return _OUTPUTS.get(key[0], _arithmetic)(model, fields, key)


def named(model: type[Record], name: str, field: Field[Any]) -> Field[Any]:
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


def _name(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    return _loose(resolve(model, key[1], lookups=False, computed=fields).compared)


def _value(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    make = _OF_VALUE.get(key[1])
    if make is None:
        raise FieldError(f"a {key[1].__name__} has no type in SQL")
    return make()


def _aggregate(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
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
    keeps = isinstance(found, DecimalField) or found.family == "duration"
    return found if function == "avg" and keeps else FloatField(null=True)


def _condition(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    return BooleanField(null=True)


def _arithmetic(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    """As arithmetic.py computes it: an amount keeps the unit of its column."""
    sign, left, right = key
    found = [output(model, fields, side) for side in (left, right) if side[0] != "value"]
    times = _in_time(sign, model, fields, (left, right))
    if times is not None:
        return times
    amounts: list[DecimalField[Any]] = [field for field in found if isinstance(field, DecimalField)]
    if amounts:
        return max(amounts, key=attrgetter("decimal_places")) if sign in "+-" else amounts[0]
    types = [side[1] for side in (left, right) if side[0] == "value"]
    if not found:
        return _OF_VALUE.get(next((each for each in (Decimal, float) if each in types), types[0]), TextField)()
    if types and types[0] is not found[0].python and (types[0] is not int or (sign == "/" and not found)):
        return _OF_VALUE.get(types[0], _OF_VALUE[float])() if found[0].family == "number" else found[0]
    if any(isinstance(field, FloatField) for field in found):
        return FloatField(null=True)
    return found[0]


def _in_time(sign: str, model: type[Record], fields: Fields, sides: tuple[Any, Any]) -> Field[Any] | None:
    """What moments and lengths of time give."""
    kinds = [_FAMILIES.get(side[1], "") if side[0] == "value" else output(model, fields, side).family for side in sides]
    moments = [kind in ("date", "datetime") for kind in kinds]
    if sign not in "+-" or not any(moments):
        return None
    return DurationField(null=True) if all(moments) else DateTimeField(null=True)


_FAMILIES = {dt.datetime: "datetime", dt.date: "date", dt.timedelta: "duration"}


class _Unknown(Field[Any]):
    """What a column of the query around this one is like, which is not known here."""

    what = "value"

    def column_type(self) -> TypeEngine[Any]:
        """None."""
        return sa.types.NullType()


def _unknown(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    return _Unknown(null=True)


def _alike(model: type[Record], fields: Fields, keys: Any) -> Field[Any]:
    """The field that several values are brought to: that of the first which is no plain value, else of the first."""
    known = [key for key in keys if key[0] not in ("value", "null")] or [key for key in keys if key[0] == "value"]
    return output(model, fields, known[0]) if known else TextField(null=True)


def _call(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    _, name, arguments, options = key
    call = CALLS[name]
    if call.alike:
        return _alike(model, fields, arguments)
    return call.field([output(model, fields, each) for each in arguments], options)


def _case(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    return _alike(model, fields, [*(then for _, then in key[1]), key[2]])


def _as_told(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    output(model, fields, key[1])
    kind, details = key[2]
    made: Field[Any] = kind(null=True, **dict(details))
    return made


def _subquery(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    shape = key[1]
    chosen = [op[1] for op in shape.ops() if op[0] in ("values", "list")]
    names = chosen[-1] if chosen and chosen[-1] else ("pk",)
    return output(shape.model, shape.fields, ("F", names[0]))


def _inner(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    return output(model, fields, key[1])


def _clause(model: type[Record], fields: Fields, key: Any) -> Field[Any]:
    found = next((make for kind, make in _OF_TYPE if isinstance(key[1].exemplar.type, kind)), TextField)
    return found(null=True)


_OF_TYPE: tuple[tuple[type[TypeEngine[Any]], type[Field[Any]]], ...] = (
    (sa.Boolean, BooleanField),
    (sa.Integer, BigIntegerField),
    (sa.Float, FloatField),
)


_OUTPUTS: dict[str, Callable[[type[Record], Fields, Any], Field[Any]]] = {
    "F": _name,
    "value": _value,
    "aggregate": _aggregate,
    "null": lambda model, fields, key: TextField(null=True),
    "clause": _clause,
    "call": _call,
    "case": _case,
    "cast": _as_told,
    "wrapped": _as_told,
    "outer": _unknown,
    "subquery": _subquery,
    "exists": _condition,
    "not": _condition,
    "window": _inner,
    "condition": _condition,
}
