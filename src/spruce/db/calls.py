"""Functions of the database: what each gives, and its SQL by dialect."""

from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa

from spruce.db.dateparts import DatePart
from spruce.db.dates import DateField, DateTimeField, TimeField
from spruce.db.documents import Document, JSONField
from spruce.db.elements import TimeOfDay
from spruce.db.fields import Field
from spruce.db.formed import Formed
from spruce.db.integers import BigIntegerField, IntegerField
from spruce.db.numbers import FloatField
from spruce.db.texts import TextField
from spruce.db.types import ExactDecimal
from spruce.db.words import quoted
from spruce.errors import FieldError

__all__ = ["CALLS", "Call"]

Column = sa.ColumnElement[Any]

REAL = (
    "acos", "asin", "atan", "atan2", "cos", "cot", "degrees", "exp", "ln", "log", "mod", "pi", "power", "radians",
    "random", "sign", "sin", "sqrt", "tan",
)  # fmt: skip
"""Functions of numbers."""
TEXTS = ("chr", "lpad", "md5", "repeat", "reverse", "right", "rpad", "sha1", "sha224", "sha256", "sha384", "sha512")
"""Functions that give texts."""


class Call(NamedTuple):
    """A function: its SQL of the arguments, the dialect's name and its options; the field of its result.

    Arguments that are `alike` are brought to one type, that of the result; `real` ones are made floats.
    """

    sql: Callable[[list[Column], str, tuple[Any, ...]], Any]
    field: Callable[[list[Field[Any]], tuple[Any, ...]], Field[Any]]
    alike: bool = False
    real: bool = False  # whether its arguments are floats


def _text(_: object, __: object) -> Field[Any]:
    return TextField(null=True)


def _whole(_: object, __: object) -> Field[Any]:
    return BigIntegerField(null=True)


def _number(_: object, __: object) -> Field[Any]:
    return FloatField(null=True)


def _first(fields: list[Field[Any]], _: object) -> Field[Any]:
    return fields[0]


def _json(_: object, __: object) -> Field[Any]:
    return JSONField(null=True)


def _named(name: str) -> Callable[[list[Column], str, tuple[Any, ...]], Any]:
    function = getattr(sa.func, name)
    return lambda columns, dialect, options: function(*columns)


