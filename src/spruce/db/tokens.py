"""Tokens: what stands in a shape for the values of a query.

The token of a plain value is its type. Everything else that may stand where a value goes (lists, objects, F, Q,
queries, SQLAlchemy expressions) has a token of its own that says how many values it brings and is equal to others of
its form.
"""

import datetime as dt
import enum
import uuid
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.sql import ClauseElement

from spruce.db.documents import JSONNull
from spruce.db.expressions import Ordered, Q, Term
from spruce.db.fields import Field
from spruce.db.records import unproxied
from spruce.errors import DataError, FieldError

__all__ = [
    "PLAIN",
    "Clause",
    "Expression",
    "Flag",
    "In",
    "Json",
    "Nested",
    "Row",
    "Several",
    "Tree",
    "annotations",
    "as_type",
    "changes",
    "conditions",
    "operand",
    "order_terms",
    "token",
]

_BASES: tuple[type, ...] = (
    bool, int, str, float, bytes, Decimal, dt.datetime, dt.date, dt.time, dt.timedelta, uuid.UUID,
)  # fmt: skip
PLAIN = frozenset({*_BASES, Range, type(None)})
"""The types whose values stand for themselves."""

_IN_TERMS = PLAIN | {dict, list, JSONNull}
_MOST_PADDED = 16_384  # SQLite takes 32,766 parameters in one statement

Values = tuple[Any, ...]


class Paths(Protocol):
    """What a query tells of the paths that values are compared with."""

    def takes_whole(self, path: str) -> bool:
        """Whether a list or dict is one value."""
        ...

    def key_of(self, path: str) -> str:
        """The attribute that stands for an object."""
        ...


class _NoPaths:
    """Where values are compared with nothing that has a name."""

    def takes_whole(self, path: str) -> bool:
        return False

    def key_of(self, path: str) -> str:
        return "pk"


_NO_PATHS = _NoPaths()


class In(NamedTuple):
    """A list, its length rounded up to a power of two: lists of 1 to 100 values make 8 shapes."""

    length: int
    types: frozenset[type]


class Several(NamedTuple):
    """A list with expressions in it: the keys of all that it has."""

    keys: tuple[Hashable, ...]


class Flag(NamedTuple):
    """A truth value that is part of the SQL, as of `isnull`."""

    value: bool


class Row(NamedTuple):
    """A saved object, which stands for its primary key."""

    model: Any


class Expression(NamedTuple):
    """An F with its arithmetic, a function, or another term."""

    key: Hashable
    width: int


class Nested(NamedTuple):
    """Another query, as a subquery."""

    shape: Any
    width: int
    single: bool = False  # whether it is a slice of one row


class Json:
    """The token of a list or dict that is one value."""


class Tree(NamedTuple):
    """A Q: `keys` beside `tokens`; a key is None where the token is a condition itself."""

    connector: str
    negated: bool
    keys: tuple[str | None, ...]
    tokens: tuple[Hashable, ...]


class Clause:
    """A SQLAlchemy expression by its own cache key; `exemplar` is one whose values are numbered by `parameters`."""

    __slots__ = ("exemplar", "key", "lengths", "parameters")

    def __init__(self, exemplar: ClauseElement, key: Hashable, parameters: Sequence[Any], lengths: tuple[int, ...]):
        self.exemplar = exemplar
        self.key = key
        self.parameters = parameters
        self.lengths = lengths  # of each parameter: 0 is one value, n a list of n

    def __hash__(self) -> int:
        return hash((self.key, self.lengths))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Clause) and other.key == self.key and other.lengths == self.lengths


def token(value: Any, paths: Paths = _NO_PATHS, path: str = "") -> tuple[Any, Values]:
    """Return the token of a value and the plain values in it; `path` is what it is compared with.

    Raises FieldError when it cannot stand in a query.
    """
    kind = type(value)
    if kind in PLAIN:
        return kind, (value,)
    if hasattr(kind, "_get_current_object"):  # a proxy, which claims the class of what it stands for
        return token(value._get_current_object(), paths, path)
    if isinstance(value, enum.Enum):
        return token(value.value)
    for base in _BASES:
        if isinstance(value, base):
            return base, (_as_base(base, value),)
    if kind is JSONNull:
        return Json, (value,)
    if isinstance(value, list | tuple | set | frozenset | range | dict | type({}.values())):
        return _of_list(value, paths, path)
    if isinstance(value, Iterator):
        return _of_list(list(value), paths, path)
    if isinstance(value, Term):
        return Expression(*_of_term(value)), value.values
    if isinstance(value, Q):
        return _of_q(value, paths)
    if hasattr(kind, "_meta"):
        return _of_row(value, paths, path)
    if hasattr(value, "as_subquery"):
        shape, values = value.as_subquery()
        return Nested(shape, len(values), value.single), values
    if isinstance(value, ClauseElement) or hasattr(value, "__clause_element__"):
        return _of_clause(value)
    raise FieldError(
        f"a {kind.__name__} cannot stand in a query",
        hint="It takes plain values, lists of them, model objects, QuerySets, F, Q and SQLAlchemy expressions.",
    )


class Wrapped(NamedTuple):
    """A value that is no field's name, though it may be a text."""

    value: Any


def operand(value: Any) -> tuple[Any, Values]:
    """Return key and values of what an expression is made of: a field's name, a term, a Q, a QuerySet or a value."""
    if isinstance(value, str):
        return ("F", value), ()
    if isinstance(value, Wrapped):
        value = value.value
    if isinstance(value, Term):
        return _of_term(value)[0], value.values
    if value is None:
        return ("null",), ()
    one, values = token(value)
    if isinstance(one, Tree):
        return ("condition", one), values
    if isinstance(one, Nested):
        return ("subquery", one.shape), values
    if isinstance(one, Clause):
        return ("clause", one), values
    if not isinstance(one, type):
        raise FieldError(f"{value!r} cannot be part of an expression")
    return ("value", one), values


def as_type(key: Hashable, output_field: Any) -> Hashable:
    """The key of an expression that is read as `output_field`; as it is for None. Raises FieldError for no field."""
    if output_field is None:
        return key
    if not isinstance(output_field, Field) or output_field.is_relation:
        raise FieldError(f"{output_field!r} is no field: give one as db.IntegerField()")
    details = tuple((name, getattr(output_field, name)) for name in _DETAILS if hasattr(output_field, name))
    return "wrapped", key, (type(output_field), details)


_DETAILS = ("max_length", "max_digits", "decimal_places")


def annotations(given: Iterable[Any], named: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[Hashable, ...], Values]:
    """Return names, keys and values of what `annotate()` was given. Raises FieldError for what is no expression."""
    wanted = {each.default_alias: each for each in given if isinstance(each, Term)} | dict(named)
    for each in [*given, *named.values()]:
        if not isinstance(each, Term | Q | ClauseElement) and not hasattr(each, "as_subquery"):
            raise FieldError(f"{each!r} is no expression", hint='Name a field by db.F("…").')
    pairs = [operand(each) for each in wanted.values()]
    return tuple(wanted), tuple(pair[0] for pair in pairs), tuple(value for pair in pairs for value in pair[1])


def order_terms(names: Iterable[Any]) -> tuple[tuple[Any, ...], Values]:
    """Return what is hashable of what `order_by()` was given, and the values in it."""
    made: list[Any] = []
    values: list[Any] = []
    for name in names:
        if isinstance(name, str):
            made.append(name)
            continue
        ordered = name if isinstance(name, Ordered) else Ordered(name, False, False, False)
        key, found = operand(ordered.term)
        made.append((key, ordered.down, ordered.nulls))
        values.extend(found)
    return tuple(made), tuple(values)


def changes(given: Mapping[str, Any], paths: Paths) -> tuple[tuple[Hashable, ...], Values]:
    """Return the tokens of what `update()` was given, and all plain values in them."""
    pairs = [
        (Json, (value,))
        if isinstance(value, list | dict | tuple) and paths.takes_whole(name)
        else token(value, paths, name)
        for name, value in given.items()
    ]
    return tuple(pair[0] for pair in pairs), tuple(value for pair in pairs for value in pair[1])


def conditions(
    expressions: Iterable[Any], keywords: Mapping[str, Any], paths: Paths = _NO_PATHS
) -> tuple[tuple[str | None, ...], tuple[Hashable, ...], Values]:
    """Return keys, tokens and values of what `filter()` was given."""
    pairs = [*((None, expression) for expression in expressions), *keywords.items()]
    keys: list[str | None] = []
    found: list[Hashable] = []
    values: list[Any] = []
    for key, value in pairs:
        one, brought = _of_condition(key, value, paths)
        keys.append(key)
        found.append(one)
        values.extend(brought)
    return tuple(keys), tuple(found), tuple(values)