def _joined(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    parts: list[Any] = [sa.func.coalesce(sa.cast(column, sa.Text()), sa.literal_column("''")) for column in columns]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.op("||")(part)
    return whole


def _extreme(lite: str, others: str) -> Callable[[list[Column], str, tuple[Any, ...]], Any]:
    return lambda columns, dialect, options: getattr(sa.func, lite if dialect == "sqlite" else others)(*columns)


def _now(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    if dialect == "sqlite":  # the form in which moments are stored
        return sa.literal_column("strftime('%Y-%m-%d %H:%M:%f000', 'now')")
    return sa.func.statement_timestamp()


def _moved(name: str) -> Callable[[list[Column], str, tuple[Any, ...]], Any]:
    """Of another row, with what is given where there is none."""

    def made(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
        value, *rest = columns
        if rest and dialect == "mariadb":  # which has no third argument
            raise FieldError(f"MariaDB has no default of {name.title()}", hint="Put Coalesce around the Window.")
        return getattr(sa.func, name)(value, sa.literal_column(str(options[0])), *rest)

    return made


def _first_or_text(fields: list[Field[Any]], _: object) -> Field[Any]:
    return fields[0] if fields else TextField(null=True)


def _json_made(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    """An object of the names in `options` with the columns as values, or a list of these."""
    values = [_as_json(each, dialect) for each in columns]
    if not options:
        return Formed("json_array", *values)
    named: list[Any] = [sa.literal_column(quoted(name, dialect)) for name in options]
    return Formed("json_object", *(each for pair in zip(named, values, strict=True) for each in pair))


def _as_json(column: Column, dialect: str) -> Any:
    """A column as a value of JSON: of its own kind, dates and times as texts; terms.py makes amounts numbers."""
    if isinstance(column.type, sa.Boolean):
        return Formed("json_truth", column)
    if isinstance(column.type, Document):
        return Formed("json_value", column)
    is_text = isinstance(column, sa.BindParameter) and isinstance(column.type, sa.String)
    return Formed("json_text", column) if is_text else column


_FORMS = {
    "year": "%Y-01-01 00:00:00",
    "month": "%Y-%m-01 00:00:00",
    "day": "%Y-%m-%d 00:00:00",
    "hour": "%Y-%m-%d %H:00:00",
    "minute": "%Y-%m-%d %H:%M:00",
    "second": "%Y-%m-%d %H:%M:%S",
}


def _formed(name: str) -> Callable[[list[Column], str, tuple[Any, ...]], Any]:
    return lambda columns, dialect, options: Formed(name, *columns)


_OF_DAY = frozenset({"hour", "minute", "second"})


def _with_unit(function: str, fields: list[Field[Any]], options: tuple[Any, ...]) -> Field[Any]:
    """The field that a part is taken of. Raises FieldError for one that has no such part."""
    field, unit = fields[0], options[0]
    lacks = {"date": unit in _OF_DAY, "time": unit not in _OF_DAY, "duration": True}
    if lacks.get(field.family):
        raise FieldError(f"{function}(…, {unit!r}): a {type(field).__name__} has no {unit}")
    return field


def _truncated(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    unit, family = options
    of_day = family == "date"
    if family == "time":
        return _truncated_time(columns, dialect, unit)
    if unit in ("week", "quarter"):
        return Formed(f"trunc_{'date_' if of_day else ''}{unit}", *columns)
    if dialect != "sqlite":
        beginning = sa.func.date_trunc(sa.literal_column(f"'{unit}'"), *columns)
        return sa.cast(beginning, sa.Date()) if of_day else beginning
    form = _FORMS[unit].partition(" ")[0] if of_day else f"{_FORMS[unit]}.000000"
    return sa.func.strftime(sa.literal_column(f"'{form}'"), *columns)


def _truncated_time(columns: list[Column], dialect: str, unit: str) -> Any:
    if dialect == "sqlite":
        form = _FORMS[unit].partition(" ")[2]
        return sa.func.strftime(sa.literal_column(f"'{form}.000000'"), *columns)
    if dialect == "postgresql":
        return sa.cast(sa.func.date_trunc(sa.literal_column(f"'{unit}'"), *columns), sa.Time())
    form = _FORMS[unit].partition(" ")[2].replace("%M", "%i").replace("%S", "%s")
    return sa.cast(sa.func.time_format(*columns, sa.literal_column(f"'{form}'")), sa.Time())


def _rounded(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    """To so many places; amounts of SQLite are whole numbers, of which the last digits become zeros."""
    (column,), (places,) = columns, options
    if dialect == "sqlite" and isinstance(column.type, ExactDecimal):
        if places >= column.type.places:
            return column
        power: Column = sa.literal_column(f"'{10 ** (column.type.places - places)}'")
        down = sa.func.spruce_scale(sa.type_coerce(column, sa.Integer()), sa.literal_column("'/'"), power)
        return sa.func.spruce_scale(down, sa.literal_column("'*'"), power)
    if dialect != "sqlite" and isinstance(column.type, sa.Double):  # which PostgreSQL rounds to whole numbers only
        return sa.cast(sa.func.round(sa.cast(column, sa.Numeric()), sa.literal_column(str(places))), sa.Double())
    return sa.func.round(column, sa.literal_column(str(places)))


def _cut(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    """A part of a text; PostgreSQL counts in 32 bits."""
    text, *numbers = columns
    return sa.func.substr(text, *(each if dialect == "sqlite" else sa.cast(each, sa.Integer()) for each in numbers))


CALLS: dict[str, Call] = {
    "lower": Call(_named("lower"), _text),
    "upper": Call(_named("upper"), _text),
    "length": Call(_named("length"), _whole),
    "trim": Call(_named("trim"), _text),
    "ltrim": Call(_named("ltrim"), _text),
    "rtrim": Call(_named("rtrim"), _text),
    "replace": Call(_named("replace"), _text),
    "substr": Call(_cut, _text),
    "strindex": Call(_extreme("instr", "strpos"), _whole),
    "concat": Call(_joined, _text),
    "coalesce": Call(_named("coalesce"), _first, alike=True),
    "nullif": Call(_named("nullif"), _first, alike=True),
    "greatest": Call(_extreme("max", "greatest"), _first, alike=True),
    "least": Call(_extreme("min", "least"), _first, alike=True),
    "abs": Call(_named("abs"), _first),
    "round": Call(_rounded, _first),
    "ceil": Call(_named("ceil"), _number, real=True),
    "floor": Call(_named("floor"), _number, real=True),
    **{name: Call(_formed(name), _number, real=True) for name in REAL},
    **{name: Call(_formed(name), _text) for name in TEXTS},
    "ord": Call(_formed("ord"), _whole),
    "collate": Call(lambda columns, dialect, options: sa.collate(columns[0], options[0]), _text),
    "func": Call(lambda columns, dialect, options: getattr(sa.func, options[0])(*columns), _first_or_text),
    "json_object": Call(_json_made, _json, real=True),
    "json_array": Call(_json_made, _json, real=True),
    "time": Call(lambda columns, dialect, options: TimeOfDay(*columns), lambda fields, options: TimeField(null=True)),
    "cume_dist": Call(_named("cume_dist"), _number),
    "percent_rank": Call(_named("percent_rank"), _number),
    "nth_value": Call(
        lambda columns, dialect, options: sa.func.nth_value(columns[0], sa.literal_column(str(options[0]))), _first
    ),
    "now": Call(_now, lambda fields, options: DateTimeField()),
    "extract": Call(
        lambda columns, dialect, options: DatePart(options[0], columns[0]),
        lambda fields, options: _with_unit("Extract", fields, options) and IntegerField(null=True),
    ),
    "trunc": Call(_truncated, lambda fields, options: _with_unit("Trunc", fields, options)),
    "date": Call(_named("date"), lambda fields, options: DateField(null=True)),
    "row_number": Call(_named("row_number"), _whole),
    "rank": Call(_named("rank"), _whole),
    "dense_rank": Call(_named("dense_rank"), _whole),
    "ntile": Call(lambda columns, dialect, options: sa.func.ntile(sa.literal_column(str(options[0]))), _whole),
    "lag": Call(_moved("lag"), _first, alike=True),
    "lead": Call(_moved("lead"), _first, alike=True),
    "first_value": Call(_named("first_value"), _first),
    "last_value": Call(_named("last_value"), _first),
}
"""All functions by name."""