def _of_condition(key: str | None, value: Any, paths: Paths) -> tuple[Hashable, Values]:
    if key is None:
        if not isinstance(value, Q | Term | ClauseElement) and not hasattr(value, "__clause_element__"):
            raise FieldError(
                f"{value!r} is no condition",
                hint="Conditions are keywords (price__gt=10), Qs, or SQLAlchemy expressions (Product.price > 10).",
            )
        return token(value, paths)
    if isinstance(value, list | dict | tuple) and paths.takes_whole(key):
        return Json, (value,)
    if isinstance(value, bool) and (key == "isnull" or key.endswith("__isnull")):
        return Flag(value), ()
    return token(value, paths, key)


def _as_base(base: type, value: Any) -> Any:
    if base is dt.datetime or base is dt.date:
        return value
    return str.__str__(value) if base is str else base(value)


def _of_list(value: Iterable[Any], paths: Paths = _NO_PATHS, path: str = "") -> tuple[Hashable, Values]:
    value = [unproxied(item) for item in value if item is not None]
    if any(isinstance(item, Term) for item in value):
        pairs = [operand(item if isinstance(item, Term) else Wrapped(item)) for item in value]
        return Several(tuple(pair[0] for pair in pairs)), tuple(each for pair in pairs for each in pair[1])
    found = [_of_item(item, paths, path) for item in value]
    if not all(isinstance(one, type) for one, _ in found):
        raise FieldError("a list in a query holds plain values or model objects only")
    plain = tuple(values[0] for _, values in found)
    count = len(plain)
    if not count:
        return In(0, frozenset()), ()
    length = 1 << (count - 1).bit_length() if count <= _MOST_PADDED else count
    return In(length, frozenset(map(type, plain))), plain + plain[-1:] * (length - count)


def _of_item(item: Any, paths: Paths, path: str) -> tuple[Any, Values]:
    if isinstance(item, list | dict):
        return Json, (item,)
    return token(_key_of(item, paths, path) if hasattr(type(item), "_meta") else item)


def _key_of(item: Any, paths: Paths, path: str) -> Any:
    """What stands for an object: its primary key, or what a foreign key with a `to_field` has of it."""
    return getattr(item, paths.key_of(path)) if item._meta.keyed_otherwise and path else item.pk


def _of_term(value: Term) -> tuple[Hashable, int]:
    for item in value.values:
        if type(item) not in _IN_TERMS or (item is None and _calculates_with_none(value.key)):
            raise FieldError(f"{item!r} cannot stand in arithmetic with F()")
    return value.key, len(value.values)


def _calculates_with_none(key: Any) -> bool:
    if not isinstance(key, tuple):
        return False
    return key == ("value", type(None)) or any(map(_calculates_with_none, key))


def _of_q(value: Q, paths: Paths) -> tuple[Hashable, Values]:
    keys: list[str | None] = []
    found: list[Hashable] = []
    values: list[Any] = []
    for child in value.children:
        key, inner = child if isinstance(child, tuple) else (None, child)
        one, brought = _of_condition(key, inner, paths)
        keys.append(key)
        found.append(one)
        values.extend(brought)
    return Tree(value.connector, value.negated, tuple(keys), tuple(found)), tuple(values)


def _of_row(value: Any, paths: Paths, path: str) -> tuple[Hashable, Values]:
    if value.pk is None:
        raise DataError(
            f"{value!r} is not saved, so a query cannot look for it", hint="Call its save() before the query."
        )
    return Row(type(value)), (_key_of(value, paths, path),)


def _of_clause(value: Any) -> tuple[Hashable, Values]:
    if not isinstance(value, ClauseElement):
        value = value.__clause_element__()
    cache_key = value._generate_cache_key()
    if cache_key is None:
        parameters: Sequence[Any] = [
            element for element in sa.sql.visitors.iterate(value) if isinstance(element, sa.BindParameter)
        ]
        key: Hashable = id(value)
    else:
        parameters, key = cache_key.bindparams, cache_key.key
    values: list[Any] = []
    lengths: list[int] = []
    for parameter in parameters:
        bound = parameter.effective_value
        if parameter.expanding:
            lengths.append(len(bound) or -1)
            values.extend(bound)
        else:
            lengths.append(0)
            values.append(bound)
    return Clause(value, key, parameters, tuple(lengths)), tuple(values)
